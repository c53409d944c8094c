"""Which part of a conversation a member may read now, and whether he may write: the one answer that every door uses
(SPEC IM-2; SECURITY T15, T54, T56). Start, list, thread, counts, search, files, sending and live events ask here.

Talks of two stay readable; they are writable while either sees the other. A group is read by its staff from where each
joined. Its external people read on, and write, while they take part: usable, of the organization of the group, seen by
somebody of its staff. One who does not is shown what he had read already and nothing else; once he does again all is
there. Who has left or was removed is no member: `ParticipantQuerySet.of` does not find him.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q

from im import reach
from im.models import Conversation, Message, Participant
from im.reach import Circle, Party

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from im.querysets import MessageQuerySet

Kind = Conversation.Kind


@dataclass(frozen=True, slots=True)
class Part:
    """Messages with `after` < seq <= `upto`. `closed`: nothing new is shown, nothing may be said."""

    conversation_id: int
    after: int
    upto: int
    closed: bool = False

    def holds(self, seq: int) -> bool:
        """Whether the message with this number may be read."""
        return self.after < seq <= self.upto


def party_of_participant(row: Participant) -> Party:
    """The end at which this member stands."""
    return Party(row.user_id, row.identity_id)


def part_of(me: Participant) -> Part:
    """The part of one membership, with its conversation loaded; no query for staff."""
    return part(me, shut=me.pk in closed([me]))


def part(row: Participant, *, shut: bool) -> Part:
    """The same where `closed` or `closed_to` was asked for many: `shut` is what it said."""
    upto = row.read_seq if shut else row.conversation.last_seq
    return Part(row.conversation_id, row.from_seq, upto, shut)


def closed(rows: Iterable[Participant]) -> set[int]:
    """Ids of those of these memberships that end at their read mark: external people who do not take part any more."""
    asked: dict[int, list[Participant]] = {}
    for row in rows:
        if row.identity_id is not None and row.conversation.kind == Kind.GROUP:
            asked.setdefault(row.conversation_id, []).append(row)
    if not asked:
        return set()
    inside = reach.policy().taking_part(_circles(asked))
    return {
        row.pk
        for rows_of_one, there in zip(asked.values(), inside, strict=True)
        for row in rows_of_one
        if party_of_participant(row) not in there
    }


def _circles(asked: Mapping[int, Collection[Participant]]) -> list[Circle]:
    staff: dict[int, set[int]] = {pk: set() for pk in asked}
    rows = Participant.objects.filter(conversation_id__in=asked, left_at=None, identity_id=None)
    for conversation_id, user_id in rows.values_list("conversation_id", "user_id"):
        staff[conversation_id].add(user_id)
    return [
        Circle(
            next(iter(members)).conversation.organization_id,
            frozenset(staff[pk]),
            frozenset(party_of_participant(row) for row in members),
        )
        for pk, members in asked.items()
    ]


def closed_to(party: Party) -> set[int]:
    """Ids of the groups that end for this party at its read mark; no query for staff."""
    if party.identity_id is None:
        return set()
    rows = list(
        Participant.objects.of(party)
        .filter(conversation__kind=Kind.GROUP)
        .select_related("conversation")
    )
    shut = closed(rows)
    return {row.conversation_id for row in rows if row.pk in shut}


def may_write(me: Participant, part: Part, members: Iterable[Participant] | None = None) -> bool:
    """Whether this member may say something now. `members`: those of the conversation with their logins, if known."""
    kind = me.conversation.kind
    if part.closed or kind == Kind.SYSTEM or me.conversation.ended_at:
        return False
    if kind == Kind.GROUP:
        return True
    rows = people(me.conversation) if members is None else members
    other = next((row for row in rows if row.user_id != me.user_id), None)
    # Nobody writes to a login that is disabled.
    return (
        other is not None
        and other.user.is_active
        and reach.policy().may_write(party_of_participant(me), party_of_participant(other))
    )


def people(conversation: Conversation) -> list[Participant]:
    """All who take part or did, in the order they came, with their logins."""
    rows = list(conversation.participants.select_related("user").order_by("pk"))
    for row in rows:
        row.conversation = conversation
    return rows


def readable(party: Party) -> MessageQuerySet:
    """Every message this party may read now, in all its conversations."""
    shut = closed_to(party)
    mine = Participant.objects.of(party).filter(
        conversation_id=OuterRef("conversation_id"), from_seq__lt=OuterRef("seq")
    )
    open_ = Exists(mine.exclude(conversation_id__in=shut))
    return Message.objects.filter(
        Q(open_) | Q(Exists(mine.filter(conversation_id__in=shut, read_seq__gte=OuterRef("seq"))))
        if shut
        else Q(open_)
    )


def listeners(conversation: Conversation) -> list[Participant]:
    """The members who may know what happens in the conversation now."""
    rows = list(conversation.participants.filter(left_at=None).order_by("pk"))
    for row in rows:
        row.conversation = conversation
    shut = closed(rows)
    return [row for row in rows if row.pk not in shut]
