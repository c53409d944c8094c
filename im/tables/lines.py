"""Lines of a thread. No queries beyond the selectors."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from im import file_words
from im.bodies import EVERYONE
from im.marking import EVERYONE_WORDS, marked
from im.parts import party_of_participant
from im.reach import Card, Party
from im.services import RECALL_WITHIN, can_be_forwarded
from im.tables.events import sentence
from im.tables.moments import day_label
from im.tables.places import new_client_id

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    from im.models import Message
    from im.selectors import Cursor, Faces, News, Page, Thread


@dataclass(frozen=True, slots=True)
class Line:
    """One message, or what is left of it, with the day that begins before it."""

    seq: int
    body: SafeString
    """The words with links and names marked up."""
    at: datetime.datetime
    clock: str
    card: Card
    """Who said it."""
    party: Party | None
    member: bool = False
    """Whether he is in the group now, so that it can say who he is."""
    day: str = ""
    mine: bool = False
    event: str = ""
    """What happened in the group, instead of words."""
    recalled: bool = False
    names_me: bool = False
    unread: int = 0
    """How many of those who could have not read an own message."""
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


def _day_break(message: Message, before: Message | None) -> str:
    if before and timezone.localdate(before.created_at) == timezone.localdate(message.created_at):
        return ""
    return day_label(message.created_at)


def line(message: Message, thread: Thread, faces: Faces, *, day: str = "") -> Line:
    """One message as its reader sees it now."""
    mine = message.sender_id == thread.me.user_id
    fresh = message.created_at > timezone.now() - RECALL_WITHIN
    party = Party(message.sender_id, message.sender_identity_id) if message.sender_id else None
    if not thread.is_group or party is None:
        party = thread.party
    words = sentence(message, thread.conversation, faces) if message.event else ""
    return Line(
        seq=message.seq,
        body=marked(message.body, _named(message, thread, faces)),
        at=message.created_at,
        clock=f"{timezone.localtime(message.created_at):%H:%M}",
        card=faces.card(party, thread.conversation) if party else thread.card,
        party=party,
        member=thread.is_group and any(row.user_id == message.sender_id for row in thread.members),
        day=day,
        mine=mine,
        event=words,
        recalled=message.recalled_at is not None,
        names_me=thread.me.user_id in message.mentions,
        unread=unread_by(message, thread) if mine else 0,
        may_recall=mine and fresh and message.recalled_at is None and not words,
        may_forward=can_be_forwarded(message),
        notice=thread.is_notices,
        card_url=card_url(message),
        has_card=bool(message.card_kind),
        file=file_words.line_of(message.attachment),
    )


def _named(message: Message, thread: Thread, faces: Faces) -> dict[str, tuple[bool, bool]]:
    """Whom the words may mention: name → (the reader himself, external)."""
    found = {}
    for row in thread.people if message.mentions else ():
        if row.user_id in message.mentions:
            card = faces.card(party_of_participant(row), thread.conversation)
            found[card.name] = (row.pk == thread.me.pk, card.external)
    if EVERYONE in message.mentions:
        found |= dict.fromkeys(EVERYONE_WORDS, (thread.me.user_id in message.mentions, False))
    return found


def unread_by(message: Message, thread: Thread) -> int:
    """How many of those who could read this message have not."""
    return sum(row.from_seq < message.seq and row.read_seq < message.seq for row in thread.readers)


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
        lines.append(line(message, thread, page.faces, day=day))
        before = message
    tail = _day_break(page.edge, before) if page.edge else ""
    older = page.messages[0].seq if page.has_older else None
    return Lines(lines, tail, older)


def news_context(news: News, thread: Thread) -> dict[str, Any]:
    """What templates/im/partials/_news.html adds to an open page and replaces there."""
    lines, before = [], news.page.edge
    for message in news.page.messages:
        lines.append(line(message, thread, news.page.faces, day=_day_break(message, before)))
        before = message
    return {
        "thread": thread,
        "card": thread.card,
        "lines": lines,
        "recalled": [line(message, thread, news.page.faces) for message in news.recalled],
        "read": [(message.seq, unread_by(message, thread)) for message in news.read],
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
