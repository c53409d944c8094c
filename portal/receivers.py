"""What the portal does when contacts below announces a change."""

from typing import Any

from contacts.events import ContactGone
from portal import services
from portal.services import pushed


def on_contact_gone(*, event: ContactGone, **_: Any) -> None:
    """What was said about a merged contact goes on with the one that remains, in the same transaction."""
    if event.into is not None:
        services.follow_merge(contact_id=event.contact_id, into=event.into)
        pushed.follow_merge(contact_id=event.contact_id, into=event.into)
