"""The external account as a state of the contact (SPEC section 4; SECURITY T31, T45, T46; matrix row 41).

未开通 → (审批中) → 开通中 → 已开通; 已停用 is `enabled`, 已过期 is `expires_at`, 已锁定 belongs to the login.
Opening with an own password skips 开通中. Every state change claims the row under the locks of closure.lock().
"""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import InitialSecret, Session, User
from accounts.services import access, addresses, credentials, second_factor
from contacts import accounts_hooks, closure, events, expiry
from contacts.models import Contact, ContactScope
from contacts.permissions import Role, viewer_of
from contacts.services import places
from contacts.services.shared import claim, missing, record
from core.actors import Actor
from core.errors import Conflict, Denied, Invalid

State = Contact.Account


@transaction.atomic
def open_directly(
    *, by: Actor, contact: Contact, username: str | None = None, password: str | None = None,
    channel: str = "",
) -> Contact:  # fmt: skip
    """Opens the account without an application (SPEC ACC-2); supersedes a pending one.

    With a password the account is open at once and the person must replace it at the first log-in. Without one it is
    opening until the worker has made random credentials, which `by` can look at once, or a link has gone out: by
    `channel` ("link", "sms" or "panel") where one of several is wanted. Raises Hidden or Denied unless
    `by` maintains the main dimension, Conflict when there is an account or the contact is disabled, Invalid(field) for
    login name and password.
    """
    fresh = claim(by=by, contact=contact, needs=Role.MAIN_MAINTAINER)
    require_openable(fresh)
    user = credentials.create_external_login(
        name=fresh.name, mobile=fresh.mobile, email=fresh.email, by=by,
        username=username or None, password=password or None,
    )  # fmt: skip
    attach(fresh, user, State.ACTIVE if password else State.OPENING)
    if not password:
        readers = [by.pk] if isinstance(by, User) else []
        credentials.start_issue(
            user=user,
            issue_key=f"direct:{fresh.pk}:{user.pk}",
            reader_ids=readers,
            by=by,
            channel=channel,
        )
    after = {"login_name": user.username, "own_password": bool(password)}
    record(by=by, contact=fresh, action="account.open", after=after)
    events.announce_opened(contact_id=fresh.pk, user_id=user.pk, by=by)
    return fresh


@transaction.atomic
def begin_opening(
    *, by: Actor, contact: Contact, reader_ids: Iterable[int], issue_key: str, channel: str = ""
) -> InitialSecret:
    """The account part of an approval, inside its transaction: a login without a usable password, state 开通中.

    The caller has decided that `by` may decide and has claimed the application. The credentials follow by the worker,
    once for `issue_key`; `reader_ids` may look at them. The new login is `.user` of the result. Raises Conflict when
    the contact is gone or disabled or has an account meanwhile.
    """
    fresh = closure.lock(contact_ids=[contact.pk]).get(contact.pk)
    if fresh is None or fresh.deleted_at is not None:
        raise missing()
    require_openable(fresh)
    user = credentials.create_external_login(
        name=fresh.name, mobile=fresh.mobile, email=fresh.email, by=by
    )
    attach(fresh, user, State.OPENING)
    secret = credentials.start_issue(
        user=user, issue_key=issue_key, reader_ids=reader_ids, by=by, channel=channel
    )
    record(by=by, contact=fresh, action="account.open", after={"login_name": user.username})
    return secret


def require_openable(contact: Contact) -> None:
    """Raises Conflict for a contact that has an account, or is disabled."""
    if contact.account not in (State.NONE, State.PENDING):
        raise Conflict(_("%(name)s has an account already") % {"name": contact.name})
    if not contact.live:
        raise Conflict(
            _("%(name)s is disabled, or the organization is. Enable it first")
            % {"name": contact.name}
        )


def attach(contact: Contact, user: User, state: str) -> None:
    """Makes `user` the login of a locked contact; the right was checked, and who it is was confirmed by a person."""
    contact.user, contact.account = user, state
    contact.opened_at = timezone.now() if state == State.ACTIVE else None
    contact.save(update_fields=["user", "account", "opened_at", "updated_at"])


@transaction.atomic
def mark_pending(*, contact: Contact) -> Contact:
    """未开通 → 审批中, inside the transaction of an application, which is what is audited (SPEC APR-1).

    The caller has decided who may apply. Raises Conflict for any other state, or when the contact is disabled.
    """
    fresh = closure.lock(contact_ids=[contact.pk]).get(contact.pk)
    if fresh is None or fresh.deleted_at is not None:
        raise missing()
    if fresh.account == State.PENDING:
        raise Conflict(_("An application for %(name)s is waiting already") % {"name": fresh.name})
    require_openable(fresh)
    fresh.account = State.PENDING
    fresh.save(update_fields=["account", "updated_at"])
    return fresh


