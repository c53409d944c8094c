"""One conversation: what stands in it, and what is new for a page that is open."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db.models import Max, Q
from django.utils.translation import gettext as _

from im.models import Conversation, Message, Participant
from im.parts import Part, party_of_participant
from im.reach import Card, Party
from im.selectors.people import (
    Faces,
    faces,
    first_of,
    former_titles,
    group_card,
    notices_card,
    parties_in,
)
from im.selectors.seats import Seat, seat

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from accounts.models import User

PAGE: Final = 40


@dataclass(frozen=True, slots=True)
class Thread:
    """One conversation as its reader may use it now."""

    conversation: Conversation
    me: Participant
    part: Part
    """What of it may be read (im.parts)."""
    card: Card
    writable: bool
    """As in `Seat`."""
    faces: Faces
    """Of both ends; in a group asked for with the messages."""
    people: Sequence[Participant] = ()
    """All members, former ones too; only the own one where the part is closed."""
    shut: Collection[int] = ()
    """Ids of members who do not take part any more."""
    other: Participant | None = None
    party: Party | None = None
    """The other end of a talk of two."""

    @property
    def members(self) -> list[Participant]:
        """Who is in it now, in the order they came."""
        return [row for row in self.people if row.left_at is None]

    @property
    def readers(self) -> list[Participant]:
        """Those others who could read a message, so that it can be said whether they did."""
        if self.part.closed:
            return []
        return [row for row in self.members if row.pk != self.me.pk and row.pk not in self.shut]

    @property
    def read(self) -> int:
        """Moves whenever somebody reads on; in a talk of two the mark of the other end."""
        return sum(row.read_seq for row in self.readers)

    @property
    def is_group(self) -> bool:
        return self.conversation.kind == Conversation.Kind.GROUP

    @property
    def is_notices(self) -> bool:
        return self.conversation.kind == Conversation.Kind.SYSTEM


@dataclass(frozen=True, slots=True)
class Page:
    """Messages in the order they were said. `edge` is the message next to them on the newer or older side."""

    messages: list[Message]
    edge: Message | None
    has_older: bool
    faces: Faces


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
    read: list[Message]
    since: Cursor
    cursor: Cursor

    @property
    def changed(self) -> bool:
        return self.cursor != self.since


def thread(*, conversation_id: int, user: User) -> Thread:
    """The conversation, who takes part and whether it may be written in now (SPEC IM-2). Raises as `seat` does."""
    return thread_at(seat(conversation_id=conversation_id, user=user))


def thread_at(seat: Seat) -> Thread:
    """The same where the seat was taken already.

    The second line of the other end is left out once neither sees the other: only the name of the past stays.
    """
    me, reader = seat.me, party_of_participant(seat.me)
    if me.conversation.kind == Conversation.Kind.GROUP:
        return _group(seat, reader)
    if me.conversation.kind == Conversation.Kind.SYSTEM:
        nobody = faces(reader, [])
        return Thread(me.conversation, me, seat.part, notices_card(), writable=False, faces=nobody)
    other = next((row for row in seat.people if row.pk != me.pk), None)
    party = party_of_participant(other) if other else None
    known = faces(reader, [party] if party else [])
    card = known.card(party, me.conversation) if party else Card(_("Unknown person"))
    if not seat.writable:
        card = Card(card.name, "", card.external)
    return Thread(
        me.conversation, me, seat.part, card, seat.writable, known, seat.people,
        other=other, party=party,
    )  # fmt: skip


def _group(seat: Seat, reader: Party) -> Thread:
    """Whoever takes part no more is told nothing of the members, and the name as it was when he read last."""
    me, part, rows = seat.me, seat.part, seat.people
    if part.closed:
        rows, names = [me], former_titles([part])
        first: list[Participant] = []
    else:
        names, first = {}, first_of(rows, me)
    asked = [] if me.conversation.title else [party_of_participant(row) for row in first]
    known = faces(reader, asked)
    card = group_card(me.conversation, first, known, title=names.get(me.conversation_id))
    return Thread(me.conversation, me, part, card, seat.writable, known, rows, seat.shut)


def page(*, thread: Thread, before: int | None = None, limit: int = PAGE) -> Page:
    """The newest messages that may be read, or those before `before`."""
    rows = Message.objects.within(thread.part).select_related("attachment")
    if before is not None:
        rows = rows.filter(seq__lte=before)
    taken = list(rows.order_by("-seq")[: limit + 2])
    edge = taken.pop(0) if before is not None and taken and taken[0].seq == before else None
    found = taken[:limit][::-1]
    return Page(found, edge, has_older=len(taken) > limit, faces=faces_of(thread, found))


def faces_of(thread: Thread, messages: Sequence[Message]) -> Faces:
    """Of everybody who is named beside or in these messages."""
    if not thread.is_group:
        return thread.faces
    mentioned = {user_id for message in messages for user_id in message.mentions}
    named = {party_of_participant(row) for row in thread.people if row.user_id in mentioned}
    return faces(party_of_participant(thread.me), parties_in(messages) | named)


def cursor(*, thread: Thread, messages: Sequence[Message] = ()) -> Cursor:
    """Where a page stands that shows `thread` with these newest messages."""
    newest = Message.objects.within(thread.part).aggregate(at=Max("recalled_at"))["at"]
    return Cursor(
        after=messages[-1].seq if messages else thread.part.upto,
        read=thread.read,
        recalled=_micros(newest),
        writable=thread.writable,
    )


def news(*, thread: Thread, since: Cursor, limit: int = 200) -> News:
    """What has happened in `thread` since a page last asked: at most `limit` messages, the rest the next time."""
    moment = _moment(since.recalled)
    rows = Message.objects.within(thread.part).select_related("attachment").order_by("seq")
    told = list(rows.filter(Q(seq__gte=since.after) | Q(recalled_at__gt=moment))[: 2 * limit + 1])
    known = [message for message in told if message.seq <= since.after]
    found = told[len(known) :][:limit]
    edge = known[-1] if known and known[-1].seq == since.after else None
    recalled = [one for one in known if one.recalled_at and one.recalled_at > moment][:limit]
    now = Cursor(
        after=found[-1].seq if found else since.after,
        read=thread.read,
        recalled=max(
            [since.recalled, *(_micros(message.recalled_at) for message in [*found, *recalled])]
        ),
        writable=thread.writable,
    )
    shown = Page(found, edge, has_older=False, faces=faces_of(thread, [*found, *recalled]))
    return News(shown, recalled, _read(thread, since, limit), since, now)


def _read(thread: Thread, since: Cursor, limit: int) -> list[Message]:
    """Own messages whose read marks have moved: in a talk of two those up to the new mark, in a group the last ones."""
    if thread.read == since.read:
        return []
    own = Message.objects.within(thread.part).filter(
        sender_id=thread.me.user_id, recalled_at=None, event="", seq__lte=since.after
    )
    if not thread.is_group:
        own = own.filter(seq__gt=since.read, seq__lte=thread.read)
    return list(own.order_by("-seq")[: PAGE if thread.is_group else limit])


def _micros(moment: datetime.datetime | None) -> int:
    return 0 if moment is None else round((moment - _EPOCH) / datetime.timedelta(microseconds=1))


def _moment(micros: int) -> datetime.datetime:
    return _EPOCH + datetime.timedelta(microseconds=micros)


_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
