"""Reads of conversations. Every one starts from a membership of the asking party and runs a fixed number of queries."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from django.db.models import F, Max, Q
from django.utils.translation import gettext as _

from core.errors import Hidden
from im import reach
from im.models import Conversation, Message, Participant
from im.reach import Card, Party

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accounts.models import User

PAGE: Final = 40
LIST_STEP: Final = 50
LIST_MAX: Final = 500
Filter = Literal["all", "unread", "notices"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the conversation list."""

    conversation: Conversation
    card: Card
    party: Party | None
    """The other end; None for notifications."""
    last: Message | None
    last_mine: bool
    unread: int
    pinned: bool
    muted: bool


@dataclass(frozen=True, slots=True)
class Thread:
    """One conversation as its reader may use it now."""

    conversation: Conversation
    me: Participant
    other: Participant | None
    card: Card
    party: Party | None
    writable: bool
    """Whether either still sees the other (IM-2); never for notifications."""

    @property
    def other_read(self) -> int:
        return self.other.read_seq if self.other else 0

    @property
    def is_notices(self) -> bool:
        return self.conversation.kind == Conversation.Kind.SYSTEM


@dataclass(frozen=True, slots=True)
class Page:
    """Messages in the order they were said. `edge` is the message next to them on the newer or older side."""

    messages: list[Message]
    edge: Message | None
    has_older: bool


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a page that is open has shown already."""

    after: int = 0
    read: int = 0
    recalled: int = 0
    """Microseconds since 1970 of the newest recall it knows."""
    writable: bool = True


@dataclass(frozen=True, slots=True)
class News:
    """What is new for a page that is open: messages, and earlier ones that were read or recalled meanwhile."""

    page: Page
    recalled: list[Message]
    read: list[int]
    since: Cursor
    cursor: Cursor

    @property
    def changed(self) -> bool:
        return self.cursor != self.since


def party_of_participant(row: Participant) -> Party:
    return Party(row.user_id, row.identity_id)


def membership(*, conversation_id: int, user: User) -> Participant:
    """The membership through which `user` reaches the conversation.

    Raises Hidden for strangers, for other identities of the same login, and when there is no such conversation.
    """
    mine = Participant.objects.of(reach.party_of(user)).select_related("conversation")
    row = mine.filter(conversation_id=conversation_id).first()
    if row is None:
        raise Hidden(_("There is no such conversation."))
    return row


def thread(*, conversation_id: int, user: User) -> Thread:
    """The conversation, the other end and whether it may be written in now (SPEC IM-2). Raises as `membership` does.

    The second line of the other end is left out once neither sees the other: only the name of the past stays.
    """
    me = membership(conversation_id=conversation_id, user=user)
    if me.conversation.kind == Conversation.Kind.SYSTEM:
        return Thread(me.conversation, me, None, _notices_card(), None, writable=False)
    other = others([conversation_id], user_id=user.pk).get(conversation_id)
    if other is None:
        return Thread(me.conversation, me, None, Card(_("Unknown person")), None, writable=False)
    party = party_of_participant(other)
    writable = may_write(party_of_participant(me), other)
    card = cards([other])[party]
    if not writable:
        card = Card(card.name, "", card.external)
    return Thread(me.conversation, me, other, card, party, writable=writable)


def may_write(me: Party, other: Participant) -> bool:
    """Whether `me` may write to the other end now; nobody writes to a login that is disabled."""
    return other.user.is_active and reach.policy().may_write(me, party_of_participant(other))


def others(conversation_ids: Sequence[int], *, user_id: int) -> dict[int, Participant]:
    """The other participant of each one-to-one conversation."""
    rows = Participant.objects.filter(conversation_id__in=conversation_ids).exclude(user_id=user_id)
    return {row.conversation_id: row for row in rows.select_related("user")}


def cards(rows: Sequence[Participant]) -> dict[Party, Card]:
    """How these participants are shown; a login stands in where the directory knows nothing any more."""
    parties = [party_of_participant(row) for row in rows]
    known = reach.policy().labels(parties) if parties else {}
    return {
        party: known.get(party) or Card(str(row.user), "", row.user.is_external)
        for party, row in zip(parties, rows, strict=True)
    }


def _notices_card() -> Card:
    return Card(_("System notifications"))


def conversations(
    *, user: User, only: Filter = "all", limit: int = LIST_STEP, current_id: int | None = None
) -> tuple[list[Row], bool]:
    """The conversation list of `user` and whether there are more: pinned first, newest first, with exact unread counts.

    An external person sees those of the active identity, and the notifications of his login.
    """
    mine = (
        Participant.objects.of(reach.party_of(user))
        .shown(current_id=current_id)
        .with_unread()
        .listed()
    )
    if only == "unread":
        mine = mine.unread_only()
    elif only == "notices":
        mine = mine.filter(conversation__kind=Conversation.Kind.SYSTEM)
    limit = min(max(limit, 1), LIST_MAX)
    rows = list(mine[: limit + 1])
    ids = [row.conversation_id for row in rows[:limit]]
    last = {message.conversation_id: message for message in Message.objects.last_of(ids)}
    other = others(ids, user_id=user.pk)
    known = cards(list(other.values()))
    return [_row(row, last, other, known) for row in rows[:limit]], len(rows) > limit


def _row(
    row: Participant,
    last: dict[int, Message],
    others_: dict[int, Participant],
    known: dict[Party, Card],
) -> Row:
    message, other = last.get(row.conversation_id), others_.get(row.conversation_id)
    is_notices = row.conversation.kind == Conversation.Kind.SYSTEM
    party = party_of_participant(other) if other and not is_notices else None
    known_card = known[party] if party else Card(_("Unknown person"))
    return Row(
        conversation=row.conversation,
        card=_notices_card() if is_notices else known_card,
        party=party,
        last=message,
        last_mine=bool(message and message.sender_id == row.user_id),
        unread=row.unread,  # type: ignore[attr-defined]  # annotated by with_unread()
        pinned=row.pinned,
        muted=row.muted,
    )


def unread_total(*, user: User) -> int:
    """Unread messages and notifications of the active identity, muted conversations left out."""
    party = reach.party_of(user)
    own = Q(conversation__participants__identity_id=party.identity_id) | Q(
        conversation__kind="system"
    )
    return (
        Message.objects.filter(
            own,
            conversation__participants__user_id=party.user_id,
            conversation__participants__muted=False,
            seq__gt=F("conversation__participants__read_seq"),
            recalled_at=None,
        )
        .exclude(sender_id=party.user_id)
        .order_by()
        .count()
    )


def page(*, conversation_id: int, before: int | None = None, limit: int = PAGE) -> Page:
    """The newest messages, or those before `before`; the caller has reached the conversation through a membership."""
    rows = Message.objects.filter(conversation_id=conversation_id)
    if before is not None:
        rows = rows.filter(seq__lte=before)
    taken = list(rows.order_by("-seq")[: limit + 2])
    edge = taken.pop(0) if before is not None and taken and taken[0].seq == before else None
    return Page(messages=taken[:limit][::-1], edge=edge, has_older=len(taken) > limit)


def cursor(*, thread: Thread, messages: Sequence[Message] = ()) -> Cursor:
    """Where a page stands that shows `thread` with these newest messages."""
    newest = Message.objects.filter(conversation=thread.conversation).aggregate(
        at=Max("recalled_at")
    )["at"]
    return Cursor(
        after=messages[-1].seq if messages else thread.conversation.last_seq,
        read=thread.other_read,
        recalled=_micros(newest),
        writable=thread.writable,
    )


def news(*, thread: Thread, since: Cursor, limit: int = 200) -> News:
    """What has happened in `thread` since a page last asked: at most `limit` messages, the rest the next time."""
    rows = Message.objects.filter(conversation=thread.conversation)
    found = list(rows.filter(seq__gte=since.after).order_by("seq")[: limit + 1])
    edge = found.pop(0) if found and found[0].seq == since.after else None
    found = found[:limit]
    recalled = list(
        rows.filter(recalled_at__gt=_moment(since.recalled), seq__lte=since.after).order_by("seq")[
            :limit
        ]
    )
    read: list[int] = []
    if thread.other_read > since.read:
        own = rows.filter(
            sender_id=thread.me.user_id,
            seq__gt=since.read,
            seq__lte=min(thread.other_read, since.after),
        )
        read = list(
            own.filter(recalled_at=None).order_by("-seq").values_list("seq", flat=True)[:limit]
        )
    now = Cursor(
        after=found[-1].seq if found else since.after,
        read=max(thread.other_read, since.read),
        recalled=max(
            [since.recalled, *(_micros(message.recalled_at) for message in [*found, *recalled])]
        ),
        writable=thread.writable,
    )
    return News(Page(found, edge, has_older=False), recalled, read, since, now)


def _micros(moment: datetime.datetime | None) -> int:
    return 0 if moment is None else round((moment - _EPOCH) / datetime.timedelta(microseconds=1))


def _moment(micros: int) -> datetime.datetime:
    return _EPOCH + datetime.timedelta(microseconds=micros)


_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
