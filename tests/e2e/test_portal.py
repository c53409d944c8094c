"""The portal in a browser; every page checked by axe."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from contacts.models import Contact
from portal.models import App
from tests.e2e.helpers import Open, check_everywhere, check_page
from tests.factories.accounts import ExternalUserFactory
from tests.factories.contacts import give_login, make_contact
from tests.portal.conftest import Place, make_place

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Place:
    request.getfixturevalue("live_server")
    return make_place()


def test_an_external_person_at_home(place: Place, open_as: Open) -> None:
    ends = timezone.now() + datetime.timedelta(days=14, hours=1)
    Contact.objects.filter(pk=place.contact.pk).update(expires_at=ends)
    links = {"orders": "https://orders.example.com/", "projects": "https://projects.example.com/"}
    for key, address in links.items():
        App.objects.filter(key=key).update(address=address)
    page = open_as(place.external, "/portal/")
    expect(page.locator(".todo")).to_have_count(2)
    expect(page.locator(".topbar")).to_contain_text("采购部")
    check_everywhere(page, "portal")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("link", name="去填写").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("个人资料")
    check_everywhere(page, "portal-profile")
    page.get_by_label("手机").fill("12")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("[data-errors]")).to_be_visible()
    check_everywhere(page, "portal-profile-error", themes=("light",))
    page.get_by_label("手机").fill("13912345678")
    page.get_by_label("办公地点").fill("苏州")
    page.get_by_label("座机").fill("0512-6666")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("#main")).to_contain_text("已保存")
    page.goto(page.url.replace("profile/", "todo/"))
    expect(page.locator(".todo")).to_have_count(1)
    check_everywhere(page, "portal-todo", themes=("light",))


def test_people_and_messages(place: Place, open_as: Open) -> None:
    page = open_as(place.external, "/portal/people/")
    expect(page.locator(".staff li")).to_have_count(2)
    check_everywhere(page, "portal-people", themes=("light",))
    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator("#people-q").fill("周")
    expect(page.locator(".staff li")).to_have_count(1)
    page.get_by_role("button", name="周明宇").click()
    expect(page.get_by_role("heading", name="周明宇")).to_be_visible()
    page.goto(page.url.partition("/portal/")[0] + "/console/staff/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".side")).to_have_count(0)
    check_everywhere(page, "portal-missing", themes=("light",))


def test_the_registry_and_to_whom_an_app_is_open(place: Place, open_as: Open) -> None:
    kept_out = give_login(make_contact(place.department, "陈默"), ExternalUserFactory(name="陈默"))
    page = open_as(place.holder, "/console/apps/")
    expect(page.locator("tbody tr")).to_have_count(20)
    check_everywhere(page, "portal-apps")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator("tbody tr", has_text="Orders").get_by_role("link", name="编辑").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("订单")
    check_page(page, "portal-app-edit")
    dialog.get_by_label("地址").fill("https://orders.example.com/")
    dialog.get_by_label("默认开放").uncheck()
    dialog.get_by_role("button", name="保存").click()
    row = page.locator("tbody tr", has_text="orders.example.com")
    expect(row).to_contain_text("启用")
    row.get_by_role("link", name="尚未开放").click()
    page.get_by_role("link", name="选择 维度、组织、部门").click()
    choose(page, "恒拓")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".page-h")).to_contain_text("现在有 2 位")
    page.get_by_label("排除", exact=True).check()
    page.get_by_role("link", name="选择 人员").click()
    choose(page, "陈默")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".page-h")).to_contain_text("现在有 1 位")
    page.get_by_role("link", name="选择人员").click()
    choose(page, "陈默")
    expect(page.locator(".note")).to_contain_text("被排除：联系人“陈默”")
    check_everywhere(page, "portal-openings")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("link", name="待办接入系统").click()
    page.get_by_role("link", name="新建系统").click()
    dialog.get_by_label("名称").fill("办公系统")
    dialog.locator("button[type=submit]").click()
    expect(page.locator("#dlg-once")).to_contain_text("wlt_")
    expect(page.locator("tbody tr")).to_contain_text("办公系统")
    check_page(page, "portal-token")
    page = open_as(place.external, "/portal/")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("link", name="订单")).to_be_visible()
    assert kept_out.user is not None
    page = open_as(kept_out.user, "/portal/")
    expect(page.get_by_role("heading", name="应用")).to_be_visible()
    expect(page.get_by_role("link", name="订单")).to_have_count(0)


def choose(page: Page, words: str) -> None:
    """Searches in the open chooser and takes the first that is found."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("searchbox").fill(words)
    dialog.locator("[data-pick]", has_text=words).first.click()
    dialog.get_by_role("button", name="选择", exact=True).click()
    expect(dialog).to_have_count(0)
