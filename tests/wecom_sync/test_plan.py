"""What a run plans and does: against a small WeCom that changes (SPEC WEC-2, WEC-4)."""

from __future__ import annotations

import pytest
from django.utils import timezone

from contacts.models import Contact
from orgs.models import Node
from tests.wecom_sync.worlds import (
    Corp,
    applied,
    connection,
    items,
    path,
    person,
    planned,
    pulled,
    remote,
    standing,
)
from wecom_sync.gateway import Department
from wecom_sync.models import Chain, PulledPlace, RemotePlace, Run
from wecom_sync.sync import apply, plan, reading

pytestmark = pytest.mark.django_db
GROUPS = {"2": ("华东", ""), "3": ("上海", "2")}


@pytest.fixture
def chain() -> Chain:
    return connection()


def world() -> dict[str, Corp]:
    return {
        "wpA": Corp(
            "远航电子", "3", {2: ("销售部", 0), 3: ("大客户组", 2)},
            {"u1": ("王芳", [3, 2]), "u2": ("李雷", [2]), "U2": ("韩梅", [0])},
        ),
        "wpa": Corp("海岳物流", "2", {2: ("销售部", 0)}, {"u1": ("赵四", [2])}),
    }  # fmt: skip


def test_the_first_run_makes_everything_and_the_second_nothing(chain: Chain) -> None:
    run = applied(chain, world(), GROUPS)
    assert run.counts["place_add"] == 7
    assert run.counts["person_add"] == 4
    assert standing(person("u1")) == [
        "华东/上海/远航电子/销售部/大客户组",
        "华东/上海/远航电子/销售部",
    ]
    assert standing(person("U2")) == ["华东/上海/远航电子"]
    assert standing(person("u1", "wpa")) == ["华东/海岳物流/销售部"]
    assert person("u1").source == "wecom"
    assert person("u1").kept == "name place"
    assert items(planned(chain, world(), GROUPS)) == []


def test_names_moves_and_new_ones_are_changes_of_what_is_there(chain: Chain) -> None:
    applied(chain, world(), GROUPS)
    before = {person(pk).pk for pk in ("u1", "u2", "U2")}
    new = world()
    corp = new["wpA"]
    corp.name, corp.group = "远航科技", "2"
    corp.departments = {2: ("营销部", 3), 3: ("大客户组", 0), 4: ("新部", 0)}
    corp.people = {
        "u1": ("王芳", [4]),
        "u2": ("李蕾", [2]),
        "U2": ("韩梅", [0]),
        "u5": ("新来", [4]),
    }
    run = applied(chain, new, GROUPS)
    assert items(run) == [
        ("place_add", "新部"), ("place_change", "远航科技"), ("place_change", "大客户组"), ("place_change", "营销部"),
        ("person_add", "新来"), ("person_change", "王芳"), ("person_change", "李蕾"),
    ]  # fmt: skip
    assert {person(pk).pk for pk in ("u1", "u2", "U2")} == before
    assert standing(person("u1")) == ["华东/远航科技/新部"]
    assert standing(person("u2")) == ["华东/远航科技/大客户组/营销部"]
    assert items(planned(chain, new, GROUPS)) == []


def test_two_departments_may_trade_their_names(chain: Chain) -> None:
    new = world()
    new["wpA"].departments[4] = ("市场部", 0)
    applied(chain, new, GROUPS)
    new["wpA"].departments |= {2: ("市场部", 0), 4: ("销售部", 0)}
    applied(chain, new, GROUPS)
    assert standing(person("u2")) == ["华东/上海/远航电子/市场部"]


def test_who_left_is_disabled_and_comes_back_as_the_same(chain: Chain) -> None:
    applied(chain, world(), GROUPS)
    less = world()
    contact = person("u2")
    del less["wpA"].people["u2"]
    run = applied(chain, less, GROUPS)
    assert items(run) == [("person_leave", "李雷")]
    assert run.counts["leaving"] == {str(chain.pk): [1, 4]}
    contact.refresh_from_db()
    assert not contact.enabled
    assert remote("u2").gone_at
    assert items(planned(chain, less, GROUPS)) == []
    applied(chain, world(), GROUPS)
    contact.refresh_from_db()
    assert contact.enabled
    assert not remote("u2").gone_at
    assert person("u2") == contact


