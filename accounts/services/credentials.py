"""Opening a login: own or random credentials, handed over once (SPEC ACC-2, ACC-3; SECURITY T31, T36 to T38)."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import hooks, jobs, login_names, names, passwords, permissions, throttle
from accounts.models import ActivationLink, InitialSecret, User
from accounts.services import access, notices
from accounts.services.people import require_free, save_unique
from core import audit, outbox
from core import secrets as at_rest
from core.actors import Actor
from core.errors import Conflict, Hidden, UserError


class LinkDead(UserError):
    """The activation link is unknown, used, replaced or too old; which of these is not said."""

    status = 410
    code = "link_dead"


@dataclass(frozen=True, slots=True)
class Revealed:
    """First credentials, for the one answer that shows them. Never kept, logged or compared."""

    username: str
    password: str = field(repr=False)


def login_name_exists(name: str) -> bool:
    """Whether a login has this name, whatever its case."""
    return bool(User.objects.filter(username__iexact=name).exists())


@transaction.atomic
def create_external_login(
    *,
    name: str,
    mobile: str,
    email: str,
    by: Actor,
    username: str | None = None,
    password: str | None = None,
) -> User:
    """The login of an external person. The caller has decided that `by` may open it.

    Without `username` a readable random one. Without `password` the login is unusable until `start_issue` has run;
    with one it must be replaced at the first log-in. Raises Invalid(field).
    """
    login = (
        names.clean_login_name(username) if username else login_names.generate(login_name_exists)
    )
    require_free(login)
    user = User(
        username=login,
        name=name,
        mobile=mobile,
        email=email,
        kind=User.Kind.EXTERNAL,
        **names.columns(name),
    )
    if password is None:
        user.set_unusable_password()
    else:
        _set_first(user, password)
    save_unique(user)
    audit.record(
        action="login.create",
        obj=user,
        by=by,
        after={"username": login, "own": password is not None},
    )
    return user


def _set_first(user: User, password: str) -> None:
    passwords.require_good(password, user=user)
    user.set_password(password)
    user.must_change_password = True
    user.initial_password_until = timezone.now() + passwords.CHOSEN_LIFETIME


@transaction.atomic
def set_own_credentials(*, user: User, username: str, password: str, by: Actor) -> User:
    """A login name and first password chosen by whoever maintains the login (SPEC ACC-2).

    Ends all sessions, links and random credentials; the person must replace the password at the first log-in.
    The caller has decided for external people; staff: administrators only (Denied). Raises Invalid(field).
    """
    if not user.is_external:
        permissions.require_admin(by)
    user = User.objects.select_for_update().get(pk=user.pk)
    user.username = names.clean_login_name(username)
    require_free(user.username, but=user)
    _set_first(user, password)
    save_unique(user)
    access.revoke_everything(user=user, by=by)
    audit.record(action="credentials.set", obj=user, by=by, after={"username": user.username})
    return user


@transaction.atomic
def start_issue(
    *, user: User, issue_key: str, reader_ids: Iterable[int], by: Actor, channel: str = ""
) -> InitialSecret:
    """Asks the worker for random first credentials of `user`, once for `issue_key` (at most 80 characters).

    `reader_ids` may each open the envelope; the first one who does is the last. `channel` ("link", "sms" or "panel",
    see channels.offered) where one of several is wanted. Only ids travel to the worker. When the credentials exist, the
    hook CREDENTIALS_ISSUED is called in the same transaction.
    """
    secret, created = InitialSecret.objects.get_or_create(
        issue_key=issue_key, defaults={"user": user, "wanted": channel}
    )
    if created:
        secret.readers.set(reader_ids)
        audit.record(action="credentials.ask", obj=user, by=by, after={"issue_key": issue_key})
    outbox.enqueue(
        task="accounts.issue_credentials",
        dedupe_key=f"accounts.issue:{issue_key}",
        user_id=user.pk,
        issue_key=issue_key,
    )
    return secret


@transaction.atomic
def reissue(
    *, user: User, reader_ids: Iterable[int], by: Actor, channel: str = ""
) -> InitialSecret:
    """New random credentials in place of the former ones, whose sessions, links and envelopes die at once. `channel`
    as for start_issue.

    Staff: administrators only (Denied); external people: the caller has decided. Raises Conflict for a disabled login.
    """
    if not user.is_external:
        permissions.require_admin(by)
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.is_active:
        raise Conflict(_("The login is disabled; enable it first"))
    user.set_unusable_password()
    user.must_change_password, user.initial_password_until = False, None
    user.save(update_fields=["password", "must_change_password", "initial_password_until"])
    access.revoke_everything(user=user, by=by)
    key = f"reissue:{user.pk}:{uuid.uuid4().hex}"
    return start_issue(user=user, issue_key=key, reader_ids=reader_ids, by=by, channel=channel)


_WHY_NOT = {
    "preparing": gettext_lazy("The credentials are still being prepared"),
    "sent": gettext_lazy("An activation link was sent; there is no password to show"),
    "expired": gettext_lazy("The first password has expired without being shown; issue a new one"),
    "revoked": gettext_lazy("This first password was replaced or is no longer needed"),
}


@transaction.atomic
def reveal(*, issue_key: str, by: User) -> Revealed:
    """Opens the envelope, once, for one of its readers, and wipes it (matrix row 40).

    Raises Hidden for everybody else, as for an envelope that does not exist, and for a reader who has lost the right to
    that person meanwhile (SPEC VIS-5); Conflict (code "preparing", "sent", "shown", "expired" or "revoked") when there
    is nothing to show.
    """
    rows = InitialSecret.objects.select_for_update(of=("self",)).select_related("user")
    secret = rows.filter(issue_key=issue_key, readers=by).first() if by.is_active else None
    if secret is None or not permissions.may_read_credentials(by, secret.user):
        raise Hidden(_("Not found"))
    _require_ready(secret)
    content = json.loads(at_rest.decrypt(bytes(secret.ciphertext or b"")))
    secret.ciphertext, secret.revealed_at, secret.revealed_by_label = (
        None,
        timezone.now(),
        by.actor_label[:200],
    )
    secret.save(update_fields=["ciphertext", "revealed_at", "revealed_by_label"])
    audit.record(
        action="credentials.reveal", obj=secret.user, by=by, after={"issue_key": issue_key}
    )
    return Revealed(username=secret.user.username, password=content["password"])


def _require_ready(secret: InitialSecret) -> None:
    if secret.revealed_at:
        values = {
            "who": secret.revealed_by_label,
            "when": f"{timezone.localtime(secret.revealed_at):%Y-%m-%d %H:%M}",
        }
        raise Conflict(
            _("The password was already shown to %(who)s at %(when)s") % values, code="shown"
        )
    state = _state(secret)
    if state:
        raise Conflict(str(_WHY_NOT[state]), code=state)


def _state(secret: InitialSecret) -> str:
    if secret.revoked_at:
        return "revoked"
    if not secret.issued_at:
        return "preparing"
    if secret.channel in InitialSecret.SENT:
        return "sent"
    expired = secret.expires_at is None or secret.expires_at <= timezone.now()
    return "expired" if expired or not secret.ciphertext else ""


def live_link(token: str) -> ActivationLink | None:
    """The activation link of this token when it can still be used; asked for by every look at the page."""
    if len(token) > 100:
        return None
    rows = ActivationLink.objects.select_related("user").filter(
        token_hash=jobs.token_hash(token),
        used_at=None,
        revoked_at=None,
        expires_at__gt=timezone.now(),
    )
    link = rows.filter(user__is_active=True).first()
    if link is None or (link.user.is_external and not hooks.external_usable(link.user)):
        return None
    return link


@transaction.atomic
def activate(*, token: str, password: str) -> User:
    """Uses a link: its person has a password of his own from now on (SPEC ACC-3, ACC-4; SECURITY T36).

    All sessions end; a new password in place of a former one is told by mail as well. Raises LinkDead (410) for every
    link that cannot be used, Invalid(field="password") for a password against the rules (the link then lives on). The
    actor is the person himself.
    """
    link = live_link(token)
    if link is None:
        raise dead_link()
    passwords.require_good(password, user=link.user)
    # The login before its links, as in every service that ends them: two that wait for each other would both fail.
    user: User = User.objects.select_for_update().get(pk=link.user_id)
    claimed = ActivationLink.objects.filter(
        pk=link.pk, used_at=None, revoked_at=None, expires_at__gt=timezone.now()
    ).update(used_at=timezone.now())
    if not claimed:
        raise dead_link()
    user.set_password(password)
    user.must_change_password, user.initial_password_until = False, None
    user.save(update_fields=["password", "must_change_password", "initial_password_until"])
    access.revoke_everything(user=user, by=user)
    if link.purpose == ActivationLink.Purpose.RESET:
        throttle.clear([throttle.account_key(user.username), throttle.reset_key(user.username)])
        audit.record(action="password.reset", obj=user, by=user)
        notices.tell(user, "password.reset")
    else:
        audit.record(action="login.activate", obj=user, by=user)
    return user


def dead_link() -> LinkDead:
    """One sentence for every dead link."""
    return LinkDead(
        _("This link has been used, replaced or has expired. Ask for a new one on the log-in page.")
    )
