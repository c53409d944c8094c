"""Files that no message carries any more are thrown away."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core import outbox
from im import files
from im.models import Attachment

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH: Final = 500
SENDING: Final = datetime.timedelta(days=1)  # what is younger may still be on its way


def forget(attachment_id: int) -> None:
    """Asks for a file to be deleted once its message is recalled, unless another message carries it."""
    outbox.enqueue(task="im.delete_attachment", attachment_id=attachment_id)


def delete_attachment(*, attachment_id: int) -> bool:
    """Deletes a file and its row, unless a message carries it; safe at any time and twice.

    The row goes first: what a killed worker leaves on the disk then is found by `sweep`.
    """
    with transaction.atomic():
        row = Attachment.objects.select_for_update().filter(pk=attachment_id).first()
        if row is None or row.messages.exists():
            return False
        names = files.names_of(row)
        row.delete()
    files.delete(names)
    return True


def sweep() -> int:
    """Deletes rows that no message carries and files without a row, both older than a day; returns how many."""
    bare = Attachment.objects.filter(messages=None, created_at__lt=timezone.now() - SENDING)
    gone = sum(
        delete_attachment(attachment_id=pk) for pk in list(bare.values_list("pk", flat=True))
    )
    for names in _stored():
        rows = Attachment.objects.filter(Q(file__in=names) | Q(preview__in=names))
        kept = {name for row in rows for name in files.names_of(row)}
        lost = [name for name in names if name not in kept and _is_old(name)]
        files.delete(lost)
        gone += len(lost)
    return gone


def _stored(folder: str = files.FOLDER) -> Iterator[list[str]]:
    """Names of the files in the store, some hundred at a time."""
    if not default_storage.exists(folder):
        return
    folders, names = default_storage.listdir(folder)
    for at in range(0, len(names), BATCH):
        yield [f"{folder}/{name}" for name in names[at : at + BATCH]]
    for below in folders:
        yield from _stored(f"{folder}/{below}")


def _is_old(name: str) -> bool:
    made = default_storage.get_modified_time(name) if default_storage.exists(name) else None
    return made is not None and made < timezone.now() - SENDING