def clear_pending(*, contact_id: int) -> bool:
    """审批中 → 未开通, when an application was refused, withdrawn or lapsed; False when it was something else."""
    rows = Contact.objects.filter(pk=contact_id, account=State.PENDING)
    return bool(rows.update(account=State.NONE, updated_at=timezone.now()))


def disable(*, by: Actor, contact: Contact) -> Contact:
    """停用: the contact disappears for plain staff, its sessions end at once, a pending application lapses."""
    return places.set_enabled(by=by, contact=contact, enabled=False)


def enable(*, by: Actor, contact: Contact) -> Contact:
    """启用: everything as before, but no old session, link or password comes back (SECURITY T46)."""
    return places.set_enabled(by=by, contact=contact, enabled=True)


@transaction.atomic
def close(*, by: Actor, contact: Contact) -> Contact:
    """注销: the login loses this identity, and with its last one is disabled for good; the contact stays.

    Raises Hidden or Denied unless `by` maintains the main dimension, Conflict without an account.
    """
    fresh = claim(by=by, contact=contact, needs=Role.MAIN_MAINTAINER)
    if fresh.user_id is None:
        raise no_account(fresh)
    detach(by=by, contact=fresh)
    return fresh


def detach(*, by: Actor, contact: Contact) -> None:
    """Closes the account of a locked contact; the right was checked. The login ends with its last identity; sessions of
    one that has others go on as one of those.
    """
    user = contact.user
    if user is None:
        return
    contact.user, contact.account = None, State.NONE
    contact.opened_at = contact.expires_at = None
    contact.save(update_fields=["user", "account", "opened_at", "expires_at", "updated_at"])
    if not Contact.objects.filter(user=user).exists():
        access.disable(user=user, by=by)
    elif not accounts_hooks.usable(user):
        access.revoke_everything(user=user, by=by, reason="no usable identity")
    record(by=by, contact=contact, action="account.close", before={"login_name": user.username})
    expiry.show(contact)


@transaction.atomic
def set_expiry(
    *, by: Actor, contact: Contact, expires_at: datetime.datetime | None,
    instead_of: datetime.datetime | None = None,
) -> Contact:  # fmt: skip
    """Sets until when the account is valid; None is without end (SPEC ACC-4).

    Raises Invalid for a moment that has passed (disabling is another action), Conflict without an account, and when
    somebody has changed the end that it is set `instead_of`.
    """
    fresh = claim(by=by, contact=contact, needs=Role.MAIN_MAINTAINER)
    user, now = fresh.user, timezone.now()
    if user is None:
        raise no_account(fresh)
    if instead_of is not None and fresh.expires_at != instead_of:
        raise Conflict(_("Somebody else has changed this already"))
    if expires_at is not None and expires_at <= now:
        raise Invalid(_("Choose a day in the future, or disable the account"), field="expires_at")
    if fresh.expires_at == expires_at:
        return fresh
    if fresh.expires_at and fresh.expires_at <= now:
        # What was alive when it expired must not live again (SECURITY T46); other identities are not concerned.
        if accounts_hooks.usable(user):
            access.end_acting([fresh.pk])
        else:
            access.revoke_everything(user=user, by=by, reason="extended after expiry")
    before, fresh.expires_at = fresh.expires_at, expires_at
    fresh.save(update_fields=["expires_at", "updated_at"])
    record(
        by=by, contact=fresh, action="account.expiry",
        before={"expires_at": before}, after={"expires_at": expires_at},
    )  # fmt: skip
    expiry.show(fresh)
    return fresh


@transaction.atomic
def unlock(*, by: Actor, contact: Contact) -> Contact:
    """Takes the temporary lock off the login. Raises Conflict without an account."""
    fresh, user = with_login(by=by, contact=contact)
    access.unlock(user=user, by=by)
    record(by=by, contact=fresh, action="account.unlock")
    return fresh


@transaction.atomic
def reset_factor(*, by: Actor, contact: Contact) -> Contact:
    """Takes the second factor of somebody who has lost it away. Raises Conflict without an account or a factor."""
    fresh, user = with_login(by=by, contact=contact)
    second_factor.reset(user=user, by=by)
    record(by=by, contact=fresh, action="account.reset_factor")
    return fresh


