"""Second factors: adding, using and taking away (SPEC ACC-5; SECURITY T41, T43, T44).

django-allauth keeps them (allauth.mfa.models.Authenticator) and knows the arithmetic. Which code was used last stands
in its row, so that a lost Redis lets none be used twice.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.utils import decrypt, encrypt
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import permissions, throttle
from accounts.mfa import FACTORS, has_factor
from accounts.models import LoginPolicy, User
from accounts.selectors import login_policy
from accounts.services import access, notices
from core import audit, context
from core.actors import Actor
from core.errors import Conflict, Denied, Hidden, Invalid, Throttled

Type = Authenticator.Type
MAX_PASSKEYS = 20


def _counter(secret: str, code: str) -> int | None:
    """The step of time to which a code belongs, among those that are near enough."""
    for counter in yield_hotp_counters_from_time():
        expected = format_hotp_value(hotp_value(secret, counter))
        if compare_user_code(actual=code, expected=expected):
            return int(counter)
    return None


def check_code(*, user: User, code: str, device: str = "") -> str:
    """Uses up a code of the app or a recovery code; returns the kind ("totp", "recovery_codes").

    `device` is the cookie of a known browser. Raises Throttled, and Invalid(field="code") for a wrong or used one.
    """
    own, source = throttle.code_key(user, device), throttle.source_key(context.current().ip)
    wait = throttle.begin([own, source])
    if wait:
        raise Throttled(_("Too many failed tries; wait a little"), retry_after=wait)
    kind = _use(user, unicodedata.normalize("NFKC", code)[:40])
    if not kind:
        raise Invalid(
            _("The code is wrong or was used already. Wait for the next one."), field="code"
        )
    throttle.succeeded(own=[own], source=source)
    return kind


@transaction.atomic
def _use(user: User, code: str) -> str:
    rows = Authenticator.objects.select_for_update().filter(user_id=user.pk)
    for row in rows.filter(type__in=(Type.TOTP, Type.RECOVERY_CODES)).order_by("-type"):
        right = _use_totp(row, code) if row.type == Type.TOTP else row.wrap().validate_code(code)
        if right:
            Authenticator.objects.filter(pk=row.pk).update(last_used_at=timezone.now())
            return str(row.type)
    return ""


def _use_totp(row: Authenticator, code: str) -> bool:
    counter = _counter(decrypt(row.data["secret"]), code)
    if counter is None or counter <= row.data.get("used", 0):
        return False
    row.data["used"] = counter
    row.save(update_fields=["data"])
    return True


def used_passkey(row: Authenticator) -> None:
    """Notes that a passkey has opened something."""
    Authenticator.objects.filter(pk=row.pk).update(last_used_at=timezone.now())


@transaction.atomic
def add_totp(*, user: User, secret: str, code: str, keep_session: str | None) -> list[str]:
    """Takes an app whose first code is right; returns new recovery codes when there were none.

    Raises Invalid(field="code"), Conflict when an app is there already.
    """
    counter = _counter(secret, unicodedata.normalize("NFKC", code)[:40])
    if counter is None:
        raise Invalid(
            _("The code does not fit. Check the clock of your phone and try the next code."),
            field="code",
        )
    user = _locked(user)
    if Authenticator.objects.filter(user_id=user.pk, type=Type.TOTP).exists():
        raise Conflict(_("There is an authenticator app already; remove it first"))
    data = {"secret": encrypt(secret), "used": counter}
    Authenticator.objects.create(user=user, type=Type.TOTP, data=data)
    return _added(user, "second_factor.totp.add", {}, keep_session)


@transaction.atomic
def add_passkey(
    *, user: User, name: str, credential: dict[str, Any], keep_session: str | None
) -> list[str]:
    """Takes a passkey that the browser has made and allauth has checked; returns new recovery codes when there were
    none. Raises Invalid(field="name").
    """
    user = _locked(user)
    if Authenticator.objects.filter(user_id=user.pk, type=Type.WEBAUTHN).count() >= MAX_PASSKEYS:
        raise Invalid(_("There are %(n)s passkeys; remove one first") % {"n": MAX_PASSKEYS})
    WebAuthn.add(user, name, credential)
    return _added(user, "second_factor.passkey.add", {"name": name}, keep_session)


def _locked(user: User) -> User:
    fresh: User = User.objects.select_for_update().get(pk=user.pk)
    if not fresh.is_active:
        raise Denied(_("This login is disabled. Please ask your contact in the company."))
    return fresh


def _added(user: User, action: str, after: dict[str, Any], keep: str | None) -> list[str]:
    fresh = not Authenticator.objects.filter(user_id=user.pk, type=Type.RECOVERY_CODES).exists()
    codes: list[str] = RecoveryCodes.activate(user).generate_codes() if fresh else []
    _changed(user, action, keep, after=after)
    return codes


def _changed(
    user: User,
    action: str,
    keep: str | None,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    access.end_others(user, keep=keep)
    audit.record(action=action, obj=user, by=user, before=before, after=after)
    notices.tell(user, action)


@transaction.atomic
def rename_passkey(*, user: User, pk: int, name: str) -> None:
    """Another name for a passkey of one's own. Raises Hidden for anything else."""
    row = own_factor(_locked(user), pk)
    if row.type != Type.WEBAUTHN:
        raise Hidden(_("Not found"))
    before, row.data["name"] = row.data["name"], name
    row.save(update_fields=["data"])
    audit.record(
        action="second_factor.passkey.rename", obj=user, by=user,
        before={"name": before}, after={"name": name},
    )  # fmt: skip


