"""What approvals does when contacts below announces a change."""

from typing import Any

from approvals import services
from contacts.events import AccountOpened, ContactGone


def on_contact_gone(*, event: ContactGone, **_: Any) -> None:
    """A disabled, deleted or merged contact needs no decision any more, in the same transaction (SECURITY T34)."""
    services.lapse(contact_id=event.contact_id, reason=event.reason, by=event.by)
    if event.into is not None:
        services.follow(contact_id=event.contact_id, into=event.into)


def on_account_opened(*, event: AccountOpened, **_: Any) -> None:
    """Opening directly supersedes a pending application (SPEC APR-2)."""
    services.lapse(contact_id=event.contact_id, reason="opened", by=event.by)
