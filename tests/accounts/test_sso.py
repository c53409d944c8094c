"""The company's own log-in, against a real OpenID Connect provider on loopback."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.socialaccount.internal.statekit import STATES_SESSION_KEY
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from pytest_django import Settings

from accounts import sso
from accounts.models import Session, User
from accounts.services import access
from accounts.services import sso as links
from config.env import Environment
from core.errors import Conflict, Hidden
from core.models import AuditEntry
from tests.accounts.test_second_factor import with_app
from tests.factories.accounts import PASSWORD, AdminFactory, ExternalUserFactory, StaffFactory
from tests.oidc.running import Running, running

pytestmark = pytest.mark.django_db
Enter = Callable[..., Client]
HOME, SECURITY = "/account/sessions/", "/account/security/"


@pytest.fixture(scope="module")
def process() -> Iterator[Running]:
    with running("http://testserver/login/sso/back/") as found:
        yield found


@pytest.fixture
def provider(process: Running, settings: Settings) -> Running:
    settings.BASE_URL, settings.OIDC = "http://testserver", process.settings()
    return process


def subject_of(provider: Running, name: str) -> str:
    """How the provider names somebody to us, learnt as a linking page learns it."""
    client, user = Client(), StaffFactory()
    client.post("/login/", {"username": user.username, "password": PASSWORD})
    provider.sees(name)
    client.get(provider.answer(client.get(f"{SECURITY}sso/")["Location"]))
    return str(client.session["sso.found"][0])


def linked(provider: Running, user: User, name: str) -> None:
    links.link(user=user, subject=subject_of(provider, name), name=name, keep_session=None)


def come(provider: Running, name: str, client: Client | None = None) -> Any:
    provider.sees(name)
    client = client or Client()
    answer = client.get(provider.answer(client.get("/login/sso/")["Location"]))
    answer.browser = client
    return answer


def test_linked_by_oneself_and_then_a_way_in(provider: Running, enter: Enter) -> None:
    user = StaffFactory(username="wang", email="wang@example.com")
    assert "企业账号" in Client().get("/login/").content.decode()
    refused = come(provider, "wang")  # the same name is no link
    assert refused.status_code == 422
    assert refused.browser.get(HOME).status_code == 302
    client, other = enter(user), enter(user)
    go = client.get(f"{SECURITY}sso/")["Location"]
    asked = {key: values[0] for key, values in parse_qs(urlsplit(go).query).items()}
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["nonce"]) == len(asked["state"]) == 32
    assert client.get(provider.answer(go))["Location"] == f"{SECURITY}sso/confirm/"
    assert not SocialAccount.objects.exists()
    assert client.get(f"{SECURITY}sso/confirm/").status_code == 200
    key = client.session.session_key
    assert client.post(f"{SECURITY}sso/confirm/")["Location"] == SECURITY
    assert client.session.session_key != key
    assert other.get(HOME).status_code == 302
    assert SocialAccount.objects.get().provider == provider.url
    assert AuditEntry.objects.filter(action="sso.link", object_id=str(user.pk)).count() == 1
    answer = come(provider, "wang")
    assert answer["Location"] == "/"
    assert answer.browser.get(HOME).status_code == 200
    assert Session.objects.get(pk=answer.browser.session.session_key).user_id == user.pk
    assert AuditEntry.objects.filter(after={"method": "sso"}, object_id=str(user.pk)).exists()
    assert client.post(f"{SECURITY}sso/unlink/").status_code == 303
    assert come(provider, "wang").status_code == 422


def test_the_rules_of_every_door_hold(provider: Running, enter: Enter) -> None:
    user, admin = StaffFactory(), AdminFactory()
    linked(provider, user, "li")
    with_app(user)
    assert come(provider, "li")["Location"] == "/login/code/"
    access.disable(user=user, by=admin)
    assert come(provider, "li").status_code == 422
    first = StaffFactory(must_change_password=True)
    linked(provider, first, "zhao")
    assert come(provider, "zhao").browser.get(HOME)["Location"] == "/account/password/"
    with pytest.raises(Conflict):
        linked(provider, StaffFactory(), "zhao")
    with pytest.raises(Conflict):
        linked(provider, first, "sun")
    with pytest.raises(Hidden):
        linked(provider, ExternalUserFactory(), "qian")
    User.objects.filter(pk=first.pk).update(password="!")
    with pytest.raises(Conflict):
        links.unlink(user=first, keep_session=None)
    outside = enter(ExternalUserFactory())
    for path in ("/login/sso/", "/login/sso/back/", f"{SECURITY}sso/", f"{SECURITY}sso/confirm/"):
        assert outside.get(path).status_code == 404


def test_an_answer_belongs_to_one_question_of_one_browser(provider: Running) -> None:
    user = StaffFactory()
    linked(provider, user, "wu")
    client, thief = Client(), Client()
    back = provider.answer(client.get("/login/sso/")["Location"])
    thief.get("/login/sso/")
    assert thief.get(back).status_code == 422
    assert client.get(back)["Location"] == "/"
    assert client.get(back)["Location"] in ("/", SECURITY)
    client.post("/logout/")
    assert client.get(back).status_code == 422
    for query in ("", "?error=access_denied", "?state=x&code=y", "?code=y"):
        assert Client().get(f"/login/sso/back/{query}").status_code == 422, query


@pytest.mark.parametrize("spoil", ["nonce", "verifier", "issuer"])
def test_nonce_proof_key_and_issuer_are_looked_at(provider: Running, spoil: str) -> None:
    user = StaffFactory()
    linked(provider, user, "zhou")
    client = Client()
    back = provider.answer(client.get("/login/sso/")["Location"])
    session = client.session
    ((state, *_rest),) = session[STATES_SESSION_KEY].values()
    if spoil == "nonce":
        state["data"]["nonce"] = "another"
    elif spoil == "verifier":
        state["pkce_code_verifier"] = "another" * 10
    else:
        back += "&iss=https://evil.example"
    session.save()
    assert client.get(back).status_code == 422
    assert client.get(HOME).status_code == 302


def test_only_the_provider_that_was_named_and_only_https(
    provider: Running, settings: Settings
) -> None:
    for changes in (
        {"loopback": False},
        {"issuer": provider.url.replace("127.0.0.1", "localhost")},
        {"issuer": "http://127.0.0.1:9"},
    ):
        settings.OIDC = provider.settings(**changes)
        assert Client().get("/login/sso/").status_code == 422, changes


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.mark.parametrize(
    ("changes", "key", "algorithm"),
    [
        ({"iss": "https://evil.example"}, KEY, "RS256"),
        ({"aud": "somebody-else"}, KEY, "RS256"),
        ({"aud": ["wailian", "b"]}, KEY, "RS256"),
        ({"azp": "b"}, KEY, "RS256"),
        ({"exp": 1}, KEY, "RS256"),
        ({"exp": None}, KEY, "RS256"),
        ({"iat": 9_999_999_999}, KEY, "RS256"),
        ({"sub": None}, KEY, "RS256"),
        ({"sub": ""}, KEY, "RS256"),
        ({"sub": "x" * 300}, KEY, "RS256"),
        ({}, OTHER_KEY, "RS256"),
        ({}, "x" * 64, "HS256"),
        ({}, None, "none"),
    ],
)
def test_a_token_that_is_not_sound_is_refused(
    changes: dict[str, Any],
    key: Any,
    algorithm: str,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = {"issuer": "https://id.example", "client_id": "wailian"}
    settings.OIDC = given
    public = KEY.public_key()
    monkeypatch.setattr(
        sso.jwtkit, "fetch_key", lambda token, *_: (jwt.get_unverified_header(token)["alg"], public)
    )
    now = int(time.time())
    sound = {"iss": given["issuer"], "aud": "wailian", "sub": "1", "iat": now, "exp": now + 60}
    good = jwt.encode(sound, KEY, algorithm="RS256", headers={"kid": "k"})
    assert sso.verified(good, keys_url="")["sub"] == "1"
    claims = {name: value for name, value in (sound | changes).items() if value is not None}
    with pytest.raises(sso.BROKEN):
        sso.verified(
            jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "k"}), keys_url=""
        )


@pytest.mark.parametrize(
    ("issuer", "taken"),
    [
        ("https://id.example/realms/x", True),
        ("http://id.example", False),
        ("http://127.0.0.1:1", False),
        ("https://id.example/?x=1", False),
        ("nonsense", False),
        ("https://id.example/" + "x" * 200, False),
    ],
)
def test_the_environment(monkeypatch: pytest.MonkeyPatch, issuer: str, taken: bool) -> None:
    assert Environment().openid("OIDC") == {}
    monkeypatch.setenv("OIDC_ISSUER", issuer)
    monkeypatch.setenv("OIDC_CLIENT_ID", "c")
    monkeypatch.setenv("OIDC_CLIENT_SECRET", "s")
    if taken:
        assert Environment().openid("OIDC")["issuer"] == issuer
        return
    with pytest.raises(ImproperlyConfigured, match="OIDC_ISSUER"):
        Environment().openid("OIDC")
