"""Log-in with 企业微信 in a browser, against the stand-in: staff link it and come in, a downstream person comes in."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django import Settings

from tests.e2e.helpers import check_everywhere, check_page, watch
from tests.factories.accounts import PASSWORD, StaffFactory
from tests.portal.conftest import make_place
from tests.wecom_sync.equal import connect
from wecom_sync.models import Connection, OwnPerson, RemotePerson
from wecom_sync.standin.remote import StandIn, running

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]


@pytest.fixture
def address(request: pytest.FixtureRequest, settings: Settings) -> str:
    settings.BASE_URL = str(request.getfixturevalue("live_server").url)
    return settings.BASE_URL


@pytest.fixture
def page(context: BrowserContext) -> Page:
    page = context.new_page()
    watch(page)
    return page


def choose(page: Page, name: str) -> None:
    """The page of the stand-in that asks who is there."""
    page.get_by_label("姓名").fill(name)
    page.get_by_role("button", name="查找").click()
    page.get_by_role("link", name=name, exact=True).first.click()


def forget(page: Page) -> None:
    page.goto("about:blank")
    page.context.clear_cookies()


def come(page: Page, address: str, name: str) -> None:
    forget(page)
    page.goto(f"{address}/login/")
    page.get_by_role("link", name="企业微信登录").click()
    choose(page, name)


def people(standin: StandIn, connection: Connection) -> tuple[dict[str, str], str, dict[str, str]]:
    """A member of the corp; a downstream corp and a member of it."""
    truth = next(u for u in standin.truth()["upstreams"] if u["corpid"] == connection.corp_id)
    corp = next(corp for chain in truth["chains"] for corp in chain["corps"] if corp.get("members"))
    return truth["members"][0], corp["corpid"], corp["members"][0]


def test_staff_and_downstream_people_log_in(page: Page, address: str, settings: Settings) -> None:
    with running(limit=0, upstreams=1, corps=2, people=12, seed=7) as standin:
        settings.WECOM_API_BASE, settings.WECOM_ALLOW_LOOPBACK = standin.base, True
        connection = connect(standin)[0]
        Connection.objects.update(login=True)
        own, corp, partner = people(standin, connection)
        user, place = StaffFactory(), make_place()

        page.goto(f"{address}/login/")
        check_page(page, "wecom-login")
        come(page, address, own["name"])
        expect(page.get_by_role("heading", level=1)).to_have_text("尚未关联")
        check_everywhere(page, "wecom-unknown", themes=("light",))
        page.get_by_role("link", name="前往登录页").click()

        page.get_by_label("登录名").fill(user.username)
        page.locator("input[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="登录", exact=True).click()
        page.goto(f"{address}/account/security/")
        page.get_by_role("link", name="关联", exact=True).click()
        choose(page, own["name"])
        expect(page.get_by_role("heading", level=1)).to_have_text("关联企业微信")
        check_page(page, "wecom-link")
        page.get_by_role("button", name="是我本人").click()
        expect(page.get_by_role("link", name="取消关联")).to_be_visible()
        check_page(page, "wecom-linked")
        assert OwnPerson.objects.get().user_id == user.pk
        come(page, address, own["name"])
        expect(page.locator("details.menu .me")).to_contain_text(user.name)

        come(page, address, partner["name"])
        expect(page.get_by_role("heading", level=1)).to_have_text("还没有开通账号")
        check_page(page, "wecom-no-account")
        RemotePerson.objects.create(
            connection=connection, corp_id=corp, user_id=partner["userid"], contact=place.contact
        )
        come(page, address, partner["name"])
        expect(page).to_have_url(f"{address}/portal/")
        expect(page.locator("body")).to_contain_text(place.contact.name)
