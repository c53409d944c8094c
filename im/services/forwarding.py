"""Forwarding a message to other conversations (SPEC IM-1): the right is that of the new message (SECURITY T54)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils.translation import gettext as _

from core.errors import Denied, Hidden, Invalid
from im import selectors
from im.models import Message
from im.reach import Party
from im.services import messages
from im.services.conversations import NOBODY, open_direct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User

MOST: Final = 10


@transaction.atomic
def forward(
    *, conversation_id: int, seq: int, to: Iterable[str], client_id: str, by: User
) -> list[Message]:
    """Says again what message `seq` says, in other conversations of `by`; its file is shared. All or none.

    `to` names conversations ("c7") or people he may start with ("12", "34:56"). Each is checked as if the words were
    written anew; who is mentioned is not told again.
    Raises Hidden (nothing he may read, or no such target), Denied (a target is read-only), Invalid (nobody or more
    than 10 chosen, or nothing that can be forwarded), Throttled.
    """
    targets = sorted({_conversation(one, by=by) for one in to})
    if not targets:
        raise Invalid(_("Choose whom to forward it to."), field="to")
    if len(targets) > MOST:
        raise Invalid(_("Forward to at most 10 conversations at once."), field="to")
    for pk in targets:
        told = selectors.thread(conversation_id=pk, user=by)
        if not told.writable:
            raise Denied(_("%(name)s cannot be written to now.") % {"name": told.card.name})
    # Conversations are locked in order of id, then the message that is forwarded.
    opened = [messages.begin(conversation_id=pk, client_id=client_id, by=by) for pk in targets]
    source = _source(conversation_id, seq, by=by)
    made = []
    for seat, sent in opened:
        if sent is not None:
            same = (sent.body, sent.attachment_id) == (source.body, source.attachment_id)
            made.append(messages.repeated(sent, by=by, same=same))
            continue
        said = {"body": source.body, "attachment": source.attachment}
        sent = messages.append(seat.me, client_id=client_id, by=by, to=seat.listeners, **said)
        made.append(sent)
    return made


def _conversation(target: str, *, by: User) -> int:
    number = target[1:]
    if target[:1] == "c" and number.isascii() and number.isdigit() and len(number) <= 15:
        return int(number)
    other = Party.parse(target)
    if other is None:
        raise Hidden(NOBODY)
    return int(open_direct(by=by, other=other).pk)


def _source(conversation_id: int, seq: int, *, by: User) -> Message:
    """The message, held until the new ones are written: nobody recalls it in between."""
    found = selectors.message(conversation_id=conversation_id, seq=seq, user=by)
    rows = Message.objects.select_for_update(of=("self",), no_key=True).select_related("attachment")
    source = rows.filter(pk=found.pk, recalled_at=None).first()
    if source is None:
        raise Hidden(_("There is no such message."))
    if not can_be_forwarded(source):
        raise Invalid(_("This message cannot be forwarded."))
    return source


def can_be_forwarded(message: Message) -> bool:
    """Words and files of people: no notifications, nothing that was recalled, no event of a group."""
    said = bool(message.body or message.attachment_id)
    return said and message.sender_id is not None and not message.event and not message.recalled_at
