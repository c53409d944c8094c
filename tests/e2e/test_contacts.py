"""The address book in a browser: tree, search, keys, card, side drawer; every state checked by axe at 1440 and 390."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect
from pytest_django import Settings

from contacts.models import Contact
from tests.e2e.helpers import Open, check_everywhere
from tests.factories import orgs as org
from tests.factories.contacts import make_contact, make_many

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]


@pytest.fixture
def world() -> SimpleNamespace:
    dimension = org.make_dimension("战略供应商")
    hengtuo = org.make_organization(dimension, "恒拓精密（示例）")
    purchase = org.make_department(hengtuo, "采购部")
    zhou, shen = org.make_person("周明宇"), org.make_maintainer(dimension, name="沈佳")
    org.let_view(zhou, hengtuo)
    make_many(hengtuo, 8)
    lin = make_contact(
        purchase, "林晓彤", mobile="+8613912340457", position="采购工程师", created_by=zhou
    )
    make_contact(purchase, "王嘉禾")
    return SimpleNamespace(zhou=zhou, shen=shen, lin=lin, purchase=purchase, hengtuo=hengtuo)


def test_tree_list_card(world, open_as: Open) -> None:
    page = open_as(world.zhou, "/contacts/")
    check_everywhere(page, "contacts-all")
    tree = page.locator("#book-tree")
    tree.get_by_text("战略供应商").locator("xpath=../span[@class='tw']").click()
    tree.get_by_text("恒拓精密").locator("xpath=../span[@class='tw']").click()
    tree.get_by_text("采购部").click()
    expect(page).to_have_url(re.compile(rf"/contacts/o/{world.purchase.pk}/$"))
    expect(page.locator("tr[data-row]")).to_have_count(2)
    page.get_by_role("link", name="林晓彤").click()
    expect(page).to_have_url(re.compile(rf"\?c={world.lin.pk}$"))
    expect(page.locator("#card-slot h2")).to_contain_text("林晓彤")
    check_everywhere(page, "contacts-card")
    page.reload()
    expect(page.locator("#card-slot h2")).to_contain_text("林晓彤")
    page.keyboard.press("Escape")
    expect(page.locator("#card")).to_have_count(0)
    page.go_back()
    expect(page.locator("#card-slot h2")).to_contain_text("林晓彤")


def test_search_by_keys(world, open_as: Open) -> None:
    page = open_as(world.zhou, f"/contacts/o/{world.purchase.pk}/")
    page.keyboard.press("/")
    page.keyboard.type("lxt")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    expect(page.locator("tr[data-row] mark").first).to_have_text("林晓彤")
    expect(page).to_have_url(re.compile("q=lxt"))
    check_everywhere(page, "contacts-search")
    page.keyboard.press("Escape")
    expect(page.locator("tr[data-row]")).to_have_count(2)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#card-slot h2")).to_be_visible()


def test_the_number_is_shown_and_hidden_again(world, open_as: Open, settings: Settings) -> None:
    settings.REVEAL_SECONDS = 1
    page = open_as(world.zhou, f"/contacts/?c={world.lin.pk}")
    page.get_by_role("button", name="显示完整手机号").click()
    expect(page.locator("#card-slot .masked").first).to_contain_text("139 1234 0457")
    expect(page.locator("#card-slot .masked").first).to_contain_text("139****0457", timeout=6000)


def test_a_new_contact_in_the_drawer(world, open_as: Open) -> None:
    page = open_as(world.zhou, f"/contacts/o/{world.purchase.pk}/")
    page.get_by_role("link", name="新建联系人").click()
    pane = page.locator("#card-slot")
    check_everywhere(page, "contacts-new")
    pane.get_by_role("button", name="新建").click()
    expect(pane.locator("[data-errors]")).to_be_focused()
    pane.locator("input[name=name]").fill("新来的")
    pane.locator("input[name=mobile]").fill("13912340457")
    pane.get_by_role("button", name="新建").click()
    expect(pane.locator("[data-errors]")).to_contain_text("林晓彤")
    pane.get_by_role("button", name="不是同一人").click()
    expect(page.locator("#card-slot h2")).to_contain_text("新来的")
    made = Contact.objects.get(name="新来的")
    assert (made.created_by, made.main_node) == (world.zhou, world.purchase)


def test_rights_and_account_of_a_maintainer(world, open_as: Open) -> None:
    page = open_as(world.shen, f"/contacts/?q=lxt&c={world.lin.pk}&tab=rights")
    check_everywhere(page, "contacts-rights")
    page.locator("#card-slot").get_by_role("link", name="可查看").click()
    page.locator("dialog").get_by_text("周明宇").click()
    page.locator("dialog button[type=submit]").click()
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator("#card-slot .places").nth(1)).to_contain_text("周明宇")
    page.locator("#card-slot").get_by_role("link", name="账号信息").click()
    page.locator("#card-slot .acts").get_by_text("开通账号").click()
    page.locator("dialog button[type=submit]").click()
    expect(page.locator(f"#row-{world.lin.pk} .tag")).to_contain_text("开通中")
    check_everywhere(page, "contacts-account")
