"""The files of a conversation, in a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from im import file_words, selectors
from im.parts import party_of_participant
from im.reach import Party
from im.tables.moments import list_time

if TYPE_CHECKING:
    from accounts.models import User
    from im.selectors import Thread


@dataclass(frozen=True, slots=True)
class SharedLine:
    """A file in the list of those of a conversation."""

    seq: int
    file: file_words.FileLine
    time: str
    sender: str


@dataclass(frozen=True, slots=True)
class SharedFiles:
    """A page of them; `before` is where the next one begins."""

    lines: list[SharedLine]
    before: int | None


def shared_files(thread: Thread, user: User, before: int | None = None) -> SharedFiles:
    """What templates/im/partials/_shared_files.html shows; a fixed number of queries."""
    found = selectors.shared(conversation_id=thread.conversation.pk, user=user, before=before)
    reader = party_of_participant(thread.me)
    known = selectors.faces(reader, selectors.parties_in(found.messages))
    lines = []
    for message in found.messages:
        file = file_words.line_of(message.attachment)
        if file:
            sender = Party(message.sender_id or 0, message.sender_identity_id)
            name = known.name(sender, thread.conversation)
            lines.append(SharedLine(message.seq, file, list_time(message.created_at), name))
    return SharedFiles(lines, found.before)
