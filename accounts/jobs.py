"""Slow or periodic work on accounts: first credentials, and forgetting what has expired."""

import copy
import datetime
import hashlib
import json
import logging
import secrets

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation

from accounts import channels, hooks, passwords
from accounts.channels import Channel, Letter, Values
from accounts.models import (
    ActivationLink,
    FormerAddress,
    InitialSecret,
    LoginThrottle,
    Session,
    User,
)
from accounts.words import ACTIONS
from core import audit
from core import secrets as at_rest
from core.actors import SystemActor

log = logging.getLogger(__name__)

ACTOR = SystemActor("credentials")
FORGET_FAILURES = datetime.timedelta(days=30)
# Whom nobody could be told of by then.
FORGET_ADDRESSES = datetime.timedelta(days=7)


def token_hash(token: str) -> str:
    """What is kept of the token in an activation link."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue_credentials(*, user_id: int, issue_key: str) -> None:
    """Makes the first credentials of a login, once for `issue_key` (SPEC ACC-3; SECURITY T31, T37, T38).

    With a channel to the person: a single-use activation link, and no usable password. Without, or where the channel
    refuses him for good: a random password in an encrypted envelope that one of its readers opens once. Safe to run
    again after any interruption: a link that may not have been sent is replaced by a new one.
    """
    with transaction.atomic():
        secret = _claim(user_id=user_id, issue_key=issue_key)
        if secret is None:
            return
        channel = channels.chosen(secret.user, secret.wanted)
        if channel is None:
            _lay_ready(secret)
            return
        letter = _new_link(secret.user, ActivationLink.Purpose.ACTIVATE)
        # Before it goes out: the link must work when it arrives.
        hooks.credentials_issued(user_id)
    taken = _taken(channel, letter)
    with transaction.atomic():
        again = _claim(user_id=user_id, issue_key=issue_key)
        if again is not None and taken:
            _finish(again, InitialSecret.Channel(channel.key))
        elif again is not None:
            ActivationLink.revoke(again.user)
            _lay_ready(again)


def _taken(channel: Channel, letter: Letter) -> bool:
    """Sends it; False when it never will arrive. Any other trouble is raised, and the worker comes back."""
    try:
        channel.send(letter)
    except channels.Refused as error:
        log.warning("%s to login %s: %s", letter.template, letter.user.pk, error)
        return False
    return True


def _claim(*, user_id: int, issue_key: str) -> InitialSecret | None:
    """The locked envelope when nothing was issued for it yet and its person may still get something."""
    # The login before its envelope, as in every service that ends both.
    User.objects.select_for_update().filter(pk=user_id).first()
    rows = InitialSecret.objects.select_for_update(of=("self", "user")).select_related("user")
    return rows.filter(
        user_id=user_id, issue_key=issue_key, issued_at=None, revoked_at=None, user__is_active=True
    ).first()


def _lay_ready(secret: InitialSecret) -> None:
    password = passwords.generate()
    user = secret.user
    user.set_password(password)
    user.must_change_password = True
    user.initial_password_until = timezone.now() + InitialSecret.LIFETIME
    user.save(update_fields=["password", "must_change_password", "initial_password_until"])
    content = json.dumps({"username": user.username, "password": password})
    secret.ciphertext = at_rest.encrypt(content)
    _finish(secret, InitialSecret.Channel.PANEL)
    hooks.credentials_issued(user.pk)


def _finish(secret: InitialSecret, channel: InitialSecret.Channel) -> None:
    now = timezone.now()
    secret.channel, secret.issued_at, secret.expires_at = channel, now, now + InitialSecret.LIFETIME
    secret.save(update_fields=["channel", "issued_at", "expires_at", "ciphertext"])
    audit.record(
        action="credentials.issue",
        obj=secret.user,
        by=ACTOR,
        after={"issue_key": secret.issue_key, "channel": str(channel)},
    )


def send_reset(*, user_id: int, ip: str) -> None:
    """Sends a link for a new password to the person of this login, where there is one who may have it (SPEC ACC-4).

    Everything is decided here and nothing in the request, which so takes the same time for every name (SECURITY T40).
    Run again, it sends a new link in place of the former one.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=user_id).first()
        channel = channels.chosen(user) if user is not None and _may_reset(user) else None
        if user is None or channel is None:
            return
        letter = _new_link(user, ActivationLink.Purpose.RESET)
        after = {"ip": ip, "channel": channel.key}
        audit.record(action="password.reset_ask", obj=user, by=ACTOR, after=after)
    if not _taken(channel, letter):
        with transaction.atomic():
            ActivationLink.revoke(user)
            audit.record(action="password.reset_lost", obj=user, by=ACTOR, after=after)


def _may_reset(user: User) -> bool:
    """Only a password that opens is replaced: nobody revives a first one that has expired, or an activation link."""
    if not (user.is_active and user.has_usable_password()) or user.demo:
        return False
    until = user.initial_password_until
    if user.must_change_password and until is not None and until <= timezone.now():
        return False
    return not user.is_external or hooks.external_usable(user)


def _new_link(user: User, purpose: ActivationLink.Purpose) -> Letter:
    """The letter with its address, built on BASE_URL, never on a request's host (SECURITY T48). Former links die."""
    ActivationLink.revoke(user)
    token, life = secrets.token_urlsafe(32), ActivationLink.LIFETIMES[purpose]
    ActivationLink.objects.create(
        user=user,
        purpose=purpose,
        token_hash=token_hash(token),
        expires_at=timezone.now() + life,
        created_by_label=ACTOR.actor_label,
    )
    values: Values = {
        "name": user.name,
        "login": user.username,
        "url": settings.BASE_URL + reverse("accounts:activate", args=[token]),
        "hours": int(life.total_seconds() // 3600),
    }
    return Letter(user, "reset" if purpose == purpose.RESET else "activation", values)


def tell_of_change(*, user_id: int, what: str, ip: str) -> None:
    """Tells somebody what was changed about how he logs in, and from where. Sent again at worst."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    channel = channels.chosen(user) if user is not None else None
    if user is None or channel is None:
        return
    _taken(channel, _changed(user, what, ip))


def tell_former(*, former_id: int, ip: str) -> None:
    """Tells whoever reads at the former addresses of a login that they are not its own any more, in each way that
    leads there; then forgets them. Sent again at worst.
    """
    row = FormerAddress.objects.select_related("user").filter(pk=former_id).first()
    if row is None:
        return
    then = copy.copy(row.user)
    then.email, then.mobile = row.email, row.mobile
    for channel in channels.reaching(then):
        _taken(channel, _changed(then, "login.address", ip))
    row.delete()


def _changed(user: User, what: str, ip: str) -> Letter:
    with translation.override(user.language):
        said = str(ACTIONS[what])
    values: Values = {"name": user.name, "login": user.username, "what": said, "ip": ip}
    values["url"] = settings.BASE_URL
    return Letter(user, "changed", values)


def clear_expired() -> None:
    """Wipes first passwords nobody looked at, dead sessions and forgotten failures. Safe at any time."""
    now = timezone.now()
    InitialSecret.objects.filter(expires_at__lte=now, ciphertext__isnull=False).update(
        ciphertext=None
    )
    Session.objects.filter(expire_date__lte=now).delete()
    FormerAddress.objects.filter(created_at__lte=now - FORGET_ADDRESSES).delete()
    LoginThrottle.objects.filter(window_started_at__lte=now - FORGET_FAILURES).exclude(
        locked_until__gt=now
    ).delete()
