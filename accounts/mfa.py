"""How django-allauth's second factors behave here: secrets encrypted, names of this site, our sentences."""

import base64
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import User
from core import secrets as at_rest

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """What is kept of a second factor opens nothing without SECRETS_KEY (SECURITY T87)."""

    def encrypt(self, text: str) -> str:
        return at_rest.encrypt(text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return at_rest.decrypt(encrypted_text.encode())

    def _get_user_identifier(self, user: User) -> str:
        return user.username

    def get_totp_issuer(self) -> str:
        return self._get_site_name()

    def _get_site_name(self) -> str:
        return getattr(settings, "HOST_NAME", "") or _("Wailian")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to the address people type (BASE_URL); on a development machine to the one that was asked."""
        host = urlsplit(settings.BASE_URL).hostname if settings.HTTPS else None
        asked = self.request.get_host().partition(":")[0]
        return {"id": host or asked, "name": self._get_site_name()}

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, object]:
        entity: dict[str, object] = super().get_public_key_credential_user_entity(user)
        return entity | {"display_name": user.name}


def qr_image(user: User, secret: str) -> str:
    """The address of a picture that authenticator apps read, as a data address."""
    adapter = MFAAdapter()
    svg = adapter.build_totp_svg(adapter.build_totp_url(user, secret))
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def own_factors(user: User) -> list[Authenticator]:
    """The app, passkeys and recovery codes of a person, oldest first."""
    return list(Authenticator.objects.filter(user_id=user.pk).order_by("pk"))


def has_factor(user: User) -> bool:
    """Whether a second step follows the password of this person. Recovery codes alone are none."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists())
