"""Disabling, enabling, unlocking, and ending everything that is alive of a login (SPEC ACC-4; SECURITY T45, T46)."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import handover, hooks, permissions, throttle
from accounts.models import ActivationLink, InitialSecret, Session, User
from accounts.selectors import session_ref
from core import audit, live
from core.actors import Actor
from core.errors import Conflict


@transaction.atomic
def revoke_everything(*, user: User, by: Actor, reason: str = "") -> User:
    """Ends all sessions, activation links and unread first passwords of `user`, for good.

    The session epoch rises, so that no old cookie lives again whatever is enabled later. The caller has decided
    that `by` may do this; called inside the transaction of what makes it necessary (disable, close, reissue).
    """
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    ended = end_others(user, keep=None)
    close_credentials(user)
    user.refresh_from_db(fields=["session_epoch"])
    after = {"sessions_ended": ended, "reason": reason} if reason else {"sessions_ended": ended}
    audit.record(action="login.revoke", obj=user, by=by, after=after)
    return user


def end_others(user: User, *, keep: str | None) -> int:
    """Ends all sessions but that of the key `keep`, which opens its streams anew. Returns how many were ended.

    For the transaction of what makes it necessary, which writes the audit row.
    """
    live.revoke(user_ids=[user.pk])
    hooks.sessions_ending(user.pk, keep=keep)
    return Session.objects.filter(user_id=user.pk).exclude(session_key=keep or "").delete()[0]


def end_acting(identity_ids: Collection[int]) -> int:
    """Ends the sessions that still act as one of these identities; those that went on as another one since stay.

    For what makes an identity usable again: nothing that was alive before it ended comes back (SECURITY T46). Written
    down by the caller.
    """
    rows = Session.objects.filter(identity_id__in=identity_ids, user_id__isnull=False)
    keys: dict[int, list[str]] = {}
    for user_id, key in rows.values_list("user_id", "session_key"):
        keys.setdefault(user_id or 0, []).append(key)
    for user_id, own in keys.items():
        hooks.sessions_ending(user_id, keys=own)
        live.revoke(session_keys=own)
    return rows.delete()[0]


def carry_identity(*, former: int, now: int) -> None:
    """Sessions and habits of a merged identity go on as the one that remains; part of the merge."""
    Session.objects.filter(identity_id=former).update(identity_id=now)
    User.objects.filter(last_identity_id=former).update(last_identity_id=now)


def close_credentials(user: User) -> None:
    """Revokes live links and wipes first passwords that nobody has seen, pending issues included."""
    ActivationLink.revoke(user)
    InitialSecret.objects.filter(user=user, revealed_at=None, revoked_at=None).update(
        revoked_at=timezone.now(), ciphertext=None
    )


@transaction.atomic
def disable(*, user: User, by: Actor) -> User:
    """Disables a login and ends whatever is alive of it.

    Staff: administrators only, never oneself (Denied), never the last administrator (Conflict). External people:
    the caller has decided. Nothing happens when it is disabled already.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.is_external:
        permissions.require_admin(by)
        permissions.require_other(by, user)
        require_another_admin(user)
    if not user.is_active:
        return user
    user.is_active = False
    user.save(update_fields=["is_active"])
    revoke_everything(user=user, by=by)
    audit.record(
        action="login.disable", obj=user, by=by, before={"active": True}, after={"active": False}
    )
    if not user.is_external:
        for part in handover.parts():
            part.left(user)
    return user


@transaction.atomic
def enable(*, user: User, by: Actor) -> User:
    """Enables a login. Sessions, links and passwords that were revoked stay dead.

    Staff: administrators only (Denied). External people: the caller has decided.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.is_external:
        permissions.require_admin(by)
    if user.is_active:
        return user
    user.is_active = True
    user.save(update_fields=["is_active"])
    audit.record(
        action="login.enable", obj=user, by=by, before={"active": False}, after={"active": True}
    )
    return user


def require_another_admin(user: User) -> None:
    """Raises Conflict when `user` is the last active administrator. Call it inside the transaction of the change."""
    if not user.is_superuser:
        return
    others = (
        User.objects.select_for_update()
        .filter(is_superuser=True, is_active=True)
        .exclude(pk=user.pk)
    )
    if not list(others.order_by("pk").values_list("pk", flat=True)[:1]):
        raise Conflict(_("This is the last active administrator; appoint another one first"))


@transaction.atomic
def unlock(*, user: User, by: Actor) -> User:
    """Takes a temporary lock off a login (SPEC ACC-4). Staff: administrators only; external: the caller decided."""
    if not user.is_external:
        permissions.require_admin(by)
    if throttle.clear([throttle.account_key(user.username), throttle.code_key(user, "")]):
        audit.record(action="login.unlock", obj=user, by=by)
    return user


@transaction.atomic
def end_session(*, user: User, ref: str, by: Actor) -> bool:
    """Ends one session of `user`, named as `selectors.sessions_of` names it; False when it is gone already.

    One's own, or (matrix rows 6, 7) the caller has decided.
    """
    keys = Session.objects.filter(user_id=user.pk).values_list("session_key", flat=True)
    wanted = [key for key in keys if session_ref(key) == ref]
    hooks.sessions_ending(user.pk, keys=wanted)
    ended = Session.objects.filter(session_key__in=wanted).delete()[0]
    if ended:
        live.revoke(session_keys=wanted)
        audit.record(action="session.end", obj=user, by=by)
    return bool(ended)


@transaction.atomic
def end_sessions(*, user: User, by: Actor, keep: str | None = None) -> int:
    """Log out everywhere; with `keep` the session of that key stays. Returns how many were ended."""
    ended = end_others(user, keep=keep)
    audit.record(action="session.end_all", obj=user, by=by, after={"sessions_ended": ended})
    return ended


@transaction.atomic
def end_staff_sessions(*, user: User, by: Actor) -> int:
    """Ends all sessions of a staff member (matrix row 7). Administrators only."""
    permissions.require_admin(by)
    return end_sessions(user=user, by=by)
