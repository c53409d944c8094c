"""The one place where a password opens a login; every door comes through here (SECURITY T40 to T43, T47)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import hooks, passwords, throttle
from accounts.models import User
from core import audit, context

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
WRONG = gettext_lazy("The login name or password is wrong")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a try. `user` only when he may come in now; `code` is "ok", "wrong", "throttled", or one of the
    reasons that are told after the right password only: "disabled", "expired", "unusable", "demo".
    """

    code: str
    message: str | Promise = ""
    user: User | None = None
    retry_after: int = 0


def check(*, username: str, password: str, request: HttpRequest | None = None) -> Outcome:
    """Looks at a login name and password. Costs one hash whether or not the name exists.

    Counts failures per account, known browser and source; a try under a lock is not looked at. Makes no session:
    see `accounts.views.login`.
    """
    user = User.objects.filter(username__iexact=username.strip()[:64]).first()
    source = throttle.source_key(context.current().ip)
    own = [_own_key(user, username, request)]
    wait = throttle.begin([*own, source])
    if wait:
        if not throttle.is_locked(source):
            # As long as any other try; a source that is shut out altogether gets its answer for nothing.
            passwords.check(None, password[: passwords.MAX_LENGTH])
        return throttled(wait)
    if not passwords.check(user, password[: passwords.MAX_LENGTH]) or user is None:
        return Outcome("wrong", WRONG)
    throttle.succeeded(own=[*own, throttle.account_key(user.username)], source=source)
    return may_enter(user, request)


def _own_key(user: User | None, username: str, request: HttpRequest | None) -> str:
    cookie = request.COOKIES.get(throttle.DEVICE_COOKIE, "") if request is not None else ""
    # Spellings that lead to one login (admin, admın) count as one (T41).
    name = user.username if user is not None else username
    return throttle.device_key(user, cookie) or throttle.account_key(name)


def throttled(seconds: int) -> Outcome:
    """A try that was not looked at."""
    return Outcome("throttled", _wait(seconds), retry_after=seconds)


def _wait(seconds: int) -> str:
    if seconds < 60:
        return ngettext(
            "Too many failed tries. Try again in %(n)s second.", "Too many failed tries. Try again in %(n)s seconds.",
            seconds,
        ) % {"n": seconds}  # fmt: skip
    minutes = (seconds + 59) // 60
    return ngettext(
        "Too many failed tries. Try again in %(n)s minute.", "Too many failed tries. Try again in %(n)s minutes.",
        minutes,
    ) % {"n": minutes}  # fmt: skip


def may_enter(user: User, request: HttpRequest | None) -> Outcome:
    """Whether somebody who has proved who he is may come in now; asked at every door and after its second step."""
    if not user.is_active:
        return Outcome(
            "disabled", _("This login is disabled. Please ask your contact in the company.")
        )
    until = user.initial_password_until
    if user.must_change_password and until is not None and until <= timezone.now():
        return Outcome("expired", _("This first password has expired. Please ask for a new one."))
    if user.is_external and not hooks.external_usable(user):
        return Outcome("unusable", hooks.why_unusable(user))
    if user.demo and request is not None and not from_this_machine(request):
        return Outcome("demo", _("Demo log-ins work only on the machine that runs the demo."))
    return Outcome("ok", user=user)


def from_this_machine(request: HttpRequest) -> bool:
    """Whether a request comes from this machine and through no proxy that we do not know (SPEC ACC-6)."""
    if not settings.TRUSTED_PROXIES and any(request.META.get(name) for name in FORWARDED):
        return False
    try:
        address = ipaddress.ip_address(
            context.current().ip or str(request.META.get("REMOTE_ADDR", ""))
        )
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


@transaction.atomic
def opened(*, user: User, method: str = "password") -> None:
    """Notes a log-in in the audit trail, once the session exists."""
    audit.record(action="session.start", obj=user, by=user, after={"method": method})


@transaction.atomic
def closed(*, user: User, session_key: str | None) -> None:
    """Notes a log-out in the audit trail, before the session goes."""
    hooks.sessions_ending(user.pk, keys=[session_key] if session_key else [])
    audit.record(action="session.end", obj=user, by=user)
