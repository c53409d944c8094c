"""Forms and questions: what is asked, what is written, what is said when it cannot be (SPEC ORG-5, ORG-6, ORG-9)."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.models import AuditEntry
from orgs.models import Category, Node, OrganizationDetail, Tag
from orgs.permissions import scope_of
from orgs.services import nodes
from orgs.services.shared import version_of
from tests.factories.orgs import (
    let_view,
    make_administrator,
    make_department,
    make_dimension,
    make_internal_department,
    make_maintainer,
    make_organization,
    make_person,
)
from tests.orgs.conftest import AS, Directory

HX = {"HX-Request": "true"}


def url(name: str, *args: Any) -> str:
    return reverse(f"orgs:{name}", args=args)


def post(
    client: Client, address: str, data: dict[str, Any] | None = None, *, hx: bool = False
) -> Any:
    return client.post(address, data or {}, headers=HX if hx else {})


# --- New and edit ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hx", [False, True])
def test_new_organization(directory: Directory, as_: AS, *, hx: bool) -> None:
    address = url("node-new", directory.organization.pk, "organization")
    data = {"name": "恒拓模具", "code": "SUP-9", "credit_code": "91350100M000100Y43"}
    answer = post(as_(directory.maintainer), address, data, hx=hx)
    made = Node.objects.get(name="恒拓模具")
    assert made.parent_id == directory.organization.pk
    where = answer.headers["HX-Redirect"] if hx else answer.headers["Location"]
    assert where == url("node", made.pk)
    assert answer.status_code == (204 if hx else 303)


@pytest.mark.parametrize("hx", [False, True])
def test_a_form_that_cannot_be_saved_comes_back_filled(
    directory: Directory, as_: AS, *, hx: bool
) -> None:
    address = url("node-new", directory.dimension.pk, "organization")
    answer = post(
        as_(directory.maintainer), address, {"name": "恒拓精密", "full_name": "保留"}, hx=hx
    )
    body = answer.content.decode()
    assert answer.status_code == 422
    assert "这里已有“恒拓精密”" in body
    assert 'value="保留"' in body
    assert 'aria-invalid="true"' in body
    assert (
        "<dialog" in body.partition("<main")[2] or body.lstrip().startswith(("<dialog", "{#"))
    ) is hx


def test_a_code_of_a_foreign_node_is_refused_neutrally(directory: Directory, as_: AS) -> None:
    address = url("node-new", directory.dimension.pk, "organization")
    body = post(as_(directory.maintainer), address, {"name": "新", "code": "CH-7"}).content.decode()
    assert "远东贸易" not in body
    assert "这个编码不能使用" in body
    mine = post(
        as_(directory.maintainer), address, {"name": "新", "code": "SUP-0042"}
    ).content.decode()
    assert "恒拓精密" in mine


def test_wrong_kinds_are_refused(directory: Directory, as_: AS) -> None:
    client = as_(directory.maintainer)
    answer = post(client, url("node-new", directory.department.pk, "organization"), {"name": "新"})
    assert answer.status_code == 422
    answer = post(client, url("node-new", directory.dimension.pk, "department"), {"name": "新"})
    assert answer.status_code == 422
    assert client.get(url("node-new", directory.dimension.pk, "dimension")).status_code == 404


def test_edit_takes_only_the_fields_of_the_form(directory: Directory, as_: AS) -> None:
    category, owner = Category.objects.create(name="原材料"), make_person("周明宇")
    data = {
        "name": "恒拓精密", "full_name": "恒拓精密有限公司", "code": "SUP-0042", "category": category.pk,
        "tags": "核心，华东, 重点", "owners": [owner.pk], "cooperation_from": "2025-01-01",
        "cooperation_to": "2027-12-31", "order": "5", "remark": "一\n二",
        "enabled": "", "lft": "99", "builtin": "1", "parent": str(directory.other.pk), "live": "",
    }  # fmt: skip
    answer = post(as_(directory.maintainer), url("node-edit", directory.organization.pk), data)
    assert answer.status_code == 303
    node = Node.objects.get(pk=directory.organization.pk)
    detail = OrganizationDetail.objects.get(node=node)
    assert (node.full_name, node.order, node.remark) == ("恒拓精密有限公司", 5, "一\n二")
    assert (node.enabled, node.builtin, node.parent_id) == (True, False, directory.dimension.pk)
    assert {tag.name for tag in detail.tags.all()} == {"核心", "华东", "重点"}
    assert list(detail.owners.all()) == [owner]
    form = as_(directory.maintainer).get(url("node-edit", node.pk)).content.decode()
    for shown in ("2025-01-01", "周明宇", "SUP-0042"):
        assert shown in form


def test_an_old_form_is_told_so(directory: Directory, as_: AS) -> None:
    old = version_of(directory.organization)
    nodes.edit(by=directory.holder, node=directory.organization, fields={"remark": "新"})
    data = {"name": "恒拓精密", "version": old}
    answer = post(as_(directory.maintainer), url("node-edit", directory.organization.pk), data)
    assert answer.status_code == 409
    assert "刚被其他人修改" in answer.content.decode()


def test_external_people_are_no_owners(directory: Directory, as_: AS) -> None:
    from tests.factories.orgs import make_external

    data = {"name": "恒拓精密", "owners": [make_external().pk]}
    answer = post(as_(directory.maintainer), url("node-edit", directory.organization.pk), data)
    assert answer.status_code == 422


# --- Order, disable, delete, move -------------------------------------------------------------------------------------


def test_edit_answers_in_its_place(directory: Directory, as_: AS) -> None:
    client, node = as_(directory.maintainer), directory.organization
    address = url("node-edit", node.pk)
    renamed = post(client, address, {"name": "恒拓<新>"}, hx=True)
    body = renamed.content.decode()
    assert renamed.headers["HX-Push-Url"] == url("node", node.pk)
    assert f'<span hx-swap-oob="innerHTML:#tn-{node.pk} .t">恒拓&lt;新&gt;</span>' in body
    assert "已保存" in body
    assert "HX-Trigger" not in renamed.headers
    ordered = post(client, address, {"name": "恒拓<新>", "order": "7"}, hx=True)
    assert "#tree-body" in ordered.headers["HX-Trigger"]
    assert "#tn-" not in ordered.content.decode()


def test_place_beside_a_sibling(directory: Directory, as_: AS) -> None:
    client = as_(directory.maintainer)
    made = {name: make_department(directory.organization, name) for name in ("甲", "乙", "丙")}

    def place(what: str, side: str, beside: Node) -> Any:
        data = {"beside": beside.pk, "side": side}
        return post(client, url("node-place", made[what].pk), data, hx=True)

    def order() -> list[str]:
        rows = Node.objects.filter(parent=directory.organization, name__in=made)
        return list(rows.in_display_order().values_list("name", flat=True))

    for what, side, beside, wanted in (
        ("甲", "before", "丙", "甲丙乙"), ("乙", "before", "甲", "乙甲丙"), ("乙", "after", "丙", "甲丙乙"),
        ("甲", "after", "丙", "丙甲乙"), ("甲", "after", "丙", "丙甲乙"),
    ):  # fmt: skip
        assert place(what, side, made[beside]).status_code == 204
        assert order() == list(wanted), (what, side, beside)
    assert AuditEntry.objects.filter(action="node.reorder").count() == 4
    assert place("甲", "after", directory.dimension).status_code == 422
    assert place("甲", "after", made["甲"]).status_code == 422
    assert place("甲", "over", made["乙"]).status_code == 404
    assert place("甲", "after", directory.foreign).status_code == 404


def test_shift(directory: Directory, as_: AS) -> None:
    other = make_organization(directory.dimension, "安和")
    client = as_(directory.maintainer)
    assert post(client, url("node-shift", directory.organization.pk, "up")).status_code == 303
    rows = Node.objects.filter(parent=directory.dimension).in_display_order()
    assert list(rows) == [directory.organization, other]
    post(client, url("node-shift", directory.organization.pk, "up"))
    assert "已经是第一个" in client.get(url("node", directory.organization.pk)).content.decode()
    assert post(client, url("node-shift", directory.organization.pk, "sideways")).status_code == 404


def test_disable_asks_first(directory: Directory, as_: AS) -> None:
    client, address = as_(directory.maintainer), url("node-disable", directory.organization.pk)
    assert "立即退出" in client.get(address, headers=HX).content.decode()
    assert Node.objects.get(pk=directory.organization.pk).enabled
    assert post(client, address).status_code == 303
    assert not Node.objects.get(pk=directory.department.pk).live
    post(client, url("node-enable", directory.organization.pk))
    assert Node.objects.get(pk=directory.department.pk).live


def test_delete_says_why_not(directory: Directory, as_: AS) -> None:
    client = as_(directory.maintainer)
    answer = post(client, url("node-delete", directory.organization.pk), hx=True)
    assert answer.status_code == 422
    assert "还有 2 个下级" in answer.content.decode()
    answer = post(client, url("node-delete", directory.department.pk), hx=True)
    assert answer.headers["HX-Redirect"] == url("node", directory.organization.pk)
    assert not Node.objects.filter(pk=directory.department.pk).exists()


def test_a_move_shows_who_gains_before_it_happens(directory: Directory, as_: AS) -> None:
    second = make_organization(directory.dimension, "海川")
    let_view(make_internal_department("物流部", make_person()), second)
    client, address = as_(directory.maintainer), url("node-move", directory.department.pk)
    assert url("node-picker") in client.get(address, headers=HX).headers["Location"]
    assert "海川" in client.get(address).content.decode()
    asked = post(client, address, {"parent": second.pk}, hx=True).content.decode()
    assert "移动后新增可见：物流部（1 人）" in asked
    assert Node.objects.get(pk=directory.department.pk).parent_id == directory.organization.pk
    answer = post(client, address, {"parent": second.pk, "confirmed": "1"})
    assert answer.status_code == 303
    assert Node.objects.get(pk=directory.department.pk).parent_id == second.pk


@pytest.mark.parametrize("target", ["department", "branch", "organization"])
def test_a_move_that_cannot_be_is_answered_with_the_reason(
    directory: Directory, as_: AS, target: str
) -> None:
    client = as_(directory.maintainer)
    data = {"parent": getattr(directory, target).pk, "confirmed": "1"}
    answer = post(client, url("node-move", directory.organization.pk), data, hx=True)
    assert answer.status_code == 422


def test_a_move_needs_both_ends(directory: Directory, as_: AS) -> None:
    data = {"parent": directory.other.pk, "confirmed": "1"}
    address = url("node-move", directory.organization.pk)
    assert post(as_(directory.maintainer), address, data).status_code == 404
    assert post(as_(make_maintainer(directory.other)), address, data).status_code == 404
    assert (
        post(as_(make_maintainer(directory.dimension, directory.other)), address, data).status_code
        == 403
    )
    assert post(as_(directory.holder), address, data).status_code == 303


# --- Rights ---------------------------------------------------------------------------------------------------------


def test_give_and_take_a_range(directory: Directory, as_: AS) -> None:
    person, group = make_person("韩雪"), make_internal_department("采购中心", make_person())
    client = as_(directory.maintainer)
    data = {"holders": [f"p{person.pk}", f"d{group.pk}"]}
    assert (
        post(client, url("node-grant", directory.organization.pk, "range"), data).status_code == 303
    )
    page = client.get(url("node-ranges", directory.organization.pk)).content.decode()
    assert "采购中心 1 人和 1 名指定人员可以看到此组织" in page
    below = client.get(url("node-ranges", directory.department.pk)).content.decode()
    assert "继承自" in below
    assert "在上级修改" in below
    post(
        client,
        url("node-revoke", directory.organization.pk, "range"),
        {"holder": f"person:{person.pk}"},
    )
    assert not scope_of(person).ranges
    actions = list(
        AuditEntry.objects.filter(action__startswith="range.").values_list("action", flat=True)
    )
    assert sorted(actions) == ["range.add", "range.add", "range.remove"]


@pytest.mark.parametrize("holders", [["p999999"], ["x1"], ["p"], [""], ["p1; drop"]])
def test_strange_holders_change_nothing(directory: Directory, as_: AS, holders: list[str]) -> None:
    answer = post(
        as_(directory.maintainer),
        url("node-grant", directory.organization.pk, "range"),
        {"holders": holders},
    )
    assert answer.status_code == 303
    assert not AuditEntry.objects.exists()


def test_maintainers_are_appointed_on_the_dimension_by_holders(
    directory: Directory, as_: AS
) -> None:
    person = make_person("陈立")
    address = url("node-grant", directory.dimension.pk, "maintainer")
    data = {"holders": [f"p{person.pk}"]}
    assert post(as_(directory.maintainer), address, data).status_code == 403
    page = (
        as_(directory.maintainer).get(url("node-ranges", directory.dimension.pk)).content.decode()
    )
    assert address not in page
    assert post(as_(directory.holder), address, data).status_code == 303
    assert scope_of(person).maintained == (directory.dimension.pk,)
    assert (
        "陈立"
        in as_(directory.holder).get(url("node-ranges", directory.dimension.pk)).content.decode()
    )
    own = {"holders": [f"p{directory.holder.pk}"]}
    assert post(as_(directory.holder), address, own).status_code == 403
    assert (
        post(
            as_(directory.holder), url("node-grant", directory.organization.pk, "maintainer"), data
        ).status_code
        == 404
    )
    assert (
        post(
            as_(directory.holder), url("node-grant", directory.dimension.pk, "else"), data
        ).status_code
        == 404
    )


def test_why_visible_names_the_rule(directory: Directory, as_: AS) -> None:
    person = make_person("周明宇")
    let_view(make_internal_department("采购中心", person), directory.dimension)
    client, address = as_(directory.maintainer), url("node-why", directory.organization.pk)
    body = post(client, address, {"person": person.pk}, hx=True).content.decode()
    assert "周明宇 可以看到“恒拓精密”" in body
    assert "战略供应商 的可见范围（通过 采购中心）" in body
    assert "看不到" in client.get(f"{address}?person={make_person().pk}").content.decode()
    assert client.get(address).status_code == 303


# --- Dimensions and lists -------------------------------------------------------------------------------------------


def test_dimension_pages(directory: Directory, as_: AS) -> None:
    client = as_(directory.holder)
    page = client.get(url("dimensions")).content.decode()
    assert "战略供应商" in page
    assert "维护甲" in page
    assert "内置" in page
    answer = post(
        client,
        url("dimension-new"),
        {"name": "机构", "name_en": "Agencies", "description": "主管单位"},
    )
    made = Node.objects.get(name="机构")
    assert answer.headers["Location"] == url("node", made.pk)
    assert post(client, url("dimension-new"), {"name": "机构"}).status_code == 422
    assert (
        post(
            client, url("dimension-edit", made.pk), {"name": "机构", "description": "协会"}
        ).status_code
        == 303
    )
    assert Node.objects.get(pk=made.pk).dimension_detail.description == "协会"
    post(client, url("dimension-disable", made.pk))
    assert not Node.objects.get(pk=made.pk).enabled
    post(client, url("dimension-enable", made.pk))
    assert post(client, url("dimension-delete", made.pk)).status_code == 303
    assert post(client, url("dimension-delete", directory.dimension.pk)).status_code == 422
    assert client.get(url("dimension-edit", directory.organization.pk)).status_code == 404


def test_the_builtin_dimension_stays(directory: Directory, as_: AS) -> None:
    builtin = Node.objects.get(builtin=True)
    for name in ("dimension-disable", "dimension-delete"):
        assert post(as_(directory.holder), url(name, builtin.pk)).status_code == 422
    assert Node.objects.get(builtin=True).enabled


def test_a_large_dimension_is_announced(
    directory: Directory, as_: AS, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orgs.selectors.nodes.LARGE_DIMENSION", 2)
    client = as_(directory.holder)
    assert "明显变慢" in client.get(url("dimensions")).content.decode()
    assert "明显变慢" in client.get(url("node", directory.dimension.pk)).content.decode()


def test_categories_and_tags(directory: Directory, as_: AS) -> None:
    client = as_(directory.holder)
    assert "还没有分类" in client.get(url("categories")).content.decode()
    assert post(client, url("category-new"), {"name": "供应商", "order": "3"}).status_code == 303
    category = Category.objects.get()
    assert post(client, url("category-new"), {"name": "供应商"}).status_code == 422
    nodes.edit(
        by=directory.holder,
        node=directory.organization,
        fields={"category": category, "tags": ["核心"]},
    )
    assert post(client, url("category-delete", category.pk)).status_code == 422
    assert post(client, url("category-edit", category.pk), {"name": "经销商"}).status_code == 303
    tag = Tag.objects.get()
    assert "核心" in client.get(url("categories")).content.decode()
    assert post(client, url("tag-edit", tag.pk), {"name": "重点"}).status_code == 303
    assert post(client, url("tag-delete", tag.pk)).status_code == 303
    assert client.get(url("tag-edit", tag.pk)).status_code == 404


def test_settings_page(directory: Directory, as_: AS) -> None:
    client = as_(make_administrator())
    assert post(client, url("settings"), {"default_security_level": "-10"}).status_code == 303
    assert 'value="-10"' in client.get(url("settings")).content.decode()
    assert post(client, url("settings"), {"default_security_level": "5"}).status_code == 422


def test_a_get_changes_nothing(directory: Directory, as_: AS) -> None:
    client = as_(directory.holder)
    make_department(directory.organization, "财务部")
    make_dimension("空")
    before = AuditEntry.objects.count(), Node.objects.count()
    for name in ("node-disable", "node-enable", "node-delete", "node-move", "node-edit"):
        client.get(
            url(name, directory.department.pk) + "?confirmed=1&parent=" + str(directory.branch.pk)
        )
    for name in ("dimension-disable", "dimension-delete", "dimension-edit"):
        client.get(url(name, directory.other.pk))
    assert (AuditEntry.objects.count(), Node.objects.count()) == before
