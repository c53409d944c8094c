"""Slow or periodic work on contacts: the bin is emptied, pictures that nobody shows any more are thrown away."""

import datetime

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from contacts.models import Contact
from core import audit, outbox
from core.actors import SystemActor

ACTOR = SystemActor("schedule")
BIN_DAYS = 30
BATCH = 500


def purge_bin() -> int:
    """Deletes for good what has been in the bin for 30 days (SPEC CON-8); returns how many. Safe at any time and twice.

    The trail keeps one row of each; it names the contact, nothing else of it.
    """
    gone = 0
    while True:
        found = _purge_some(timezone.now() - datetime.timedelta(days=BIN_DAYS))
        gone += found
        if found < BATCH:
            return gone


@transaction.atomic
def _purge_some(before: datetime.datetime) -> int:
    rows = list(
        Contact.objects.binned()
        .filter(deleted_at__lt=before)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("main_node")
        .order_by("pk")[:BATCH]
    )
    for contact in rows:
        dimension_id = contact.main_node.dimension_id
        audit.record(action="contact.purge", obj=contact, by=ACTOR, dimension_id=dimension_id)
        if contact.avatar:
            forget_picture(str(contact.avatar.name))
    Contact.objects.filter(pk__in=[contact.pk for contact in rows]).delete()
    return len(rows)


def forget_picture(name: str) -> None:
    """Asks for a picture file to be deleted once the change that made it useless is committed."""
    outbox.enqueue(task="contacts.delete_picture", dedupe_key=f"picture:{name}"[:120], name=name)


def delete_picture(*, name: str) -> None:
    """Deletes the file of a former picture, unless a contact still shows it."""
    if name.startswith("avatars/") and not Contact.objects.filter(avatar=name).exists():
        default_storage.delete(name)
