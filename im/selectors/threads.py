"""One conversation: what stands in it, and what is new for a page that is open."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db.models import Max
from django.utils.translation import gettext as _

from core.errors import Hidden
from im import reach
from im.models import Conversation, Message, Participant
from im.reach import Card, Party
from im.selectors.people import cards, may_write, notices_card, others, party_of_participant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accounts.models import User

PAGE: Final = 40


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
        return Thread(me.conversation, me, None, notices_card(), None, writable=False)
    other = others([conversation_id], user_id=user.pk).get(conversation_id)
    if other is None:
        return Thread(me.conversation, me, None, Card(_("Unknown person")), None, writable=False)
    party = party_of_participant(other)
    writable = may_write(party_of_participant(me), other)
    card = cards([other])[party]
    if not writable:
        card = Card(card.name, "", card.external)
    return Thread(me.conversation, me, other, card, party, writable=writable)


def page(*, conversation_id: int, before: int | None = None, limit: int = PAGE) -> Page:
    """The newest messages, or those before `before`; the caller has reached the conversation through a membership."""
    rows = Message.objects.filter(conversation_id=conversation_id).select_related("attachment")
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
    rows = Message.objects.filter(conversation=thread.conversation).select_related("attachment")
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
