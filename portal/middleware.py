"""The gate of the portal: external sessions reach what portal/gate.py lists, staff do not enter the portal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from core.errors import Denied
from core.htmx import is_fragment
from portal import gate
from portal.views.guards import apps

Handler = Callable[[HttpRequest], HttpResponse]
NOWHERE = "portal.nowhere"


class PortalGateMiddleware:
    """Default deny for external people, before any other question about the address is asked.

    What is not listed answers exactly like an address that does not exist: the same code path, also where a duty
    (new password, privacy notice) is still open and where only the final slash is missing. Who is not logged in was
    sent to the log-in page before (accounts.middleware).
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        if user.is_authenticated and user.is_external:
            if not _reached(request):
                # The slash is added by asking the map of the request whether the longer address exists: not for him.
                request.urlconf = NOWHERE
                raise Http404
            request.nav_hidden = SimpleLazyObject(lambda: gate.hidden_entries(apps(request)))  # type: ignore[attr-defined]  # read by core.nav
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        user: Any = request.user
        namespace = request.resolver_match.namespace if request.resolver_match else ""
        if user.is_authenticated and not user.is_external and gate.for_external_only(namespace):
            return _for_external_people(request)
        return None


def _reached(request: HttpRequest) -> bool:
    path = request.path_info
    return _listed(request, path) or (not path.endswith("/") and _listed(request, f"{path}/"))


def _listed(request: HttpRequest, path: str) -> bool:
    try:
        match = resolve(path)
    except Resolver404:
        return False
    if not gate.open_to_external(match.view_name, match.namespace):
        return False
    app = gate.app_of(match.view_name, match.namespace)
    return not app or app in apps(request)


def _for_external_people(request: HttpRequest) -> HttpResponse:
    error = Denied(_("The portal is for external people; you are logged in as staff."))
    template = "components/error_fragment.html" if is_fragment(request) else "403.html"
    return render(request, template, {"error": error}, status=error.status)
