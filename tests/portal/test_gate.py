"""Default closed (SPEC POR-1; SECURITY T18): every address of the product, asked by an external person, by staff and
by nobody.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from accounts.middleware import ALWAYS, SET_UP
from accounts.models import LoginPolicy, User
from portal import gate
from tests.factories.accounts import ExternalUserFactory, PrivacyNoticeFactory
from tests.portal.conftest import Place

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]
SAMPLES = {
    "int": "1",
    "slug": "x",
    "str": "x",
    "path": "x/y",
    "uuid": "0" * 8 + "-0000-0000-0000-" + "0" * 12,
}
NO_WORKER = {"readyz"}


def addresses(
    patterns: list[URLPattern | URLResolver] | None = None, prefix: str = "", space: str = ""
) -> Iterator[tuple[str, str, str]]:
    """(name, namespace, address) of every URL pattern, with sample values in it."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = ":".join(part for part in (space, pattern.namespace) if part)
            yield from addresses(pattern.url_patterns, route, inner)
        else:
            name = ":".join(part for part in (space, pattern.name) if part)
            filled = re.sub(r"<(\w+):\w+>", lambda match: SAMPLES[match[1]], route)
            yield name, space, f"/{filled}"


ALL = sorted(set(addresses()))
CLOSED = [row for row in ALL if not gate.open_to_external(row[0], row[1])]


OPEN = [row for row in ALL if row not in CLOSED]
METHODS = ["get", "head", "post", "put", "patch", "delete", "options"]
# Made anew for every answer.
CSRF, OWN_HEADERS = re.compile(rb"[A-Za-z0-9]{64}"), {"X-Request-Id"}
DEEP = bool(os.environ.get("DEEP"))


def same(answer: Any) -> tuple[int, bytes, dict[str, list[str]], set[str]]:
    """Everything by which one answer could be told from another: status, body, every header, names of cookies."""
    headers = {
        name: sorted(value.split("; "))
        for name, value in answer.headers.items()
        if name not in OWN_HEADERS
    }
    return answer.status_code, CSRF.sub(b"", answer.content), headers, set(answer.cookies)


def test_the_walk_is_long_and_the_list_names_only_what_exists() -> None:
    names = {name for name, _space, _url in ALL}
    assert len(names) > 80
    assert names >= gate.VIEWS | gate.PUBLIC
    assert {space for _name, space, _url in ALL} >= gate.NAMESPACES


def ready(user: User) -> str:
    return ""


def new_password(user: User) -> str:
    User.objects.filter(pk=user.pk).update(must_change_password=True)
    return "/account/password/"


def notice(user: User) -> str:
    PrivacyNoticeFactory()
    return "/account/privacy/"


def second_factor(user: User) -> str:
    LoginPolicy.objects.update_or_create(id=1, defaults={"external": True})
    return "/account/security/"


# What an external session may be waiting for; each returns where it is sent.
STATES = [ready, new_password, notice, second_factor]
WALKS = [
    pytest.param(state, method, id=f"{state.__name__}-{method}")
    for state in STATES
    for method in METHODS
    if DEEP or state is ready or method in ("get", "post")
]


@pytest.mark.parametrize(("state", "method"), WALKS)
def test_everything_else_is_missing_for_an_external_person(
    state: Callable[[User], str], method: str, place: Place, as_: As
) -> None:
    state(place.external)
    client = as_(place.external)
    client.raise_request_exception = False
    ask = getattr(client, method)
    nowhere, fragment = (
        same(ask("/no/such/page/", headers=headers)) for headers in ({}, {"HX-Request": "true"})
    )
    assert nowhere[0] == 404
    for name, _space, sample in CLOSED:
        url = sample.replace("/1/", f"/{place.contact.pk}/")
        assert same(ask(url)) == nowhere, name
        if method == "get" and (state is ready or DEEP):
            assert same(ask(url, headers={"HX-Request": "true"})) == fragment, name
            # An address without its last slash must not give away that the longer one exists.
            assert same(ask(url.rstrip("/"))) == nowhere, name
            assert same(ask(f"{url}?next=/portal/")) == nowhere, name


@pytest.mark.parametrize("state", STATES[1:], ids=lambda state: state.__name__)
def test_a_duty_comes_before_everything_that_is_open(
    state: Callable[[User], str], place: Place, as_: As
) -> None:
    duty = state(place.external)
    client = as_(place.external)
    kept = ALWAYS | {resolve(duty).view_name}
    kept |= (
        {"accounts:password"} if state is notice else SET_UP if state is second_factor else set()
    )
    reached = set()
    for name, _space, url in sorted(OPEN, key=lambda row: row[0] == "accounts:logout"):
        for ask in (client.get, client.post):
            answer = ask(url)
            if answer.headers.get("Location") != duty or answer.status_code != 302:
                reached.add(name)
            elif ask is client.get:
                fragment = client.get(url, headers={"HX-Request": "true"})
                assert (fragment.status_code, fragment.headers["HX-Redirect"]) == (204, duty), name
    assert reached <= kept


def test_what_is_listed_is_reached(place: Place, as_: As) -> None:
    client = as_(place.external)
    for url in (
        "/portal/",
        "/portal/todo/",
        "/portal/people/",
        "/portal/profile/",
        "/portal/messages/",
    ):
        assert client.get(url).status_code == 200, url
    for url in ("/account/password/", "/account/sessions/", "/healthz"):
        assert client.get(url).status_code == 200, url
    assert client.get("/").headers["Location"] == "/portal/"
    assert client.get("/portal").headers["Location"] == "/portal/"


def test_staff_do_not_enter_the_portal(place: Place, as_: As) -> None:
    for user in (place.hidden, place.holder, place.administrator):
        client = as_(user)
        for name, space, url in ALL:
            if gate.for_external_only(space):
                answer = client.get(url, headers={"HX-Request": "true"})
                assert answer.status_code == 403, name
        assert client.get("/portal/").status_code == 403


def test_nobody_gets_anywhere_without_logging_in(db: None) -> None:
    client = Client(raise_request_exception=False)
    for name, _space, url in ALL:
        if name.startswith("styleguide:"):
            continue
        answer = client.get(url)
        to_login = answer.status_code == 302 and answer.headers["Location"].startswith("/login/")
        assert to_login is (name not in gate.PUBLIC), name
        if to_login:
            fragment = client.get(url, headers={"HX-Request": "true"})
            assert fragment.status_code == 401, name
            assert fragment.headers["HX-Redirect"].startswith("/login/"), name


def test_an_external_login_without_a_usable_identity_is_outside(place: Place, as_: As) -> None:
    stray = ExternalUserFactory()
    client = as_(stray)
    assert client.get("/portal/").headers["Location"].startswith("/login/")
    place.contact.enabled = place.contact.live = False
    place.contact.save()
    client = as_(place.external)
    assert client.get("/portal/").headers["Location"].startswith("/login/")


def test_the_gate_asks_of_a_new_address_by_default() -> None:
    assert not gate.open_to_external("contacts:new-view", "contacts")
    assert not gate.open_to_external("portal-console:apps", "portal-console")
