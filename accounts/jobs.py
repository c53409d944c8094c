"""Slow or periodic work on accounts: first credentials, and forgetting what has expired."""

import datetime
import hashlib
import json
import secrets

from django.conf import settings
from django.core.mail import send_mail  # noqa: TID251  sent by the job, between two transactions
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import hooks, passwords
from accounts.models import ActivationLink, InitialSecret, LoginThrottle, Session, User
from accounts.words import ACTIONS
from core import audit
from core import secrets as at_rest
from core.actors import SystemActor

ACTOR = SystemActor("credentials")
FORGET_FAILURES = datetime.timedelta(days=30)


def token_hash(token: str) -> str:
    """What is kept of the token in an activation link."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue_credentials(*, user_id: int, issue_key: str) -> None:
    """Makes the first credentials of a login, once for `issue_key` (SPEC ACC-3; SECURITY T31, T37, T38).

    With a channel to the person: a single-use activation link by mail, and no usable password. Without: a random
    password in an encrypted envelope that one of its readers opens once. Safe to run again after any interruption:
    a link that may not have been sent is replaced by a new one.
    """
    with transaction.atomic():
        secret = _claim(user_id=user_id, issue_key=issue_key)
        if secret is None:
            return
        if not (getattr(settings, "MAIL_ENABLED", False) and secret.user.email):
            _lay_ready(secret)
            return
        url = _new_link(secret.user, ActivationLink.Purpose.ACTIVATE)
        # Before the mail goes out: the link must work when it arrives.
        hooks.credentials_issued(user_id)
    _send_link(secret.user, url, ActivationLink.Purpose.ACTIVATE)
    with transaction.atomic():
        again = _claim(user_id=user_id, issue_key=issue_key)
        if again is not None:
            _finish(again, InitialSecret.Channel.LINK)


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
        if user is None or not _may_reset(user):
            return
        url = _new_link(user, ActivationLink.Purpose.RESET)
        audit.record(action="password.reset_ask", obj=user, by=ACTOR, after={"ip": ip})
    _send_link(user, url, ActivationLink.Purpose.RESET)


def _may_reset(user: User) -> bool:
    """Only a password that opens is replaced: nobody revives a first one that has expired, or an activation link."""
    if not (user.is_active and user.has_usable_password()) or user.demo:
        return False
    until = user.initial_password_until
    if user.must_change_password and until is not None and until <= timezone.now():
        return False
    if user.is_external and not hooks.external_usable(user):
        return False
    return bool(getattr(settings, "MAIL_ENABLED", False) and user.email)


def _new_link(user: User, purpose: ActivationLink.Purpose) -> str:
    """Its address, built on BASE_URL, never on a request's host (SECURITY T48). Former links die."""
    now = timezone.now()
    ActivationLink.revoke(user)
    token = secrets.token_urlsafe(32)
    ActivationLink.objects.create(
        user=user,
        purpose=purpose,
        token_hash=token_hash(token),
        expires_at=now + ActivationLink.LIFETIMES[purpose],
        created_by_label=ACTOR.actor_label,
    )
    return str(settings.BASE_URL + reverse("accounts:activate", args=[token]))


def _send_link(user: User, url: str, purpose: ActivationLink.Purpose) -> None:
    with translation.override(user.language):
        hours = int(ActivationLink.LIFETIMES[purpose].total_seconds() // 3600)
        values = {"user": user, "url": url, "hours": hours, "reset": purpose == purpose.RESET}
        body = render_to_string("accounts/mail/link.txt", values)
        subject = _("Choose a new password") if values["reset"] else _("Activate your account")
        send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [user.email])


def tell_of_change(*, user_id: int, what: str, ip: str) -> None:
    """Tells somebody by mail what was changed about how he logs in, and from where. Sent again at worst."""
    user = User.objects.filter(pk=user_id, is_active=True).exclude(email="").first()
    if user is None or not getattr(settings, "MAIL_ENABLED", False):
        return
    with translation.override(user.language):
        values = {"user": user, "what": ACTIONS[what], "ip": ip, "url": settings.BASE_URL}
        body = render_to_string("accounts/mail/changed.txt", values)
        send_mail(_("A change to your log-in"), body, settings.DEFAULT_FROM_EMAIL, [user.email])


def clear_expired() -> None:
    """Wipes first passwords nobody looked at, dead sessions and forgotten failures. Safe at any time."""
    now = timezone.now()
    InitialSecret.objects.filter(expires_at__lte=now, ciphertext__isnull=False).update(
        ciphertext=None
    )
    Session.objects.filter(expire_date__lte=now).delete()
    LoginThrottle.objects.filter(window_started_at__lte=now - FORGET_FAILURES).exclude(
        locked_until__gt=now
    ).delete()
