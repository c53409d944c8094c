"""Connecting, testing, policies, hints and who hears of runs (SPEC WEC-1, WEC-4, WEC-9; SECURITY T68, T71)."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from contacts.services.merge import merge
from core.errors import Conflict, Denied, Hidden, Invalid
from core.models import AuditEntry
from im.models import Message
from orgs.models import Node
from tests.factories import orgs
from tests.wecom_sync import worlds
from tests.wecom_sync.worlds import Corp
from wecom_sync import telling
from wecom_sync.models import Chain, Connection, PlanItem, RemotePerson, RemotePlace, Run
from wecom_sync.services import connections, links, probing, runs
from wecom_sync.standin.remote import StandIn
from wecom_sync.sync import plan, work

pytestmark = pytest.mark.django_db
SECRET = "s3cr3t-of-the-app"


@pytest.fixture
def admin() -> User:
    return orgs.make_administrator("李敏")


@pytest.fixture
def connection(admin: User) -> Connection:
    return connections.create(by=admin, name="总部", corp_id="ww1", agent_id=7, secret=SECRET)


def edited(connection: Connection, by: User, **more: Any) -> Connection:
    given = {
        "name": connection.name,
        "corp_id": connection.corp_id,
        "agent_id": connection.agent_id,
    }
    return connections.edit(by=by, connection=connection, **(given | more))


def policy(chain: Chain, by: User, **more: Any) -> Chain:
    given = {
        "target": chain.target, "leavers": chain.leavers, "owned": chain.owned,
        "brake_percent": chain.brake_percent, "brake_people": chain.brake_people,
    }  # fmt: skip
    return connections.set_policy(by=by, chain=chain, **(given | more))


def trail() -> str:
    return str(list(AuditEntry.objects.values_list("action", "before", "after", "object_label")))


# --- connections -----------------------------------------------------------------------------------------------------


def test_a_secret_is_kept_encrypted_and_stands_nowhere_else(
    connection: Connection, admin: User
) -> None:
    stored = Connection.objects.get()
    assert stored.secret == SECRET
    assert SECRET.encode() not in bytes(stored.secret_cipher)
    edited(connection, admin, secret="another-one")
    assert Connection.objects.get().secret == "another-one"
    assert SECRET not in trail()
    assert "another-one" not in trail()
    assert "'secret': '•••'" in trail()


def test_the_same_corp_is_not_connected_twice(connection: Connection, admin: User) -> None:
    with pytest.raises(Invalid) as refused:
        connections.create(by=admin, name="另一个", corp_id="ww1", agent_id=1, secret="x")
    assert refused.value.field == "corp_id"


@pytest.mark.parametrize("change", [{"corp_id": "ww2"}, {"agent_id": 8}])
def test_another_corp_or_app_asks_for_its_secret(
    connection: Connection, admin: User, change: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as refused:
        edited(connection, admin, **change)
    assert refused.value.field == "secret"
    changed = edited(connection, admin, secret="new", **change)
    assert (changed.corp_id, changed.agent_id) == (
        change.get("corp_id", "ww1"),
        change.get("agent_id", 7),
    )


def test_a_corp_with_records_neither_changes_nor_goes(admin: User) -> None:
    chain = worlds.connection()
    worlds.applied(chain, {"wpA": Corp("恒拓", people={"u1": ("张三", [0])})})
    with pytest.raises(Invalid) as refused:
        edited(chain.connection, admin, corp_id="ww9", secret="x")
    assert refused.value.field == "corp_id"
    with pytest.raises(Invalid):
        connections.delete(by=admin, connection=chain.connection)
    assert Connection.objects.exists()


def test_a_connection_without_records_goes(connection: Connection, admin: User) -> None:
    Run.objects.create(connection=connection, trigger="manual", status="failed")
    connections.delete(by=admin, connection=connection)
    assert not Connection.objects.exists()
    with pytest.raises(Hidden):
        connections.set_enabled(by=admin, connection=connection, enabled=False)


def test_switching_off_ends_what_is_under_way_or_waits(connection: Connection, admin: User) -> None:
    waiting = Run.objects.create(connection=connection, trigger="manual", status="ready")
    going = runs.start(by=admin, connection=connection)
    assert connections.set_enabled(by=admin, connection=connection, enabled=False)
    assert set(Run.objects.values_list("pk", "status")) == {
        (waiting.pk, "cancelled"),
        (going.pk, "cancelled"),
    }
    assert not connections.set_enabled(by=admin, connection=connection, enabled=False)
    with pytest.raises(Invalid):
        runs.start(by=admin, connection=connection)  # as it was read before


def test_token_and_key_of_callbacks_fit_and_are_new_each_time(
    connection: Connection, admin: User
) -> None:
    pairs = {connections.roll_callback(by=admin, connection=connection) for _time in range(3)}
    assert {(len(token), len(key)) for token, key in pairs} == {(32, 43)}
    stored = Connection.objects.get()
    assert (stored.callback_token, stored.callback_key) in pairs
    assert len(pairs) == 3
    assert not any(word in trail() for pair in pairs for word in pair)


def test_a_holder_runs_and_does_not_change(connection: Connection) -> None:
    holder, maintainer = orgs.make_holder(), orgs.make_maintainer(orgs.make_dimension())
    chain = Chain.objects.create(connection=connection, chain_id="1", name="供应链")
    for act in (
        lambda: connections.create(by=holder, name="x", corp_id="w", agent_id=1, secret="x"),
        lambda: edited(connection, holder, name="x"),
        lambda: connections.set_enabled(by=holder, connection=connection, enabled=False),
        lambda: connections.delete(by=holder, connection=connection),
        lambda: connections.roll_callback(by=holder, connection=connection),
        lambda: policy(chain, holder, brake_people=1),
        lambda: probing.test(by=maintainer, connection=connection),
        lambda: runs.start(by=maintainer, connection=connection),
    ):
        with pytest.raises(Denied):
            act()
    assert runs.start(by=holder, connection=connection).status == "queued"


# --- policy ----------------------------------------------------------------------------------------------------------


def test_a_policy_makes_plans_outdated_and_locks_at_once(admin: User) -> None:
    chain = worlds.connection()
    corps = {"wpA": Corp("恒拓", departments={2: ("采购部", 0)}, people={"u1": ("张三", [2])})}
    worlds.applied(chain, corps)
    waiting = worlds.planned(chain, corps)
    assert not runs.stale(Run.objects.get(pk=waiting.pk))
    policy(chain, admin, owned=["org_name"], leavers="keep")
    chain.refresh_from_db()
    assert (chain.owned, chain.leavers) == (["org_name"], "keep")
    assert Node.objects.get(name="恒拓").kept == "name"
    assert Node.objects.get(name="采购部").kept == ""
    assert worlds.person("u1").kept == ""
    with pytest.raises(Conflict) as refused:
        runs.confirm(by=admin, run=waiting)
    assert refused.value.code == "stale"
    entries = AuditEntry.objects.filter(action="wecom.policy")
    policy(chain, admin)
    assert entries.count() == 1


def test_where_a_chain_may_land(admin: User) -> None:
    chain = worlds.connection()
    worlds.applied(chain, {"wpA": Corp("恒拓", departments={2: ("采购部", 0)})})
    corp, department = Node.objects.get(name="恒拓"), Node.objects.get(name="采购部")
    for wrong in (None, department, corp):
        with pytest.raises(Invalid) as refused:
            policy(chain, admin, target=wrong)
        assert refused.value.field == "target"
    below = orgs.make_organization(orgs.make_dimension("客户"), "大客户")
    assert policy(chain, admin, target=below).target == below


def test_a_policy_waits_for_a_run_that_writes(admin: User) -> None:
    chain = worlds.connection()
    Run.objects.create(connection=chain.connection, trigger="manual", status="applying")
    with pytest.raises(Conflict):
        policy(chain, admin, brake_people=1)


# --- hints -----------------------------------------------------------------------------------------------------------


def hinted(chain: Chain, message: str, *args: Any) -> PlanItem:
    run = worlds.planned(chain, *args)
    return PlanItem.objects.get(run=run, message=message)


def test_two_organizations_of_one_name_become_one_by_a_person(admin: User) -> None:
    chain = worlds.connection()
    assert chain.target
    here = orgs.make_organization(chain.target, "恒拓")
    corps = {"wpA": Corp("恒拓", custom_id="K1", people={"u1": ("张三", [0])})}
    item = hinted(chain, "same_name", corps)
    place = links.confirm(by=admin, item=item)
    assert (place.node, place.key, place.custom_id) == (here, "c:wpA", "K1")
    assert runs.stale(Run.objects.get(pk=item.run_id))
    entry = AuditEntry.objects.get(action="wecom.link")
    assert (entry.object_id, entry.dimension_id) == (str(here.pk), chain.target.pk)
    with pytest.raises(Conflict):
        links.confirm(by=admin, item=item)
    worlds.applied(chain, corps)
    assert Node.objects.filter(name="恒拓").count() == 1
    assert worlds.standing(worlds.person("u1")) == ["恒拓"]
    assert worlds.items(worlds.planned(chain, corps)) == []


def test_without_a_person_they_stay_two(admin: User) -> None:
    chain = worlds.connection()
    assert chain.target
    orgs.make_organization(chain.target, "恒拓")
    worlds.applied(chain, {"wpA": Corp("恒拓")})
    assert Node.objects.filter(name="恒拓").count() == 2


def test_an_invited_corp_that_joined_keeps_its_place_by_a_person(admin: User) -> None:
    chain = worlds.connection()
    worlds.applied(chain, {"pending1": Corp("恒拓", share="pending", complete=False)})
    joined = {"wpA": Corp("恒拓", people={"u1": ("张三", [0])})}
    item = hinted(chain, "maybe_joined", joined)
    links.confirm(by=admin, item=item)
    worlds.applied(chain, joined)
    assert Node.objects.filter(name="恒拓").count() == 1
    assert RemotePlace.objects.get(key__startswith="c:").key == "c:wpA"


def test_an_invited_corp_that_was_doubled_meanwhile_becomes_one(admin: User) -> None:
    chain = worlds.connection()
    worlds.applied(chain, {"pending1": Corp("恒拓", share="pending", complete=False)})
    joined = {"wpA": Corp("恒拓", departments={2: ("采购部", 0)}, people={"u1": ("张三", [2])})}
    run = worlds.applied(chain, joined)
    assert Node.objects.filter(name="恒拓").count() == 2
    links.confirm(by=admin, item=PlanItem.objects.get(run=run, message="maybe_joined"))
    assert Node.objects.filter(name="恒拓").count() == 1
    assert worlds.standing(worlds.person("u1")) == ["恒拓/采购部"]
    assert worlds.items(worlds.planned(chain, joined)) == []


def test_only_hints_are_confirmed_and_only_while_nothing_is_written(admin: User) -> None:
    chain = worlds.connection()
    assert chain.target
    orgs.make_organization(chain.target, "恒拓")
    item = hinted(chain, "same_name", {"wpA": Corp("恒拓")})
    with pytest.raises(Hidden):
        links.confirm(
            by=admin, item=PlanItem.objects.get(run=item.run, stage=PlanItem.Stage.PLACE_ADD)
        )
    with pytest.raises(Denied):
        links.confirm(by=orgs.make_person(), item=item)
    Run.objects.create(connection=chain.connection, trigger="manual", status="applying")
    with pytest.raises(Conflict):
        links.confirm(by=admin, item=item)


def test_who_was_merged_goes_on_as_the_one_that_remains(admin: User) -> None:
    chain = worlds.connection()
    corps = {"wpA": Corp("恒拓", people={"u1": ("张三", [0]), "u2": ("张三丰", [0])})}
    worlds.applied(chain, corps)
    one, two = worlds.person("u1"), worlds.person("u2")
    merge(by=admin, contact=one, other=two, picks={})
    assert set(RemotePerson.objects.values_list("user_id", "contact_id")) == {
        ("u1", one.pk),
        ("u2", one.pk),
    }


# --- test of a connection --------------------------------------------------------------------------------------------


@pytest.fixture
def real(standin: StandIn, admin: User) -> Connection:
    told = standin.connections()[0]
    return connections.create(
        by=admin,
        name="演示企业",
        corp_id=told["corpid"],
        agent_id=told["agentid"],
        secret=told["secret"],
    )


def test_a_good_connection_knows_its_chains(
    real: Connection, admin: User, standin: StandIn
) -> None:
    steps = probing.test(by=admin, connection=real)
    assert [one.state for one in steps] == ["done"] * 3
    names = {one["name"] for one in standin.truth()["upstreams"][0]["chains"]}
    assert set(Chain.objects.values_list("name", flat=True)) == names
    real.refresh_from_db()
    assert (real.error_code, real.error) == (0, "")
    assert real.checked_at is not None


@pytest.mark.parametrize(
    ("fault", "step", "code", "word"),
    [
        ({"kind": "code", "api": "gettoken", "code": 40001}, 0, 40001, "Secret"),
        ({"kind": "code", "api": "gettoken", "code": 60020}, 0, 60020, "企业可信IP"),
        ({"kind": "code", "api": "agent/get", "code": 40056}, 0, 40056, "AgentId"),
        ({"kind": "code", "api": "agent/get", "code": 50003}, 0, 50003, "停用"),
        ({"kind": "code", "api": "corpgroup/corp/get_chain_list", "code": 48002}, 1, 48002, "可调用接口的应用"),
        ({"kind": "html", "api": "corpgroup/corp/list_app_share_info"}, 2, -1, "代理"),
        ({"kind": "reset", "api": "gettoken"}, 0, -1, "中断"),
    ],
)  # fmt: skip
def test_a_bad_one_says_why_and_where(
    real: Connection,
    admin: User,
    standin: StandIn,
    fault: dict[str, Any],
    step: int,
    code: int,
    word: str,
) -> None:
    standin.fault(**fault, times=0)
    steps = probing.test(by=admin, connection=real)
    standin.clear()
    assert [one.state for one in steps] == ["done"] * step + ["bad"] + [""] * (2 - step)
    assert word in steps[step].text
    real.refresh_from_db()
    assert (real.error_code, real.error) == (code, steps[step].text)
    assert real.secret not in trail()


def test_a_lost_key_of_the_installation_is_said(connection: Connection, admin: User) -> None:
    Connection.objects.update(secret_cipher=b"from another installation")
    steps = probing.test(by=admin, connection=Connection.objects.get())
    assert [one.state for one in steps] == ["bad", "", ""]
    assert "重新填写应用的 Secret" in steps[0].text


# --- who hears of runs -----------------------------------------------------------------------------------------------


def told() -> set[tuple[str, str]]:
    rows = Message.objects.filter(card_kind="wecom_sync.run").values_list(
        "conversation__key", "body"
    )
    return {(key.removeprefix("system:"), body) for key, body in rows}


def test_open_pages_of_everybody_who_may_look_hear_of_each_step(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, heard = orgs.make_holder(), list[tuple[list[int], str, dict[str, object]]]()
    orgs.make_person()
    monkeypatch.setattr(
        telling.live, "tell", lambda to, kind, **ids: heard.append((sorted(to), kind, ids))
    )
    run = worlds.pulled(worlds.connection(), {"wpA": Corp("恒拓")})
    work.go(run_id=run.pk)
    everybody = sorted([admin.pk, holder.pk])
    told = (everybody, "job", {"job": "wecom_sync.run", "id": run.pk})
    badge = (everybody, "badge", {})  # plans that waited are outdated by it
    assert heard == [told, badge, told, told]  # writing, what was written, finished


def test_the_owner_hears_of_the_end(admin: User) -> None:
    holder, chain = orgs.make_holder(), worlds.connection()
    run = worlds.pulled(chain, {"wpA": Corp("恒拓")})
    Run.objects.filter(pk=run.pk).update(owner=holder)
    work.go(run_id=run.pk)
    assert Run.objects.get(pk=run.pk).status == "done"
    assert told() == {(str(holder.pk), "总部企业微信 同步完成")}


def test_everybody_who_may_help_hears_where_the_brake_holds(admin: User) -> None:
    holder, chain = orgs.make_holder(), worlds.connection(brake_people=1)
    corp = Corp("恒拓", people={f"u{n}": (f"张{n}", [0]) for n in range(5)})
    worlds.applied(chain, {"wpA": corp})
    corp.people = {}
    run = worlds.pulled(chain, {"wpA": corp})
    work.go(run_id=run.pk)
    run.refresh_from_db()
    assert (run.status, run.brake) == ("ready", True)
    body = "总部企业微信 同步等待确认：将有较多人员离开"
    assert told() == {(str(one.pk), body) for one in (admin, holder)}
    assert runs.confirm(by=holder, run=run).owner == holder


def test_a_newer_plan_of_everything_replaces_one_that_waits(admin: User) -> None:
    chain = worlds.connection()
    older = worlds.planned(chain, {"wpA": Corp("恒拓")})
    for only, status in ((["wpA"], "ready"), ([], "stale")):
        run = worlds.pulled(chain, {"wpA": Corp("恒拓")}, only=only)
        Run.objects.filter(pk=run.pk).update(dry=True)
        work.go(run_id=run.pk)
        older.refresh_from_db()
        assert older.status == status


@pytest.mark.parametrize(
    ("trigger", "everybody"), [("schedule", True), ("callback", True), ("manual", False)]
)
def test_who_hears_of_a_failure(admin: User, trigger: str, everybody: bool) -> None:
    chain = worlds.connection()
    run = Run.objects.create(
        connection=chain.connection, trigger=trigger, status="pulling", phase_at=timezone.now()
    )
    work.fail(run, "这个服务器的地址不在企业可信IP中", code=60020)
    expected = {(str(admin.pk), "总部企业微信 同步失败")}
    assert told() == (expected if everybody else set())
    chain.connection.refresh_from_db()
    assert chain.connection.error_code == 60020


def test_a_plan_is_made_again_without_the_former_items(admin: User) -> None:
    chain = worlds.connection()
    run = worlds.planned(chain, {"wpA": Corp("恒拓")})
    plan.make(run=run)
    assert PlanItem.objects.filter(run=run).count() == 1
