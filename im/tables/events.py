"""What happened in a group, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from im.models import Message
from im.reach import Party

if TYPE_CHECKING:
    from im.models import Conversation
    from im.selectors import Faces

NAMED: Final = 8
Event = Message.Event


def sentence(message: Message, conversation: Conversation, faces: Faces) -> str:
    """ "你邀请 林晓彤 加入了群聊"; names as the reader may see them."""
    actor = Party(message.sender_id or 0, message.sender_identity_id)
    who = _("You") if actor == faces.reader else faces.name(actor, conversation)
    if message.event == Event.RENAMED:
        name = str(message.subjects[0])
        words = (
            _("%(who)s named the group %(name)s")
            if name
            else _("%(who)s took the name off the group")
        )
        return words % {"who": who, "name": name}
    whom = _names(message, conversation, faces)
    return _WORDS[Event(message.event)]() % {"who": who, "whom": whom}


_WORDS: Final = {
    Event.CREATED: lambda: _("%(who)s made this group with %(whom)s"),
    Event.ADDED: lambda: _("%(who)s added %(whom)s"),
    Event.REMOVED: lambda: _("%(who)s removed %(whom)s"),
    Event.LEFT: lambda: _("%(who)s left the group"),
    Event.OWNER: lambda: _("%(who)s made %(whom)s the owner of the group"),
    Event.ENDED: lambda: _("%(who)s dissolved the group"),
}


def _names(message: Message, conversation: Conversation, faces: Faces) -> str:
    parties = [party for text in message.subjects if (party := Party.parse(str(text)))]
    names = [
        _("you") if party == faces.reader else faces.name(party, conversation)
        for party in sorted(parties[:NAMED], key=lambda one: one != faces.reader)
    ]
    more = len(parties) - NAMED
    joined = _(", ").join(names)
    if more <= 0:
        return joined
    rest = ngettext("%(n)s more", "%(n)s more", more) % {"n": more}
    return _("%(names)s and %(rest)s") % {"names": joined, "rest": rest}
