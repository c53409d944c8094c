"""Entry of the synchronization in the back office."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.nav import CONSOLE, NavItem


def items(request: HttpRequest) -> Iterable[NavItem]:
    """For administrators and holders; the badge counts the runs that wait for a person."""
    user = request.user
    if not user.is_authenticated or not user.privileged:
        return
    yield NavItem(
        "wecom", _("WeCom sync"), reverse("wecom_sync:list"), "refresh", CONSOLE, _("Integration"), 610,
        badge_url=reverse("wecom_sync:badge"),
    )  # fmt: skip
