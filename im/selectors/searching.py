"""Search in everything somebody may read (SPEC IM-1).

Each conversation is read backwards along its sequence until it has given a page: common words stop early, rare ones
cost a look at one's own messages, never at those of others. That look is limited, too (MOST_MESSAGES); what lies
further back is found by searching in one conversation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.fetching import fetch
from im import reach
from im.models import Message, Participant
from im.parts import Part, closed_to, part
from im.words import terms_of

if TYPE_CHECKING:
    from accounts.models import User

STEP: Final = 20
MOST_MESSAGES: Final = 200_000
_NEWEST: Final = 2**62

_SQL: Final = """
SELECT hit.id FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS own (conversation_id, after, upto)
CROSS JOIN LATERAL (
    SELECT m.id FROM im_message m
    WHERE m.conversation_id = own.conversation_id AND m.seq > own.after AND m.seq <= own.upto AND m.id < %s
      AND m.recalled_at IS NULL AND m.words LIKE ALL (%s::text[])
    ORDER BY m.seq DESC LIMIT %s) hit
ORDER BY hit.id DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Found:
    """Messages, newest first, and where the next page begins. `partial`: there are older ones nobody looked at."""

    terms: list[str]
    messages: list[Message]
    before: int | None = None
    partial: bool = False


def search(
    *, user: User, q: str, conversation_id: int | None = None, before: int | None = None
) -> Found:
    """Messages that hold all words of `q` (1 Chinese character, 2 letters or digits), also in the names of files.

    Recalled messages, and what a member of a group may not read, are never looked at; three queries. A conversation
    that `user` may not read gives nothing.
    """
    terms = terms_of(q)
    if not terms:
        return Found(terms, [])
    own, partial = _own(user, conversation_id)
    patterns = [f"%{_escaped(term)}%" for term in terms]
    limit = STEP + 1
    values = [
        [one.conversation_id for one in own],
        [one.after for one in own],
        [one.upto for one in own],
        before or _NEWEST,
        patterns,
        limit,
        limit,
    ]
    ids = [pk for (pk,) in fetch(_SQL, values)]
    rows = Message.objects.filter(pk__in=ids[:STEP]).select_related(
        "conversation", "attachment", "sender"
    )
    found = sorted(rows, key=lambda message: -message.pk)
    return Found(terms, found, ids[STEP - 1] if len(ids) > STEP else None, partial)


def _own(user: User, conversation_id: int | None) -> tuple[list[Part], bool]:
    """What may be read of each conversation, pinned ones and the liveliest first, up to MOST_MESSAGES."""
    party = reach.party_of(user)
    shut = closed_to(party)
    mine = Participant.objects.of(party).shown().select_related("conversation")
    if conversation_id is not None:
        mine = mine.filter(conversation_id=conversation_id)
    own: list[Part] = []
    looked_at = 0
    for row in mine.listed(shut):
        one = part(row, shut=row.conversation_id in shut)
        if own and looked_at + one.upto - one.after > MOST_MESSAGES:
            return own, True
        looked_at += one.upto - one.after
        own.append(one)
    return own, False


def _escaped(term: str) -> str:
    return term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