def test_what_a_person_disabled_stays_so_after_a_return(chain: Chain) -> None:
    applied(chain, world(), GROUPS)
    Contact.objects.filter(pk=person("u2").pk).update(enabled=False)
    less = world()
    del less["wpA"].people["u2"]
    applied(chain, less, GROUPS)
    applied(chain, world(), GROUPS)
    assert not person("u2").enabled


@pytest.mark.parametrize("policy", ["move", "keep"])
def test_other_policies_for_those_who_left(chain: Chain, policy: str) -> None:
    Chain.objects.update(leavers=policy)
    chain.refresh_from_db()
    applied(chain, world(), GROUPS)
    less = world()
    del less["wpA"].people["u1"]
    applied(chain, less, GROUPS)
    kept = policy == "keep"
    assert person("u1").enabled is kept
    assert standing(person("u1"))[0] == ("华东/上海/远航电子/销售部/大客户组" if kept else "已离开")
    applied(chain, world(), GROUPS)
    assert standing(person("u1"))[0] == "华东/上海/远航电子/销售部/大客户组"
    assert person("u1").enabled


@pytest.mark.parametrize("share", ["joined", "refused"])
def test_a_corp_that_cannot_be_read_loses_nobody(chain: Chain, share: str) -> None:
    applied(chain, world(), GROUPS)
    new = world()
    new["wpA"].complete, new["wpA"].share, new["wpA"].message = (
        False,
        share,
        "应用不再共享给这家企业",
    )
    run = applied(chain, new, GROUPS)
    assert items(run) == [("notice", "远航电子"), ("place_change", "远航电子")]
    assert Contact.objects.filter(enabled=True).count() == 4
    assert RemotePlace.objects.get(key="c:wpA").share == share


def test_a_corp_that_left_the_chain_takes_its_people_along_once(chain: Chain) -> None:
    applied(chain, world(), GROUPS)
    new = world()
    del new["wpA"]
    run = applied(chain, new, GROUPS)
    assert run.counts["person_leave"] == 3
    assert run.counts["place_leave"] == 3
    node = Node.objects.get(remote_places__key="c:wpA")
    assert not node.enabled
    assert Node.objects.get(remote_places__key="d:wpA/2").enabled
    applied(chain, world(), GROUPS)
    assert Contact.objects.filter(live=True).count() == 4
    assert items(planned(chain, world(), GROUPS)) == []


def test_an_invited_corp_that_joins_is_the_same_organization(chain: Chain) -> None:
    applied(chain, {"pending1": Corp("远航电子", "3", share="pending", custom_id="S001")}, GROUPS)
    node = Node.objects.get(remote_places__key="c:pending1")
    new = {"wpA": world()["wpA"]}
    new["wpA"].custom_id = "S001"
    applied(chain, new, GROUPS)
    assert Node.objects.get(remote_places__key="c:wpA") == node
    assert not RemotePlace.objects.filter(key="c:pending1").exists()
    assert items(planned(chain, new, GROUPS)) == []


def test_one_that_joined_without_our_key_is_left_to_a_person(chain: Chain) -> None:
    applied(chain, {"pending1": Corp("远航电子", "3", share="pending")}, GROUPS)
    run = planned(chain, {"wpA": world()["wpA"]}, GROUPS)
    assert ("notice", "远航电子") in items(run)
    assert run.counts["place_leave"] == 0
    notice = run.items.get(stage=0)
    assert (notice.message, notice.key, notice.after) == (
        "maybe_joined",
        "c:pending1",
        {"key": "c:wpA"},
    )


