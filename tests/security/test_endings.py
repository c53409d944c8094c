"""Disabling ends everything that is alive of a person within five seconds, and enabling brings nothing of it back, for
staff and for external people (SPEC ACC-4; SECURITY T45, T46, M6).

What is alive: sessions in two browsers, a log-in that has taken its first step, an open stream, a link for a new
password, an activation link, an unread first password, a browser that is told by push, and what waits for the worker in
his name. A known browser and a passkey let nobody in while the login is disabled.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from celery import current_app
from django.conf import settings as site
from django.core import mail
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.import_jobs import check as check_staff
from accounts.models import Session, User
from accounts.services import credentials
from accounts.services import imports as staff_imports
from accounts.throttle import DEVICE_COOKIE
from contacts.import_jobs import check
from contacts.models import Contact
from contacts.selection import Selection
from contacts.services import bulk_jobs, exports, imports
from core.models import OutboxEntry
from im.models import PushSubscription
from orgs.models import Node
from orgs.services import restructuring
from tests.accounts.test_second_factor import with_app
from tests.factories import orgs
from tests.factories.accounts import PASSWORD, AdminFactory, ExternalUserFactory, StaffFactory
from tests.factories.contacts import give_login, make_contact
from tests.im.live.streams import Server, Stream, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 5.0
LINK = re.compile(r"/activate/[\w-]+/")
PEOPLE = "组织,姓名,编码\n新公司,新人,P1\n"
STAFF = "姓名,登录名\n新同事,new.colleague\n"


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[Server]:
    server = Server("config.live").start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _mail(settings: Settings) -> None:
    settings.MAIL_ENABLED, settings.BASE_URL = True, "https://wailian.example.com"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@dataclass
class Case:
    """Somebody, and what switches him off and on by the pages."""

    user: User
    switch: Callable[[bool], None]

    def turn(self, *, on: bool) -> None:
        self.switch(on)


def staff() -> Case:
    user, admin = StaffFactory(email="a@example.com"), browser(AdminFactory())

    def switch(on: bool) -> None:
        name = "enable" if on else "disable"
        sent(admin, reverse("accounts:staff-act", args=[user.pk, name]))

    return Case(user, switch)


def external() -> Case:
    user, holder = ExternalUserFactory(email="a@example.com"), browser(orgs.make_holder())
    contact = give_login(make_contact(orgs.make_organization(orgs.make_dimension())), user)

    def switch(on: bool) -> None:
        sent(holder, reverse(f"contacts:{'enable' if on else 'disable'}", args=[contact.pk]))

    return Case(user, switch)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.LoginBackend")
    return client


def sent(client: Client, path: str) -> None:
    answer = client.post(path)
    assert answer.status_code == 303, answer.content.decode()[:500]


def first_step(user: User) -> Client:
    client = Client()
    answer = client.post("/login/", {"username": user.username, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def entered(user: User, code: str) -> Client:
    client = first_step(user)
    assert client.post("/login/code/", {"code": code}).status_code == 302
    assert client.cookies[site.SESSION_COOKIE_NAME]["max-age"], "outlives the browser"
    return client


def inside(client: Client) -> bool:
    return client.get(reverse("accounts:sessions")).status_code == 200


def work_off(*, but: str = "") -> None:
    """What the worker does."""
    current_app.loader.import_default_modules()
    for entry in OutboxEntry.objects.filter(done_at=None).exclude(task=but).order_by("pk"):
        current_app.tasks[entry.task].run(entry_id=entry.pk)


def link_to(user: User) -> str:
    work_off()
    found = LINK.search(next(one.body for one in reversed(mail.outbox) if one.to == [user.email]))
    assert found
    return found.group()


def works(link: str) -> bool:
    return Client().get(link).status_code == 200


@pytest.mark.parametrize("make", [staff, external])
def test_nothing_lives_on_and_nothing_comes_back(
    make: Callable[[], Case], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = make()
    user = case.user
    codes = with_app(user)
    browsers = [entered(user, code) for code in codes[:2]]
    half = first_step(user)
    stream = server.ask(browsers[0].cookies[site.SESSION_COOKIE_NAME].value)
    stream.wait("ready")
    PushSubscription.objects.create(user=user, endpoint="https://push.example.com/a", browser="b")
    Client().post("/login/forgotten/", {"username": user.username})
    link = link_to(user)
    assert [inside(one) for one in browsers] == [True, True]
    assert works(link)
    assert half.get("/login/code/").status_code == 200

    began = time.monotonic()
    case.turn(on=False)
    wait_for(lambda: over(user, browsers, link, stream, server), SECONDS)
    assert time.monotonic() - began < SECONDS
    refused(user, browsers[0], codes[2], monkeypatch)
    case.turn(on=True)
    assert over(user, browsers, link, stream, server)
    late = half.post("/login/code/", {"code": codes[3]})
    assert late.status_code == 422
    assert not inside(half)
    assert inside(entered(user, codes[4]))


def over(user: User, browsers: list[Client], link: str, stream: Stream, server: Server) -> bool:
    """Whether everything is dead."""
    keys = [one.cookies[site.SESSION_COOKIE_NAME].value for one in browsers]
    return not (
        any(inside(one) for one in browsers)
        or Session.objects.filter(user_id=user.pk).exists()
        or PushSubscription.objects.exists()
        or works(link)
        or stream.ended_at is None
        or any(server.ask(key).status != 401 for key in keys)
    )


def refused(user: User, known: Client, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a known browser nor a passkey lets him in, nor does anybody send him a link."""
    client = Client()
    client.cookies[DEVICE_COOKIE] = known.cookies[DEVICE_COOKIE].value
    right = {"username": user.username, "password": PASSWORD}
    assert client.post("/login/", right).status_code == 422
    passkey = SimpleNamespace(user=User.objects.get(pk=user.pk), type=Authenticator.Type.WEBAUTHN)
    monkeypatch.setattr("accounts.views.second.proof.authenticate", lambda *_: passkey)
    assert client.post("/login/passkey/", {"credential": "{}"}).status_code == 422
    assert not inside(client)
    before = len(mail.outbox)
    client.post("/login/forgotten/", {"username": user.username})
    work_off()
    assert len(mail.outbox) == before


