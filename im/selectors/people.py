"""Who takes part in conversations, and how they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from im import reach
from im.models import Participant
from im.reach import Card, Party

if TYPE_CHECKING:
    from collections.abc import Sequence


def party_of_participant(row: Participant) -> Party:
    return Party(row.user_id, row.identity_id)


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


def notices_card() -> Card:
    return Card(_("System notifications"))
