"""What people do to their own login: password, language, appearance, privacy notice."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import passwords, throttle
from accounts.models import Consent, PrivacyNotice, User
from accounts.services import access, notices
from core import audit, context
from core.errors import Invalid, Throttled

LANGUAGES = ("zh-hans", "en")


def change_password(
    *, user: User, old: str, new: str, by: User, keep_session: str | None = None
) -> User:
    """Replaces the own password; the old one is required (matrix row 3), with the same throttle as the log-in.

    All other sessions, live links and unread envelopes end. Raises Invalid(field), Throttled.
    """
    if not own_password(user, old):
        raise Invalid(_("The old password is wrong"), field="old")
    return _replace(user=user, old=old, new=new, by=by, keep_session=keep_session)


def own_password(user: User, password: str) -> bool:
    """Whether this is the password of who is logged in, with the same throttle as the log-in. Raises Throttled."""
    key = throttle.account_key(user.username)
    wait = throttle.begin([key])
    if wait:
        raise Throttled(_("Too many failed tries; wait a little"), retry_after=wait)
    right = passwords.check(user, password[: passwords.MAX_LENGTH])
    if right:
        throttle.clear([key])
    return right


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
    access.end_others(user, keep=keep_session)
    access.close_credentials(user)
    audit.record(action="password.change", obj=user, by=by)
    notices.tell(user, "password.change")
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
