"""One login, two identities: asked for at the card, agreed to and switched in the portal; each state checked by axe."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from contacts.models import Contact, ContactVisibleStaff
from contacts.services import places
from core.actors import SystemActor
from im import services as im
from im.reach import Party
from portal.models import PushedTodo, TodoSystem
from tests.e2e.helpers import SIZES, Open, check_everywhere, check_page, settled
from tests.factories import orgs
from tests.factories.contacts import make_contact
from tests.portal.conftest import Place, make_place

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Place:
    request.getfixturevalue("live_server")
    return make_place()


@pytest.fixture
def entry(place: Place) -> Contact:
    """The same person in an organization of another dimension: same number, a to-do and a contact of his own."""
    lab = orgs.make_organization(orgs.make_dimension("实验室"), "联创检测（示例）")
    contact = make_contact(lab, "林顾问", position="外聘顾问", mobile=place.contact.mobile)
    ContactVisibleStaff.objects.create(contact=contact, user=orgs.make_person("罗晨"))
    system = TodoSystem.objects.create(name="实验室系统", token_hash="-")
    for number, one in enumerate((place.contact, contact)):
        title = ("确认订单", "上传检测报告")[number]
        PushedTodo.objects.create(system=system, external_id=str(number), contact=one, title=title)
    person = User.objects.get(pk=place.external.pk)
    talk = im.open_direct(by=person, other=Party(place.known.pk))
    im.send(
        conversation_id=talk.pk, body="备货计划已收到", client_id="client-00001", by=place.known
    )
    return contact


def wide(page: Page, width: int = 1440) -> None:
    page.set_viewport_size({"width": width, "height": SIZES[width]})


def menu(page: Page) -> None:
    page.locator("summary.me").click()
    expect(page.locator(".menu-me")).to_be_visible()


def test_asked_agreed_switched_and_back(place: Place, entry: Contact, open_as: Open) -> None:
    page = open_as(place.holder, f"/contacts/?c={entry.pk}&tab=account")
    page.get_by_role("link", name="已有账号的同一人").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("radio", name="林晓彤").check()
    expect(dialog.get_by_role("button", name="请本人确认")).to_be_enabled()
    check_everywhere(page, "identity-ask", themes=("light",))
    wide(page)
    dialog.get_by_role("button", name="请本人确认").click()
    expect(page.locator("#card-slot")).to_contain_text("等待本人确认")
    check_page(page, "identity-asked")

    page = open_as(place.external, "/portal/")
    expect(page.locator(".todos")).to_contain_text("联创检测（示例）")
    page.locator(".todo", has_text="这也是您吗").get_by_role("link", name="查看").click()
    expect(page.get_by_role("button", name="是我本人")).to_be_visible()
    check_everywhere(page, "identity-offer")
    wide(page)
    page.get_by_role("button", name="是我本人").click()
    expect(page.locator("#main")).to_contain_text("身份已增加")
    expect(page.locator(".places li")).to_have_count(2)
    check_everywhere(page, "identities", widths=(390,), themes=("dark",))

    for width in (1440, 390):
        wide(page, width)
        stale = page.context.new_page()
        stale.goto(page.url.replace("identities/", "profile/"))
        switch(page, "联创检测（示例）")
        expect(page.locator("#main")).to_contain_text("现在以 林顾问 的身份使用")
        sees(page, {"上传检测报告", "罗晨"}, {"确认订单", "周明宇", "备货计划"})
        stale.get_by_label("座机").fill("0512-6666")
        stale.get_by_role("button", name="保存").click()
        expect(stale.get_by_role("heading", level=1)).to_have_text("身份已切换")
        assert not Contact.objects.exclude(telephone="").exists()
        stale.close()
        menu(page)
        # What lies half under the menu cannot be hit anyway.
        check_page(page, f"identity-menu-{width}", without=["target-size"])
        page.keyboard.press("Escape")
        switch(page, "恒拓精密（示例）")
        sees(page, {"确认订单", "周明宇", "备货计划"}, {"上传检测报告", "罗晨"})
        page.goto(page.url.partition("/portal/")[0] + "/portal/identities/")


def switch(page: Page, organization: str) -> None:
    """Through the menu at the avatar, by keyboard."""
    menu(page)
    entry = page.locator(".menu-me").get_by_role("button", name=organization)
    expect(entry).to_be_visible()
    entry.focus()
    with page.expect_navigation():  # at home the heading stands there before, too
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="个人待办")).to_be_visible()


def sees(page: Page, mine: set[str], others: set[str]) -> None:
    """What stands at home and in the list of messages."""
    text = page.locator("body").inner_text()
    page.goto(page.url.partition("/portal/")[0] + "/portal/messages/")
    expect(page.locator("#convs")).to_be_visible()
    text += page.locator("body").inner_text()
    assert {word for word in mine if word in text} == mine
    assert not {word for word in others if word in text}


def test_open_tabs_notice(place: Place, entry: Contact, open_as: Open) -> None:
    """Another tab says so when it asks for something next; a suspended identity stands there and cannot be chosen."""
    Contact.objects.filter(pk=entry.pk).update(user=place.external, account="active")
    page = open_as(place.external, "/portal/")
    other = page.context.new_page()
    other.goto(page.url)
    switch(page, "联创检测（示例）")
    settled(other)  # what is on its way drops a second one
    other.evaluate("document.querySelector('[data-poll]').dispatchEvent(new Event('refetch'))")
    expect(other.locator("#switched")).to_be_visible()
    expect(other.locator("#main")).to_contain_text("确认订单")
    check_everywhere(other, "identity-switched", widths=(1440, 390), themes=("light",))
    wide(other)
    other.locator("#switched").get_by_role("link").click()
    expect(other.locator("#main")).to_contain_text("上传检测报告")
    places.set_enabled(by=SystemActor("tests"), contact=entry, enabled=False)
    other.reload()
    expect(other.locator("#main")).to_contain_text("现在以“恒拓精密（示例）")
    menu(other)
    expect(other.locator(".menu-me .off")).to_contain_text("已停用")
    expect(other.locator(".menu-me").get_by_role("button", name="联创检测")).to_have_count(0)
    check_page(other, "identity-suspended", without=["target-size"])
