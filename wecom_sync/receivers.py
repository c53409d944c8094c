"""What this app does when those below announce a change."""

from typing import Any

from approvals.events import ApplicationSettled
from contacts.events import ContactGone
from wecom_sync.services import cards, links


def on_contact_gone(*, event: ContactGone, **_: Any) -> None:
    """Whom WeCom knows as a merged contact goes on as the one that remains, in the same transaction."""
    if event.into is not None:
        links.follow_merge(contact_id=event.contact_id, into=event.into)


def on_application_settled(*, event: ApplicationSettled, **_: Any) -> None:
    """Cards that are out show how it ended."""
    cards.ask_to_show(application_id=event.application_id)
