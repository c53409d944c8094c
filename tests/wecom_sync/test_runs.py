"""Whole runs against the stand-in: what they end with, and when something is wrong (SPEC WEC-2 to WEC-4)."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from contacts.models import Contact
from core.errors import Conflict
from core.models import OutboxEntry
from tests.factories.accounts import AdminFactory, StaffFactory
from tests.wecom_sync.conftest import QUICK
from tests.wecom_sync.equal import connect, full, ours, told
from wecom_sync import access
from wecom_sync.gateway import client
from wecom_sync.models import Connection, PlanItem, RemotePlace, Run
from wecom_sync.services import runs
from wecom_sync.standin.remote import StandIn
from wecom_sync.sync import work

pytestmark = pytest.mark.django_db


@pytest.fixture
def connections(standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> list[Connection]:
    """With little patience, and pages of two."""
    monkeypatch.setattr(access, "PATIENCE", QUICK)
    monkeypatch.setattr(client, "PAGE", 2)
    return connect(standin)


def test_a_full_run_ends_with_what_wecom_has_and_a_second_one_plans_nothing(
    standin: StandIn, connections: list[Connection]
) -> None:
    for one in connections:
        assert full(one).status == "done"
    assert ours() == told(standin)
    corps = [
        c for up in standin.truth()["upstreams"] for chain in up["chains"] for c in chain["corps"]
    ]
    orders = {
        f"d:{corp['corpid']}/{one['id']}": -one["order"]
        for corp in corps for one in corp["departments"] if one["id"] != 1
    }  # fmt: skip
    rows = RemotePlace.objects.filter(key__startswith="d:")
    assert dict(rows.values_list("key", "node__order")) == orders
    for one in connections:
        run = full(one)
        assert (run.status, run.items.exclude(stage=0).count()) == ("done", 0)


CHANGES = (
    "join", "leave", "rename", "move", "new_department", "rename_department", "move_department", "drop_department",
    "rename_corp", "corp_joins", "corp_leaves", "unshare", "share", "rejoin",
)  # fmt: skip


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_is_found_and_applied_alone(
    standin: StandIn, connections: list[Connection], kind: str
) -> None:
    for one in connections:
        full(one)
    where = {}
    if kind in ("rejoin", "share"):
        first = {"rejoin": "leave", "share": "unshare"}[kind]
        where["corpid"] = standin.act("mutate", kind=first, count=1)["changed"][0]["corpid"]
        for one in connections:
            full(one)
    count = PlanItem.objects.exclude(stage=0).count()
    changed = standin.act("mutate", kind=kind, count=1, **where)["changed"]
    assert changed
    for one in connections:
        assert full(one).status == "done"
    planned = PlanItem.objects.exclude(stage=0).count() - count
    assert planned
    if kind != "unshare":  # whose people stay as they were
        assert ours() == told(standin)


def test_thirty_percent_less_trip_the_brake(
    standin: StandIn, connections: list[Connection]
) -> None:
    one = connections[0]
    full(one)
    one.chains.update(brake_people=5)
    before = Contact.objects.filter(enabled=True).count()
    standin.act("mutate", kind="disappear", count=30)
    run = full(one)
    assert (run.status, run.brake) == ("ready", True)
    assert Contact.objects.filter(enabled=True).count() == before


def test_a_confirmed_plan_is_carried_out_as_it_was_seen_and_an_outdated_one_is_refused(
    standin: StandIn, connections: list[Connection]
) -> None:
    one = connections[0]
    full(one)
    one.chains.update(brake_people=5)
    standin.act("mutate", kind="disappear", count=30)
    held = full(one)
    leaving = set(held.items.filter(stage=6).values_list("contact_id", flat=True))
    standin.act("mutate", kind="join", count=3)  # not in the plan that was seen
    before = Contact.objects.count()
    confirmed = runs.confirm(by=AdminFactory(), run=held)
    work.go(run_id=confirmed.pk)
    confirmed.refresh_from_db()
    assert confirmed.status == "done"
    assert Contact.objects.count() == before
    assert set(Contact.objects.filter(enabled=False).values_list("pk", flat=True)) == leaving
    waiting = full(one, dry=True)
    assert waiting.status == "ready"
    Run.objects.filter(pk=confirmed.pk).update(applied_at=timezone.now())
    with pytest.raises(Conflict) as refused:
        runs.confirm(by=AdminFactory(), run=waiting)
    assert refused.value.code == "stale"


def test_an_api_that_is_limited_is_asked_again_later(
    standin: StandIn, connections: list[Connection]
) -> None:
    standin.fault("code", api="corpgroup/corp/get_chain_list", code=45009)
    run = full(connections[0])
    assert (run.status, run.tries) == ("pulling", 1)
    later = OutboxEntry.objects.filter(task="wecom_sync.run", arguments__run_id=run.pk).latest("pk")
    assert later.available_at > timezone.now()
    assert "稍后自动重试" in run.lines.get(level=30).text
    Run.objects.filter(pk=run.pk).update(tries=work.TRIES - 1)
    work.go(run_id=run.pk)
    run.refresh_from_db()
    assert (run.status, "请稍后再试" in run.message, "自动" in run.message) == (
        "failed",
        True,
        False,
    )


def test_a_full_run_asks_no_more_than_the_walk_needs(
    standin: StandIn, connections: list[Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chains, groups, pages of corps, and for a corp that shares: token, application, departments, then one list for
    each department and one question for each person who is visible by himself.
    """
    monkeypatch.setattr(client, "PAGE", 100)
    standin.clear()
    for one in connections:
        full(one)
    needed = 0
    for upstream in standin.truth()["upstreams"]:
        needed += 3  # token, chains, shares
        for chain in upstream["chains"]:
            needed += 1 + len(chain["groups"])
            shared_ones = {one["corpid"]: one for one in chain["corps"] if one.get("agentid")}
            for corp in shared_ones.values():
                singly = [one for one in corp["members"] if not one["departments"]]
                needed += 3 + len(corp["departments"]) + len(singly)
    assert sum(standin.calls().values()) <= 1.05 * needed


def test_the_command_starts_runs_for_somebody_who_hears_of_them(
    connections: list[Connection],
) -> None:
    admin = AdminFactory(username="starts.runs")
    call_command("sync_wecom", by=admin.username, corp=connections[0].corp_id, dry=True)
    run = Run.objects.get()
    assert (run.owner, run.dry) == (admin, True)
    for nobody in ("nobody", StaffFactory(username="may.not").username):
        with pytest.raises(CommandError):
            call_command("sync_wecom", by=nobody)
    assert Run.objects.count() == 1
