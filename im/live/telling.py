"""What the services of messages tell open pages, and whom: members only, as the identity that takes part (T56)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from core import live
from im.models import Conversation
from im.parts import listeners

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from im.models import Message, Participant

What = Literal["message", "read", "recall", "settings"]


def conversation(changed: Conversation, what: What, to: Iterable[Participant]) -> None:
    """To all members who may know: something was said, taken back or changed."""
    members = [(row.user_id, row.identity_id) for row in to]
    live.tell(members, "conversation", conversation=changed.pk, seq=changed.last_seq, what=what)


def read(me: Participant) -> None:
    """To the reader's other tabs, and in a talk of two to the other end, who sees 已读. Not to a whole group: each of
    its members reading each message would be told to each of the others.
    """
    if me.conversation.kind == Conversation.Kind.DIRECT:
        conversation(me.conversation, "read", listeners(me.conversation))
    else:
        _own(me, "read")


def settings(me: Participant) -> None:
    """To the other tabs of whoever pinned or muted."""
    _own(me, "settings")


def left(gone: Participant) -> None:
    """To a member who is none any more: what his pages show of it is not there when they ask."""
    _own(gone, "settings")


def _own(me: Participant, what: What) -> None:
    to = [(me.user_id, me.identity_id)]
    ids = {"conversation": me.conversation_id, "seq": me.read_seq}
    live.tell(to, "conversation", **ids, what=what)


def notices(new: Mapping[int, Message]) -> None:
    """To each of these people: a notification arrived, each in a conversation of his own."""
    told: list[tuple[list[int], dict[str, int | str]]] = [
        ([user_id], {"conversation": row.conversation_id, "seq": row.seq, "what": "message"})
        for user_id, row in new.items()
    ]
    live.tell_each(told, "conversation")
