"""Log-in through the company's own identity provider: OpenID Connect by django-allauth, with the checks that it leaves
to us (SPEC ACC-5): code with PKCE, state, nonce, a signature of a known kind, issuer, audience, time.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.internal import jwtkit, statekit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import constant_time_compare, get_random_string
from django.utils.translation import gettext as _
from requests import RequestException, Session

from core.errors import Invalid

log = logging.getLogger(__name__)
# Signatures by keys that only the provider has; never "none", never a shared secret.
ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"}
)
REQUIRED = ["iss", "sub", "aud", "exp", "iat"]
LEEWAY = 60
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
BROKEN = (
    OAuth2Error,
    RequestException,
    jwt.PyJWTError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
)


@dataclass(frozen=True, slots=True)
class Found:
    """Whom the provider has named. `state` is what was kept when he was sent there."""

    subject: str
    name: str
    state: dict[str, Any]


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Nobody signs up, and the provider sends this server nowhere else."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def generate_state_param(self, state: dict[str, Any]) -> str:
        return get_random_string(32)

    def get_requests_session(self) -> Session:
        session: Session = super().get_requests_session()
        session.max_redirects = 0
        return session


class Client(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    """The protocol, for the one provider of the settings."""

    def get_provider(self) -> Provider:
        return Provider(self.request, app=_app())

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the provider says of itself; it must be the one that was asked, and speak https only."""
        known = hasattr(self, "_openid_config")
        config: dict[str, Any] = super().openid_config
        if not known and config.get("issuer") != settings.OIDC["issuer"]:
            raise OAuth2Error("the issuer names itself differently")
        if not known and not all(_safe(str(config.get(name, ""))) for name in ENDPOINTS):
            raise OAuth2Error("an endpoint of the issuer is not https")
        return config

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return settings.BASE_URL + reverse("accounts:sso-back")


class Provider(OpenIDConnectProvider):  # type: ignore[misc]  # allauth has no types
    """The provider of the settings; PKCE always."""

    pkce_enabled_default = True

    def get_oauth2_adapter(self, request: HttpRequest) -> Client:
        return Client(request, self.app.provider_id)


def _app() -> SocialApp:
    given = settings.OIDC
    return SocialApp(
        provider="openid_connect", provider_id=given["issuer"], name=given["label"],
        client_id=given["client_id"], secret=given["client_secret"],
        settings={"server_url": given["issuer"], "scope": ["openid", "profile"]},
    )  # fmt: skip


def _safe(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (
        settings.OIDC["loopback"] and parts.scheme == "http" and parts.hostname in LOOPBACK
    )


LOOPBACK = ("127.0.0.1", "::1", "localhost")


def label() -> str:
    """What the button is called; "" where there is no provider."""
    return str(settings.OIDC["label"]) if settings.OIDC else ""


def failed() -> Invalid:
    """One sentence for whatever went wrong on the way; the log says more."""
    return Invalid(_("The company log-in did not work. Try again, or use your password."))


def start(request: HttpRequest, *, process: str, next_url: str = "", **kept: Any) -> HttpResponse:
    """Sends the browser to the provider. Raises Invalid when it is away."""
    nonce = get_random_string(32)
    try:
        response: HttpResponse = (
            Client(request, settings.OIDC["issuer"])
            .get_provider()
            .redirect(
                request, process, next_url, {"nonce": nonce, **kept}, auth_params={"nonce": nonce}
            )
        )
    except BROKEN as error:
        log.warning("company log-in: %s", error)
        raise failed() from error
    return response


def finish(request: HttpRequest) -> Found:
    """Reads what the provider sent back: its answer belongs to a question of this session, once. Raises Invalid."""
    client = Client(request, settings.OIDC["issuer"])
    provider = client.get_provider()
    state = statekit.unstash_state(
        request, provider_id=provider.sub_id, state_id=request.GET.get("state", "")
    )
    if state is None or "code" not in request.GET:
        raise failed()
    try:
        claims = _claims(request, client, state)
    except BROKEN as error:
        log.warning("company log-in: %s", error)
        raise failed() from error
    name = str(claims.get("preferred_username") or claims.get("name") or claims["sub"])[:100]
    return Found(claims["sub"], name, state)


def _claims(request: HttpRequest, client: Client, state: dict[str, Any]) -> dict[str, Any]:
    issuer = settings.OIDC["issuer"]
    if request.GET.get("iss", issuer) != issuer:
        raise OAuth2Error("the answer is of another issuer")
    app = client.get_provider().app
    answer = client.get_access_token_data(
        request,
        app,
        client.get_client(request, app),
        pkce_code_verifier=state["pkce_code_verifier"],
    )
    claims = verified(answer["id_token"], keys_url=client.openid_config["jwks_uri"])
    if not constant_time_compare(str(claims.get("nonce", "")), state["data"]["nonce"]):
        raise OAuth2Error("the nonce is not the one that was sent")
    return claims


def verified(token: str, *, keys_url: str) -> dict[str, Any]:
    """The claims of an identity token that is signed, ours, and of now. Raises one of BROKEN."""
    given = settings.OIDC
    if jwt.get_unverified_header(token).get("alg") not in ALGORITHMS:
        raise OAuth2Error("the signature is of a kind that is not taken")
    algorithm, key = jwtkit.fetch_key(token, keys_url, jwtkit.lookup_kid_jwk)
    claims: dict[str, Any] = jwt.decode(
        token, key=key, algorithms=[algorithm], audience=given["client_id"],
        issuer=given["issuer"], leeway=LEEWAY, options={"require": REQUIRED},
    )  # fmt: skip
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else given["client_id"]) != given["client_id"]:
        raise OAuth2Error("the token was made for another client")
    if not claims["sub"] or len(claims["sub"]) > 190:
        raise OAuth2Error("the subject cannot be kept")
    return claims
