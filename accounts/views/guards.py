"""Who may open a page at all (matrix rows 31, 58). Objects are asked for in the view, through their querysets."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts import permissions
from accounts.models import User
from core.errors import Hidden

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def person(request: HttpRequest) -> User:
    """Who is logged in. The gate lets nobody else into a view that asks."""
    return cast("User", request.user)


def staff_only(view: View[P]) -> View[P]:
    """External people get the answer of an address that does not exist."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if person(request).is_external:
            raise Hidden(_("Not found"))
        return view(request, *args, **kwargs)

    return guarded


def admin_only(view: View[P]) -> View[P]:
    """Other staff get 403 with a sentence, external people 404."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if person(request).is_external:
            raise Hidden(_("Not found"))
        permissions.require_admin(person(request))
        return view(request, *args, **kwargs)

    return guarded
