"""What a search in messages shows: one line for each message that was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.http import urlencode
from django.utils.translation import gettext as _

from im import reach, selectors, tables
from im.models import Conversation
from im.reach import Card, Party
from im.words import marked

if TYPE_CHECKING:
    from im.models import Message
    from im.selectors import Found
    from im.tables import Request


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
    conversations = {message.conversation_id: message.conversation for message in found.messages}
    direct = [pk for pk, one in conversations.items() if one.kind == Conversation.Kind.DIRECT]
    other = {
        pk: selectors.party_of_participant(row)
        for pk, row in selectors.others(direct, user_id=request.user.pk).items()
    }
    senders = {_sender(message) for message in found.messages if message.sender_id}
    known = reach.policy().labels({*other.values(), *senders}) if other or senders else {}
    lines = []
    for message in found.messages:
        party = other.get(message.conversation_id)
        card = known.get(party) if party else _card(message.conversation)
        at = f"{tables.url(request, 'thread', message.conversation_id)}?at={message.seq}#msg-{message.seq}"
        file = message.attachment
        lines.append(
            Hit(
                url=at,
                card=card or Card(_("Unknown person")),
                party=party,
                sender=_said_by(request, message, known.get(_sender(message))),
                time=tables.list_time(message.created_at),
                pieces=marked(file.name if file else message.body, found.terms),
                is_file=file is not None,
            )
        )
    return lines


def _sender(message: Message) -> Party:
    return Party(message.sender_id or 0, message.sender_identity_id)


def _said_by(request: Request, message: Message, card: Card | None) -> str:
    if message.sender is None:
        return ""
    if message.sender_id == request.user.pk:
        return _("Me")
    return card.name if card else str(message.sender)


def _card(conversation: Conversation) -> Card:
    if conversation.kind == Conversation.Kind.SYSTEM:
        return selectors.notices_card()
    return Card(conversation.title or _("Unknown person"))


def more_url(request: Request, q: str, conversation_id: int | None, found: Found) -> str:
    """The address of the next page; "" after the last one."""
    if found.before is None:
        return ""
    query = {"q": q, "conversation": conversation_id or "", "before": found.before}
    return f"{tables.url(request, 'search')}?{urlencode(query)}"
