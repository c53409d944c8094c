"""The members of a group as one of them may see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from core.errors import Hidden
from core.reading import pinyin
from im import reach
from im.models import Message, Participant
from im.parts import party_of_participant
from im.reach import Card, Party
from im.selectors.people import faces, owner_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from im.selectors.threads import Thread


@dataclass(frozen=True, slots=True)
class Member:
    """One member. The line of his card is there for readers who see him outside the group, too."""

    user_id: int
    party: Party
    card: Card
    reading: str = ""
    """Pinyin and initials, to find him by."""
    me: bool = False
    owner: bool = False
    away: bool = False
    """Takes part no more, or cannot log in."""
    seen: bool = False
    """Whether the reader may write to him outside the group, too."""


def roster(thread: Thread) -> list[Member]:
    """The members in the order they came; nobody for a reader who takes part no more."""
    return _members(thread, [] if thread.part.closed else thread.members)


def owns(thread: Thread) -> bool:
    """Whether the reader decides about the members of the group."""
    owner = owner_of(thread.members)
    return owner is not None and owner.pk == thread.me.pk


def member(thread: Thread, user_id: int) -> Member:
    """One member of the group. Raises Hidden."""
    rows = [row for row in thread.members if row.user_id == user_id]
    if thread.part.closed or not rows:
        raise Hidden(_("There is no such member."))
    return _members(thread, rows)[0]


def mentionable(thread: Thread) -> list[Member]:
    """Whom the reader may name with an @: the others who take part."""
    return _members(thread, thread.readers if thread.is_group and thread.writable else [])


def readers(thread: Thread, seq: int) -> tuple[list[Member], list[Member]]:
    """Who has not read an own message of a group, and who has. Raises Hidden when there is no such message."""
    own = Message.objects.within(thread.part).filter(
        seq=seq, sender_id=thread.me.user_id, event="", recalled_at=None
    )
    if not own.exists():
        raise Hidden(_("There is no such message."))
    rows = [row for row in thread.readers if row.from_seq < seq]
    found = {one.user_id: one for one in _members(thread, rows)}
    unread = [found[row.user_id] for row in rows if row.read_seq < seq]
    return unread, [one for one in found.values() if one not in unread]


def _members(thread: Thread, rows: Iterable[Participant]) -> list[Member]:
    """As the reader may see them: those whom he sees by himself with their line, the others by name (SPEC IM-2)."""
    me, owner = party_of_participant(thread.me), owner_of(thread.members)
    parties = {row.pk: party_of_participant(row) for row in rows}
    known = faces(me, parties.values())
    seen = reach.policy().reachable(me, parties.values()) if parties else set()
    found = []
    for row in rows:
        party = parties[row.pk]
        away = row.pk in thread.shut or not row.user.is_active
        if away and me.identity_id is not None and row.pk != thread.me.pk:
            continue
        card = known.card(party, thread.conversation)
        reading = pinyin(card.name)
        found.append(
            Member(
                user_id=row.user_id,
                party=party,
                card=known.known[party] if party in seen and party in known.known else card,
                reading=f"{reading.initials} {''.join(reading.sort_key.split())}",
                me=row.pk == thread.me.pk,
                owner=owner is not None and owner.pk == row.pk,
                away=away,
                seen=party in seen,
            )
        )
    return found
