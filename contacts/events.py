"""What contacts announces upward. Sent inside the transaction of the change (docs/adr/0003)."""

from dataclasses import dataclass

from django.dispatch import Signal

from core.actors import Actor


@dataclass(frozen=True, slots=True)
class ContactGone:
    """A contact was disabled or deleted: what waits for a decision about it lapses now (SPEC APR-6, SECURITY T34).

    `reason` is "disabled" or "deleted". The row of the contact is locked.
    """

    contact_id: int
    reason: str
    by: Actor


@dataclass(frozen=True, slots=True)
class AccountOpened:
    """Somebody who may opened the account directly: a pending application is superseded (SPEC APR-2)."""

    contact_id: int
    user_id: int
    by: Actor


contact_gone = Signal()
account_opened = Signal()


def announce_gone(*, contact_id: int, reason: str, by: Actor) -> None:
    """Tells the apps above that a contact was disabled or deleted."""
    contact_gone.send(
        sender=ContactGone, event=ContactGone(contact_id=contact_id, reason=reason, by=by)
    )


def announce_opened(*, contact_id: int, user_id: int, by: Actor) -> None:
    """Tells the apps above that an account was opened without an application."""
    account_opened.send(
        sender=AccountOpened, event=AccountOpened(contact_id=contact_id, user_id=user_id, by=by)
    )
