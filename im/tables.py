"""What the templates show: lines of a thread, rows of the list, days and times. No queries beyond the selectors."""

from __future__ import annotations

import datetime
import hashlib
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core.ui import Tab
from im import file_words, reach, selectors
from im.models import Rhythm
from im.reach import Party
from im.services import RECALL_WITHIN, can_be_forwarded

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User
    from im.models import Message
    from im.selectors import Cursor, Filter, News, Page, Row, Thread

    class Request(HttpRequest):
        """One that the gate has let through."""

        user: User


RHYTHMS = Rhythm.choices


@dataclass(frozen=True, slots=True)
class Line:
    """One message, or what is left of it, with the day that begins before it."""

    seq: int
    body: str
    at: datetime.datetime
    clock: str
    day: str = ""
    mine: bool = False
    recalled: bool = False
    read: bool = False
    may_recall: bool = False
    may_forward: bool = False
    notice: bool = False
    card_url: str = ""
    """Where the card of a notification is fetched; the answer decides whether it may be seen (SECURITY T58)."""
    has_card: bool = False
    file: file_words.FileLine | None = None


@dataclass(frozen=True, slots=True)
class Lines:
    """A stretch of a thread; `tail_day` is the day that begins after it."""

    lines: list[Line]
    tail_day: str = ""
    older_than: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The conversation list with its filters and the address under which it is asked again."""

    rows: list[tuple[Row, str, str]]
    """Row, its time, its last line."""
    tabs: list[Tab]
    current: int | None
    only: str
    more_url: str
    poll_url: str
    version: str


def url(request: Request, name: str, *args: int) -> str:
    """An address of this app in the place (staff or portal) where the request arrived."""
    match = request.resolver_match
    return reverse(f"im:{name}", args=args, current_app=match.namespace if match else None)


def new_client_id() -> str:
    """A name for a message before it is sent."""
    return uuid.uuid4().hex


# --- days and times ---------------------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class SharedLine:
    """A file in the list of those of a conversation."""

    seq: int
    file: file_words.FileLine
    time: str
    sender: str


@dataclass(frozen=True, slots=True)
class SharedFiles:
    """A page of them; `before` is where the next one begins."""

    lines: list[SharedLine]
    before: int | None


def shared_files(thread: Thread, user: User, before: int | None = None) -> SharedFiles:
    """What templates/im/partials/_shared_files.html shows; three queries for any number of files."""
    found = selectors.shared(conversation_id=thread.conversation.pk, user=user, before=before)
    senders = {Party(m.sender_id or 0, m.sender_identity_id) for m in found.messages}
    known = reach.policy().labels(senders) if senders else {}
    lines = []
    for message in found.messages:
        card = known.get(Party(message.sender_id or 0, message.sender_identity_id))
        file = file_words.line_of(message.attachment)
        if file:
            name = card.name if card else str(message.sender)
            lines.append(SharedLine(message.seq, file, list_time(message.created_at), name))
    return SharedFiles(lines, found.before)


# --- thread -----------------------------------------------------------------------------------------------------------


def _day_break(message: Message, before: Message | None) -> str:
    if before and timezone.localdate(before.created_at) == timezone.localdate(message.created_at):
        return ""
    return day_label(message.created_at)


def line(message: Message, thread: Thread, *, day: str = "") -> Line:
    """One message as its reader sees it now."""
    mine = message.sender_id == thread.me.user_id
    fresh = message.created_at > timezone.now() - RECALL_WITHIN
    return Line(
        seq=message.seq,
        body=message.body,
        at=message.created_at,
        clock=f"{timezone.localtime(message.created_at):%H:%M}",
        day=day,
        mine=mine,
        recalled=message.recalled_at is not None,
        read=message.seq <= thread.other_read,
        may_recall=mine and fresh and message.recalled_at is None,
        may_forward=can_be_forwarded(message),
        notice=thread.is_notices,
        card_url=card_url(message),
        has_card=bool(message.card_kind),
        file=file_words.line_of(message.attachment),
    )


def card_url(message: Message) -> str:
    """The address of the card of a notification; "" when nothing draws such a card (any more)."""
    name = settings.IM_CARDS.get(message.card_kind)
    if not name or not message.card_ref.isdecimal():
        return ""
    try:
        return reverse(name, args=[int(message.card_ref)])
    except NoReverseMatch:
        return ""


def page_lines(page: Page, thread: Thread) -> Lines:
    """A page of a thread. Its first line begins a day only where nothing older is left: the page before it knows."""
    lines, before = [], None
    for message in page.messages:
        first_of_rest = before is None and page.has_older
        day = "" if first_of_rest else _day_break(message, before)
        lines.append(line(message, thread, day=day))
        before = message
    tail = _day_break(page.edge, before) if page.edge else ""
    older = page.messages[0].seq if page.has_older else None
    return Lines(lines, tail, older)


def news_context(news: News, thread: Thread) -> dict[str, Any]:
    """What templates/im/partials/_news.html adds to an open page and replaces there."""
    lines, before = [], news.page.edge
    for message in news.page.messages:
        lines.append(line(message, thread, day=_day_break(message, before)))
        before = message
    return {
        "thread": thread,
        "card": thread.card,
        "lines": lines,
        "recalled": [line(message, thread) for message in news.recalled],
        "read": news.read,
        "cursor": news.cursor,
        "was_writable": news.since.writable,
        "first": not news.since.after,
        "client_id": new_client_id(),
    }


def thread_context(
    thread: Thread, page: Page, cursor: Cursor, *, text: str = "", error: object = ""
) -> dict[str, Any]:
    """What templates/im/thread.html shows; `text` and `error` after a message that was not taken."""
    return {
        "thread": thread,
        "card": thread.card,
        "listing_lines": page_lines(page, thread),
        "cursor": cursor,
        "client_id": new_client_id(),
        "text": text,
        "error": error,
    }


# --- list -------------------------------------------------------------------------------------------------------------


def _last_line(row: Row) -> str:
    if row.last is None:
        return ""
    if row.last.recalled_at:
        if row.last_mine:
            return _("You recalled a message")
        return _("%(name)s recalled a message") % {"name": row.card.name}
    if row.last.attachment:
        return file_words.in_short(row.last.attachment)
    return " ".join(row.last.body[:120].split())


def listing(request: Request, *, only: Filter, show: int, current: int | None) -> Listing:
    """The conversation list of whoever asks."""
    rows, more = selectors.conversations(
        user=request.user, only=only, limit=show, current_id=current
    )
    unread = selectors.unread_total(user=request.user)
    shown = [(row, list_time(row.conversation.last_at), _last_line(row)) for row in rows]
    version = _version(shown, unread, current)
    index = url(request, "index")
    labels = {"all": _("All"), "unread": _("Unread"), "notices": _("Notifications")}
    tabs = [
        Tab(
            label,
            f"{index}?{urlencode({'only': key})}" if key != "all" else index,
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
        more_url=f"{index}?{urlencode(query | {'show': show + selectors.LIST_STEP})}"
        if more
        else "",
        poll_url=f"{index}?{urlencode(query | {'v': version})}",
        version=version,
    )


def _version(rows: list[tuple[Row, str, str]], unread: int, current: int | None) -> str:
    """Changes when anything in the list looks different."""
    parts = [f"{unread}|{current}"]
    for row, time, last in rows:
        parts.append(
            f"{row.conversation.pk}|{row.unread}|{row.pinned}|{row.muted}|{row.card}|{time}|{last}"
        )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
