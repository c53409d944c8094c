"""The gate of the portal: external sessions reach what portal/gate.py lists, as one identity; staff do not enter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from contacts.services import identities
from core.errors import Conflict, Denied
from core.htmx import is_fragment, trigger
from portal import gate, selectors
from portal.views.guards import apps

Handler = Callable[[HttpRequest], HttpResponse]
NOWHERE = "portal.nowhere"
# What pages send along as they were drawn (templates/base.html; forms: core.templatetags.ui.csrf_token).
DRAWN_FOR = "X-Acting-As"


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
        if not user.is_authenticated:
            return None
        if user.is_external:
            return _as_whom(request, user, view)
        namespace = request.resolver_match.namespace if request.resolver_match else ""
        return _for_external_people(request) if gate.for_external_only(namespace) else None


def _as_whom(request: HttpRequest, user: Any, view: Callable[..., Any]) -> HttpResponse | None:
    """Keeps as whom he acts, says so when that had to change, and refuses what a page of another identity asks."""
    identities.settle(by=user, session=request.session)
    _say_who(request, user)
    name = request.resolver_match.view_name if request.resolver_match else ""
    if name in gate.WHOEVER or not _other(request, _drawn_for(request, view)):
        return None
    return _switched(request)


def _say_who(request: HttpRequest, user: Any) -> None:
    """That he goes on as another identity, with the next page: what a page asks by itself shows nothing, and its answer
    is dropped when the person leaves.
    """
    shown = request.headers.get("Sec-Fetch-Dest", "document") == "document"
    if is_fragment(request) or not shown or not request.session.pop(identities.WENT_ON, False):
        return
    said = _("The identity you were using is disabled or has expired. You go on as “%(label)s”.")
    now = selectors.identity_of(user)
    messages.warning(request, said % {"label": f"{selectors.label_of(now)} · {now.name}"})


def _other(request: HttpRequest, drawn_for: str) -> bool:
    user: Any = request.user
    return drawn_for not in ("", str(user.acts_as))


def _drawn_for(request: HttpRequest, view: Callable[..., Any]) -> str:
    """The identity that the page was drawn for, as it says itself; "" for a mere link, and where nothing says so."""
    said = request.headers.get(DRAWN_FOR, "")
    # A view that looks at the token by itself sets limits before anything is read (im.views.files).
    if said or request.method != "POST" or getattr(view, "csrf_exempt", False):
        return said
    return str(request.POST.get("acting_as", ""))


def _switched(request: HttpRequest) -> HttpResponse:
    """What was looked for shows nothing, what was sent is not done; the page says why (static/js/requests.js)."""
    error = Conflict(
        _("You have switched to another identity. This page belongs to the former one; nothing was done.")
    )  # fmt: skip
    if not is_fragment(request):
        return render(request, "portal/switched.html", {"error": error}, status=error.status)
    safe = request.method in ("GET", "HEAD")
    template = "components/error_fragment.html"
    response = (
        HttpResponse(status=204)
        if safe
        else render(request, template, {"error": error}, status=error.status)
    )
    return trigger(response, **{"identity-switched": True})


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
    # A page of another identity is told so, whatever is open to this one.
    return not app or app in apps(request) or _other(request, request.headers.get(DRAWN_FOR, ""))


def _for_external_people(request: HttpRequest) -> HttpResponse:
    error = Denied(_("The portal is for external people; you are logged in as staff."))
    template = "components/error_fragment.html" if is_fragment(request) else "403.html"
    return render(request, template, {"error": error}, status=error.status)