def own_factor(user: User, pk: int) -> Authenticator:
    """An app or a passkey of one's own. Raises Hidden for anything else."""
    row = Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS, pk=pk).first()
    if row is None:
        raise Hidden(_("Not found"))
    return row


@transaction.atomic
def remove(*, user: User, pk: int, keep_session: str | None) -> None:
    """Takes an app or a passkey of one's own away; with the last one the recovery codes go.

    Raises Hidden for anything else, Conflict for the last one where a second factor is required.
    """
    row = own_factor(_locked(user), pk)
    others = Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exclude(pk=row.pk)
    if not others.exists() and login_policy().asks(user):
        raise Conflict(_("A second factor is required for you: add another one before"))
    kind = "passkey" if row.type == Type.WEBAUTHN else "totp"
    before = {"name": row.data["name"]} if kind == "passkey" else {}
    row.delete()
    if not has_factor(user):
        Authenticator.objects.filter(user_id=user.pk).delete()
    _changed(user, f"second_factor.{kind}.remove", keep_session, before=before)


@transaction.atomic
def new_recovery_codes(*, user: User, keep_session: str | None) -> list[str]:
    """Ten new recovery codes; the former ones are dead. Raises Conflict without a second factor."""
    user = _locked(user)
    if not has_factor(user):
        raise Conflict(_("Set up an authenticator app or a passkey first"))
    Authenticator.objects.filter(user_id=user.pk, type=Type.RECOVERY_CODES).delete()
    codes: list[str] = RecoveryCodes.activate(user).generate_codes()
    _changed(user, "second_factor.codes", keep_session)
    return codes


@transaction.atomic
def reset(*, user: User, by: Actor) -> None:
    """Takes all second factors of somebody who has lost them away and ends his sessions: the way back in.

    Staff: administrators only, never for oneself (Denied). External people: the caller has decided. Raises Conflict
    when there is none.
    """
    if not user.is_external:
        permissions.require_admin(by)
        permissions.require_other(by, user)
    user = User.objects.select_for_update().get(pk=user.pk)
    if not has_factor(user):
        raise Conflict(_("There is no second factor to reset"))
    gone = Authenticator.objects.filter(user_id=user.pk)
    kinds = sorted({str(row.type) for row in gone})
    gone.delete()
    throttle.clear([throttle.code_key(user, "")])
    access.end_others(user, keep=None)
    audit.record(action="second_factor.reset", obj=user, by=by, before={"factors": kinds})
    notices.tell(user, "second_factor.reset")


@transaction.atomic
def set_policy(*, values: dict[str, bool], by: Actor) -> LoginPolicy:
    """Who must have a second factor from the next request on. Administrators only."""
    permissions.require_admin(by)
    row, _created = LoginPolicy.objects.select_for_update().get_or_create(id=1)
    before = {name: getattr(row, name) for name in values}
    for name, value in values.items():
        setattr(row, name, value)
    old, new = audit.changes(before, values)
    if new:
        row.save()
        audit.record(action="login_policy.update", obj=row, by=by, before=old, after=new)
    return row
