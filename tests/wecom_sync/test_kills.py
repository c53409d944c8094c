"""Whatever dies during a run, the same run ends in the state of an undisturbed one, without anybody's help, and nobody
is told twice (SPEC WEC-3; SECURITY T73, T82).

`make test` kills the worker and the database once each; with DEEP=1 four things die at twenty random moments each, and
three times each in a world of twenty thousand people.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.approvals.kept import Kept, kept_site
from tests.im.live.streams import wait_for
from tests.im.reminders.conftest import Server, serving
from tests.wecom_sync import noticed
from tests.wecom_sync.equal import connect, ours, told
from wecom_sync.standin.remote import StandIn, running

pytestmark = pytest.mark.django_db(transaction=True)
DEEP = os.environ.get("DEEP") == "1"
TIMES = 20 if DEEP else 1
WHAT = ("child", "worker", "postgres", "valkey") if DEEP else ("worker", "postgres")
ENDED_SECONDS = 180
CHANGES = {
    "join": 12,
    "rename": 8,
    "move": 6,
    "leave": 3,
    "new_department": 2,
    "rename_department": 2,
}
chance = random.Random(11)


@dataclass(frozen=True)
class World:
    """How large, how often each thing dies, how long after the start of a run, and how much changes in between."""

    sizes: dict[str, int]
    times: int
    moment: float
    more: int = 1


SMALL = World({"upstreams": 1, "corps": 8, "people": 300, "seed": 3}, TIMES, 2.0)
LARGE = World({"upstreams": 3, "corps": 60, "people": 20_000, "seed": 5}, 3, 12.0, 10)
WORLDS = [SMALL, LARGE] if DEEP else [SMALL]


@pytest.mark.parametrize("world", WORLDS, ids=["300", "20000"][: len(WORLDS)])
def test_a_run_ends_as_an_undisturbed_one_whatever_is_killed(
    world: World, settings: Settings, open_folder: Path
) -> None:
    with running(limit=0, **world.sizes) as crowd, serving() as post:
        # Answers that take a moment, so that there is something to interrupt.
        crowd.fault("slow", api="*", times=0, seconds=0.01)
        survive(world, crowd, post, settings, open_folder)


def survive(
    world: World, crowd: StandIn, post: Server, settings: Settings, open_folder: Path
) -> None:
    settings.WECOM_API_BASE, settings.WECOM_ALLOW_LOOPBACK = crowd.base, True
    noticed.listen(crowd, connect(crowd)[0])
    small = smallest(crowd)
    more = {
        "WECOM_API_BASE": crowd.base, "WECOM_ALLOW_LOOPBACK": "1", "EMAIL_URL": f"smtp://127.0.0.1:{post.port}",
    }  # fmt: skip
    with kept_site(open_folder, **more) as kept:
        for number in range(world.times):
            for at, what in enumerate(WHAT):
                disturbed(kept, crowd, what, world, writing=(number + at) % 2 == 0)
                told_once = noticed.each_once(kept, crowd, post.box)
                print(f"{number + 1}: {what}, {told_once} notices")
                for kind, count in CHANGES.items():
                    crowd.act("mutate", kind=kind, count=count * world.more)
                if not (number or at):
                    noticed.run_inside(kept, f"apply_for({small!r})")
                # Others come in their place: a corp that shows nobody any more loses nobody (SECURITY T72).
                crowd.act("mutate", kind="join", count=2, corpid=small)
                crowd.act("mutate", kind="leave", count=2, corpid=small)
        once_each(kept)
        # The last run was not disturbed: it is told of like all others.
        ended = noticed.each_once(kept, crowd, post.box)
        assert ended > len(kept.rows("SELECT 1 FROM wecom_sync_run"))


def smallest(crowd: StandIn) -> str:
    """The corp with the fewest people of those that can be read."""
    corps = [
        corp
        for up in crowd.truth()["upstreams"]
        for chain in up["chains"]
        for corp in chain["corps"]
    ]
    return str(min((len(one["members"]), one["corpid"]) for one in corps if one.get("agentid"))[1])


# One of the last runs has written a part, or all of it already.
WRITING = """
SELECT 1 FROM wecom_sync_run r WHERE r.done > 0 AND r.status IN ('applying', 'done')
AND NOT EXISTS (SELECT 1 FROM wecom_sync_run n WHERE n.connection_id = r.connection_id AND n.id > r.id)
"""


def disturbed(kept: Kept, crowd: StandIn, what: str, world: World, *, writing: bool) -> None:
    """Something dies while runs are on their way, or once one of them writes; they end, and the directory is what WeCom
    has.
    """
    runs = len(kept.rows("SELECT id FROM wecom_sync_run"))
    start(kept)
    if writing:
        wait_for(lambda: kept.rows(WRITING), ENDED_SECONDS)
    else:
        time.sleep(chance.uniform(0.1, world.moment))
    kill(kept, what)
    wait_for(lambda: ended(kept) == runs + world.sizes["upstreams"], ENDED_SECONDS)
    here, there = ours(kept.rows), told(crowd)
    assert here == there, [*differences(here, there), *kept.rows(SAID)]


# What the last run said, and of whom it asked a person.
SAID = """
SELECT text FROM wecom_sync_logline WHERE run_id = (SELECT max(id) FROM wecom_sync_run) UNION ALL
SELECT key || ' ' || name || ' ' || message FROM wecom_sync_planitem
WHERE run_id = (SELECT max(id) FROM wecom_sync_run) AND (stage = 0 OR status <> 'done')
"""


def differences(here: Sequence[dict[Any, Any]], there: Sequence[dict[Any, Any]]) -> list[str]:
    """Of places and people: what is only here, and what is only there."""
    found = []
    for ours_, theirs in zip(here, there, strict=True):
        found += [f"here {key}: {ours_[key]}" for key in ours_ if ours_[key] != theirs.get(key)]
        found += [f"there {key}: {theirs[key]}" for key in theirs if theirs[key] != ours_.get(key)]
    return found


def start(kept: Kept) -> None:
    """Runs of somebody who hears of their ends."""
    assert kept.manage("sync_wecom", "--by", noticed.OWNER) == 0


def kill(kept: Kept, what: str) -> None:
    if what == "child":
        for pid in kept.pids("worker")[1:]:
            kept.signal(pid, signal.SIGKILL)
    else:
        kept.kill(what)


def ended(kept: Kept) -> int:
    time.sleep(0.2)
    rows = kept.rows("SELECT status, message FROM wecom_sync_run")
    assert {status for status, _message in rows} <= {
        "queued",
        "pulling",
        "planning",
        "applying",
        "done",
    }, rows
    return sum(status == "done" for status, _message in rows)


def once_each(kept: Kept) -> None:
    """No double records, one audit row for each that was made, nothing that the checks complain about."""
    assert kept.rows(TWICE) == [(0, 0)]
    assert kept.manage("check_invariants", "--only", "rights,scope,tree") == 0
    start(kept)
    wait_for(
        lambda: kept.rows("SELECT 1 FROM wecom_sync_run WHERE status <> 'done'") == [],
        ENDED_SECONDS,
    )


TWICE = """
SELECT (SELECT count(*) FROM contacts_contact c WHERE (
            SELECT count(*) FROM core_auditentry a
            WHERE a.action = 'contact.create' AND a.object_id = c.id::text) <> 1),
       (SELECT count(*) FROM contacts_contact c WHERE (
            SELECT count(*) FROM wecom_sync_remoteperson p WHERE p.contact_id = c.id) <> 1)
"""
