"""Whatever dies between a decision and the credentials: the account is opened exactly once, later, without anybody's
help; and of all links that went out one can be used, once (SPEC APR-5, ACC-3; SECURITY T82 to T86, I2, I16).

`make test` kills each thing once; with DEEP=1 more die at any moment, and Redis stops for two minutes.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from accounts.models import User
from approvals.models import Application
from tests.accounts.gateway import Gateway, running
from tests.approvals.kept import Kept, kept_site
from tests.factories import orgs
from tests.factories.approvals import make_application
from tests.factories.contacts import make_contact
from tests.im.live.clients import Person
from tests.im.live.streams import session_of, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
DEEP = os.environ.get("DEEP") == "1"
MORE = 20 if DEEP else 0
FROZEN_SECONDS = 120 if DEEP else 4
# The schedule looks every 10 s for what was lost, and a killed worker needs a while to be back.
OPENED_SECONDS = 120 if DEEP else 90
# SECURITY I15, on a machine that does nothing else.
ANSWER_SECONDS = 3.0 if DEEP else 5.0
chance = random.Random(5)
NEW = "Wolken-Treppe 7 grün"


@dataclass
class Office:
    """Who decides, by the pages of the site, and what is waiting."""

    kept: Kept
    gateway: Gateway
    decider: Person
    waiting: list[Application]
    decided: list[Application] = field(default_factory=list)
    slowest: float = 0.0

    def approve(self, *, link: bool = True) -> Application:
        """Answered as ever, whatever is away; `link` where the person has a mobile."""
        one = next(each for each in self.waiting if bool(each.contact.mobile) == link)
        self.waiting.remove(one)
        began = time.monotonic()
        status, page = self.decider.request(
            f"/applications/{one.pk}/decide/",
            {"approve": "1", "version": str(one.contact.version)},
        )
        self.slowest = max(self.slowest, time.monotonic() - began)
        assert status == 200, page[:500]
        self.decided.append(one)
        return one

    def opened(self) -> bool:
        rows = self.kept.rows("SELECT count(*) FROM contacts_contact WHERE account = 'active'")
        return bool(rows) and rows[0][0] == len(self.decided)

    def sent(self, one: Application) -> list[str]:
        """The paths of the links that went out for it, the last one last."""
        mobile = one.contact.mobile
        bodies = [message["body"] for message in self.gateway.got]
        return [urlsplit(body["parameters"]["url"]).path for body in bodies if body["to"] == mobile]


def child_killed(office: Office) -> None:
    """In the middle of the job: the link is on its way, and nobody has noted that."""
    with held(office):
        for pid in office.kept.pids("worker")[1:]:
            office.kept.signal(pid, signal.SIGKILL)


def worker_killed(office: Office) -> None:
    """The same for the worker as a whole, which takes along what it was given."""
    with held(office):
        office.kept.kill("worker")


@contextlib.contextmanager
def held(office: Office) -> Iterator[None]:
    """The job hangs between its two transactions."""
    office.gateway.open.clear()
    one = office.approve()
    wait_for(lambda: office.sent(one), OPENED_SECONDS)
    yield
    office.gateway.open.set()


def redis_frozen(office: Office) -> None:
    """Decisions go on, and are answered."""
    with office.kept.frozen("valkey"):
        until = time.monotonic() + FROZEN_SECONDS
        for link in (True, False):
            office.approve(link=link)
        while time.monotonic() < until:
            time.sleep(min(10, max(0, until - time.monotonic())))
            if DEEP:
                office.approve()


def redis_killed(office: Office) -> None:
    """With everything that it held."""
    office.approve(link=False)
    office.kept.kill("valkey")
    office.approve()


def database_killed(office: Office) -> None:
    office.approve()
    office.approve(link=False)
    office.kept.kill("postgres")


def at_any_moment(office: Office) -> None:
    """Something dies a moment after a decision."""
    office.approve(link=chance.random() < 0.7)
    time.sleep(chance.random() / 2)
    office.kept.kill(chance.choice(["worker", "beat", "valkey", "postgres", "web"]))
    wait_for(lambda: office.kept.site.address.get("/healthz")[0] == 200, 30)
    wait_for(lambda: office.kept.rows("SELECT 1"), 30)


ACTS = (child_killed, worker_killed, redis_frozen, redis_killed, database_killed)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with running() as server:
        yield server
        server.open.set()


@pytest.fixture
def waiting(transactional_db: None) -> tuple[User, list[Application]]:
    """A decider, and more applications than the kills use up; of people with a mobile and without one."""
    node, holder = orgs.make_dimension(), orgs.make_holder()
    applicant = orgs.make_person()
    contacts = [
        make_contact(node, created_by=applicant, **({} if number % 3 else {"mobile": ""}))
        for number in range(12 + 4 * MORE)
    ]
    return holder, [make_application(contact, applicant) for contact in contacts]


def test_every_account_is_opened_once_whatever_is_killed(
    gateway: Gateway, waiting: tuple[User, list[Application]], open_folder: Path
) -> None:
    decider, applications = waiting
    key = session_of(decider)
    with kept_site(open_folder, gateway) as kept:
        address = kept.site.address
        office = Office(
            kept, gateway, Person(address, address, key, [], outside=False), applications
        )
        for act in (*ACTS, *[at_any_moment] * MORE):
            act(office)
            if DEEP:
                settle(office)
        settle(office)
        check(office)


def settle(office: Office) -> None:
    began = time.monotonic()
    wait_for(office.opened, OPENED_SECONDS)
    print(
        f"{len(office.decided)} are open, {time.monotonic() - began:.1f} s after the last trouble"
    )


def check(office: Office) -> None:
    kept, pages = office.kept, office.decider
    assert office.slowest < ANSWER_SECONDS
    assert kept.rows("SELECT count(*) FROM accounts_user WHERE kind = 'external'") == [
        (len(office.decided),)
    ]
    late = "SELECT task, last_error FROM core_outboxentry WHERE failed_at IS NOT NULL"
    assert kept.rows(late) == []
    nobody = Person(pages.pages, pages.streams, "", [], outside=True)
    for one in office.decided:
        assert kept.rows(ONCE, str(one.pk), one.pk, f"application:{one.pk}") == [(1, 1, 1, 1)]
        new = {"new": NEW, "again": NEW}
        if one.contact.mobile:
            *dead, alive = office.sent(one)
            assert [nobody.request(path)[0] for path in dead] == [410] * len(dead)
            assert [nobody.request(alive, new)[0] for _ in range(2)] == [302, 410]
        else:
            reveal = f"/credentials/application:{one.pk}/reveal/"
            assert [pages.request(reveal, {})[0] for _ in range(2)] == [200, 409]
    if DEEP:
        assert kept.manage("check_invariants", "--only", "accounts,rights,scope,tree") == 0
    links = [len(office.sent(one)) for one in office.decided if one.contact.mobile]
    print(f"slowest answer {office.slowest:.2f} s; links per person {Counter(links)}")


ONCE = """
    SELECT (SELECT count(*) FROM core_auditentry WHERE action = 'application.approve' AND object_id = %s),
           count(*), count(*) FILTER (WHERE s.issued_at IS NOT NULL AND s.revoked_at IS NULL AND u.is_active),
           count(e.id)
    FROM approvals_application a JOIN contacts_contact c ON c.id = a.contact_id
    JOIN accounts_user u ON u.id = c.user_id JOIN accounts_initialsecret s ON s.user_id = u.id
    LEFT JOIN core_auditentry e ON e.action = 'credentials.issue' AND e.object_id = u.id::text
    WHERE a.id = %s AND s.issue_key = %s
"""
