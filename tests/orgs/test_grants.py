"""Visible ranges, maintainers, visible staff: who may give them, and what the page says about them (SPEC ORG-9)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.errors import Denied, Hidden, Invalid
from core.models import AuditEntry
from orgs import sentences
from orgs.models import Node, NodeGroupGrant, NodeUserGrant, NodeVisibleStaff
from orgs.permissions import scope_of
from orgs.selectors import effects, ranges
from orgs.services import grants
from tests.factories.orgs import (
    let_view,
    make_administrator,
    make_department,
    make_dimension,
    make_external,
    make_holder,
    make_internal_department,
    make_maintainer,
    make_organization,
    make_person,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> dict[str, Any]:
    dimension = make_dimension("供应商")
    organization = make_organization(dimension, "恒拓")
    return {
        "dimension": dimension, "organization": organization,
        "department": make_department(organization, "采购部"),
        "maintainer": make_maintainer(dimension, name="维护甲"), "holder": make_holder("持有乙"),
    }  # fmt: skip


def test_a_range_holds_for_what_is_below_and_ends_when_taken_away(world: dict[str, Any]) -> None:
    person = make_person("韩雪")
    assert grants.add_range(by=world["maintainer"], node=world["organization"], to=person)
    assert not grants.add_range(by=world["maintainer"], node=world["organization"], to=person)
    assert scope_of(person).ranges_over(world["department"].path)
    entry = AuditEntry.objects.get(action="range.add")
    assert (entry.object_id, entry.dimension_id) == (
        str(world["organization"].pk),
        world["dimension"].pk,
    )
    assert entry.after["holder"] == person.actor_label
    assert grants.remove_range(by=world["maintainer"], node=world["organization"], to=person)
    assert not grants.remove_range(by=world["maintainer"], node=world["organization"], to=person)
    assert not scope_of(person).ranges


def test_a_department_gives_its_right_to_everybody_below(world: dict[str, Any]) -> None:
    above = make_internal_department("采购中心")
    person = make_person()
    make_internal_department("采购一组", person, parent=above)
    grants.add_range(by=world["maintainer"], node=world["organization"], to=above)
    assert scope_of(person).ranges == (world["organization"].pk,)


def test_outsiders_do_not_reach_the_ranges(world: dict[str, Any]) -> None:
    viewer = make_person()
    let_view(viewer, world["organization"])
    for by in (viewer, make_person(), make_maintainer(make_dimension()), make_external()):
        for act in (
            grants.add_range,
            grants.remove_range,
            grants.add_visible_staff,
            grants.remove_visible_staff,
        ):
            with pytest.raises(Hidden):
                act(by=by, node=world["organization"], to=by)


def test_only_active_staff_is_given_anything(world: dict[str, Any]) -> None:
    for to in (make_external(), make_person(is_active=False)):
        with pytest.raises(Invalid):
            grants.add_range(by=world["holder"], node=world["organization"], to=to)
        with pytest.raises(Invalid):
            grants.add_visible_staff(by=world["holder"], node=world["organization"], to=to)
        with pytest.raises(Invalid):
            grants.add_maintainer(by=world["holder"], dimension=world["dimension"], to=to)
    assert not NodeVisibleStaff.objects.exists()


def test_maintainers_are_appointed_by_those_who_may_do_everything(world: dict[str, Any]) -> None:
    person = make_person()
    with pytest.raises(Denied):
        grants.add_maintainer(by=world["maintainer"], dimension=world["dimension"], to=person)
    with pytest.raises(Hidden):
        grants.add_maintainer(by=world["holder"], dimension=world["organization"], to=person)
    assert grants.add_maintainer(by=world["holder"], dimension=world["dimension"], to=person)
    assert scope_of(person).maintained == (world["dimension"].pk,)
    assert grants.remove_maintainer(by=world["holder"], dimension=world["dimension"], to=person)
    assert not scope_of(person).maintains_any


def test_nobody_gives_himself_a_range(world: dict[str, Any]) -> None:
    with pytest.raises(Denied):
        grants.add_range(by=world["maintainer"], node=world["organization"], to=world["maintainer"])


@pytest.mark.parametrize("make", [make_holder, make_administrator])
def test_nobody_changes_his_own_maintenance(world: dict[str, Any], make: Any) -> None:
    person = make()
    with pytest.raises(Denied):
        grants.add_maintainer(by=person, dimension=world["dimension"], to=person)
    with pytest.raises(Denied):
        grants.remove_maintainer(by=person, dimension=world["dimension"], to=person)


def test_a_batch_is_given_whole_or_not_at_all(world: dict[str, Any]) -> None:
    good, bad = make_person(), make_external()
    with pytest.raises(Invalid):
        grants.give(
            by=world["holder"], node=world["organization"], what="range", holders=[good, bad]
        )
    assert not scope_of(good).ranges
    assert (
        grants.give(by=world["holder"], node=world["organization"], what="staff", holders=[good])
        == 1
    )


def test_what_a_rule_keeps_is_changed_there(world: dict[str, Any]) -> None:
    person = make_person()
    grants.add_range(by=world["holder"], node=world["organization"], to=person)
    NodeUserGrant.objects.filter(user=person).update(source="wecom")
    with pytest.raises(Denied):
        grants.remove_range(by=world["holder"], node=world["organization"], to=person)


def test_a_maintainer_of_one_dimension_with_a_range_in_another_maintains_only_the_first(
    world: dict[str, Any],
) -> None:
    other = make_organization(make_dimension(), "远东")
    let_view(world["maintainer"], other)
    scope = scope_of(world["maintainer"])
    assert scope.maintained == (world["dimension"].pk,)
    assert scope.ranges == (other.pk,)
    with pytest.raises(Hidden):
        grants.add_range(by=world["maintainer"], node=other, to=make_person())


def test_a_deleted_node_leaves_no_right_behind(world: dict[str, Any]) -> None:
    from orgs.services import nodes

    grants.add_range(by=world["holder"], node=world["department"], to=make_person())
    grants.add_range(by=world["holder"], node=world["department"], to=make_internal_department())
    nodes.delete(by=world["holder"], node=world["department"])
    assert not NodeUserGrant.objects.exclude(permission__codename="maintain_node").exists()
    assert not NodeGroupGrant.objects.exists()


# --- What the page says ---------------------------------------------------------------------------------------------


def test_numbers_add_up_without_duplicates(world: dict[str, Any]) -> None:
    people = [make_person() for _ in range(5)]
    gone = make_person(is_active=False)
    centre = make_internal_department("采购中心", *people, gone)
    quality = make_internal_department("质量组", people[0], make_person())
    named = make_person("韩雪")
    for to, node in (
        (centre, "dimension"),
        (quality, "organization"),
        (named, "organization"),
        (people[1], "organization"),
    ):
        grants.add_range(by=world["holder"], node=world[node], to=to)
    grants.add_visible_staff(by=world["holder"], node=world["dimension"], to=quality)
    found = ranges.overview(world["department"])
    assert [(g.label, g.people, g.inherited) for g in found.ranges[:2]] == [
        ("采购中心", 5, True),
        ("质量组", 2, True),
    ]
    assert found.total == 7
    assert found.always == 2
    assert found.staff_total == 2
    covered = {grant.label: grant.covered_by for grant in found.ranges if grant.kind == "person"}
    assert covered == {"韩雪": "", people[1].name: "采购中心"}
    own = ranges.overview(world["organization"])
    assert {grant.label for grant in own.ranges if grant.removable} == {
        "质量组",
        "韩雪",
        people[1].name,
    }


def test_the_sentence(world: dict[str, Any]) -> None:
    from django.utils import translation

    def said() -> str:
        with translation.override("zh-hans"):
            return sentences.result(world["organization"], ranges.overview(world["organization"]))

    assert said() == "还没有人通过可见范围看到它"
    centre = make_internal_department("采购中心", make_person(), make_person())
    grants.add_range(by=world["holder"], node=world["organization"], to=centre)
    assert said() == "采购中心 2 人可以看到此组织"
    for _ in range(3):
        grants.add_range(by=world["holder"], node=world["organization"], to=make_person())
    assert said() == "采购中心 2 人和 3 名指定人员可以看到此组织"
    for number in range(6):
        grants.add_range(
            by=world["holder"],
            node=world["organization"],
            to=make_internal_department(f"组{number}"),
        )
    assert "另有 3 个部门" in said()


def test_the_overview_costs_the_same_for_many_rights(world: dict[str, Any]) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            ranges.overview(world["department"])
        return len(queries)

    grants.add_range(by=world["holder"], node=world["organization"], to=make_person())
    grants.add_range(
        by=world["holder"],
        node=world["dimension"],
        to=make_internal_department("组", make_person()),
    )
    for to in (make_person(), make_internal_department("台", make_person())):
        grants.add_visible_staff(by=world["holder"], node=world["organization"], to=to)
    few = cost()
    for _ in range(10):
        grants.add_range(by=world["holder"], node=world["organization"], to=make_person())
        grants.add_range(
            by=world["holder"],
            node=world["dimension"],
            to=make_internal_department("", make_person()),
        )
        grants.add_visible_staff(by=world["holder"], node=world["organization"], to=make_person())
    assert cost() == few


def test_why_visible_equals_the_scope(world: dict[str, Any]) -> None:
    inside = make_person()
    let_view(make_internal_department("采购中心", inside), world["dimension"])
    direct = make_person()
    let_view(direct, world["organization"])
    cases = {
        world["holder"]: (True, "holder"), make_administrator(): (True, "administrator"),
        world["maintainer"]: (True, "maintainer"), inside: (True, "range"), direct: (True, "range"),
        make_person(): (False, "none"), make_external(): (False, "external"),
        make_person(is_active=False): (False, "inactive"),
    }  # fmt: skip
    for person, (visible, rule) in cases.items():
        answer = ranges.why_visible(world["department"], person)
        assert (answer.visible, answer.rules[0][0]) == (visible, rule)
    Node.objects.filter(pk=world["department"].pk).update(live=False)
    department = Node.objects.get(pk=world["department"].pk)
    assert not ranges.why_visible(department, inside).visible
    assert ranges.why_visible(department, world["maintainer"]).visible


def test_a_move_says_who_gains_and_who_loses(world: dict[str, Any]) -> None:
    second = make_organization(world["dimension"], "海川")
    stays, loses, gains = (make_internal_department(name) for name in ("总部", "旧组", "新组"))
    let_view(stays, world["dimension"])
    let_view(loses, world["organization"])
    let_view(gains, second)
    effect = effects.move_effect([world["department"]], second)
    assert [g.label for g in effect.gains] == ["新组"]
    assert [g.label for g in effect.loses] == ["旧组"]
    assert not effect.other_dimension
    let_view(loses, world["department"])
    assert not effects.move_effect([world["department"]], second).loses
    assert len(sentences.move(effect)) == 2


def test_a_move_counts_the_people_whose_sight_changes(world: dict[str, Any]) -> None:
    place, quiet = (
        make_organization(world["dimension"], "海川"),
        make_organization(world["dimension"]),
    )
    both, old, new = make_person(), make_person(), make_person()
    let_view(
        make_internal_department("旧组", both, old, make_administrator()), world["organization"]
    )
    let_view(make_internal_department("新组", both, new, world["maintainer"]), place)
    grants.add_visible_staff(by=world["holder"], node=place, to=new)
    with CaptureQueriesContext(connection) as queries:
        effect = effects.move_effect([world["department"]], place)
    assert (effect.gained, effect.lost) == (1, 1)
    assert [grant.id for grant in effect.shown] == [new.pk]
    assert len(queries) <= 6
    assert len(sentences.move(effect)) == 3
    Node.objects.filter(pk=quiet.pk).update(enabled=False, live=False)
    silent = effects.move_effect([world["department"]], Node.objects.get(pk=quiet.pk))
    assert silent.silent
    assert (silent.gained, silent.lost) == (0, 2)
