"""First credentials by way of the pages: shown once in one answer, nowhere else in plain (SECURITY T37, T38, I11)."""

import re
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import jobs
from accounts.models import ActivationLink, InitialSecret, Session, User
from accounts.services import credentials
from approvals.models import Application
from contacts.models import Contact
from core.models import OutboxEntry
from tests.factories.accounts import PASSWORD
from tests.matrix.world import E2, Matrix, login
from tests.security.asking import addresses, clients, get, showing, text_of
from tests.tables import every_table

pytestmark = pytest.mark.django_db
CHOSEN = "Treppe-Wolke 48 blau-grau"
SECRET = re.compile(r"(?:[a-hjkmnp-z2-9]{5}-){3}[a-hjkmnp-z2-9]{5}")


def work_off() -> None:
    """What the worker does: every task that waits in the outbox."""
    current_app.loader.import_default_modules()
    for entry in OutboxEntry.objects.filter(done_at=None).order_by("pk"):
        current_app.tasks[entry.task].run(entry_id=entry.pk)


def logs(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> str:
    written = capfd.readouterr()
    records = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    return records + written.out + written.err


def page(client: Client, name: str, *args: Any, status: int = 200, **data: Any) -> HttpResponse:
    """The answer to a form that was sent."""
    response: HttpResponse = client.post(reverse(name, args=args), data)
    assert response.status_code == status, response.content.decode()[:2000]
    return response


def test_a_random_password_is_nowhere_but_in_its_one_answer(
    matrix: Matrix, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    people = clients(matrix)
    application = Application.objects.get(pk=matrix.inside["application"]["CR"])
    Contact.objects.filter(pk=application.contact_id).update(email="")
    page(
        people["DM"],
        "approvals:decide",
        application.pk,
        approve="1",
        version=matrix.inside["version"]["DM"],
        status=303,
    )
    work_off()
    key = Application.objects.get(pk=application.pk).issue_key
    assert InitialSecret.objects.get(issue_key=key).ciphertext
    before = "".join(
        text_of(get(people[role], address))
        for role in ("SA", "DM", "CR")
        for address in _about(matrix)
    )
    assert people["DM"].get(reverse("accounts:reveal", args=[key])).status_code == 405
    shown = page(people["DM"], "accounts:reveal", key)
    found = SECRET.search(shown.content.decode())
    assert found
    password = found.group()
    assert shown.headers["Cache-Control"] == "no-store"
    again = page(people["CR"], "accounts:reveal", key, status=409)
    after = "".join(
        text_of(get(people[role], address))
        for role in ("SA", "DM", "CR")
        for address in _about(matrix)
    )
    places = {"pages before": before, "pages after": after, "second answer": again.content.decode(),
              "tables": every_table(), "logs": logs(caplog, capfd)}  # fmt: skip
    assert not [place for place, text in places.items() if password in text]
    _first_log_in(User.objects.get(identities=application.contact_id).username, password)


def _about(matrix: Matrix) -> list[str]:
    """Pages about contacts, applications, accounts: where a password might be shown by mistake."""
    named = [
        row
        for row in showing()
        if row.name.startswith(("approvals:", "contacts:", "accounts:issue", "im:"))
    ]
    return [next(addresses(row, matrix)) for row in named] + [
        reverse("approvals:application-card", args=[matrix.inside["application"]["CR"]])
    ]


def _first_log_in(username: str, password: str) -> None:
    """Works once, and leads to nothing but a new password."""
    client = Client()
    assert page(client, "accounts:login", username=username, password=password, status=302)
    for address in ("/portal/", "/portal/people/", reverse("portal-im:index")):
        assert client.get(address).headers["Location"] == reverse("accounts:password")
    page(client, "accounts:password", old=password, new=CHOSEN, again=CHOSEN, status=302)
    stale = Client()
    assert (
        stale.post(
            reverse("accounts:login"), {"username": username, "password": password}
        ).status_code
        == 422
    )
    assert CHOSEN not in every_table()


def test_a_chosen_password_is_kept_and_echoed_nowhere(
    matrix: Matrix, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    client, pk = clients(matrix)["DM"], matrix.inside["contact"]["DM"]
    taken = matrix.people["CR"]
    assert taken is not None
    refused = page(
        client,
        "contacts:account-open",
        pk,
        way="own",
        username=taken.username,
        password=CHOSEN,
        status=422,
    )
    opened = page(
        client,
        "contacts:account-open",
        pk,
        way="own",
        username="canary.login",
        password=CHOSEN,
        status=303,
    )
    wrong = Client().post(
        reverse("accounts:login"), {"username": "canary.login", "password": f"{CHOSEN}x"}
    )
    answers = "".join(text_of(answer) for answer in (refused, opened, wrong))
    assert CHOSEN not in answers + every_table() + logs(caplog, capfd)


def cookie_of(user: User) -> str:
    """The cookie of a session made by the log-in page."""
    client = Client()
    assert (
        client.post(
            reverse("accounts:login"), {"username": user.username, "password": PASSWORD}
        ).status_code
        == 302
    )
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


def alive(cookie: str) -> bool:
    """Whether somebody is logged in by this cookie."""
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = cookie
    return client.get(reverse("accounts:sessions")).status_code == 200


def external(matrix: Matrix) -> tuple[User, int]:
    person = matrix.people["EC"]
    assert person is not None
    # With another identity the login would go on (tests/contacts/test_identities.py).
    Contact.objects.filter(pk=matrix.identities[E2]).update(user=None, account="none")
    return person, matrix.identities["EC"]


WAYS = {
    "the contact": ("contacts:disable", "contacts:enable", lambda matrix: external(matrix)[1]),
    "the organization": (
        "orgs:node-disable", "orgs:node-enable", lambda matrix: matrix.inside["organization"]["SA"],
    ),
    "the dimension": (
        "orgs:dimension-disable", "orgs:dimension-enable", lambda matrix: matrix.inside["dimension"]["SA"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WAYS)
def test_disabling_ends_the_session_and_enabling_does_not_bring_it_back(
    what: str, matrix: Matrix
) -> None:
    """By the pages: the old cookie is dead for good, a new log-in works (SECURITY T45, T46, M6)."""
    off, on, found = WAYS[what]
    person = external(matrix)[0]
    with transaction.atomic():
        cookie = cookie_of(person)
        assert alive(cookie)
        holder = login(Client(), matrix.people["GM"])
        page(holder, off, found(matrix), status=303)
        assert not alive(cookie)
        assert not Session.objects.filter(user_id=person.pk).exists()
        refused = Client().post(
            reverse("accounts:login"), {"username": person.username, "password": PASSWORD}
        )
        assert refused.status_code == 422
        page(holder, on, found(matrix), status=303)
        assert not alive(cookie)
        assert alive(cookie_of(person))
        transaction.set_rollback(True)


def test_a_staff_cookie_stays_dead_and_so_does_the_link_of_an_external_login(
    matrix: Matrix,
) -> None:
    staff = matrix.people["CR"]
    assert staff is not None
    with transaction.atomic():
        cookie = cookie_of(staff)
        administrator = login(Client(), matrix.people["SA"])
        for action in ("disable", "enable"):
            page(administrator, "accounts:staff-act", staff.pk, action, status=303)
            assert not alive(cookie)
        user = User.objects.get(identities=matrix.inside["open_contact"]["SA"])
        token = "t" * 43
        ActivationLink.objects.create(
            user=user, token_hash=_hash(token), expires_at=_later(), created_by_label="test"
        )
        assert credentials.live_link(token)
        for name in ("contacts:disable", "contacts:enable"):
            page(administrator, name, matrix.inside["open_contact"]["SA"], status=303)
            assert credentials.live_link(token) is None
        transaction.set_rollback(True)


def _hash(token: str) -> str:
    return jobs.token_hash(token)


def _later() -> Any:
    return timezone.now() + ActivationLink.LIFETIME
