"""Services of the tree: who may, what is refused and how it is said, what the audit trail keeps."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db.models import ProtectedError

from core.actors import SystemActor
from core.errors import Conflict, Denied, Hidden, Invalid
from core.models import AuditEntry
from orgs import tree, tree_check
from orgs.models import Category, Node, OrganizationDetail, Tag
from orgs.permissions import has_node_perm
from orgs.services import dimensions, lists, nodes
from orgs.services.shared import version_of
from tests.factories.orgs import (
    let_maintain,
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
NOW, NEXT = datetime.date(2026, 1, 1), datetime.date(2027, 1, 1)
ORGANIZATION, DEPARTMENT = Node.Kind.ORGANIZATION, Node.Kind.DEPARTMENT


@pytest.fixture
def world() -> dict[str, Any]:
    here, there = make_dimension("供应商"), make_dimension("渠道")
    first = make_organization(here, "恒拓")
    return {
        "here": here, "there": there, "first": first, "second": make_organization(here, "海川"),
        "buying": make_department(first, "采购部"), "foreign": make_organization(there, "远东"),
        "maintainer": make_maintainer(here, name="维护甲"), "holder": make_holder("持有乙"),
    }  # fmt: skip


def last() -> AuditEntry:
    entry = AuditEntry.objects.order_by("-id").first()
    assert entry
    return entry


def outsiders(world: dict[str, Any]) -> list[Any]:
    """Nobody here maintains the dimension 供应商."""
    viewer, disabled = make_person(), make_maintainer(world["here"])
    let_view(viewer, world["here"])
    disabled.is_active = False
    disabled.save()
    other = make_maintainer(world["there"])
    return [make_person(), viewer, disabled, other, make_external(), AnonymousUser()]


# --- Create and edit ------------------------------------------------------------------------------------------------


def test_create_writes_columns_detail_and_one_audit_row(world: dict[str, Any]) -> None:
    category = Category.objects.create(name="原材料")
    made = nodes.create(
        by=world["maintainer"], parent=world["here"], kind=ORGANIZATION,
        fields={
            "name": " 恒拓 模具 ", "full_name": "恒拓模具有限公司", "code": "SUP-1", "category": category,
            "credit_code": "91350100m000100y43", "tags": ["核心", "华东", "核心"], "owners": [world["holder"]],
            "cooperation_from": datetime.date(2025, 1, 1), "cooperation_to": datetime.date(2027, 12, 31),
        },
    )  # fmt: skip
    detail = OrganizationDetail.objects.get(node=made)
    assert (made.name, made.sort_key, made.initials, made.code) == (
        "恒拓 模具",
        "hengtuomuju",
        "htmj",
        "SUP-1",
    )
    assert (detail.credit_code, detail.category) == ("91350100M000100Y43", category)
    assert {tag.name for tag in detail.tags.all()} == {"核心", "华东"}
    entry = last()
    assert (entry.action, entry.object_id, entry.dimension_id) == (
        "node.create",
        str(made.pk),
        world["here"].pk,
    )
    assert entry.after["owners"] == [world["holder"].actor_label]
    assert AuditEntry.objects.filter(object_id=str(made.pk)).count() == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "​‮"}, "name"),
        ({"name": "长" * 101}, "name"),
        ({"name": "恒拓"}, "name"),
        ({"name": "新", "code": "builtin"}, "code"),
        ({"name": "新", "credit_code": "123"}, "credit_code"),
        ({"name": "新", "remark": "字" * 2001}, "remark"),
        ({"name": "新", "tags": ["签" * 31]}, "tags"),
        ({"name": "新", "tags": [str(n) for n in range(21)]}, "tags"),
        ({"name": "新", "cooperation_from": NEXT, "cooperation_to": NOW}, "cooperation_to"),
    ],
)  # fmt: skip
def test_values_that_cannot_be_taken(world: dict[str, Any], fields: Any, field: str) -> None:
    before = AuditEntry.objects.count()
    with pytest.raises(Invalid) as refusal:
        nodes.create(by=world["maintainer"], parent=world["here"], kind=ORGANIZATION, fields=fields)
    assert refusal.value.field == field
    assert AuditEntry.objects.count() == before
    assert not Node.objects.filter(name="新").exists()


def test_owners_are_staff(world: dict[str, Any]) -> None:
    fields: Any = {"name": "新", "owners": [make_external()]}
    with pytest.raises(Invalid):
        nodes.create(by=world["maintainer"], parent=world["here"], kind=ORGANIZATION, fields=fields)


def test_a_field_that_the_kind_does_not_have_is_an_error_of_ours(world: dict[str, Any]) -> None:
    for fields in ({"name": "新", "builtin": True}, {"name": "新", "credit_code": "x"}, {"lft": 1}):
        with pytest.raises(TypeError):
            nodes.create(by=world["holder"], parent=world["first"], kind=DEPARTMENT, fields=fields)  # type: ignore[arg-type]


def test_a_taken_code_is_named_only_to_those_who_maintain_its_node(world: dict[str, Any]) -> None:
    nodes.edit(by=world["holder"], node=world["foreign"], fields={"code": "X-1"})
    nodes.edit(by=world["holder"], node=world["second"], fields={"code": "X-2"})

    def refusal(by: Any, code: str) -> str:
        with pytest.raises(Invalid) as error:
            nodes.edit(by=by, node=world["first"], fields={"code": code})
        return str(error.value)

    assert "远东" not in refusal(world["maintainer"], "X-1")
    assert "海川" in refusal(world["maintainer"], "X-2")
    assert "远东" in refusal(world["holder"], "X-1")


def test_an_empty_code_is_no_code(world: dict[str, Any]) -> None:
    for node in (world["first"], world["second"]):
        nodes.edit(by=world["holder"], node=node, fields={"code": " "})
    assert Node.objects.filter(code=None).count() >= 2


def test_edit_audits_only_what_changed(world: dict[str, Any]) -> None:
    nodes.edit(
        by=world["maintainer"], node=world["first"], fields={"name": "恒拓", "remark": "季度\n对账"}
    )
    entry = last()
    assert (entry.before, entry.after) == ({"remark": ""}, {"remark": "季度\n对账"})
    count = AuditEntry.objects.count()
    nodes.edit(
        by=world["maintainer"], node=world["first"], fields={"name": "恒拓", "remark": "季度\n对账"}
    )
    assert AuditEntry.objects.count() == count


def test_an_old_form_does_not_overwrite_a_newer_edit(world: dict[str, Any]) -> None:
    old = version_of(world["first"])
    nodes.edit(by=world["holder"], node=world["first"], fields={"remark": "新"}, version=old)
    with pytest.raises(Conflict):
        nodes.edit(
            by=world["maintainer"], node=world["first"], fields={"remark": "旧"}, version=old
        )
    assert Node.objects.get(pk=world["first"].pk).remark == "新"


def test_outsiders_do_not_find_the_node(world: dict[str, Any]) -> None:
    acts = [
        lambda by: nodes.create(by=by, parent=world["first"], kind=DEPARTMENT, fields={"name": "新"}),
        lambda by: nodes.edit(by=by, node=world["first"], fields={"name": "新"}),
        lambda by: nodes.move(by=by, node=world["buying"], parent=world["second"]),
        lambda by: nodes.shift(by=by, node=world["first"], step=1),
        lambda by: nodes.reorder(by=by, parent=world["here"], ordered_ids=[world["second"].pk, world["first"].pk]),
        lambda by: nodes.set_enabled(by=by, node=world["first"], enabled=False),
        lambda by: nodes.delete(by=by, node=world["buying"]),
    ]  # fmt: skip
    before = AuditEntry.objects.count()
    for by in outsiders(world):
        for act in acts:
            with pytest.raises(Hidden):
                act(by)
    assert AuditEntry.objects.count() == before


def test_the_system_may_do_everything_and_is_named(world: dict[str, Any]) -> None:
    nodes.create(
        by=SystemActor("sync"), parent=world["first"], kind=DEPARTMENT, fields={"name": "新"}
    )
    assert (last().actor_kind, last().actor_label) == ("system", "系统 · sync")


def test_a_gone_node_is_missing(world: dict[str, Any]) -> None:
    nodes.delete(by=world["holder"], node=world["buying"])
    with pytest.raises(Hidden):
        nodes.edit(by=world["holder"], node=world["buying"], fields={"name": "新"})


# --- Move, order, enable, delete ------------------------------------------------------------------------------------


def test_move_keeps_both_sides_in_the_audit_row(world: dict[str, Any]) -> None:
    let_view(make_internal_department("采购中心"), world["first"])
    let_view(make_person("韩雪"), world["second"])
    nodes.move(by=world["maintainer"], node=world["buying"], parent=world["second"])
    assert last().before == {"parent": "恒拓", "inherited": ["采购中心"]}
    assert last().after == {"parent": "海川", "inherited": ["韩雪"]}
    assert tree_check.problems() == []


def test_moves_between_dimensions_are_for_those_who_may_do_everything(
    world: dict[str, Any],
) -> None:
    both = make_maintainer(world["here"], world["there"])
    with pytest.raises(Denied):
        nodes.move(by=both, node=world["second"], parent=world["there"])
    with pytest.raises(Hidden):
        nodes.move(by=world["maintainer"], node=world["second"], parent=world["there"])
    with pytest.raises(Hidden):
        nodes.move(by=make_maintainer(world["there"]), node=world["second"], parent=world["there"])
    moved = nodes.move(by=world["holder"], node=world["second"], parent=world["there"])
    assert moved.dimension_id == world["there"].pk
    assert last().dimension_id == world["there"].pk


def test_a_move_next_to_a_namesake_is_refused(world: dict[str, Any]) -> None:
    make_department(world["second"], "采购部")
    with pytest.raises(Invalid):
        nodes.move(by=world["holder"], node=world["buying"], parent=world["second"])


def test_a_right_taken_away_counts_at_once(world: dict[str, Any]) -> None:
    world["maintainer"].nodeusergrant_set.all().delete()
    with pytest.raises(Hidden):
        nodes.edit(by=world["maintainer"], node=world["first"], fields={"name": "新"})


def test_shift_and_the_place_of_new_ones(world: dict[str, Any]) -> None:
    def order() -> list[str]:
        rows = Node.objects.filter(parent=world["here"]).in_display_order()
        return list(rows.values_list("name", flat=True))

    assert order() == ["海川", "恒拓"]
    assert not nodes.shift(by=world["maintainer"], node=world["second"], step=-1)
    assert nodes.shift(by=world["maintainer"], node=world["second"], step=1)
    assert last().after == {"position": 2}
    assert order() == ["恒拓", "海川"]
    nodes.create(
        by=world["maintainer"], parent=world["here"], kind=ORGANIZATION, fields={"name": "安和"}
    )
    assert order() == ["恒拓", "海川", "安和"]


def test_disable_and_enable_are_audited_once(world: dict[str, Any]) -> None:
    count = AuditEntry.objects.count()
    assert nodes.set_enabled(by=world["maintainer"], node=world["first"], enabled=False)
    assert not nodes.set_enabled(by=world["maintainer"], node=world["first"], enabled=False)
    assert AuditEntry.objects.count() == count + 1
    assert last().action == "node.disable"


def test_delete_says_what_hangs_on_it(
    world: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Invalid, match="恒拓"):
        nodes.delete(by=world["maintainer"], node=world["first"])

    class Row:
        def __init__(self, pk: int) -> None:
            self.pk = pk
            self._meta = type("Meta", (), {"model_name": "membership", "verbose_name": "x"})

    def protected(*_: Any, **__: Any) -> None:
        raise ProtectedError("in use", {Row(1), Row(2)})  # type: ignore[arg-type]

    monkeypatch.setattr("django.db.models.base.Model.delete", protected)
    with pytest.raises(Invalid, match="2") as refusal:
        nodes.delete(by=world["maintainer"], node=world["buying"])
    assert refusal.value.code == "in_use"
    assert not AuditEntry.objects.filter(action="node.delete").exists()
    assert tree_check.problems() == []


# --- Dimensions -----------------------------------------------------------------------------------------------------


def test_dimensions_are_for_those_who_may_do_everything(world: dict[str, Any]) -> None:
    acts = [
        lambda by: dimensions.create(by=by, fields={"name": "新"}),
        lambda by: dimensions.edit(by=by, dimension=world["here"], fields={"name": "新"}),
        lambda by: dimensions.set_enabled(by=by, dimension=world["here"], enabled=False),
        lambda by: dimensions.delete(by=by, dimension=world["there"]),
        lambda by: lists.create_category(by=by, name="新"),
    ]
    for by in (*outsiders(world), world["maintainer"]):
        for act in acts:
            with pytest.raises(Denied):
                act(by)


def test_a_dimension_lives_and_dies(world: dict[str, Any]) -> None:
    made = dimensions.create(
        by=world["holder"],
        fields={"name": "机构", "name_en": "Agencies", "code": "AG", "description": "主管单位"},
    )
    assert made.dimension_detail.description == "主管单位"
    edited = dimensions.edit(by=world["holder"], dimension=made, fields={"description": "协会"})
    assert last().after == {"description": "协会"}
    with pytest.raises(Invalid):
        dimensions.edit(by=world["holder"], dimension=made, fields={"name": "供应商"})
    assert dimensions.set_enabled(by=world["holder"], dimension=edited, enabled=False)
    dimensions.delete(by=world["holder"], dimension=made)
    assert last().action == "dimension.delete"
    with pytest.raises(Hidden):
        dimensions.delete(by=world["holder"], dimension=made)
    with pytest.raises(Invalid):
        dimensions.delete(by=world["holder"], dimension=world["here"])


def test_the_builtin_dimension_can_be_renamed_but_not_removed(world: dict[str, Any]) -> None:
    builtin = Node.objects.get(builtin=True)
    dimensions.edit(by=world["holder"], dimension=builtin, fields={"name": "散客"})
    with pytest.raises(Invalid):
        dimensions.set_enabled(by=world["holder"], dimension=builtin, enabled=False)
    with pytest.raises(Invalid):
        dimensions.delete(by=world["holder"], dimension=builtin)


def test_node_services_leave_dimensions_alone(world: dict[str, Any]) -> None:
    for act in (
        lambda: nodes.edit(by=world["maintainer"], node=world["here"], fields={"name": "新"}),
        lambda: nodes.set_enabled(by=world["maintainer"], node=world["here"], enabled=False),
        lambda: nodes.delete(by=world["maintainer"], node=world["here"]),
        lambda: nodes.shift(by=world["maintainer"], node=world["here"], step=1),
    ):
        with pytest.raises(Hidden):
            act()
    with pytest.raises(Hidden):
        dimensions.edit(by=world["holder"], dimension=world["first"], fields={"name": "新"})
    with pytest.raises(tree.UnableToPlace):
        nodes.move(by=world["holder"], node=world["here"], parent=world["there"])


# --- Lists ----------------------------------------------------------------------------------------------------------


def test_categories_and_tags(world: dict[str, Any]) -> None:
    category = lists.create_category(by=world["holder"], name="原材料", order=2)
    with pytest.raises(Invalid):
        lists.create_category(by=world["holder"], name="原材料")
    nodes.edit(
        by=world["maintainer"], node=world["first"], fields={"category": category, "tags": ["核心"]}
    )
    with pytest.raises(Invalid, match="原材料"):
        lists.delete_category(by=world["holder"], category=category)
    lists.edit_category(by=world["holder"], category=category, name="辅料", order=2, description="")
    assert last().after == {"name": "辅料"}
    tag = Tag.objects.get(name="核心")
    lists.rename_tag(by=world["holder"], tag=tag, name="重点")
    lists.delete_tag(by=world["holder"], tag=tag)
    detail = OrganizationDetail.objects.get(node=world["first"])
    assert not detail.tags.exists()
    nodes.edit(by=world["maintainer"], node=world["first"], fields={"category": None})
    lists.delete_category(by=world["holder"], category=category)


def test_settings_are_for_administrators(world: dict[str, Any]) -> None:
    with pytest.raises(Denied):
        lists.edit_settings(
            by=world["holder"], staff_create_in_builtin=False, default_security_level=0
        )
    row = lists.edit_settings(
        by=make_administrator(), staff_create_in_builtin=False, default_security_level=-5
    )
    assert (row.staff_create_in_builtin, row.default_security_level) == (False, -5)
    with pytest.raises(Invalid):
        lists.edit_settings(
            by=make_administrator(), staff_create_in_builtin=True, default_security_level=1
        )


# --- The same answer from object permission and queryset --------------------------------------------------------------


def test_object_permission_and_queryset_agree(world: dict[str, Any]) -> None:
    inside = make_person()
    let_maintain(make_internal_department("维护组", inside), world["there"])
    let_view(inside, world["first"])
    everybody = [
        *outsiders(world)[:-1],
        world["maintainer"],
        world["holder"],
        make_administrator(),
        inside,
    ]
    for user in everybody:
        maintained = set(Node.objects.maintained_by(user).values_list("pk", flat=True))
        for node in Node.objects.all():
            assert has_node_perm(user, "maintain_node", node) is (node.pk in maintained)
            assert user.has_perm("orgs.maintain_node", node) is (node.pk in maintained)
        assert not user.has_perm("orgs.maintain_node")
    seen = [
        node.name for node in Node.objects.order_by("pk") if inside.has_perm("orgs.view_node", node)
    ]
    assert seen == ["渠道", "恒拓", "采购部", "远东"]
