"""The conversation list of a party, and how much waits for it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from django.db.models import F, Q
from django.utils.translation import gettext as _

from im import reach
from im.models import Conversation, Message, Participant
from im.parts import closed_to, part, party_of_participant
from im.reach import Card, Party
from im.selectors.people import (
    Faces,
    faces,
    first_members,
    former_titles,
    group_card,
    notices_card,
    others,
    parties_in,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from accounts.models import User

LIST_STEP: Final = 50
LIST_MAX: Final = 500
Filter = Literal["all", "unread", "notices", "external", "groups"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the conversation list."""

    conversation: Conversation
    card: Card
    party: Party | None
    """The other end; None for groups and notifications."""
    at: datetime.datetime
    last: Message | None
    """The newest message that may be read."""
    last_mine: bool
    faces: Faces
    unread: int
    mentioned: bool
    """Whether a message that was not read names the reader."""
    pinned: bool
    muted: bool

    @property
    def is_group(self) -> bool:
        return self.conversation.kind == Conversation.Kind.GROUP


def conversations(
    *, user: User, only: Filter = "all", limit: int = LIST_STEP, current_id: int | None = None
) -> tuple[list[Row], bool]:
    """The conversation list of `user` and whether there are more: pinned first, newest first, with exact unread counts.

    An external person sees those of the active identity, and the notifications of his login. A group that he does not
    take part in any more stands as he last read it (im.parts).
    """
    reader = reach.party_of(user)
    shut = closed_to(reader)
    mine = Participant.objects.of(reader).shown(current_id=current_id)
    mine = mine.with_unread(shut).only_those(only, current_id=current_id).listed(shut)
    limit = min(max(limit, 1), LIST_MAX)
    rows = list(mine[: limit + 1])
    return _rows(reader, rows[:limit], shut), len(rows) > limit


def rows_of(*, user: User, conversation_ids: Collection[int]) -> dict[int, Row]:
    """The lines of these conversations, as far as they are his."""
    reader = reach.party_of(user)
    shut = closed_to(reader) & set(conversation_ids)
    mine = Participant.objects.of(reader).filter(conversation_id__in=conversation_ids)
    rows = list(mine.with_unread(shut).listed(shut))
    return {row.conversation.pk: row for row in _rows(reader, rows, shut)}


def _rows(reader: Party, rows: list[Participant], shut: set[int]) -> list[Row]:
    """What the memberships are shown as; a fixed number of queries."""
    parts = {row.conversation_id: part(row, shut=row.conversation_id in shut) for row in rows}
    last = {one.conversation_id: one for one in Message.objects.last_of(parts.values())}
    other = others(list(parts), user_id=reader.user_id)
    unnamed = {
        row.conversation_id
        for row in rows
        if row.conversation.kind == Conversation.Kind.GROUP and not row.conversation.title
    }
    first = first_members(unnamed - shut, user_id=reader.user_id)
    former = former_titles([one for one in parts.values() if one.closed])
    shown = [*other.values(), *(row for some in first.values() for row in some)]
    in_groups = [
        one for pk, one in last.items() if pk not in other and one.conversation_id in parts
    ]
    known = faces(reader, {party_of_participant(row) for row in shown} | parties_in(in_groups))
    return [
        _row(
            row,
            last.get(row.conversation_id),
            other.get(row.conversation_id),
            known,
            group_card(
                row.conversation,
                first.get(row.conversation_id, []),
                known,
                title=former.get(row.conversation_id),
            ),
        )
        for row in rows
    ]


def _row(
    row: Participant,
    last: Message | None,
    other: Participant | None,
    known: Faces,
    group: Card,
) -> Row:
    kind, party = row.conversation.kind, None
    if kind == Conversation.Kind.GROUP:
        card = group
    elif kind == Conversation.Kind.SYSTEM:
        card = notices_card()
    elif other is not None:
        party = party_of_participant(other)
        card = known.card(party, row.conversation)
    else:
        card = Card(_("Unknown person"))
    return Row(
        conversation=row.conversation,
        card=card,
        party=party,
        at=row.at,  # type: ignore[attr-defined]  # annotated by listed()
        last=last,
        last_mine=bool(last and last.sender_id == row.user_id),
        faces=known,
        unread=row.unread,  # type: ignore[attr-defined]  # annotated by with_unread()
        mentioned=bool(row.unread) and row.mention_seq > row.read_seq,  # type: ignore[attr-defined]
        pinned=row.pinned,
        muted=row.muted,
    )


def unread_total(*, user: User) -> int:
    """Unread messages and notifications of the active identity; of muted conversations those that mention him."""
    party = reach.party_of(user)
    own = Q(conversation__participants__identity_id=party.identity_id) | Q(
        conversation__kind=Conversation.Kind.SYSTEM
    )
    loud = Q(conversation__participants__muted=False) | Q(mentions__contains=[party.user_id])
    return (
        Message.objects.filter(
            own,
            loud,
            conversation__participants__user_id=party.user_id,
            conversation__participants__left_at=None,
            seq__gt=F("conversation__participants__read_seq"),
            recalled_at=None,
            event="",
        )
        .exclude(sender_id=party.user_id)
        .exclude(conversation_id__in=closed_to(party))
        .order_by()
        .count()
    )
