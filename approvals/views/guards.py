"""Who may open a page at all. Applications are loaded in the view through what the person may see."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse

from approvals import permissions
from contacts.views.guards import viewer

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def deciders_only(view: View[P]) -> View[P]:
    """For whoever decides applications of some dimension; everybody else has 我的申请 (matrix row 37)."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not viewer(request).scope.maintains_any:
            raise permissions.missing()
        return view(request, *args, **kwargs)

    return guarded
