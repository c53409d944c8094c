"""What messages put into the top bar: the entry, and the bell with the unread count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.nav import BELL, PORTAL, TOP, NavItem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest


def items(request: HttpRequest) -> Iterator[NavItem]:
    """Staff have an entry and the bell; external people an entry with the count, inside the portal."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return
    place = "portal-im" if user.is_external else "im"
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
