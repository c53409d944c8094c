"""What people do to their own login: password, language, appearance, privacy notice."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import hooks, passwords, throttle
from accounts.models import Consent, PrivacyNotice, Session, User
from accounts.services import access
from core import audit, context, live
from core.errors import Invalid, Throttled

LANGUAGES = ("zh-hans", "en")


def change_password(
    *, user: User, old: str, new: str, by: User, keep_session: str | None = None
) -> User:
    """Replaces the own password; the old one is required (matrix row 3), with the same throttle as the log-in.

    All other sessions, live links and unread envelopes end. Raises Invalid(field), Throttled.
    """
    key = throttle.account_key(user.username)
    wait = throttle.begin([key])
    if wait:
        raise Throttled(_("Too many failed tries; wait a little"), retry_after=wait)
    if not passwords.check(user, old[: passwords.MAX_LENGTH]):
        raise Invalid(_("The old password is wrong"), field="old")
    throttle.clear([key])
    return _replace(user=user, old=old, new=new, by=by, keep_session=keep_session)


@transaction.atomic
def _replace(*, user: User, old: str, new: str, by: User, keep_session: str | None) -> User:
    passwords.require_good(new, user=user, field="new")
    if old == new:
        raise Invalid(_("The new password must differ from the old one"), field="new")
    fresh = User.objects.select_for_update().get(pk=user.pk)
    if fresh.password != user.password or not fresh.is_active:
        # Reset or disabled while the old one was looked at: it opens nothing any more (SECURITY T45).
        raise Invalid(_("The old password is wrong"), field="old")
    user = fresh
    user.set_password(new)
    user.must_change_password, user.initial_password_until = False, None
    user.save(update_fields=["password", "must_change_password", "initial_password_until"])
    live.revoke(user_ids=[user.pk])  # the session that stays opens its streams anew
    hooks.sessions_ending(user.pk, keep=keep_session)
    Session.objects.filter(user_id=user.pk).exclude(session_key=keep_session or "").delete()
    access.close_credentials(user)
    audit.record(action="password.change", obj=user, by=by)
    return user


@transaction.atomic
def accept_notice(*, user: User, version: int, by: User) -> Consent:
    """Records that `user` accepts the privacy notice of this version (SPEC POR-5).

    Raises Invalid when a newer version has been published meanwhile: he accepts what he has read.
    """
    newest = PrivacyNotice.objects.order_by("-version").first()
    if newest is None or newest.version != version:
        raise Invalid(_("The notice has changed. Please read the new version."))
    consent, created = Consent.objects.get_or_create(
        user=user, notice=newest, defaults={"ip": context.current().ip[:45]}
    )
    if created:
        audit.record(action="privacy.accept", obj=user, by=by, after={"version": version})
    return consent


@transaction.atomic
def set_preferences(*, user: User, language: str = "", theme: str = "") -> User:
    """Remembers language and appearance; unknown values are ignored. No audit row: nobody else is concerned."""
    values = {}
    if language in LANGUAGES:
        values["language"] = language
    if theme in User.Theme.values:
        values["theme"] = theme
    if values:
        User.objects.filter(pk=user.pk).update(**values)
    return user
