"""Random credentials in numbers: what the generators give, and many accounts through a real worker (SPEC ACC-3)."""

import math
import os
from collections.abc import Iterator

import pytest
from django.contrib.auth.password_validation import validate_password
from django.test import Client
from pytest_django import Settings

from accounts import login_names, passwords
from accounts.models import InitialSecret, User
from accounts.services import credentials
from core.models import AuditEntry, OutboxEntry
from tests.accounts.gateway import Gateway, running
from tests.accounts.working import wait_until_done, working
from tests.factories.accounts import AdminFactory
from tests.tables import every_table

DEEP = bool(os.environ.get("DEEP"))
ACCOUNTS = 100 if DEEP else 5
MANY, BITS = 10_000, 77
# Signs that are taken for one another in print.
ALIKE = ("0o", "1il", "2z", "5s", "8b", "uv")
NEW = "Wolken-Treppe 7 grün"


def test_ten_thousand_credentials() -> None:
    names: set[str] = set()
    given = []
    for _number in range(MANY):
        name, password = login_names.generate(names.__contains__), passwords.generate()
        names.add(name)
        given.append(password)
        assert set(password) <= {*passwords.ALPHABET, "-"}, "a sign that was not counted"
        assert len(password.replace("-", "")) == passwords.GROUPS * passwords.GROUP_LENGTH
        validate_password(password, User(username=name))
    assert len(names) == len(set(given)) == MANY
    bits = passwords.GROUPS * passwords.GROUP_LENGTH * math.log2(len(set(passwords.ALPHABET)))
    assert bits >= BITS
    print(f"{MANY} login names, {MANY} passwords, no two alike; {bits:.1f} bits")
    signs = set("".join(names))
    assert [pair for pair in ALIKE if len(signs & set(pair)) > 1] == []
    assert not set("".join(given)) & set("0o1li")
    # Each sign about as often as the others: the generator leans to none.
    counts = [sum(password.count(sign) for password in given) for sign in passwords.ALPHABET]
    mean = sum(counts) / len(counts)
    assert max(abs(count - mean) for count in counts) < 6 * math.sqrt(mean)


@pytest.fixture
def worker() -> Iterator[None]:
    with working():
        yield


@pytest.fixture
def gateway(settings: Settings) -> Iterator[Gateway]:
    with running() as server:
        settings.SMS, settings.CREDENTIALS_ISSUED = server.settings, ""
        yield server


@pytest.mark.django_db(transaction=True)
def test_many_accounts_through_a_real_worker(gateway: Gateway, worker: None) -> None:
    """Every second person has a mobile: a link goes there; the others' passwords are shown once."""
    admin = AdminFactory()
    users = []
    for number in range(ACCOUNTS):
        mobile = f"+86138{number:08}" if number % 2 else ""
        user = credentials.create_external_login(
            name=f"李{number}", mobile=mobile, email="", by=admin
        )
        credentials.start_issue(
            user=user, issue_key=f"a:{user.pk}", reader_ids=[admin.pk], by=admin
        )
        users.append(user)
    wait_until_done()
    assert InitialSecret.objects.filter(issued_at=None).count() == 0
    assert len({user.username.casefold() for user in users}) == ACCOUNTS
    print(f"{ACCOUNTS} accounts, {len(gateway.got)} links")
    links = {message["body"]["parameters"]["login"]: message["body"] for message in gateway.got}
    assert len(gateway.got) == len(links) == ACCOUNTS // 2
    tables = every_table()
    for user in users:
        if user.mobile:
            assert links[user.username]["to"] == user.mobile
            path = links[user.username]["parameters"]["url"].split("//", 1)[1].partition("/")[2]
            assert path.split("/")[1] not in tables
            assert Client().post(f"/{path}", {"new": NEW, "again": NEW}).status_code == 302
            continue
        shown = credentials.reveal(issue_key=f"a:{user.pk}", by=admin)
        assert shown.password not in tables
        sent = {"username": shown.username, "password": shown.password}
        assert Client().post("/login/", sent)["Location"]
    issued = AuditEntry.objects.filter(action="credentials.issue")
    assert sorted(issued.values_list("object_id", flat=True)) == sorted(
        str(one.pk) for one in users
    )
    assert not OutboxEntry.objects.exclude(attempts=1).exists()
