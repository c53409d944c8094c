"""Where somebody stands in a conversation: the membership, and everything that decides what he may do there now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from core.errors import Hidden
from im import reach
from im.models import Participant
from im.parts import Part, closed, may_write, people
from im.parts import part as part_at

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Seat:
    """Read once for a message and for the page that shows it."""

    me: Participant
    people: Sequence[Participant]
    """All members with their logins, former ones too."""
    shut: Collection[int]
    """Ids of members who do not take part any more."""
    writable: bool
    """Whether either still sees the other, or in a group whether one takes part (IM-2); never for notifications."""

    @property
    def part(self) -> Part:
        """What of the conversation may be read (im.parts), with what was said since the seat was taken."""
        return part_at(self.me, shut=self.me.pk in self.shut)

    @property
    def members(self) -> list[Participant]:
        """Who is in it now, in the order they came."""
        return [row for row in self.people if row.left_at is None]

    @property
    def listeners(self) -> list[Participant]:
        """The members who may know what happens in it now; as im.parts.listeners."""
        return [row for row in self.members if row.pk not in self.shut]


def membership(*, conversation_id: int, user: User, lock: bool = False) -> Participant:
    """The membership through which `user` reaches the conversation, which is locked with `lock`.

    Raises Hidden for strangers, for other identities of the same login, and when there is no such conversation.
    """
    mine = Participant.objects.of(reach.party_of(user)).select_related("conversation")
    if lock:
        mine = mine.select_for_update(of=("conversation",), no_key=True)
    row = mine.filter(conversation_id=conversation_id).first()
    if row is None:
        raise _hidden()
    return row


def seat(*, conversation_id: int, user: User, lock: bool = False) -> Seat:
    """The place of `user` in the conversation. With `lock` nothing else is said in it, and nobody comes or goes, until
    the transaction ends. Raises as `membership` does.
    """
    mine = membership(conversation_id=conversation_id, user=user, lock=lock)
    rows = people(mine.conversation)
    # Somebody may have removed him while the lock was waited for.
    me = next((row for row in rows if row.pk == mine.pk and row.left_at is None), None)
    if me is None:
        raise _hidden()
    shut = closed(row for row in rows if row.left_at is None)
    part = part_at(me, shut=me.pk in shut)
    return Seat(me, rows, shut, may_write(me, part, rows))


def _hidden() -> Hidden:
    return Hidden(_("There is no such conversation."))
