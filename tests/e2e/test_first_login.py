"""The first log-in and the last: activation by link, the forced password, an account that comes to its end (SPEC
ACC-3, ACC-4, POR-5)."""

from __future__ import annotations

import datetime

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django import Settings

from accounts import jobs
from accounts.models import PrivacyNotice, User
from accounts.services import credentials
from contacts.models import Contact
from contacts.services import accounts
from core.models import OutboxEntry
from tests.e2e.helpers import check_page, watch
from tests.factories import orgs
from tests.factories.accounts import PASSWORD, AdminFactory
from tests.factories.contacts import make_contact
from tests.portal.conftest import make_place

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]
NEW = "Wolken-Treppe 7 grün"


@pytest.fixture
def address(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("live_server").url)


@pytest.fixture
def page(address: str, context: BrowserContext) -> Page:
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    watch(page)
    return page


def log_in(page: Page, address: str, username: str, password: str) -> None:
    page.goto(f"{address}/login/")
    page.get_by_label("登录名").fill(username)
    page.locator("input[name=password]").fill(password)
    page.get_by_role("button", name="登录", exact=True).click()


def forget(page: Page) -> None:
    """The cookies are gone; no open page notices it by itself."""
    page.goto("about:blank")
    page.context.clear_cookies()


def choose(page: Page, password: str, again: str = "") -> None:
    page.locator("input[name=new]").fill(password)
    page.locator("input[name=again]").fill(again or password)


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def test_activation_by_the_link_that_was_mailed(
    page: Page, address: str, settings: Settings
) -> None:
    settings.MAIL_ENABLED, settings.BASE_URL = True, address
    dimension = orgs.make_dimension("供应商")
    maintainer = orgs.make_maintainer(dimension)
    node = orgs.make_organization(dimension, "恒拓精密（示例）")
    contact = make_contact(node, "林晓彤", email="lin@example.com")
    contact = accounts.open_directly(by=maintainer, contact=contact)
    entry = OutboxEntry.objects.get(task="accounts.issue_credentials")
    jobs.issue_credentials(**entry.arguments)
    link = next(word for word in str(mail.outbox[-1].body).split() if "/activate/" in word)
    page.goto(link)
    heading(page, "设置密码")
    assert contact.user is not None
    expect(page.locator("body")).to_contain_text(contact.user.username)
    check_page(page, "activate")
    choose(page, "123456")
    page.get_by_role("button", name="激活账号").click()
    expect(page.locator("[data-errors]")).to_be_visible()
    choose(page, NEW)
    page.get_by_role("button", name="激活账号").click()
    notice = PrivacyNotice.objects.order_by("-version").first()
    if notice is not None:
        heading(page, "隐私说明")
        page.get_by_role("button", name="同意并继续").click()
    expect(page).to_have_url(f"{address}/portal/")
    # Once: whoever finds the mail later finds nothing.
    forget(page)
    page.goto(link)
    heading(page, "链接已失效")
    check_page(page, "activate-dead")
    log_in(page, address, contact.user.username, NEW)
    expect(page).to_have_url(f"{address}/portal/")


def test_a_first_password_is_replaced_before_anything_else(page: Page, address: str) -> None:
    admin: User = AdminFactory()
    user = orgs.make_person("周明宇")
    credentials.start_issue(user=user, issue_key="first", reader_ids=[admin.pk], by=admin)
    jobs.issue_credentials(user_id=user.pk, issue_key="first")
    first = credentials.reveal(issue_key="first", by=admin)
    log_in(page, address, first.username, first.password)
    expect(page).to_have_url(f"{address}/account/password/")
    heading(page, "设置自己的密码")
    check_page(page, "forced-password")
    for path in ("/contacts/", "/messages/", "/account/sessions/"):
        page.goto(address + path)
        expect(page).to_have_url(f"{address}/account/password/")
    # The same again is none of his own.
    page.locator("input[name=old]").fill(first.password)
    choose(page, first.password)
    page.get_by_role("button", name="修改密码").click()
    expect(page.locator("[data-errors]")).to_be_visible()
    page.locator("input[name=old]").fill(first.password)
    choose(page, NEW)
    page.get_by_role("button", name="修改密码").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("设置自己的密码")
    page.goto(f"{address}/contacts/")
    expect(page).to_have_url(f"{address}/contacts/")
    forget(page)
    log_in(page, address, first.username, first.password)
    expect(page).to_have_url(f"{address}/login/")
    expect(page.locator("[data-errors]")).to_be_visible()


def test_an_account_comes_to_its_end(page: Page, address: str) -> None:
    place = make_place()
    accounts.set_expiry(
        by=place.holder, contact=place.contact, expires_at=timezone.now() + datetime.timedelta(days=3, hours=1)
    )  # fmt: skip
    log_in(page, address, place.external.username, PASSWORD)
    expect(page).to_have_url(f"{address}/portal/")
    expect(page.locator(".note-warn")).to_contain_text("还有 3 天")
    check_page(page, "portal-expiring")
    Contact.objects.filter(pk=place.contact.pk).update(expires_at=timezone.now())
    page.reload()
    expect(page).not_to_have_url(f"{address}/portal/")
    said = "你的账号已过期，请联系对接的员工延期。"
    log_in(page, address, place.external.username, PASSWORD)
    expect(page).to_have_url(f"{address}/login/")
    expect(page.locator("[data-errors]")).to_contain_text(said)
    check_page(page, "login-expired")
    # Only whoever has the password learns why.
    log_in(page, address, place.external.username, "wrong password")
    expect(page.locator("[data-errors]")).not_to_contain_text("过期")
    accounts.set_expiry(by=place.holder, contact=place.contact, expires_at=None)
    log_in(page, address, place.external.username, PASSWORD)
    expect(page).to_have_url(f"{address}/portal/")
