"""What messages put into the top bar: the entry, the bell with the unread count, and the settings at the avatar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.nav import BELL, ME, PORTAL, TOP, NavItem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest


def items(request: HttpRequest) -> Iterator[NavItem]:
    """Staff have an entry and the bell; external people an entry with the count, in the portal. All have settings."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return
    place = "portal-im" if user.is_external else "im"
    yield NavItem(
        "reminders",
        _("Notifications and reminders"),
        reverse("im:settings", current_app=place),
        "bell",
        ME,
        order=830,
    )
    index, badge = reverse("im:index", current_app=place), reverse("im:badge", current_app=place)
    if user.is_external:
        yield NavItem(
            "messages", _("Messages"), index, "message-circle", PORTAL, order=20, badge_url=badge
        )
        return
    yield NavItem("messages", _("Messages"), index, "message-circle", TOP, order=20)
    yield NavItem(
        "bell", _("Unread messages and notifications"), index, "bell", BELL, badge_url=badge
    )
