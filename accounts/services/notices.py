"""Telling somebody what was changed about how he logs in."""

from accounts.models import User
from core import context, outbox


def tell(user: User, what: str) -> None:
    """Asks for the message, in the transaction of the change. `what` is the action of its audit row."""
    if user.email or user.mobile:
        ip = context.current().ip[:45]
        outbox.enqueue(task="accounts.tell_of_change", user_id=user.pk, what=what, ip=ip)
