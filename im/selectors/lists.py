"""The conversation list of a party, and how much waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from django.db.models import F, Q
from django.utils.translation import gettext as _

from im import reach
from im.models import Conversation, Message, Participant
from im.reach import Card, Party
from im.selectors.people import cards, notices_card, others, party_of_participant

if TYPE_CHECKING:
    from accounts.models import User

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
        card=notices_card() if is_notices else known_card,
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
