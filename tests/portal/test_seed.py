"""Demo data: complete, marked, only once, with log-ins that work at once (SPEC OPS-1, ACC-6)."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from accounts.models import User
from approvals.models import Application
from contacts.models import Contact, ContactUserGrant
from contacts.permissions import viewer_of
from core.models import AuditEntry
from im.models import Conversation, Message
from orgs.models import Category, Node
from portal import demo, demo_data

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def seeded(
    home: Path, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[list[dict[str, str]]]:
    """The demo of a module, in a transaction that never commits."""
    out = io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patched,
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        patched.setenv("WAILIAN_HOME", str(home))
        call_command("seed_demo", "--if-empty", stdout=out)
        logins: list[dict[str, str]] = json.loads((home / "demo_logins.json").read_text())
        assert not any(login["password"] in out.getvalue() for login in logins)
        yield logins
        transaction.set_rollback(True)


def count_of(login: str) -> int:
    return int(Contact.objects.count_for(viewer_of(User.objects.get(username=login))))


def test_everything_is_there(seeded: list[dict[str, str]], home: Path) -> None:
    assert [login["login"] for login in seeded] == list(demo_data.ROLES)
    assert all(len(login["password"]) >= 15 for login in seeded)
    assert stat.S_IMODE((home / "demo_logins.json").stat().st_mode) == 0o600
    assert set(Application.objects.values_list("status", flat=True)) == set(
        Application.Status.values
    )
    assert set(Contact.objects.values_list("account", flat=True)) == set(Contact.Account.values)
    assert Contact.objects.filter(account="active", enabled=False).exists()
    assert Contact.objects.filter(account="active", expires_at__isnull=False).exists()
    assert (Node.objects.filter(kind=0).count(), Category.objects.count()) == (4, 5)
    assert Node.objects.filter(enabled=False).count() == 1
    assert Message.objects.filter(sender__isnull=False).count() >= 7
    (group,) = Conversation.objects.filter(kind="group")
    assert group.participants.filter(identity_id__isnull=False).count() == 2
    assert Message.objects.filter(conversation=group).exclude(mentions=[]).count() == 2
    assert Message.objects.filter(card_kind="approvals.application").exists()
    two = Contact.objects.filter(user__username="demo.external", account="active")
    assert two.values("main_node__dimension").distinct().count() == 2
    assert all("示例" in node.name for node in Node.objects.filter(kind=1))
    assert not ContactUserGrant.objects.filter(granted_by_label="").exists()
    assert User.objects.filter(demo=False).count() == 0
    call_command("check_invariants", stdout=io.StringIO())


def test_each_sees_what_his_role_says(seeded: list[dict[str, str]]) -> None:
    everybody = Contact.objects.count()
    assert count_of("demo.admin") == count_of("demo.holder") == everybody
    assert 30 < count_of("demo.staff") < count_of("demo.maintainer") < everybody
    assert count_of("demo.newcomer") == 0
    assert count_of("demo.external") == 0


@pytest.mark.parametrize("login", list(demo_data.ROLES))
def test_the_login_works_at_once(login: str, seeded: list[dict[str, str]]) -> None:
    password = next(one["password"] for one in seeded if one["login"] == login)
    client = Client()
    answer = client.post("/login/", {"username": login, "password": password})
    assert answer.status_code in (302, 303), answer.content.decode()[:500]
    home = client.get("/", follow=True)
    assert home.status_code == 200
    assert home.redirect_chain
    way = [url for url, _status in home.redirect_chain]
    assert not any("password" in url or "privacy" in url for url in way)
    assert way[-1].startswith("/portal/") == (login == "demo.external")


def test_only_into_an_empty_installation(seeded: list[dict[str, str]], home: Path) -> None:
    before = AuditEntry.objects.count()
    kept = home / "demo_logins.json"
    written = kept.stat().st_mtime_ns
    call_command("seed_demo", "--if-empty", stdout=io.StringIO())
    assert kept.stat().st_mtime_ns == written
    with pytest.raises(CommandError):
        call_command("seed_demo", stdout=io.StringIO())
    assert AuditEntry.objects.count() == before


def test_no_password_is_the_same_on_two_installations(
    seeded: list[dict[str, str]], tmp_path: Path
) -> None:
    kept = demo.keep(seeded, folder=tmp_path / "again", text="[]")
    assert kept.read_text() == "[]"
    assert len({login["password"] for login in seeded}) == len(seeded)
    source = Path(demo_data.__file__).read_text() + Path(demo.__file__).read_text()
    assert not any(login["password"] in source for login in seeded)
