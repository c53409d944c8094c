"""The conversation list. No queries beyond the selectors."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.http import urlencode
from django.utils.translation import gettext as _

from core.ui import Tab
from im import file_words, selectors
from im.reach import Party
from im.tables.events import sentence
from im.tables.moments import list_time
from im.tables.places import url

if TYPE_CHECKING:
    from im.selectors import Filter, Row
    from im.tables.places import Request


@dataclass(frozen=True, slots=True)
class Listing:
    """The conversation list with its filters and the address under which it is asked again."""

    rows: list[tuple[Row, str, str]]
    """Row, its time, its last line."""
    tabs: list[Tab]
    current: int | None
    only: str
    keep: str
    """What the addresses of its conversations end with, so that the filter stays."""
    more_url: str
    poll_url: str
    version: str


def _last_line(row: Row) -> str:
    if row.last is None:
        return ""
    if row.last.event:
        return sentence(row.last, row.conversation, row.faces)
    sender = Party(row.last.sender_id or 0, row.last.sender_identity_id)
    if row.last.recalled_at:
        if row.last_mine:
            return _("You recalled a message")
        name = row.faces.name(sender, row.conversation) if row.is_group else row.card.name
        return _("%(name)s recalled a message") % {"name": name}
    file = row.last.attachment
    words = file_words.in_short(file) if file else " ".join(row.last.body[:120].split())
    if not row.is_group or row.last_mine:
        return words
    return f"{row.faces.name(sender, row.conversation)}{_(': ')}{words}"


def listing(request: Request, *, only: Filter, show: int, current: int | None) -> Listing:
    """The conversation list of whoever asks."""
    rows, more = selectors.conversations(
        user=request.user, only=only, limit=show, current_id=current
    )
    unread = selectors.unread_total(user=request.user)
    shown = [(row, list_time(row.at), _last_line(row)) for row in rows]
    version = _version(shown, unread, current)
    index = url(request, "index")
    labels = {"all": _("All"), "unread": _("Unread"), "notices": _("Notifications")}
    if not request.user.is_external:
        labels["external"] = _("External")
    labels["groups"] = _("Groups")
    # An open conversation stays open while the list beside it is filtered.
    here = url(request, "thread", current) if current else index
    tabs = [
        Tab(
            label,
            f"{here}{_keep(key)}",
            current=key == only,
            count=unread if key == "unread" and unread else None,
        )
        for key, label in labels.items()
    ]
    query: dict[str, str | int] = {"only": only, "show": show, "current": current or 0}
    return Listing(
        rows=shown,
        tabs=tabs,
        current=current,
        only=only,
        keep=_keep(only),
        more_url=f"{index}?{urlencode(query | {'show': show + selectors.LIST_STEP})}"
        if more
        else "",
        poll_url=f"{index}?{urlencode(query | {'v': version})}",
        version=version,
    )


def _keep(only: str) -> str:
    return "" if only == "all" else f"?{urlencode({'only': only})}"


def _version(rows: list[tuple[Row, str, str]], unread: int, current: int | None) -> str:
    """Changes when anything in the list looks different."""
    parts = [f"{unread}|{current}"]
    for row, time, last in rows:
        parts.append(
            f"{row.conversation.pk}|{row.unread}|{row.mentioned}|{row.pinned}|{row.muted}|{row.card}|{time}|{last}"
        )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
