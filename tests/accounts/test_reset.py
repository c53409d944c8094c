"""忘记密码: one answer for everybody, one link for whom it concerns (SECURITY T40, T41, T45, T48)."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts import tasks
from accounts.models import ActivationLink, Session, User
from accounts.services import access, own, people
from core.models import AuditEntry, OutboxEntry
from tests.accounts.test_second_factor import with_app
from tests.factories.accounts import PASSWORD, AdminFactory, ExternalUserFactory, StaffFactory
from tests.tables import every_table

pytestmark = pytest.mark.django_db
Enter = Callable[..., Client]
ASK, NEW = "/login/forgotten/", "Wolken-Treppe 7 grün"


@pytest.fixture(autouse=True)
def _mail(settings: Settings) -> None:
    settings.MAIL_ENABLED, settings.BASE_URL = True, "https://wailian.example.com"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def work_off() -> None:
    for entry in OutboxEntry.objects.filter(done_at=None, task="accounts.send_reset"):
        tasks.send_reset.run(entry_id=entry.pk)
    for entry in OutboxEntry.objects.filter(done_at=None, task="accounts.tell_of_change"):
        tasks.tell_of_change.run(entry_id=entry.pk)


def asked(user: User) -> str:
    """The path of the link that came for this login."""
    assert Client().post(ASK, {"username": user.username.upper()}).status_code == 200
    work_off()
    letter = next(one for one in reversed(mail.outbox) if "/activate/" in one.body)
    assert letter.to == [user.email]
    found = re.search(r"https://wailian\.example\.com(/activate/[\w-]+/)", letter.body)
    assert found
    return found[1]


# The clock, and the number of the request.
CHANGING = ("X-Request-Id", "Expires")


def plain(text: str) -> str:
    """Without what differs from answer to answer by itself."""
    return re.sub(r"[A-Za-z0-9]{64}|nonce[-=][^ '>]+", "", text)


def statements(queries: CaptureQueriesContext) -> list[str]:
    return [re.sub(r"'[^']*'|\bs\d+_x\d+\b|\b\d+\b", "?", query["sql"]) for query in queries]


def everybody() -> dict[str, User | None]:
    """Someone of each kind; only the first may have a link."""
    kinds: dict[str, User | None] = {
        "known": StaffFactory(email="a@example.com"), "nobody": None, "no address": StaffFactory(email=""),
        "disabled": StaffFactory(email="b@example.com", is_active=False),
        "never activated": ExternalUserFactory(email="c@example.com"),
        "expired": StaffFactory(
            email="d@example.com", must_change_password=True, initial_password_until=timezone.now()
        ),
        "demo": StaffFactory(email="e@example.com", demo=True),
    }  # fmt: skip
    never = kinds["never activated"]
    assert never is not None
    never.set_unusable_password()
    never.save()
    return kinds


def test_answer_and_work_are_the_same_for_every_name() -> None:
    answers, work, client = set(), set(), Client()
    client.get("/login/")
    people = everybody()
    for user in people.values():
        with CaptureQueriesContext(connection) as queries:
            answer = client.post(ASK, {"username": user.username if user else "nobody.at.all"})
        headers = {key: value for key, value in answer.items() if key not in CHANGING}
        assert answer.status_code == 200
        answers.add((plain(answer.content.decode()), plain(str(headers))))
        work.add("\n".join(statements(queries)))
    assert len(answers) == 1, answers
    assert len(work) == 1, work
    work_off()
    assert [letter.to for letter in mail.outbox] == [["a@example.com"]]
    assert OutboxEntry.objects.filter(done_at=None).count() == 0
    rows = AuditEntry.objects.filter(action="password.reset_ask")
    assert [row.object_id for row in rows] == [str(people["known"].pk)]  # type: ignore[union-attr]


def test_asking_too_often_waits_and_locks_nobody_out(enter: Enter) -> None:
    user, answers = StaffFactory(email="a@example.com"), set()
    for name in (user.username, "nobody.at.all"):
        for _try in range(5):
            assert Client().post(ASK, {"username": name}).status_code == 200
        answer = Client().post(ASK, {"username": name})
        text = re.sub(re.escape(name), "", plain(answer.content.decode()))
        answers.add((answer.status_code, text, int(answer["Retry-After"]) > 0))
    assert len(answers) == 1
    assert answers.pop()[0] == 429
    enter(user)


def test_a_new_password_by_the_link(enter: Enter, caplog: pytest.LogCaptureFixture) -> None:
    user = ExternalUserFactory(email="li@example.com")
    former = enter(user)
    with caplog.at_level(0):
        path = asked(user)
        assert path not in every_table() + caplog.text
        assert path.split("/")[2] not in every_table() + caplog.text
    assert list(OutboxEntry.objects.values_list("arguments", flat=True)) == [
        {"user_id": user.pk, "ip": "127.0.0.1"}
    ]
    page = Client().get(path)
    assert "设置新密码" in page.content.decode()
    assert page["Referrer-Policy"] == "same-origin"
    assert former.get("/account/sessions/").status_code == 200
    assert Client().post(path, {"new": "short", "again": "short"}).status_code == 422
    assert Client().post(path, {"new": NEW, "again": NEW}).status_code == 302
    assert former.get("/account/sessions/").status_code == 302
    assert Session.objects.filter(user_id=user.pk).count() == 1
    assert Client().post(path, {"new": NEW, "again": NEW}).status_code == 410
    enter(user, NEW)
    assert AuditEntry.objects.filter(action="password.reset", object_id=str(user.pk)).count() == 1
    work_off()
    assert "通过链接重置密码" in mail.outbox[-1].body
    assert PASSWORD not in mail.outbox[-1].body


def test_the_second_factor_is_still_asked_for() -> None:
    user, client = AdminFactory(email="a@example.com"), Client()
    with_app(user)
    answer = client.post(asked(user), {"new": NEW, "again": NEW})
    assert answer["Location"] == "/login/code/"
    assert not Session.objects.filter(user_id=user.pk).exists()


@pytest.mark.parametrize("end", ["next", "password", "disabled", "address", "time"])
def test_what_ends_a_link(end: str) -> None:
    user = StaffFactory(email="a@example.com")
    path, later = asked(user), timezone.now()
    assert Client().get(path).status_code == 200
    if end == "next":
        assert Client().get(asked(user)).status_code == 200
    elif end == "password":
        own.change_password(user=user, old=PASSWORD, new=NEW, by=user)
    elif end == "disabled":
        access.disable(user=user, by=AdminFactory())
        access.enable(user=user, by=AdminFactory())
    elif end == "address":
        people.update_staff(user=user, by=AdminFactory(), email="b@example.com")
    else:
        later += timedelta(hours=1)
    with time_machine.travel(later, tick=False):
        assert Client().get(path).status_code == 410
        assert Client().post(path, {"new": NEW, "again": NEW}).status_code == 410
    assert ActivationLink.objects.filter(used_at=None).count() == (2 if end == "next" else 1)
