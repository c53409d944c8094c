"""Browsers that ask to be told, and when that ends: log-out, another person, a disabled login (SPEC IM-4)."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Session, User
from accounts.sessions import SessionStore
from core.errors import Invalid
from im.channels import push, webpush
from im.models import PushSubscription

if TYPE_CHECKING:
    from collections.abc import Iterable

# Under this key a session holds what its subscriptions are known by; it survives a new session key.
SESSION_KEY: Final = "push"
MAX_BROWSERS: Final = 5


def browser_of(session: Any) -> str:
    """What the subscriptions of this session are known by, made on first use."""
    if SESSION_KEY not in session:
        session[SESSION_KEY] = secrets.token_urlsafe(24)
    return _digest(session[SESSION_KEY])


def _digest(token: str) -> str:
    return hashlib.sha256(f"im.push:{token}".encode()).hexdigest()


@transaction.atomic
def subscribe(
    *, by: User, browser: str, endpoint: str, p256dh: str, auth: str, user_agent: str = ""
) -> PushSubscription:
    """Tells `by` in this browser from now on; whoever was told in it before is not any more.

    One's own browser like a session: not audited. At most MAX_BROWSERS, the oldest goes. Raises Invalid for an address
    that is not one of a push service we speak to, and for keys that are none.
    """
    if not (len(endpoint) <= 1000 and push.allowed(endpoint)):
        raise Invalid(
            _("The push service of this browser is not supported here."), field="endpoint"
        )
    try:
        webpush.Receiver.read(p256dh, auth)
    except ValueError as error:
        raise Invalid(_("The browser gave keys that are none."), field="p256dh") from error
    row, _new = PushSubscription.objects.update_or_create(
        endpoint=endpoint,
        defaults={
            "user": by, "browser": browser, "p256dh": p256dh, "auth": auth, "failures": 0,
            "user_agent": user_agent[:200],
        },
    )  # fmt: skip
    mine = (
        PushSubscription.objects.filter(user=by).exclude(pk=row.pk).order_by("-created_at", "-pk")
    )
    PushSubscription.objects.filter(
        pk__in=list(mine.values_list("pk", flat=True)[MAX_BROWSERS - 1 :])
    ).delete()
    return row


def unsubscribe(*, by: User, endpoint: str) -> bool:
    """Tells `by` nothing more in this browser; False when it did not."""
    return bool(PushSubscription.objects.filter(user=by, endpoint=endpoint).delete()[0])


@transaction.atomic
def claim(*, by: User, browser: str, endpoint: str) -> bool:
    """After a log-in in a browser that is subscribed: it goes on for the same person, and ends for anybody else."""
    row = PushSubscription.objects.select_for_update().filter(endpoint=endpoint).first()
    if row is None:
        return False
    if row.user_id != by.pk:
        row.delete()
        return False
    row.browser = browser
    row.save(update_fields=["browser"])
    return True


def sessions_ending(
    *, user_id: int, keys: Iterable[str] | None = None, keep: str | None = None
) -> None:
    """settings.SESSIONS_ENDING: sessions of this person end, those of `keys`, or all but `keep`; what they have
    subscribed ends with them. In the transaction that ends them, before their rows go.
    """
    mine = PushSubscription.objects.filter(user_id=user_id)
    if keys is None:
        mine.exclude(browser__in=_browsers([keep] if keep else [])).delete()
    else:
        mine.filter(browser__in=_browsers(keys)).delete()


def _browsers(keys: Iterable[str]) -> list[str]:
    rows = Session.objects.filter(session_key__in=list(keys)).values_list("session_data", flat=True)
    tokens = [SessionStore().decode(data).get(SESSION_KEY) for data in rows]
    return [_digest(token) for token in tokens if token]
