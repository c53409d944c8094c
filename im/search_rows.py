"""What a search in messages shows: one line for each message that was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.http import urlencode
from django.utils.translation import pgettext

from im import reach, selectors, tables
from im.reach import Card, Party
from im.words import marked

if TYPE_CHECKING:
    from im.models import Message
    from im.selectors import Faces, Found
    from im.tables.places import Request


@dataclass(frozen=True, slots=True)
class Hit:
    """One message: where it stands, who said it, the stretch around what was found."""

    url: str
    card: Card
    party: Party | None
    sender: str
    time: str
    pieces: list[tuple[str, bool]]
    is_file: bool


def hits(request: Request, found: Found) -> list[Hit]:
    """The lines of a page; a fixed number of queries."""
    ids = {message.conversation_id for message in found.messages}
    talks = selectors.rows_of(user=request.user, conversation_ids=ids)
    known = selectors.faces(reach.party_of(request.user), selectors.parties_in(found.messages))
    lines = []
    for message in found.messages:
        talk = talks.get(message.conversation_id)
        if talk is None:  # left between the two questions
            continue
        at = f"{tables.url(request, 'thread', message.conversation_id)}?at={message.seq}"
        file = message.attachment
        lines.append(
            Hit(
                url=at,
                card=talk.card,
                party=talk.party,
                sender=_said_by(request, message, known),
                time=tables.list_time(message.created_at),
                pieces=marked(file.name if file else message.body, found.terms),
                is_file=file is not None,
            )
        )
    return lines


def _said_by(request: Request, message: Message, known: Faces) -> str:
    if message.sender_id is None:
        return ""
    if message.sender_id == request.user.pk:
        return pgettext("who said it", "Me")
    sender = Party(message.sender_id, message.sender_identity_id)
    return known.name(sender, message.conversation)


def more_url(request: Request, q: str, conversation_id: int | None, found: Found) -> str:
    """The address of the next page; "" after the last one."""
    if found.before is None:
        return ""
    query = {"q": q, "conversation": conversation_id or "", "before": found.before}
    return f"{tables.url(request, 'search')}?{urlencode(query)}"
