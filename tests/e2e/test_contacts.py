"""The address book in a browser: tree, search, keys, card, side drawer; every state checked by axe at 1440 and 390."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect
from pytest_django import Settings

from contacts.models import Contact
from tests.e2e.helpers import Open, check_everywhere
from tests.e2e.shifts import SHIFTS, Shifts
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
    return SimpleNamespace(
        zhou=zhou, shen=shen, lin=lin, purchase=purchase, hengtuo=hengtuo, dimension=dimension,
    )  # fmt: skip


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


def test_every_state_is_an_address_and_nothing_moves(world, open_as: Open, context) -> None:
    """Back, Forward and reload bring node, tree, page, filter, card and tab back; no swap shifts what is there."""
    make_many(world.hengtuo, 110)
    for number in range(104):
        make_contact(org.make_organization(world.dimension, f"下级组织{number:03}"))
    context.add_init_script(SHIFTS)
    page = open_as(world.shen, f"/contacts/o/{world.hengtuo.pk}/")
    rows, card = page.locator("tr[data-row]"), page.locator("#card-slot h2")
    expect(rows).to_have_count(50)
    shifts = Shifts(page, "open")
    page.get_by_role("link", name="下一页").click()
    expect(page).to_have_url(re.compile("after="))
    shifts.stand("another page")
    rows.nth(3).locator("a[data-open]").click()
    expect(card).to_be_visible()
    page.locator("#card-slot").get_by_role("link", name="权限与共享").click()
    expect(page).to_have_url(re.compile("after=.*tab=rights"))
    page.locator("#card-slot").get_by_role("link", name="关闭名片").click()
    expect(page.locator("#card")).to_have_count(0)
    shifts.stand("card, tab, close")
    page.locator("select[name=status]").select_option("none")
    expect(page).to_have_url(re.compile("status=none"))
    page.locator("#search").fill("lxt")
    expect(rows).to_have_count(1)
    page.keyboard.press("Escape")
    expect(rows).to_have_count(50)
    # The dimension has more than a hundred organizations: the level is narrowed in its place.
    page.locator("#level-q").fill("下级组织103")
    expect(page.locator("#book-tree").get_by_text("下级组织")).to_have_count(1)
    shifts.stand("filter, search, give up, level", inside="#book-tree")
    page.locator("#book-tree").get_by_text("下级组织103").click()
    expect(rows).to_have_count(1)
    page.go_back()
    expect(rows).to_have_count(50)
    address = page.url
    page.goto(address.partition("?")[0] + f"?after=&c={world.lin.pk}&tab=rights")
    page.reload()
    expect(card).to_contain_text("林晓彤")
    expect(page.locator(f"#tn-{world.hengtuo.pk}")).to_have_attribute("aria-current", "true")
    page.go_back()
    expect(page).to_have_url(address)


def test_why_and_through_the_eyes_of_another(world, open_as: Open) -> None:
    page = open_as(world.shen, f"/contacts/?c={world.lin.pk}")
    page.keyboard.press("?")
    expect(page.locator("#dlg-keys")).to_be_visible()
    check_everywhere(page, "contacts-keys", widths=(1440,))
    page.keyboard.press("Escape")
    page.locator("#card-slot summary").click()
    page.get_by_role("link", name="谁能看到").click()
    expect(page.get_by_role("link", name="选择")).to_be_visible()
    check_everywhere(page, "contacts-who-sees")
    page.get_by_role("link", name="选择").click()
    page.locator("dialog").get_by_text("周明宇").click()
    page.locator("dialog button[type=submit]").click()
    expect(page.locator(".hints li")).to_have_count(2)
    check_everywhere(page, "contacts-why")
    page.get_by_role("link", name="以 周明宇 的身份查看通讯录").click()
    expect(page.get_by_role("button", name="开始查看")).to_be_visible()
    check_everywhere(page, "contacts-view-as-start")
    page.get_by_role("button", name="开始查看").click()
    expect(page.locator(".banner[aria-label]")).to_contain_text("正以 周明宇 的身份查看，只读")
    expect(page.locator("[data-countdown]")).to_have_text(re.compile("14:5"))
    page.locator("tr[data-row] a[data-open]", has_text="林晓彤").click()
    expect(page.locator("#card-slot h2")).to_contain_text("林晓彤")
    expect(page.get_by_role("button", name="显示完整手机号")).to_have_count(0)
    check_everywhere(page, "contacts-view-as")
    page.locator(".banner[aria-label] button").click()
    expect(page.locator("[data-countdown]")).to_have_count(0)


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
    # An input method composes: its letters are not the query until it is done.
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.locator("#search").evaluate(
        "box => { box.value = 'lin'; box.dispatchEvent(new InputEvent('input', {isComposing: true, bubbles: true})) }"
    )
    page.wait_for_timeout(500)
    assert not [url for url in sent if "q=" in url]
    page.locator("#search").evaluate(
        "box => { box.value = '林晓'; box.dispatchEvent(new CompositionEvent('compositionend', {bubbles: true})) }"
    )
    expect(page.locator("tr[data-row]")).to_have_count(1)
    page.locator("#search").press("Escape")
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
