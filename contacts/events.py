"""What contacts announces upward. Sent inside the transaction of the change (docs/adr/0003)."""

from dataclasses import dataclass

from django.dispatch import Signal

from core.actors import Actor


@dataclass(frozen=True, slots=True)
class ContactGone:
    """A contact was disabled, deleted or merged: what waits for a decision about it lapses now (SPEC APR-6; T34).

    `reason` is "disabled", "deleted" or "merged"; what was decided about a merged one belongs to `into` from now on.
    The rows of the contacts are locked.
    """

    contact_id: int
    reason: str
    by: Actor
    into: int | None = None


@dataclass(frozen=True, slots=True)
class AccountOpened:
    """Somebody who may opened the account directly: a pending application is superseded (SPEC APR-2)."""

    contact_id: int
    user_id: int
    by: Actor


contact_gone = Signal()
account_opened = Signal()


def announce_gone(*, contact_id: int, reason: str, by: Actor, into: int | None = None) -> None:
    """Tells the apps above that a contact was disabled, deleted or merged into another."""
    event = ContactGone(contact_id=contact_id, reason=reason, by=by, into=into)
    contact_gone.send(sender=ContactGone, event=event)


def announce_opened(*, contact_id: int, user_id: int, by: Actor) -> None:
    """Tells the apps above that an account was opened without an application."""
    account_opened.send(
        sender=AccountOpened, event=AccountOpened(contact_id=contact_id, user_id=user_id, by=by)
    )
