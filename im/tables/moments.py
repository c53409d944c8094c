"""Days and times as conversations show them."""

from __future__ import annotations

import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def _weekday(day: datetime.date) -> str:
    names = [
        pgettext("weekday", "Mon"),
        pgettext("weekday", "Tue"),
        pgettext("weekday", "Wed"),
        pgettext("weekday", "Thu"),
        pgettext("weekday", "Fri"),
        pgettext("weekday", "Sat"),
        pgettext("weekday", "Sun"),
    ]
    return names[day.weekday()]


def day_label(at: datetime.datetime) -> str:
    """今天, 昨天, 11-18 周二, 2025-11-20."""
    day, today = timezone.localdate(at), timezone.localdate()
    if day == today:
        return _("Today")
    if day == today - datetime.timedelta(days=1):
        return _("Yesterday")
    return f"{day:%m-%d} {_weekday(day)}" if day.year == today.year else f"{day:%Y-%m-%d}"


def list_time(at: datetime.datetime) -> str:
    """10:46, 昨天, 周三 (up to six days ago), 11-16, 2025-11-20."""
    local, today = timezone.localtime(at), timezone.localdate()
    days = (today - local.date()).days
    if days == 0:
        return f"{local:%H:%M}"
    if days == 1:
        return _("Yesterday")
    if 1 < days < 7:
        return _weekday(local.date())
    return f"{local:%m-%d}" if local.year == today.year else f"{local:%Y-%m-%d}"
