"""Entries of applications: 账号安全 in the back office, 我的申请 at the avatar."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from contacts.views.guards import viewer
from core.nav import CONSOLE, ME, NavItem


def items(request: HttpRequest) -> Iterable[NavItem]:
    """What this person may open; the badge counts what waits for his decision."""
    if not request.user.is_authenticated or request.user.is_external:
        return
    if viewer(request).scope.maintains_any:
        yield NavItem(
            "applications",
            _("Applications for accounts"),
            reverse("approvals:list"),
            "clipboard-check",
            CONSOLE,
            _("Account security"),
            410,
            badge_url=reverse("approvals:badge"),
        )
    yield NavItem(
        "my-applications",
        _("My applications"),
        reverse("approvals:mine"),
        "clipboard-check",
        ME,
        order=300,
    )
