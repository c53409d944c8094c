"""Failed log-ins, counted in PostgreSQL per account and per source (SECURITY T41 to T43).

Every try is counted as failed before the password is looked at and taken back when it was right, so
that a hundred tries at once are a hundred tries. Known and unknown login names are counted alike.
"""

import datetime
import hashlib
import ipaddress
from collections.abc import Iterable

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import Case, F, Value, When
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.crypto import get_random_string, salted_hmac

from accounts.models import LoginThrottle, User
from core.fetching import fetch

WINDOW = datetime.timedelta(minutes=15)
FREE_TRIES = 4  # then each wait doubles, beginning with FIRST_WAIT
FIRST_WAIT = datetime.timedelta(seconds=10)
LOCK_TRIES = 10
LOCK = datetime.timedelta(minutes=15)
SOURCE_TRIES = 50
# Since the last success, whatever the window; from there on one try a day until somebody unlocks (T41, T42).
CEILING = 100
CEILING_LOCK = datetime.timedelta(hours=24)

DEVICE_COOKIE = "wl-device"
DEVICE_AGE = datetime.timedelta(days=400)
_SALT = "accounts.throttle"
LOCKED = """
SELECT key, locked_until FROM accounts_loginthrottle
WHERE key = ANY(%s::text[]) AND locked_until > %s AND failures >= %s
"""
ANY_LOCKED = f"EXISTS (SELECT FROM accounts_loginthrottle WHERE locked_until > now() AND failures >= {LOCK_TRIES})"


def account_key(username: str) -> str:
    """Key of a login name as typed, known or not."""
    name = username.strip().casefold()[:254]
    return "account:" + salted_hmac(_SALT, name, algorithm="sha256").hexdigest()


def reset_key(username: str) -> str:
    """Key of asking for a new password: it counts by itself, so that asking locks nobody out of the log-in."""
    return account_key(username).replace("account:", "reset:", 1)


def source_key(ip: str) -> str:
    """Key of a source: an IPv4 address, or the /64 of an IPv6 one. Empty when the source is unknown."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ""
    if address.version == 6:
        if address.ipv4_mapped:
            return f"source:{address.ipv4_mapped}"
        return f"source:{ipaddress.ip_network((address, 64), strict=False)}"
    return f"source:{address}"


def device_cookie(user: User) -> str:
    """Value of the cookie that marks a browser in which `user` logged in before."""
    return signing.dumps([user.pk, get_random_string(16)], salt=_SALT)


def device_key(user: User | None, cookie: str) -> str:
    """Key of a known browser of this very login, "" otherwise.

    It counts by itself, so that nobody locks the owner out by failing elsewhere (T42).
    """
    try:
        owner, _nonce = signing.loads(cookie, salt=_SALT, max_age=DEVICE_AGE)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    if user is None or owner != user.pk:
        return ""
    return "device:" + hashlib.sha256(cookie.encode()).hexdigest()


def code_key(user: User, cookie: str) -> str:
    """Key of the second step: codes count by themselves, a right password forgets none of them. A known browser
    counts apart, as for passwords.
    """
    device = device_key(user, cookie)
    return f"code:{device.removeprefix('device:') or user.pk}"


@transaction.atomic
def begin(keys: Iterable[str]) -> int:
    """Counts a try under all `keys`; returns 0, or the seconds to wait when one of them is locked.

    A refused try is not counted: a lock cannot be kept up by knocking.
    """
    now = timezone.now()
    wanted = sorted({key for key in keys if key})
    fresh = [LoginThrottle(key=key, window_started_at=now) for key in wanted]
    LoginThrottle.objects.bulk_create(fresh, ignore_conflicts=True)
    rows = list(LoginThrottle.objects.select_for_update().filter(key__in=wanted).order_by("key"))
    locked = [row.locked_until for row in rows if row.locked_until and row.locked_until > now]
    if locked:
        return max(1, int((max(locked) - now).total_seconds() + 0.999))
    for row in rows:
        _count(row, now)
    return 0


def is_locked(key: str) -> bool:
    """Whether tries under this key are refused now."""
    return LoginThrottle.objects.filter(key=key, locked_until__gt=timezone.now()).exists()


def _count(row: LoginThrottle, now: datetime.datetime) -> None:
    if now - row.window_started_at >= WINDOW:
        row.failures, row.window_started_at = 0, now
    row.failures += 1
    row.consecutive += 1
    wait = _wait(row)
    row.locked_until = now + wait if wait else None
    row.save(update_fields=["failures", "consecutive", "window_started_at", "locked_until"])


def _wait(row: LoginThrottle) -> datetime.timedelta | None:
    if row.key.startswith("source:"):
        return LOCK if row.failures >= SOURCE_TRIES else None
    if row.consecutive >= CEILING:
        return CEILING_LOCK
    if row.failures >= LOCK_TRIES:
        return LOCK
    if row.failures > FREE_TRIES:
        doublings: int = row.failures - FREE_TRIES - 1
        return FIRST_WAIT * (1 << doublings)
    return None


@transaction.atomic
def succeeded(*, own: Iterable[str], source: str) -> None:
    """Forgets the failures of this account and browser; the source only gets this one try back."""
    clear(own)
    taken = Case(When(failures__gt=0, then=F("failures") - 1), default=Value(0))
    LoginThrottle.objects.filter(key=source).update(failures=taken, locked_until=None)


def clear(keys: Iterable[str]) -> int:
    """Forgets the failures under `keys`; returns how many were kept."""
    return LoginThrottle.objects.filter(key__in=[key for key in keys if key]).delete()[0]


def locked_until(usernames: Iterable[str]) -> dict[str, datetime.datetime]:
    """Login names that are locked now (not merely slowed down) and until when."""
    by_key = {account_key(name): name for name in usernames}
    rows = fetch(LOCKED, [list(by_key), timezone.now(), LOCK_TRIES])
    return {by_key[key]: until for key, until in rows}


def remember_device(response: HttpResponseBase, user: User) -> None:
    """Marks this browser as one in which `user` has logged in."""
    response.set_cookie(
        DEVICE_COOKIE,
        device_cookie(user),
        max_age=DEVICE_AGE,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