@transaction.atomic
def end_sessions(*, by: Actor, contact: Contact) -> Contact:
    """Logs the person out everywhere (matrix row 6). Raises Conflict without an account."""
    fresh, user = with_login(by=by, contact=contact)
    access.end_sessions(user=user, by=by)
    record(by=by, contact=fresh, action="account.end_sessions")
    return fresh


@transaction.atomic
def reissue(*, by: Actor, contact: Contact, channel: str = "") -> InitialSecret:
    """New random credentials in place of the former ones, which die at once; `by` can look at them once, or they go by
    `channel` ("link", "sms" or "panel") where one of several is wanted.

    Raises Conflict without an account, Denied when the login is also used in a dimension `by` does not maintain.
    """
    fresh, user = with_login(by=by, contact=contact)
    readers = [by.pk] if isinstance(by, User) else []
    secret = credentials.reissue(user=user, reader_ids=readers, by=by, channel=channel)
    record(by=by, contact=fresh, action="account.reissue", after={"login_name": user.username})
    return secret


@transaction.atomic
def set_credentials(*, by: Actor, contact: Contact, username: str, password: str) -> Contact:
    """An own login name and first password for an account that exists; ends its sessions. Raises as `reissue`."""
    fresh, user = with_login(by=by, contact=contact)
    credentials.set_own_credentials(user=user, username=username, password=password, by=by)
    if fresh.account == State.OPENING:
        attach(fresh, user, State.ACTIVE)
    record(by=by, contact=fresh, action="account.credentials", after={"login_name": username})
    return fresh


@transaction.atomic
def take_addresses(*, by: Actor, contact: Contact) -> Contact:
    """The login is reached at the contact's e-mail and mobile from now on (SECURITY T27): links to the former ones die,
    and whoever reads there is told. Raises as `reissue`.
    """
    fresh, user = with_login(by=by, contact=contact)
    if addresses.change(user=user, by=by, email=fresh.email, mobile=fresh.mobile):
        record(by=by, contact=fresh, action="account.address")
    return fresh


def follow_addresses(*, by: Actor, contact: Contact, before: Mapping[str, Any], role: Role) -> None:
    """Within an edit of a locked contact, whose former values are `before`: the login goes with the contact only for
    those who may manage the account, where it was reached at the contact's addresses and belongs to no other contact.
    """
    user = contact.user
    if user is None or role < Role.MAIN_MAINTAINER:
        return
    together = all(getattr(user, way) == before[way] for way in addresses.WAYS)
    if not together or Contact.objects.filter(user=user).exclude(pk=contact.pk).exists():
        return
    if addresses.change(user=user, by=by, email=contact.email, mobile=contact.mobile):
        record(by=by, contact=contact, action="account.address")


def with_login(*, by: Actor, contact: Contact) -> tuple[Contact, User]:
    """The contact, locked, and its login, for whoever does something to an account; part of his transaction.

    Raises Hidden or Denied unless `by` maintains the main dimension of every identity of the login, Conflict without an
    account.
    """
    fresh = claim(by=by, contact=contact, needs=Role.MAIN_MAINTAINER)
    if fresh.user is None:
        raise no_account(fresh)
    others = Contact.objects.filter(user=fresh.user).exclude(pk=fresh.pk)
    if others.exclude(pk__in=others.main_maintained_by(viewer_of(by)).values("pk")).exists():
        raise Denied(
            _("This login is also used in another organization. Ask somebody who maintains both")
        )
    return fresh, fresh.user


def no_account(contact: Contact) -> Conflict:
    """The answer when the account is gone or was never opened."""
    return Conflict(_("%(name)s has no account") % {"name": contact.name})


def end_unusable(*, by: Actor, node_id: int) -> int:
    """Ends the sessions of logins below a node that have no usable identity any more (SPEC ORG-6, SECURITY T45).

    Links and first passwords stay: they do not work meanwhile, and enabling brings them back. Returns how many.
    """
    below = ContactScope.objects.filter(node_id=node_id).values("contact_id")
    logins = Contact.objects.filter(pk__in=below, user__isnull=False).values("user_id")
    usable = accounts_hooks.usable_identities().filter(user__isnull=False).values("user_id")
    users = (
        User.objects.filter(pk__in=logins)
        .filter(pk__in=Session.objects.filter(user_id__isnull=False).values("user_id"))
        .exclude(pk__in=usable)
    )
    return sum(1 for user in users.order_by("pk") if access.end_sessions(user=user, by=by))
