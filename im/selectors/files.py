"""Files of messages, each reached through the message that carries it (SECURITY T60)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from core.errors import Hidden
from im.models import Attachment, Message
from im.selectors.threads import membership

if TYPE_CHECKING:
    from accounts.models import User


def attachment(*, conversation_id: int, seq: int, user: User) -> Attachment:
    """The file of a message that `user` may read now. Raises Hidden, also for recalled messages and mere words."""
    me = membership(conversation_id=conversation_id, user=user)
    message = (
        Message.objects.filter(conversation_id=conversation_id, seq=seq, seq__gt=me.from_seq)
        .filter(recalled_at=None)
        .select_related("attachment")
        .first()
    )
    if message is None or message.attachment is None:
        raise Hidden(_("There is no such file."))
    return message.attachment
