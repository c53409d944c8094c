"""Entries of the portal, and of its registry in the back office."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.nav import CONSOLE, ME, PORTAL, NavItem


def items(request: HttpRequest) -> Iterable[NavItem]:
    """What this person may open."""
    user = request.user
    if not user.is_authenticated:
        return
    if user.is_external:
        profile = reverse("portal:profile")
        yield NavItem("home", _("Home"), reverse("portal:home"), "home", PORTAL, order=10)
        yield NavItem(
            "people", _("My contacts"), reverse("portal:people"), "users", PORTAL, order=30,
            short=pgettext_lazy("people of the company", "Contacts"),
        )  # fmt: skip
        yield NavItem(
            "profile", _("Profile"), profile, "user-circle", PORTAL, order=40, short=_("Me")
        )
        yield NavItem("me-profile", _("Profile"), profile, "user-circle", ME, order=100)
        mine = reverse("portal:identities")
        yield NavItem("identities", _("My identities"), mine, "users", ME, order=110)
    elif user.privileged:
        yield NavItem(
            "apps", _("Apps of the portal"), reverse("portal-console:apps"), "apps", CONSOLE,
            _("External portal"), 510,
        )  # fmt: skip
        yield NavItem(
            "todo-systems", _("To-do systems"), reverse("portal-console:systems"), "plug-connected",
            CONSOLE, _("External portal"), 520,
        )  # fmt: skip
