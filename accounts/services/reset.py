"""Asking for a new password without being logged in (SPEC ACC-4; SECURITY T40, T41; matrix row 4)."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import throttle
from accounts.models import User
from core import context, outbox
from core.errors import Throttled


def ask(*, username: str) -> None:
    """Asks the worker to send a link for a new password to whoever has this login name.

    The same work for every name: one look, one count, one entry for the worker, which alone decides whether anything
    is sent. Nothing is answered about it. Raises Throttled, for known and unknown names alike.
    """
    user = User.objects.filter(username__iexact=username.strip()[:64]).first()
    ip = context.current().ip[:45]
    # Spellings that lead to one login count as one (T41).
    key = throttle.reset_key(user.username if user is not None else username)
    wait = throttle.begin([key, throttle.source_key(ip)])
    if wait:
        raise Throttled(_("Asked too often. Wait a little, then try again."), retry_after=wait)
    with transaction.atomic():
        outbox.enqueue(
            task="accounts.send_reset", user_id=user.pk if user is not None else 0, ip=ip
        )
