"""What the synchronization does when contacts below announces a change."""

from typing import Any

from contacts.events import ContactGone
from wecom_sync.services import links


def on_contact_gone(*, event: ContactGone, **_: Any) -> None:
    """Whom WeCom knows as a merged contact goes on as the one that remains, in the same transaction."""
    if event.into is not None:
        links.follow_merge(contact_id=event.contact_id, into=event.into)
