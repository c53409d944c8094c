"""Whatever dies during a run, the same run ends in the state of an undisturbed one, without anybody's help (SPEC WEC-3;
SECURITY T73, T82).

`make test` kills the worker and the database once each; with DEEP=1 four things die at twenty random moments each, and
three times each in a world of twenty thousand people.
"""

from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.approvals.kept import Kept, kept_site
from tests.im.live.streams import wait_for
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
    world: World, settings: Settings, tmp_path: Path
) -> None:
    with running(limit=0, **world.sizes) as crowd:
        # Answers that take a moment, so that there is something to interrupt.
        crowd.fault("slow", api="*", times=0, seconds=0.01)
        survive(world, crowd, settings, tmp_path)


def survive(world: World, crowd: StandIn, settings: Settings, tmp_path: Path) -> None:
    settings.WECOM_API_BASE, settings.WECOM_ALLOW_LOOPBACK = crowd.base, True
    connect(crowd)
    with kept_site(tmp_path / "home", WECOM_API_BASE=crowd.base, WECOM_ALLOW_LOOPBACK="1") as kept:
        for number in range(world.times):
            for what in WHAT:
                disturbed(kept, crowd, what, world)
                print(f"{number + 1}: {what}")
                for kind, count in CHANGES.items():
                    crowd.act("mutate", kind=kind, count=count * world.more)
        once_each(kept)


def disturbed(kept: Kept, crowd: StandIn, what: str, world: World) -> None:
    """Something dies while runs are on their way; they end, and the directory is what WeCom has."""
    runs = len(kept.rows("SELECT id FROM wecom_sync_run"))
    assert kept.manage("sync_wecom") == 0
    time.sleep(chance.uniform(0.1, world.moment))
    kill(kept, what)
    wait_for(lambda: ended(kept) == runs + world.sizes["upstreams"], ENDED_SECONDS)
    assert ours(kept.rows) == told(crowd)


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
    assert kept.manage("sync_wecom") == 0
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
