"""Who may open a page at all (matrix rows 53, 54), and how connections and runs are reached."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.views.guards import person
from core.errors import Hidden
from wecom_sync.models import Connection, Run
from wecom_sync.permissions import require_connect, require_run

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def runners_only(view: View[P]) -> View[P]:
    """For administrators and holders; other staff read why not (403), external people get 404."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if person(request).is_external:
            raise Hidden(_("Not found"))
        require_run(person(request))
        return view(request, *args, **kwargs)

    return guarded


def connectors_only(view: View[P]) -> View[P]:
    """For administrators; as above."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if person(request).is_external:
            raise Hidden(_("Not found"))
        require_connect(person(request))
        return view(request, *args, **kwargs)

    return guarded


def connection_of(pk: int) -> Connection:
    """Raises Hidden."""
    found = Connection.objects.filter(pk=pk).first()
    if found is None:
        raise Hidden(_("There is no such connection."))
    return found


def run_of(pk: int) -> Run:
    """Raises Hidden."""
    found = Run.objects.select_related("connection", "owner").filter(pk=pk).first()
    if found is None:
        raise Hidden(_("There is no such run."))
    return found
