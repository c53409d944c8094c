"""Each process of a site is killed and comes back while people talk: nobody loses a message or sees one twice (IM-3).

`make test` kills all four within one stretch of talk; DEEP=1 gives each a minute of its own.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import User
from im import services
from im.services import groups
from tests.factories.accounts import AdminFactory, StaffFactory
from tests.im.live.clients import Person
from tests.im.live.people import ask_the_directory, outside, party
from tests.im.live.sites import OwnSite, own_site
from tests.im.live.streams import session_of, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
DEEP = bool(os.environ.get("DEEP"))
PROCESSES = ("streams", "valkey", "pages", "postgres")
ROUNDS = [[name] for name in PROCESSES] if DEEP else [list(PROCESSES)]
SECONDS = 60 if DEEP else 1.5  # of talk, beside what the restarts take
RECOVERED_SECONDS = 30


def talking(settings: Settings) -> dict[User, list[int]]:
    """People and their conversations: two of staff and an external person, by twos and in a group."""
    ask_the_directory(settings)
    admin, colleague = AdminFactory(), StaffFactory()
    guest = outside(sees=(admin, colleague))
    both = [party(colleague), party(guest)]
    group = groups.create(by=admin, others=both, client_id="group-0001", title="群")
    first, second = (services.open_direct(by=admin, other=one) for one in both)
    return {
        admin: [group.pk, first.pk, second.pk],
        colleague: [group.pk, first.pk],
        guest: [group.pk, second.pk],
    }


def test_nothing_is_lost_or_doubled_when_a_process_is_killed(
    settings: Settings, open_folder: Path
) -> None:
    keys = {user: (session_of(user), talks) for user, talks in talking(settings).items()}
    with own_site(open_folder) as site:
        for names in ROUNDS:
            people = [
                Person(site.pages, site.streams, key, talks, outside=user.is_external)
                for user, (key, talks) in keys.items()
            ]
            talk(site, people, names)
            check(site, people)


def talk(site: OwnSite, people: list[Person], names: list[str]) -> None:
    """People talk, these processes are killed in turn, and everybody has caught up again."""
    threads = [thread for one in people for thread in one.threads]
    for thread in threads:
        thread.start()
    try:
        wait_for(lambda: all(one.opened for one in people), 20)
        for name in names:
            time.sleep(SECONDS / 2)
            site.kill(name)
            time.sleep(SECONDS / 2)
        for one in people:
            one.quiet.set()
        try:
            wait_for(lambda: caught_up(site, people), RECOVERED_SECONDS)
        except AssertionError as error:
            said = [site.pages.complaints(), site.streams.complaints(), *map(how, people)]
            raise AssertionError("\n".join([str(error), *said])) from error
    finally:
        for one in people:
            one.quiet.set()
            one.over.set()
        for thread in threads:
            thread.join(30)


def how(one: Person) -> str:
    """Where somebody stands who did not catch up."""
    where = {pk: (shown.cursor["after"], len(one.said[pk])) for pk, shown in one.shown.items()}
    return (
        f"{one.key[:4]}: speaks {one.threads[1].is_alive()}, {where}, answers {dict(one.answers)}"
    )


def caught_up(site: OwnSite, people: list[Person]) -> bool:
    """By what the streams told them: nobody asks without a reason."""
    time.sleep(0.2)
    last = dict(site.rows("SELECT id, last_seq FROM im_conversation"))
    return not any(one.threads[1].is_alive() for one in people) and all(
        shown.cursor["after"] == str(last[pk]) for one in people for pk, shown in one.shown.items()
    )


def check(site: OwnSite, people: list[Person]) -> None:
    stored: dict[object, list[tuple[object, object]]] = {}
    for pk, seq, body in site.rows(
        "SELECT conversation_id, seq, body FROM im_message ORDER BY conversation_id, seq"
    ):
        stored.setdefault(pk, []).append((seq, body))
    for lines in stored.values():
        assert [seq for seq, _body in lines] == list(range(1, len(lines) + 1))
    for one in people:
        assert set(one.answers) <= {0, 200, 204, 503}
        for pk, shown in one.shown.items():
            assert shown.lines == stored[pk]
            said = [body for _seq, body in stored[pk] if body in one.said[pk]]
            assert said == one.said[pk]
    assert sum(len(said) for one in people for said in one.said.values()) >= 20
