"""The corp itself: its departments and staff become ours, its rules become visible ranges (SPEC WEC-6, WEC-7)."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Department, User
from core import guardian
from orgs.models import Node, NodeGroupGrant, NodeUserGrant, NodeVisibleStaff
from orgs.services import grants
from tests.factories.accounts import AdminFactory, DepartmentFactory, StaffFactory
from tests.wecom_sync.equal import connect, full
from wecom_sync.models import Connection, OwnDepartment, OwnPerson, PlanItem
from wecom_sync.standin.remote import StandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection(standin: StandIn) -> Connection:
    one = connect(standin)[0]
    one.sync_staff = one.sync_rules = True
    one.staff_under = DepartmentFactory(name="总部")
    one.save()
    return one


def upstream(standin: StandIn, connection: Connection) -> dict[str, Any]:
    return next(one for one in standin.truth()["upstreams"] if one["corpid"] == connection.corp_id)


def staff_equals(standin: StandIn, connection: Connection) -> bool:
    """Departments by number with the one above, people with theirs."""
    truth = upstream(standin, connection)
    own = {row.department_id: row.number for row in OwnDepartment.objects.all()}
    ours = {
        (row.number, row.department.name, own.get(row.department.parent_id, 1))
        for row in OwnDepartment.objects.select_related("department")
    }
    theirs = {
        (one["id"], one["name"], one["parentid"]) for one in truth["departments"] if one["id"] != 1
    }
    people = {
        (row.member_id, row.user.name, frozenset(own.get(one.pk, 1) for one in row.user.departments.all()))
        for row in OwnPerson.objects.filter(gone_at=None, user__is_active=True).select_related("user")
    }  # fmt: skip
    told = {
        (one["userid"], one["name"], frozenset(one["departments"]))
        for one in truth["members"] if one["status"] not in (2, 5)
    }  # fmt: skip
    return ours == theirs and people == told


def test_departments_and_staff_are_those_of_the_corp(
    standin: StandIn, connection: Connection
) -> None:
    assert full(connection).status == "done"
    assert staff_equals(standin, connection)
    assert full(connection).items.exclude(stage=0).count() == 0
    for kind in (
        "join",
        "rename",
        "move",
        "leave",
        "new_department",
        "rename_department",
        "move_department",
    ):
        assert standin.act("mutate", kind=kind, corpid=connection.corp_id)["changed"]
        assert full(connection).status == "done"
        assert staff_equals(standin, connection), kind


def test_who_left_cannot_log_in_and_whoever_has_rights_waits_for_a_person(
    standin: StandIn, connection: Connection
) -> None:
    full(connection)
    holder = OwnPerson.objects.order_by("pk").first()
    assert holder is not None
    User.objects.filter(pk=holder.user_id).update(is_holder=True)
    before = set(OwnPerson.objects.values_list("member_id", flat=True))
    standin.act("mutate", kind="disappear", corpid=connection.corp_id)
    run = full(connection)
    left = before - {one["userid"] for one in upstream(standin, connection)["members"]}
    assert left
    off = set(OwnPerson.objects.filter(user__is_active=False).values_list("member_id", flat=True))
    assert off == left - {holder.member_id}
    privileged = run.items.filter(message="privileged").count()
    assert privileged == (holder.member_id in left)


def test_a_login_of_the_same_name_is_never_taken_over(
    standin: StandIn, connection: Connection
) -> None:
    member = upstream(standin, connection)["members"][0]
    boss = AdminFactory(username=member["userid"])
    run = full(connection)
    assert run.items.get(message="same_login").after == {"user": boss.pk}
    assert not OwnPerson.objects.filter(user=boss).exists()


def pairs() -> set[tuple[str, int, int]]:
    """(direction, node, principal) of everything that rules gave."""
    found = set()
    for table, column in ((NodeUserGrant, "user_id"), (NodeGroupGrant, "group_id")):
        rows = table.objects.filter(source__startswith="wecom:")
        found |= {("in", node, pk) for node, pk in rows.values_list("content_object_id", column)}
    for row in NodeVisibleStaff.objects.filter(source__startswith="wecom:"):
        found.add(("out", row.node_id, row.user_id or row.group_id or 0))
    return found


def by_rules(standin: StandIn, connection: Connection) -> set[tuple[str, int, int]]:
    """What the stand-in's rules come to."""
    groups = {row.number: row.department.group_id for row in OwnDepartment.objects.all()}
    groups[1] = connection.staff_under.group_id  # type: ignore[union-attr]
    people = {row.member_id: row.user_id for row in OwnPerson.objects.filter(gone_at=None)}
    found = set()
    for chain in connection.chains.all():
        told = next(
            one
            for one in upstream(standin, connection)["chains"]
            if one["chain_id"] == chain.chain_id
        )
        nodes = {row.key: row.node_id for row in chain.places.all()} | {"g:1": chain.target_id}
        for rule in told["rules"]:
            near, far = rule["owner_corp_range"], rule["member_corp_range"]
            holders = [groups.get(pk) for pk in near.get("departmentids", [])]
            holders += [people.get(pk) for pk in near.get("userids", [])]
            places = [f"g:{pk}" for pk in far.get("groupids", [])]
            places += [f"c:{pk}" for pk in far.get("corpids", [])]
            found |= {
                (way, nodes[place], holder)
                for way in ("in", "out") for place in places if place in nodes for holder in holders if holder
            }  # fmt: skip
    return found


def test_rules_are_visible_ranges_in_both_directions_beside_those_by_hand(
    standin: StandIn, connection: Connection
) -> None:
    full(connection)
    assert pairs()
    assert pairs() == by_rules(standin, connection)
    node = Node.objects.filter(remote_places__key__startswith="c:").first()
    assert node is not None
    mine = StaffFactory()
    grants.add_range(by=AdminFactory(), node=node, to=mine)
    for kind in ("drop_rule", "new_rule"):
        standin.act("mutate", kind=kind, corpid=connection.corp_id)
        run = full(connection)
        assert run.items.filter(stage__in=[13, 14]).exists(), kind
        assert pairs() == by_rules(standin, connection)
        assert full(connection).items.exclude(stage=0).count() == 0
    assert guardian.held(table=NodeUserGrant, codename="view_node", to=mine, objs=[node]).exists()


def test_rules_that_cannot_be_read_take_nothing_away(
    standin: StandIn, connection: Connection
) -> None:
    full(connection)
    before = pairs()
    standin.fault("code", api="corpgroup/rule/list_ids", code=48002, times=0)
    run = full(connection)
    assert (run.status, run.rules_read) == ("done", False)
    assert pairs() == before
    assert run.lines.filter(level=30).exists()
    assert not PlanItem.objects.filter(run=run).exclude(stage=0).exists()
    assert Department.objects.count() > 1
