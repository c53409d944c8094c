"""Single messages and their files, reached through the conversation that holds them (SECURITY T60)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from core.errors import Hidden
from im.models import Attachment, Message
from im.parts import part_of
from im.selectors.seats import membership

if TYPE_CHECKING:
    from accounts.models import User

SHARED_STEP: Final = 20


def message(*, conversation_id: int, seq: int, user: User) -> Message:
    """A message that `user` may read now. Raises Hidden, also for a recalled one."""
    me = membership(conversation_id=conversation_id, user=user)
    rows = Message.objects.within(part_of(me)).filter(seq=seq, recalled_at=None)
    found = rows.select_related("attachment").first()
    if found is None:
        raise Hidden(_("There is no such message."))
    return found


def attachment(*, conversation_id: int, seq: int, user: User) -> Attachment:
    """The file of a message that `user` may read now. Raises Hidden, also for recalled messages and mere words."""
    found = message(conversation_id=conversation_id, seq=seq, user=user).attachment
    if found is None:
        raise Hidden(_("There is no such file."))
    return found


@dataclass(frozen=True, slots=True)
class Shared:
    """Messages with files, newest first, and where the next page begins."""

    messages: list[Message]
    before: int | None


def shared(*, conversation_id: int, user: User, before: int | None = None) -> Shared:
    """The files of a conversation that `user` may read now; two queries. Raises Hidden for non-members."""
    me = membership(conversation_id=conversation_id, user=user)
    rows = Message.objects.within(part_of(me)).filter(attachment__isnull=False)
    if before is not None:
        rows = rows.filter(seq__lt=before)
    found = list(rows.select_related("attachment", "sender").order_by("-seq")[: SHARED_STEP + 1])
    more = len(found) > SHARED_STEP
    return Shared(found[:SHARED_STEP], found[SHARED_STEP - 1].seq if more else None)