def test_fields_that_are_ours_stay_as_they_are(chain: Chain) -> None:
    applied(chain, world(), GROUPS)
    Chain.objects.update(owned=[])
    new = world()
    new["wpA"].name, new["wpA"].group = "改名", "2"
    new["wpA"].people["u2"] = ("李大雷", [3])
    assert items(planned(chain, new, GROUPS)) == []
    applied(chain, new, GROUPS)
    assert person("u2").kept == ""
    assert Node.objects.get(remote_places__key="c:wpA").kept == ""


def test_a_narrow_run_looks_at_its_corps_only(chain: Chain) -> None:
    applied(chain, world(), GROUPS)
    new = {"wpA": world()["wpA"]}
    del new["wpA"].people["u2"]
    run = applied(chain, new, only=["wpA"])
    assert items(run) == [("person_leave", "李雷")]


def test_places_by_hand_stay(chain: Chain) -> None:
    applied(chain, world(), GROUPS)
    other = Node.objects.get(remote_places__key="c:wpa")
    elsewhere = connection("另一家", "ww2").target
    contact = person("u2")
    contact.memberships.create(node=elsewhere)
    new = world()
    new["wpA"].people["u2"] = ("李雷", [3])
    applied(chain, new, GROUPS)
    assert set(standing(contact)) == {"华东/上海/远航电子/销售部/大客户组", ""}
    assert path(other) == "华东/海岳物流"


def test_who_was_deleted_here_is_not_made_again(chain: Chain) -> None:
    applied(chain, world(), GROUPS)
    Contact.objects.filter(pk=person("u2").pk).update(deleted_at=timezone.now())
    run = planned(chain, world(), GROUPS)
    assert items(run) == [("notice", "李雷")]
    assert run.items.get().message == "deleted_here"


def test_the_brake_asks_for_the_share_and_the_number(chain: Chain) -> None:
    crowd = {f"u{n}": (f"员工{n}", [0]) for n in range(100)}
    applied(chain, {"wpA": Corp("远航电子", people=crowd)})
    fewer = {"wpA": Corp("远航电子", people=dict(list(crowd.items())[30:]))}
    assert planned(chain, fewer).brake
    Chain.objects.update(brake_people=30)
    assert not planned(chain, fewer).brake
    Chain.objects.update(brake_people=20, brake_percent=30)
    assert not planned(chain, fewer).brake


def test_departments_stand_in_the_order_of_wecom_where_it_keeps_places(chain: Chain) -> None:
    corp = Corp("远航电子", departments={2: ("甲部", 0), 3: ("乙部", 0), 4: ("丙部", 0)})

    def run(order: dict[int, int]) -> list[tuple[str, str]]:
        found = pulled(chain, {"wpA": corp})
        for pk, place in order.items():
            PulledPlace.objects.filter(run=found, key=f"d:wpA/{pk}").update(order=place)
        plan.make(run=found)
        apply.run(run=found, report=lambda _count: None, between=lambda: None)
        Run.objects.filter(pk=found.pk).update(status="done")
        return items(found)

    def stand() -> list[str]:
        above = RemotePlace.objects.get(key="c:wpA").node_id
        rows = Node.objects.filter(parent=above).in_display_order()
        return [one.name for one in rows]

    run({2: -10, 3: -30, 4: -20})
    assert stand() == ["乙部", "丙部", "甲部"]
    assert run({2: -10, 3: -30, 4: -20}) == []
    assert run({2: -40, 3: -30, 4: -20}) == [("place_change", "甲部")]
    assert stand() == ["甲部", "乙部", "丙部"]
    Chain.objects.update(owned=["department_name"])
    assert run({2: -1, 3: -2, 4: -3}) == []


def test_the_order_of_wecom_fits() -> None:
    told = [Department(2, "甲", 1, 2**32 - 1), Department(3, "乙", 1, 5), Department(4, "丙", 1, 0)]
    found = reading.Found()
    reading._place(found, told)
    assert [one.order for one in found.departments] == [1 - 2**31, -5, 0]
