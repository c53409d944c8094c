"""Sending pictures and files (SPEC IM-1): each is one message, under the same rights as words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db import connection, transaction
from django.db.models import Count, Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from core.errors import Invalid
from im import files, selectors
from im.models import Attachment, Message
from im.services import messages

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from accounts.models import User

QUOTA_LOCK: Final = 72_400  # advisory lock (QUOTA_LOCK, user id): two uploads at once do not share the last megabyte


def send_file(
    *,
    conversation_id: int,
    file: UploadedFile,  # type: ignore[type-arg]  # bytes in practice
    name: str,
    client_id: str,
    by: User,
) -> Message:
    """Sends a picture or a file as one message; the same `client_id` gives the message that was sent the first time.

    `name` is what the sender calls it. Nothing stays behind when it is refused.
    Raises as `send` does, and RefusedFile (empty, too large, would run where it is opened), InvalidPicture (damaged,
    too many pixels), Invalid with code "quota".
    """
    selectors.membership(conversation_id=conversation_id, user=by)
    files.check_size(file.size or 0, files.limits_of(by))
    with transaction.atomic():  # whoever may not write has nothing looked at
        _seat, sent = messages.begin(conversation_id=conversation_id, client_id=client_id, by=by)
        if sent is not None:
            return messages.repeated(sent, by=by, same=sent.attachment_id is not None)
        _check_room(by, file.size or 0)
    ready = files.prepare(file, name)
    attachment = files.store(ready, owner=by)
    try:
        message = _said(attachment, conversation_id=conversation_id, client_id=client_id, by=by)
    except BaseException:
        files.discard(attachment)
        raise
    if message.attachment_id != attachment.pk:  # the same upload, twice at once
        files.discard(attachment)
    return message


@transaction.atomic
def _said(attachment: Attachment, *, conversation_id: int, client_id: str, by: User) -> Message:
    seat, sent = messages.begin(conversation_id=conversation_id, client_id=client_id, by=by)
    if sent is not None:
        return messages.repeated(sent, by=by, same=sent.attachment_id is not None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [QUOTA_LOCK, by.pk])
    _check_room(by, attachment.size)
    attachment.save()
    return messages.append(
        seat.me, client_id=client_id, by=by, to=seat.listeners, body="", attachment=attachment
    )


def _check_room(by: User, size: int) -> None:
    """What is kept counts once for who sent it first, however often it is forwarded."""
    limits = files.limits_of(by)
    used = Attachment.objects.filter(owner=by).aggregate(size=Sum("size"), count=Count("pk"))
    if (used["size"] or 0) + size > limits.quota or used["count"] >= limits.count:
        raise Invalid(
            _(
                "The files you have sent take %(used)s of %(quota)s (%(count)s of %(limit)s files). "
                "There is no room for this one."
            )
            % {
                "used": filesizeformat(used["size"] or 0),
                "quota": filesizeformat(limits.quota),
                "count": f"{used['count']:,}",
                "limit": f"{limits.count:,}",
            },
            field="file",
            code="quota",
        )
