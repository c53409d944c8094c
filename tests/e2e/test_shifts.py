"""No answer moves what somebody is looking at: the fullest pages at 1440 and 390 pixels."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect

from contacts import import_jobs
from contacts.models import ImportJob
from tests.e2e.helpers import SIZES, Open
from tests.e2e.shifts import SHIFTS, Shifts
from tests.factories import orgs as org
from tests.factories.contacts import make_contact, make_many

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]


@pytest.fixture
def world() -> SimpleNamespace:
    dimension = org.make_dimension("战略供应商")
    hengtuo = org.make_organization(dimension, "恒拓精密（示例）", remark="每季度对账")
    for name in ("采购部", "财务部", "质量管理部"):
        make_many(org.make_department(hengtuo, name), 2)
    for name in ("海川电子（示例）", "立衡物流（示例）"):
        make_many(org.make_organization(dimension, name), 2)
    make_many(hengtuo, 120)
    make_contact(hengtuo, "林晓彤", position="采购工程师")
    return SimpleNamespace(
        dimension=dimension, hengtuo=hengtuo, shen=org.make_maintainer(dimension, name="沈佳")
    )


@pytest.fixture(params=[1440, 390])
def opened(request, open_as: Open, context: BrowserContext, world: SimpleNamespace) -> Open:
    """Opens a page of the maintainer at this width, with everything that moves written down."""
    context.add_init_script(SHIFTS)

    def go(path: str) -> Page:
        page = open_as(world.shen, "/healthz")
        page.set_viewport_size({"width": request.param, "height": SIZES[request.param]})
        page.goto(page.url.replace("/healthz", path))
        return page

    return go


def phone(page: Page) -> bool:
    return page.viewport_size["width"] < 600


def test_address_book(opened, world) -> None:
    page = opened(f"/contacts/o/{world.hengtuo.pk}/")
    rows, card = page.locator("tr[data-row]"), page.locator("#card-slot h2")
    shifts = Shifts(page, "open")
    shifts.stand("filter", lambda: page.locator("select[name=status]").select_option("none"))
    expect(page).to_have_url(re.compile("status=none"))
    shifts.stand("another page", lambda: page.get_by_role("link", name="下一页").click())
    expect(page).to_have_url(re.compile("after="))
    shifts.stand("card", lambda: (rows.nth(3).locator("a[data-open]").click(), card.wait_for()))
    shifts.stand(
        "tab of the card",
        lambda: page.locator("#card-slot").get_by_role("link", name="权限与共享").click(),
    )
    shifts.stand(
        "close",
        lambda: (
            page.locator("#card-slot")
            .get_by_role("link", name="返回列表" if phone(page) else "关闭名片")
            .click()
        ),
    )
    assert page.locator(".card-none").is_visible() != phone(page)
    shifts.stand(
        "search", lambda: (page.locator("#search").fill("lxt"), expect(rows).to_have_count(1))
    )
    shifts.stand("give up", lambda: (page.keyboard.press("Escape"), expect(rows).to_have_count(50)))
    if phone(page):
        shifts.stand("tree", lambda: page.get_by_role("button", name="打开组织树").click())
    twisty = page.locator(f"#tn-{world.dimension.pk} .tw").first
    shifts.stand("fold", twisty.click, inside="#book-tree")
    shifts.stand("expand", twisty.click, inside="#book-tree")
    shifts.stand("another node", lambda: page.locator("#book-tree").get_by_text("海川电子").click())
    expect(page.get_by_role("heading", level=1)).to_contain_text("海川电子")


def test_organizations(opened, world) -> None:
    page = opened(reverse("orgs:node", args=[world.hengtuo.pk]))
    shifts, tabs = Shifts(page, "open"), page.get_by_role("navigation", name="组织内容")
    for tab in ("下级部门", "变更记录", "维护者与可见范围", "信息"):
        shifts.stand(tab, lambda tab=tab: tabs.get_by_role("link", name=tab).click())
        expect(page.locator(".tabs [aria-current]")).to_contain_text(tab)
    shifts.stand(
        "edit",
        lambda: (
            page.get_by_role("link", name="编辑 详情").click(),
            page.get_by_label("名称").wait_for(),
        ),
    )
    page.get_by_label("名称").fill("恒拓模具（示例）")
    shifts.stand("save", lambda: page.get_by_role("button", name="保存").click())
    expect(page.get_by_role("heading", level=1)).to_contain_text("恒拓模具")


def test_contacts_of_the_back_office(opened, world) -> None:
    page = opened(reverse("contacts:console-list", args=[world.hengtuo.pk]))
    shifts = Shifts(page, "open")
    shifts.stand("filter", lambda: page.locator("select[name=status]").select_option("none"))
    expect(page).to_have_url(re.compile("status=none"))
    shifts.stand("another page", lambda: page.get_by_role("link", name="下一页").click())
    expect(page).to_have_url(re.compile("after="))
    shifts.stand(
        "another tab",
        lambda: (
            page.get_by_role("navigation", name="组织内容")
            .get_by_role("link", name="变更记录")
            .click()
        ),
    )


def test_import(opened, world, tmp_path: Path) -> None:
    page = opened("/console/imports/new/")
    shifts = Shifts(page, "open")
    file = tmp_path / "people.csv"
    file.write_text(
        "组织,部门,姓名\n" + "".join(f"恒拓精密（示例）,采购部,人{n}\n" for n in range(40))
    )
    shifts.stand("file", lambda: page.locator("input[type=file]").set_input_files(str(file)))
    page.get_by_role("button", name="上传并预检").click()
    page.wait_for_url("**/console/imports/*/")
    shifts.stand("checking", lambda: expect(page.get_by_text("正在预检文件")).to_be_visible())
    import_jobs.check(job_id=ImportJob.objects.get().pk)
    confirm = page.get_by_role("button", name="确认导入 40 行")
    shifts.stand("checked", lambda: expect(confirm).to_be_visible(timeout=15_000))
