"""Who may open a page at all. Applications are loaded in the view through what the person may see."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponse

from accounts.models import User
from approvals import permissions
from contacts.permissions import Viewer, viewer_of

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def person(request: HttpRequest) -> User:
    """Who is logged in; the gate lets nobody else in."""
    return cast("User", request.user)


def viewer(request: HttpRequest) -> Viewer:
    """The viewer who is logged in, read once per request."""
    known: Viewer | None = getattr(request, "approvals_viewer", None)
    if known is None:
        known = viewer_of(request.user)
        request.approvals_viewer = known  # type: ignore[attr-defined]  # ours, for this request alone
    return known


def staff_only(view: View[P]) -> View[P]:
    """External people get the answer of an address that does not exist."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if person(request).is_external:
            raise permissions.missing()
        return view(request, *args, **kwargs)

    return guarded


def deciders_only(view: View[P]) -> View[P]:
    """For whoever decides applications of some dimension; everybody else has 我的申请 (matrix row 37)."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not viewer(request).scope.maintains_any:
            raise permissions.missing()
        return view(request, *args, **kwargs)

    return guarded
