"""Entries of accounts: staff and departments in the back office, the own account at the avatar."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import permissions
from core.nav import CONSOLE, ME, NavItem


def items(request: HttpRequest) -> Iterable[NavItem]:
    """What this person may open."""
    if not request.user.is_authenticated:
        return
    if permissions.is_admin(request.user):
        group = _("Staff and departments")
        yield NavItem("staff", _("Staff"), reverse("accounts:staff"), "users", CONSOLE, group, 710)
        url = reverse("accounts:departments")
        yield NavItem(
            "departments", _("Internal departments"), url, "building-community", CONSOLE, group, 720
        )
        url = reverse("accounts:login-policy")
        label = _("Log-in requirements")
        yield NavItem(
            "login-policy", label, url, "shield-lock", CONSOLE, _("Account security"), 420
        )
    yield NavItem(
        "password", _("Change the password"), reverse("accounts:password"), "key", ME, order=810
    )
    yield NavItem(
        "security",
        _("Second factor"),
        reverse("accounts:security"),
        "shield-lock",
        ME,
        order=815,
    )
    yield NavItem(
        "sessions",
        _("Log-ins and devices"),
        reverse("accounts:sessions"),
        "device-desktop",
        ME,
        order=820,
    )
    yield NavItem(
        "logout", _("Log out"), reverse("accounts:logout"), "logout", ME, order=990, post=True
    )
