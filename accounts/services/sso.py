"""Linking one's login with the company's identity provider: by issuer and subject, by the person himself (T71)."""

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import access, notices
from core import audit
from core.errors import Conflict, Hidden


def owner(subject: str) -> User | None:
    """Whose login is linked with this subject of the provider."""
    row = SocialAccount.objects.filter(provider=settings.OIDC["issuer"], uid=subject)
    found = row.select_related("user").first()
    return found.user if found else None


def own_link(user: User) -> SocialAccount | None:
    """One's own link with the provider of the settings."""
    if not settings.OIDC:
        return None
    row: SocialAccount | None = SocialAccount.objects.filter(
        provider=settings.OIDC["issuer"], user_id=user.pk
    ).first()
    return row


@transaction.atomic
def link(*, user: User, subject: str, name: str, keep_session: str | None) -> None:
    """Links one's own login after one's own confirmation. All other log-ins end.

    Raises Hidden for external people, Conflict where either side is linked already.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.is_external or not user.is_active:
        raise Hidden(_("Not found"))
    issuer = settings.OIDC["issuer"]
    if SocialAccount.objects.filter(provider=issuer, user=user).exists():
        raise Conflict(_("Your login is linked already; unlink it first"))
    _row, created = SocialAccount.objects.get_or_create(
        provider=issuer, uid=subject, defaults={"user": user, "extra_data": {"name": name}}
    )
    if not created:
        raise Conflict(_("This company account is linked with another login; ask an administrator"))
    _changed(user, "sso.link", keep_session, after={"issuer": issuer, "account": name})


@transaction.atomic
def unlink(*, user: User, keep_session: str | None) -> None:
    """Takes the link away. Raises Hidden without one, Conflict where nothing else would open the login."""
    user = User.objects.select_for_update().get(pk=user.pk)
    row = own_link(user)
    if row is None:
        raise Hidden(_("Not found"))
    passkeys = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN)
    if not user.has_usable_password() and not passkeys.exists():
        raise Conflict(_("Nothing else opens your login: add a passkey first"))
    row.delete()
    _changed(user, "sso.unlink", keep_session, before={"issuer": row.provider})


def _changed(
    user: User,
    action: str,
    keep: str | None,
    *,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
) -> None:
    access.end_others(user, keep=keep)
    audit.record(action=action, obj=user, by=user, before=before, after=after)
    notices.tell(user, action)
