"""The address book as somebody else: what a session that looks through other eyes reaches (SPEC VIS-3, row 28)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from contacts.models import ViewAs
from contacts.selectors.view_as import Look, current
from contacts.services import view_as
from core import htmx, nav
from core.actors import SystemActor
from core.errors import Denied
from core.middleware import ErrorMiddleware

Handler = Callable[[HttpRequest], HttpResponse]
SESSION_KEY = "view_as"
# All that answers, and reading only: a new address is closed until it stands here.
OPEN = frozenset(
    {
        "contacts:index", "contacts:node", "contacts:children", "contacts:contact", "contacts:row", "contacts:photo",
        "contacts:masked",
    }
)  # fmt: skip
# Answer as always: they show nothing of anybody, or end the view.
WAYS_OUT = frozenset(
    {"contacts:view-as-end", "accounts:home", "accounts:logout", "healthz", "readyz"}
)
MENU = frozenset({"contacts", "logout"})


class ViewAsMiddleware:
    """Puts the viewer of the other person in the place that contacts.views.guards.viewer() reads, for the address book
    alone. Everything else is refused until the view ends; who is logged in stays the same person.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        pk = request.session.get(SESSION_KEY)
        if pk is None or not request.user.is_authenticated:
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        look = current(by=request.user, pk=pk)
        if look is None:
            return _over(request, pk, name)
        if name in WAYS_OUT:
            if name == "accounts:logout" and request.method == "POST":
                view_as.end(by=request.user, view=look.row, reason="logout")
            return None
        if name not in OPEN or request.method not in ("GET", "HEAD"):
            return _refused(request, look)
        request.contacts_viewer = look.viewer  # type: ignore[attr-defined]  # read by guards.viewer()
        request.view_as = shown(look)  # type: ignore[attr-defined]  # read by the shells
        return None


def shown(look: Look) -> nav.ViewAs:
    """What the shells say of it."""
    return nav.ViewAs(look.row.target.name, reverse("contacts:view-as-end"), look.seconds, MENU)


def _refused(request: HttpRequest, look: Look) -> HttpResponse:
    text = _("You are looking at the address book as %(name)s, read-only. End that first.")
    return ErrorMiddleware.refuse(request, Denied(text % {"name": look.row.target.name}))


def _over(request: HttpRequest, pk: int, name: str) -> HttpResponse | None:
    """Takes the view out of the session. A page of the address book begins anew, as oneself; others answer."""
    row = ViewAs.objects.select_related("target").filter(pk=pk).first()
    if row is not None:
        view_as.end(by=SystemActor("view-as"), view=row, reason="time" if row.overdue else "right")
    del request.session[SESSION_KEY]
    if name not in OPEN:
        return None
    messages.info(
        request, _("Viewing as somebody else has ended; you see what you may see yourself")
    )
    index = reverse("contacts:index")
    return htmx.done(request, index) if htmx.is_fragment(request) else redirect(index)
