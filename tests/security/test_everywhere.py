"""No secret is anywhere but in the one answer or message that hands it over (SPEC ACC-3; SECURITY T37, T38, I11):
first passwords, links by mail and text message, tokens of other systems, secrets of apps, recovery codes, chosen
passwords, secrets of corps in WeCom with all that they open.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import redis
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import InitialSecret, User
from approvals.models import Application
from contacts.models import Contact
from core import outbox
from core.models import OutboxEntry
from tests.accounts.gateway import running
from tests.accounts.test_second_factor import code_of
from tests.accounts.working import wait_until_done, working
from tests.factories.accounts import PASSWORD, StaffFactory
from tests.factories.contacts import make_contact
from tests.matrix.asking import url
from tests.matrix.world import ROLES, Matrix, build
from tests.security.asking import addresses, showing
from tests.security.harness import Harness, watching
from wecom_sync.models import Chain, Connection, Run
from wecom_sync.standin import callbacks as calling
from wecom_sync.standin.remote import StandIn
from wecom_sync.standin.remote import running as standing_in
from wecom_sync.standin.world import App

pytestmark = pytest.mark.django_db(transaction=True)
DEEP = bool(os.environ.get("DEEP"))
# Who looks at every page in `make test`; with DEEP=1 everybody does, with every object.
LOOKING = ("SA", "DM", "EC")


@pytest.fixture
def harness(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Harness]:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MEDIA_ROOT.mkdir()
    settings.MAIL_ENABLED, settings.BASE_URL = True, "https://wailian.example.com"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with running() as gateway, watching(monkeypatch, gateway, settings.MEDIA_ROOT) as found:
        settings.SMS = gateway.settings
        yield found


@dataclass
class Story:
    """People at their pages."""

    harness: Harness
    matrix: Matrix
    standin: StandIn

    def __post_init__(self) -> None:
        self.people = {role: self.harness.client(self.matrix.people[role]) for role in ROLES[:7]}
        self.number = 0

    def typed(self) -> str:
        """A new password that somebody thinks of."""
        self.number += 1
        return self.harness.note("typed", f"Treppe-Wolke {self.number} blau-grau")

    def send(
        self, who: str | Client, page: str, /, *args: object, status: int = 303, **data: object
    ) -> str:
        client = self.people[who] if isinstance(who, str) else who
        answer = client.post(reverse(page, args=args), data)
        assert answer.status_code == status, answer.content.decode()[-3000:]
        return answer.content.decode()

    def contact(self, **values: str) -> Contact:
        place = Contact.objects.get(pk=self.matrix.inside["contact"]["DM"]).main_node
        return make_contact(place, created_by=self.matrix.people["CR"], **values)

    def reveal(self, who: str, user: User) -> None:
        """Shown once, then never again."""
        wait_until_done()
        key = InitialSecret.objects.filter(user=user).latest("pk").issue_key
        path = reverse("accounts:reveal", args=[key])
        assert self.people[who].get(path).status_code == 405
        shown = self.people[who].post(path)
        assert (shown.status_code, shown.headers["Cache-Control"]) == (200, "no-store")
        self.send(who, "accounts:reveal", key, status=409)

    # --- what is made

    def approved(self) -> None:
        application = Application.objects.get(pk=self.matrix.inside["application"]["CR"])
        Contact.objects.filter(pk=application.contact_id).update(email="", mobile="")
        version = self.matrix.inside["version"]["DM"]
        self.send("DM", "approvals:decide", application.pk, approve="1", version=version)
        user = User.objects.get(identities=application.contact_id)
        self.reveal("CR", user)
        password = self.harness.secrets[-1].value
        client = self.harness.client()
        right = {"username": user.username, "password": password}
        self.send(client, "accounts:login", status=302, **right)
        new = self.typed()
        self.send(client, "accounts:password", old="falsch", new=new, again=new, status=422)
        self.send(client, "accounts:password", old=password, new=new, again=new, status=302)
        self.send(self.harness.client(), "accounts:login", status=422, **right)

    def opened(self) -> None:
        """Links by mail and text message; one that was replaced; one that is used after a bad try."""
        for values in ({"email": "neu@example.com"}, {"mobile": "+8613800000001"}):
            contact = self.contact(**{"email": "", "mobile": ""} | values)
            self.send("DM", "contacts:account-open", contact.pk, way="random")
            wait_until_done()
            self.send("DM", "contacts:account-reissue", contact.pk)
            wait_until_done()
            dead, alive = [one for one in self.harness.secrets if one.to in values.values()]
            browser = self.harness.client()
            assert browser.get(reverse("accounts:activate", args=[dead.value])).status_code == 410
            assert browser.get(reverse("accounts:activate", args=[alive.value])).status_code == 200
            weak, good = {"new": "kurz", "again": "kurz"}, self.typed()
            self.send(browser, "accounts:activate", alive.value, status=422, **weak)
            self.send(browser, "accounts:activate", alive.value, status=302, new=good, again=good)

    def chosen(self) -> None:
        taken = self.matrix.people["CR"]
        assert taken
        contact, password = self.contact(email="eigen@example.com"), self.typed()
        login = {"way": "own", "password": password}
        self.send(
            "DM", "contacts:account-open", contact.pk, username=taken.username, status=422, **login
        )
        self.send("DM", "contacts:account-open", contact.pk, username="eigen.login", **login)
        wrong = {"username": "eigen.login", "password": self.typed()}
        self.send(self.harness.client(), "accounts:login", status=422, **wrong)

    def forgotten(self) -> None:
        user = StaffFactory(email="vergessen@example.com")
        self.send(self.harness.client(), "accounts:forgotten", username=user.username, status=200)
        wait_until_done()
        token, new = self.harness.secrets[-1].value, self.typed()
        self.send(self.harness.client(), "accounts:activate", token, new=new, again=new, status=302)

    def staff(self) -> None:
        self.send("SA", "accounts:staff-create", name="新员工", username="fresh.staff")
        self.reveal("SA", User.objects.get(username="fresh.staff"))
        self.send(
            "SA", "accounts:staff-create", name="自选", username="own.staff", password=self.typed()
        )
        user = User.objects.get(username="fresh.staff")
        self.send("SA", "accounts:staff-act", user.pk, "reissue")
        self.reveal("SA", user)

    def factors(self) -> None:
        """An app and its recovery codes, by somebody outside."""
        client = self.harness.client()
        person = self.matrix.people["EC"]
        assert person
        right = {"username": person.username, "password": PASSWORD}
        self.send(client, "accounts:login", status=302, **right)
        assert client.get(reverse("accounts:totp-add")).status_code == 200
        secret = next(one.value for one in self.harness.secrets if one.kind == "TOTP secret")
        self.send(client, "accounts:totp-add", code=code_of(secret), status=200)
        self.people["EC"] = client

    def systems(self) -> None:
        self.send(
            "GM", "portal-console:system-new", name="甲系统", hosts="oa.example.com", status=200
        )
        old = self.harness.secrets[-1].value
        system = re.search(
            r"/todo-systems/(\d+)/",
            self.people["GM"].get(reverse("portal-console:systems")).content.decode(),
        )
        assert system
        self.send("GM", "portal-console:system-roll", system[1], status=200)
        for token, status in ((old, 401), (self.harness.secrets[-1].value, 422)):
            answer = self.harness.client().post(
                reverse("portal-api:todos"), "{}", content_type="application/json",
                headers={"Authorization": f"Bearer {token}"},
            )  # fmt: skip
            assert answer.status_code == status, answer.content

    def corp(self) -> None:
        """Connected with a wrong secret, tested, mended, read in a run; called by it; its people reached."""
        told = self.standin.connections()[0]
        for one in self.standin.connections():
            self.harness.note("corp secret", one["secret"])
        wrong = self.harness.note("corp secret", "falsch" + told["secret"][6:])
        given = {"name": "总部", "corp_id": told["corpid"], "agent_id": told["agentid"]}
        self.send("SA", "wecom_sync:new", **given, secret=wrong)
        pk = Connection.objects.get(corp_id=told["corpid"]).pk
        self.send("SA", "wecom_sync:test", pk, status=200)
        self.send("SA", "wecom_sync:edit", pk, **given, secret=told["secret"])
        self.send("SA", "wecom_sync:edit", pk, **(given | {"agent_id": 7}), status=422)
        self.send("GM", "wecom_sync:test", pk, status=200)
        self.send("SA", "wecom_sync:doors", pk, login="on", notify="on")
        self.called(pk)
        Connection.objects.filter(pk=pk).update(sync_rules=True)
        Chain.objects.filter(connection=pk).update(target=self.matrix.inside["node"]["DM"])
        self.standin.fault("code", api="user/list", code=40014)
        self.standin.fault("html", api="department/list")
        self.send("GM", "wecom_sync:start", pk)
        wait_until_done()
        run = Run.objects.filter(connection=pk).latest("pk")
        assert run.status == "done", run.message
        for name, number in (
            ("connection", pk),
            ("edit", pk),
            ("run", run.pk),
            ("log-file", run.pk),
        ):
            page = reverse(f"wecom_sync:{name}", args=[number])
            assert self.people["SA"].get(page).status_code == 200
        page = reverse("wecom_sync:plan-file", args=[run.pk])
        assert self.people["SA"].post(page).status_code == 200

    def called(self, pk: int) -> None:
        """Keys are made twice; what the old ones sign is refused, what the new ones sign is taken in."""
        for _time in range(2):
            self.send("SA", "wecom_sync:callback", pk, status=200)
        *_, old, _old_key, token, key = [
            one.value for one in self.harness.secrets if one.kind == "callback key"
        ]
        text = calling.event({"ToUserName": "ww", "Event": "share_chain_change", "AgentID": 1})
        row = Connection.objects.get(pk=pk)
        for sign, status in ((old, 403), (token, 200)):
            app = App(row.agent_id, "s", "外联通", token=sign, aes_key=key)
            push = calling.push(app, row.corp_id, text)
            answer = self.harness.client().post(
                f"{reverse('wecom-callback:callback', args=[pk])}?{push.query}", push.body, content_type="text/xml"
            )  # fmt: skip
            assert answer.status_code == status
        OutboxEntry.objects.filter(task="wecom_sync.follow").update(done_at=timezone.now())

    def look_around(self) -> None:
        """Every page, as everybody."""
        for role in ROLES[:7] if DEEP else LOOKING:
            for row in showing():
                every = addresses(row, self.matrix, role)
                paths = list(every) if DEEP else [url(row, self.matrix.inside, role)]
                for path in paths:
                    self.people[role].get(path)


STEPS = ("approved", "opened", "chosen", "forgotten", "staff", "factors", "systems", "corp")
KINDS = {
    "first password", "link", "API token", "TOTP secret", "recovery code", "typed", "corp secret", "callback key",
    "access token",
}  # fmt: skip


def test_no_secret_is_anywhere_but_where_it_is_handed_over(
    harness: Harness, settings: Settings
) -> None:
    with standing_in(corps=3, people=12, staff=4) as standin, working():
        settings.WECOM_API_BASE, settings.WECOM_ALLOW_LOOPBACK = standin.base, True
        story = Story(harness, build(), standin)
        for step in STEPS:
            getattr(story, step)()
        wait_until_done()
    story.look_around()
    assert {one.kind for one in harness.secrets} == KINDS
    assert len(harness.secrets) > 25
    assert any("Unprocessable Entity: /activate/" in line for line in harness.log)
    assert harness.finds() == []
    print(
        len(harness.secrets),
        "secrets,",
        len(harness.answers),
        "answers,",
        len(mail.outbox),
        "mails",
    )


# --- The harness finds what is there ---------------------------------------------------------------------------------


def in_database(harness: Harness, words: str) -> None:
    StaffFactory(position=words)


def in_binary(harness: Harness, words: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE im_pushkey SET ciphertext = %s", [words.encode()])
        if not cursor.rowcount:
            cursor.execute(
                "INSERT INTO im_pushkey (id, public, ciphertext, created_at) VALUES (1, 'x', %s, now())",
                [words.encode()],
            )


def in_session(harness: Harness, words: str) -> None:
    session = harness.client(StaffFactory()).session
    session["x"] = words * 20  # long enough to be packed
    session.save()


def in_redis(harness: Harness, words: str) -> None:
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    client.hset("planted", "x", words)
    client.expire("planted", 60)


def in_payload(harness: Harness, words: str) -> None:
    """Of a task that was carried out long ago."""
    outbox.current_app.send_task("nobody.knows", kwargs={"x": words}, queue="planted")
    redis.Redis.from_url(os.environ["REDIS_URL"]).delete("wl:planted")


def in_log(harness: Harness, words: str) -> None:
    logging.getLogger("planted").debug("it is %s", words)


def in_error(harness: Harness, words: str) -> None:
    try:
        raise ValueError(words)
    except ValueError:
        logging.getLogger("planted").exception("something went wrong")


def in_file(harness: Harness, words: str) -> None:
    (harness.files / "planted").write_text(words)


def in_mail(harness: Harness, words: str) -> None:
    mail.send_mail("hello", f"it is {words}", None, ["third@example.com"])


def in_answers(harness: Harness, words: str) -> None:
    """Shown twice where once is right."""
    for _ in range(2):
        harness.client().get("/login/", headers={"Accept-Language": "de"})
        harness.answers[-1] = type(harness.answers[-1])("GET /login/", "", words.encode())


PLANTS = (
    in_database, in_binary, in_session, in_redis, in_payload, in_log, in_error, in_file, in_mail, in_answers,
)  # fmt: skip
SHAPES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "address": lambda value: quote(value, safe=""),
    "base64": lambda value: base64.b64encode(f'{{"a": "{value}"}}'.encode()).decode(),
    "json": lambda value: json.dumps({"a": value}),
    "hex": lambda value: value.encode().hex(),
    "grouped": lambda value: " ".join(value[at : at + 4] for at in range(0, len(value), 4)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_planted_secret_is_found_in_every_place(shape: str, harness: Harness) -> None:
    values = {}
    for number, plant in enumerate(PLANTS):
        values[plant] = harness.note(plant.__name__, f"Treppe-{number:06} Wolke+{number:06}")
        plant(harness, SHAPES[shape](values[plant]))
    found = " ".join(harness.finds())
    assert [plant.__name__ for plant in PLANTS if plant.__name__ not in found] == []
    assert urlsplit(found).path  # and nothing of it is told
    assert not [value for value in values.values() if value in found]
