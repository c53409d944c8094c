"""Who takes part in conversations, and how they are shown to a reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from accounts.models import User
from im import reach
from im.models import Conversation, Message, Participant
from im.parts import party_of_participant
from im.reach import Card, Party

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from im.parts import Part

NAMED: Final = 4  # how many names stand for a group without one


@dataclass(frozen=True, slots=True)
class Faces:
    """How parties are shown to `reader`, in whichever conversation."""

    reader: Party
    known: Mapping[Party, Card]
    organizations: Mapping[Party, int]
    """Of the external people among them; read for external readers only."""

    def card(self, party: Party, conversation: Conversation) -> Card:
        """As the conversation shows him. A group shows names, nothing more, and to its external people none of another
        organization: somebody may have gone there since (SPEC VIS-4, IM-2).
        """
        card = self.known.get(party) or Card(_("Unknown person"))
        if conversation.kind != Conversation.Kind.GROUP:
            return card
        foreign = party.identity_id and self.reader.identity_id and party != self.reader
        if foreign and self.organizations.get(party) != conversation.organization_id:
            return Card(_("External person"), external=True)
        return Card(card.name, "", card.external)

    def name(self, party: Party, conversation: Conversation) -> str:
        """The name alone."""
        return self.card(party, conversation).name


def faces(reader: Party, parties: Iterable[Party]) -> Faces:
    """How these are shown; a login stands in where the directory knows nothing any more. A fixed number of queries."""
    wanted = set(parties)
    known = dict(reach.policy().labels(wanted)) if wanted else {}
    lost = wanted - known.keys()
    users = User.objects.in_bulk({party.user_id for party in lost}) if lost else {}
    for party in lost & {party for party in lost if party.user_id in users}:
        user = users[party.user_id]
        known[party] = Card(str(user), "", user.is_external)
    outside = {party for party in wanted if party.identity_id and party != reader}
    ask = reader.identity_id is not None and outside
    return Faces(reader, known, reach.policy().organizations_of(outside) if ask else {})


def others(conversation_ids: Collection[int], *, user_id: int) -> dict[int, Participant]:
    """The other participant of each one-to-one conversation."""
    rows = Participant.objects.filter(
        conversation_id__in=conversation_ids, conversation__kind=Conversation.Kind.DIRECT
    )
    return {row.conversation_id: row for row in rows.exclude(user_id=user_id)}


def first_members(
    conversation_ids: Collection[int], *, user_id: int
) -> dict[int, list[Participant]]:
    """The members after whom groups without a name are called, one more than are named; without the reader."""
    if not conversation_ids:
        return {}
    place = Window(RowNumber(), partition_by=F("conversation_id"), order_by="pk")
    rows = Participant.objects.filter(conversation_id__in=conversation_ids, left_at=None)
    found: dict[int, list[Participant]] = {}
    for row in rows.exclude(user_id=user_id).annotate(place=place).filter(place__lte=NAMED + 1):
        found.setdefault(row.conversation_id, []).append(row)
    return found


def first_of(rows: Iterable[Participant], me: Participant) -> list[Participant]:
    """The same of one conversation whose members are known."""
    return [row for row in rows if row.left_at is None and row.pk != me.pk][: NAMED + 1]


def former_titles(closed: Collection[Part]) -> dict[int, str]:
    """The names of these groups when they were closed for a member, where they were changed since."""
    if not closed:
        return {}
    later = Q()
    for part in closed:
        later |= Q(conversation_id=part.conversation_id, seq__gt=part.upto)
    rows = Message.objects.filter(later, event=Message.Event.RENAMED).order_by("-seq")
    return {row.conversation_id: row.subjects[1] for row in rows}


def group_card(
    conversation: Conversation,
    first: Sequence[Participant],
    faces: Faces,
    *,
    title: str | None = None,
) -> Card:
    """A group under its name (`title`: a former one), or those of its first members."""
    external = conversation.organization_id is not None
    title = conversation.title if title is None else title
    if title:
        return Card(title, "", external)
    names = [faces.name(party_of_participant(row), conversation) for row in first[:NAMED]]
    more = "…" if len(first) > NAMED else ""
    return Card("、".join(names) + more or _("Group"), "", external)


def owner_of(members: Iterable[Participant]) -> Participant | None:
    """Who decides about the members of a group: its owner, or where he cannot log in any more the first of the staff
    who can. `members` in the order they came, with their logins.
    """
    staff = [
        row for row in members if not row.left_at and row.user.is_active and not row.identity_id
    ]
    return next((row for row in staff if row.is_owner), staff[0] if staff else None)


def parties_in(messages: Iterable[Message]) -> set[Party]:
    """Everybody who is named beside these messages, apart from those they mention."""
    found = {Party(one.sender_id, one.sender_identity_id) for one in messages if one.sender_id}
    for one in messages:
        if one.event and one.event != Message.Event.RENAMED:
            found |= {party for text in one.subjects if (party := Party.parse(text))}
    return found


def notices_card() -> Card:
    return Card(_("System notifications"))