@pytest.mark.parametrize("make", [staff, external])
@pytest.mark.parametrize("shown", [True, False], ids=["envelope", "link"])
def test_first_credentials_die_with_the_login(make: Callable[[], Case], shown: bool) -> None:
    case, by = make(), AdminFactory()
    user = case.user
    if shown:
        User.objects.filter(pk=user.pk).update(email="")
        user.refresh_from_db()
    secret = credentials.start_issue(user=user, issue_key="first", reader_ids=[by.pk], by=by)
    link = "" if shown else link_to(user)
    work_off()
    assert shown or works(link)
    case.turn(on=False)
    case.turn(on=True)
    secret.refresh_from_db()
    assert secret.revoked_at
    assert secret.ciphertext is None
    assert browser(by).post(reverse("accounts:reveal", args=["first"])).status_code == 409
    assert shown or not works(link)


def test_what_waits_for_the_worker_in_his_name_is_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the worker was away for so long that he is enabled again."""
    monkeypatch.setattr(bulk_jobs, "AT_ONCE", 0)
    case, dimension = staff(), orgs.make_dimension()
    user, node = case.user, orgs.make_organization(dimension)
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    contact = make_contact(node)
    jobs = asked(user, dimension, node)
    case.turn(on=False)
    case.turn(on=True)
    assert OutboxEntry.objects.filter(done_at=None).count() >= len(jobs)
    work_off()
    for job in jobs:
        job.refresh_from_db()
        assert (job.status, "停用" in job.message) == ("failed", True), type(job)
    contact.refresh_from_db()
    node.refresh_from_db()
    assert (contact.enabled, node.enabled, Contact.objects.count()) == (True, True, 1)
    assert not User.objects.filter(username="new.colleague").exists()
    again = asked(user, dimension, node)
    work_off()
    ended = [type(job).objects.get(pk=job.pk).status for job in again]
    assert ended == ["done", "done", "done", "done", "succeeded"]


def asked(user: User, dimension: Node, node: Node) -> list[object]:
    """An export, both imports, an action on many and a large change of the tree, none of which has begun."""
    user = User.objects.get(pk=user.pk)
    every = Selection(everything=True, node_id=node.pk)
    export = exports.create(by=user, node=node, selection=every, format_="csv", keys=["name"])
    file = ContentFile(PEOPLE.encode(), name="a.csv")
    checked = imports.upload(by=user, dimension=dimension, file=file)
    check(job_id=checked.pk)
    checked.refresh_from_db()
    started = imports.confirm(by=user, job=checked)
    colleagues = staff_imports.upload(by=user, file=ContentFile(STAFF.encode(), name="b.csv"))
    check_staff(job_id=colleagues.pk)
    colleagues.refresh_from_db()
    both = [started, staff_imports.confirm(by=user, job=colleagues)]
    tags = {"tags": "整批"}
    bulk = bulk_jobs.start(by=user, node=node, selection=every, action="tag", options=tags)
    large = restructuring.start(by=user, node=node, action="disable")
    return [export, *both, bulk, large]
