"""外部组织维护 in a browser: tree by keys and clicks, search, choosers, dialogs; axe on all pages (SPEC ORG-5 to 9)."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import BrowserContext, expect

from accounts.models import User
from orgs import tree, tree_bulk
from orgs.models import Node, Restructuring
from orgs.services import grants, nodes, restructuring
from tests.e2e.helpers import Open, check_everywhere, check_page, settled
from tests.e2e.shifts import SHIFTS, Shifts
from tests.factories.contacts import make_contact
from tests.factories.orgs import (
    make_administrator,
    make_department,
    make_dimension,
    make_internal_department,
    make_organization,
    make_person,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]


def url(name: str, *args: object) -> str:
    return reverse(f"orgs:{name}", args=args)


@pytest.fixture
def admin() -> User:
    return make_administrator("李敏")


@pytest.fixture
def organization(admin: User) -> Node:
    """A dimension with some life in it; returns the organization in the middle."""
    dimension = make_dimension("战略供应商", code="SUP")
    make_dimension("渠道合作伙伴")
    fields = {
        "name": "恒拓精密（示例）", "full_name": "恒拓精密制造（苏州）有限公司（示例）", "code": "SUP-0042",
        "tags": ["核心", "华东"], "owners": [make_person("周明宇"), make_person("沈佳")], "remark": "每季度对账",
    }  # fmt: skip
    made = nodes.create(by=admin, parent=dimension, kind=1, fields=fields)  # type: ignore[arg-type]
    for name in ("海川电子（示例）", "立衡物流（示例）"):
        make_organization(dimension, name)
    make_department(make_organization(made, "苏州分公司（示例）"), "总经办")
    for name in ("采购部", "财务部", "质量管理部"):
        make_department(made, name)
    closed = Node.objects.get(name="立衡物流（示例）")
    nodes.set_enabled(by=admin, node=closed, enabled=False)
    centre = make_internal_department("采购中心", *[make_person() for _ in range(6)])
    grants.add_range(by=admin, node=dimension, to=centre)
    grants.add_range(by=admin, node=made, to=make_person("韩雪"))
    grants.add_maintainer(
        by=admin, dimension=dimension, to=make_internal_department("供应链管理部")
    )
    grants.add_visible_staff(by=admin, node=made, to=make_person("陈立"))
    nodes.edit(by=admin, node=made, fields={"remark": "每月对账"})
    return made


@pytest.mark.parametrize(
    "name",
    ["node", "node-organizations", "node-departments", "node-ranges", "node-history", "node-edit"],
)
def test_every_tab_everywhere(admin: User, organization: Node, open_as: Open, name: str) -> None:
    check_everywhere(open_as(admin, url(name, organization.pk)), f"orgs-{name}")


@pytest.mark.parametrize("name", ["dimensions", "categories", "settings", "search"])
def test_other_pages_everywhere(admin: User, organization: Node, open_as: Open, name: str) -> None:
    address = url(name) + ("?q=caigou" if name == "search" else "")
    check_everywhere(open_as(admin, address), f"orgs-{name}")


def test_the_tree_by_keys(admin: User, organization: Node, open_as: Open) -> None:
    page = open_as(admin, url("node", organization.dimension_id))
    root = page.get_by_role("treeitem", name="战略供应商")
    root.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.type("heng")
    target = page.get_by_role("treeitem", name="恒拓精密（示例）")
    expect(target).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("treeitem", name="采购部")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="恒拓精密（示例）")).to_be_visible()
    assert page.url.endswith(url("node", organization.pk))
    page.go_back()
    expect(page.get_by_role("heading", level=1, name="战略供应商")).to_be_visible()
    check_page(page, "orgs-keys")


def test_tabs_change_the_address_and_the_title(
    admin: User, organization: Node, open_as: Open
) -> None:
    page = open_as(admin, url("node", organization.pk))
    page.get_by_role("navigation", name="组织内容").get_by_role("link", name="变更记录").click()
    expect(page.get_by_role("heading", level=2, name="变更记录")).to_be_visible()
    assert page.url.endswith(url("node-history", organization.pk))
    page.get_by_role("treeitem", name="采购部").click()
    expect(page).to_have_title("采购部 · 外部组织维护 · 外联通")
    page.reload()
    expect(page.get_by_role("heading", level=1, name="采购部")).to_be_visible()


def test_search_replaces_the_tree_and_gives_it_back(
    admin: User, organization: Node, open_as: Open
) -> None:
    make_contact(organization, "蔡构")
    page = open_as(admin, url("node", organization.pk))
    page.keyboard.press("/")
    page.keyboard.type("caigou")
    hit = page.locator("#tree-hits a", has_text="采购部")
    expect(hit).to_be_visible()
    expect(page.locator("#people-hits a", has_text="蔡构")).to_contain_text(
        "战略供应商 / 恒拓精密（示例）"
    )
    check_page(page, "orgs-hits")
    hit.click()
    expect(page.get_by_role("heading", level=1, name="采购部")).to_be_visible()
    page.locator("#tree-q").fill("")
    expect(page.get_by_role("tree")).to_be_visible()


def test_new_organization_in_a_dialog(admin: User, organization: Node, open_as: Open) -> None:
    page = open_as(admin, url("node", organization.pk))
    page.get_by_label("更多操作").click()
    page.get_by_role("link", name="新建下级组织").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="新建").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    check_page(page, "orgs-new-errors")
    dialog.get_by_label("名称").fill("恒拓模具（示例）")
    dialog.get_by_role("button", name="新建").click()
    expect(page.get_by_role("heading", level=1, name="恒拓模具（示例）")).to_be_visible()
    expect(page.get_by_role("treeitem", name="恒拓模具（示例）")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="已新建")).to_be_visible()
    check_page(page, "orgs-created")


def test_move_through_the_chooser(admin: User, organization: Node, open_as: Open) -> None:
    moved = Node.objects.get(name="苏州分公司（示例）")
    page = open_as(admin, url("node", moved.pk))
    page.get_by_role("link", name="移动到…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="海川电子（示例）")).to_be_visible()
    check_page(page, "orgs-move")
    dialog.get_by_role("button", name="海川电子（示例）").click()
    dialog.get_by_role("button", name="选择").click()
    expect(page.get_by_role("dialog")).to_contain_text("移动后不再可见：韩雪")
    check_page(page, "orgs-move-confirm")
    page.get_by_role("dialog").get_by_role("button", name="移动").click()
    expect(page.get_by_role("navigation", name="当前位置")).to_contain_text("海川电子（示例）")


def test_a_long_level_is_narrowed_and_nothing_jumps(
    admin: User, open_as: Open, context: BrowserContext
) -> None:
    context.add_init_script(SHIFTS)
    dimension = make_dimension("长维度")
    rows = [
        tree.NewNode(
            str(n), dimension.pk, 1, {"name": f"示例公司{n:03}", "sort_key": f"shiligongsi{n:03}"}
        )
        for n in range(250)
    ]
    with transaction.atomic():
        tree_bulk.insert(dimension_id=dimension.pk, nodes=rows)
    last = Node.objects.get(name="示例公司249")
    page = open_as(admin, url("node", last.pk))
    lines = page.get_by_role("treeitem")
    expect(page.locator("#orgs-tree [aria-current]")).to_have_text("示例公司2490")
    assert lines.count() == 103
    shifts = Shifts(page, "open")
    for tab in ("下级组织", "变更记录", "维护者与可见范围", "信息"):
        page.get_by_role("navigation", name="组织内容").get_by_role("link", name=tab).click()
        expect(page.locator(".tabs [aria-current]")).to_contain_text(tab)
        shifts.stand(tab)
    page.get_by_role("treeitem", name="加载更多").click()
    expect(lines).to_have_count(203)
    shifts.stand("more", inside="#orgs-tree")
    page.locator("#level-q").fill("24")
    expect(lines).to_have_count(14)
    check_everywhere(page, "orgs-level", widths=(1440,))


def test_drag_asks_before_it_moves_and_orders_at_once(
    admin: User, organization: Node, open_as: Open
) -> None:
    page = open_as(admin, url("node", organization.pk))
    line = page.get_by_role("treeitem")
    buying, money = line.filter(has_text="采购部"), line.filter(has_text="财务部")
    money.drag_to(buying, target_position={"x": 60, "y": 3})
    expect(page.get_by_role("status").filter(has_text="已调整顺序")).to_be_visible()
    texts = page.locator("#orgs-tree .lv3 .t").all_text_contents()
    assert texts.index("财务部") == texts.index("采购部") - 1
    assert Node.objects.get(name="财务部").order < Node.objects.get(name="采购部").order
    buying.drag_to(line.filter(has_text="海川电子"))
    expect(page.get_by_role("dialog")).to_contain_text("移动后不再可见：韩雪；共 1 名员工")
    page.keyboard.press("Escape")
    buying.drag_to(line.filter(has_text="战略供应商"))
    expect(page.locator(".toast-x").filter(has_text="部门只能放在")).to_be_visible()


def test_edit_in_place_and_a_list_that_leads_the_tree(
    admin: User, organization: Node, open_as: Open
) -> None:
    page = open_as(admin, url("node", organization.dimension_id))
    page.get_by_role("link", name="下级部门").click()
    page.locator("#node").get_by_role("link", name="采购部").click()
    current = page.locator("#orgs-tree [aria-current]")
    expect(current).to_contain_text("采购部")
    page.get_by_role("link", name="编辑 详情").click()
    page.get_by_label("名称").fill("战略采购部")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("heading", level=1, name="战略采购部")).to_be_visible()
    expect(current).to_contain_text("战略采购部")
    assert page.url.endswith(url("node", Node.objects.get(name="战略采购部").pk))
    check_page(page, "orgs-edited")


def test_several_organizations_at_once(admin: User, organization: Node, open_as: Open) -> None:
    page = open_as(admin, url("node-organizations", organization.dimension_id))
    page.get_by_label("选择 恒拓精密（示例）").check()
    page.get_by_label("选择 海川电子（示例）").check()
    expect(page.locator("[data-bulkbar]")).to_contain_text("2")
    check_everywhere(page, "orgs-bulk", widths=(1440, 390), themes=("light",))
    page.get_by_role("button", name="停用", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("停用 2 个组织？")
    expect(dialog).to_contain_text("无法再登录的外部账号")
    check_everywhere(page, "orgs-bulk-disable", widths=(1440, 390))
    dialog.get_by_role("button", name="取消").click()
    page.get_by_role("button", name="添加标签").click()
    dialog.get_by_label("标签").fill("年度评审")
    dialog.get_by_role("button", name="添加标签").click()
    expect(page.get_by_text("已更新 2 个组织的标签")).to_be_visible()
    assert organization.organization_detail.tags.filter(name="年度评审").exists()


def test_add_to_the_visible_range(admin: User, organization: Node, open_as: Open) -> None:
    make_person("孙倩")
    page = open_as(admin, url("node-ranges", organization.pk))
    page.get_by_role("link", name="添加 可见范围").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("[data-pick]").first).to_be_visible()
    settled(page)
    dialog.get_by_role("searchbox").fill("孙倩")
    expect(dialog.locator("[data-pick]")).to_have_count(1)
    dialog.locator("[data-pick]", has_text="孙倩").click()
    expect(dialog.locator("[data-pick]")).to_have_attribute("aria-pressed", "true")
    check_page(page, "orgs-pick")
    dialog.get_by_role("button", name="选择").click()
    expect(page.locator("table.grants").first).to_contain_text("孙倩")
    expect(page.locator(".result h2")).to_contain_text("2 名指定人员")


def test_why_visible(admin: User, organization: Node, open_as: Open) -> None:
    page = open_as(admin, url("node-ranges", organization.pk))
    page.get_by_role("link", name="为什么可见").click()
    page.get_by_role("dialog").get_by_role("searchbox").fill("韩雪")
    page.get_by_role("dialog").locator("[data-pick]", has_text="韩雪").click()
    page.get_by_role("dialog").get_by_role("button", name="选择").click()
    expect(page.get_by_role("dialog")).to_contain_text("韩雪 可以看到“恒拓精密（示例）”")
    check_page(page, "orgs-why")


def test_delete_that_is_refused_stays_in_the_dialog(
    admin: User, organization: Node, open_as: Open
) -> None:
    page = open_as(admin, url("node", organization.pk))
    page.get_by_label("更多操作").click()
    page.get_by_role("link", name="删除").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(page.get_by_role("dialog")).to_contain_text("还有 4 个下级")
    check_page(page, "orgs-delete-refused")


def test_on_a_phone_the_tree_is_a_page_of_its_own(
    admin: User, organization: Node, open_as: Open
) -> None:
    page = open_as(admin, url("node", organization.pk))
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("tree")).to_be_hidden()
    page.get_by_role("button", name="打开组织树").click()
    expect(page.get_by_role("tree")).to_be_visible()
    check_page(page, "orgs-phone-tree")
    page.get_by_role("treeitem", name="财务部").click()
    expect(page.get_by_role("heading", level=1, name="财务部")).to_be_visible()
    expect(page.get_by_role("tree")).to_be_hidden()
    page.get_by_role("button", name="打开组织树").click()
    page.locator("#tree-q").fill("caigou")
    page.locator("#tree-hits a").click()
    expect(page.get_by_role("heading", level=1, name="采购部")).to_be_visible()
    expect(page.locator("#tree-hits")).to_be_hidden()


def test_a_large_move_shows_how_far_it_is(
    admin: User, organization: Node, open_as: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restructuring, "AT_ONCE", 0)
    page = open_as(admin, url("node", organization.pk))
    page.get_by_label("更多操作").click()
    page.get_by_role("link", name="停用").click()
    page.get_by_role("dialog").get_by_role("button", name="停用").click()
    expect(page.get_by_role("heading", level=1, name="停用“恒拓精密（示例）”")).to_be_visible()
    expect(page.get_by_role("progressbar", name="等待后台处理")).to_be_visible()
    Restructuring.objects.update(status="running", done=42_000, total=71_909)
    expect(page.get_by_role("progressbar", name="正在重新计算可见范围")).to_be_visible()
    check_everywhere(page, "orgs-restructuring")
    page.get_by_role("link", name="查看 恒拓精密（示例）").click()
    page.get_by_role("link", name="查看进度").click()
    restructuring.run(job_id=Restructuring.objects.get().pk)
    expect(page.get_by_text("已完成")).to_be_visible()
    check_page(page, "orgs-restructured")
