"""Passkeys, an authenticator app, recovery codes: set up and used in a browser with a virtual authenticator."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from playwright.sync_api import BrowserContext, CDPSession, Page, expect
from pytest_django import Settings

from accounts import tasks
from accounts.models import LoginPolicy, User
from core.models import OutboxEntry
from tests.e2e.helpers import check_everywhere, check_page, watch
from tests.factories.accounts import PASSWORD, AdminFactory, StaffFactory
from tests.oidc.running import running
from tests.portal.conftest import make_place

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]


@pytest.fixture
def address(request: pytest.FixtureRequest) -> str:
    url = str(request.getfixturevalue("live_server").url)
    assert "//localhost" in url, "a passkey belongs to a name"
    return url


@pytest.fixture
def page(address: str, context: BrowserContext) -> Page:
    page = context.new_page()
    watch(page)
    return page


def plug_in(page: Page) -> CDPSession:
    """An authenticator that keeps passkeys and knows its owner. It is gone with the next check of axe, whose session
    ends what was simulated for the page.
    """
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def code_of(secret: str, steps: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def log_in(page: Page, address: str, user: User) -> None:
    page.goto(f"{address}/login/")
    page.get_by_label("登录名").fill(user.username)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()


def forget(page: Page) -> None:
    """The cookies are gone; no open page notices it by itself."""
    page.goto("about:blank")
    page.context.clear_cookies()


def set_up_app(page: Page) -> tuple[str, list[str]]:
    """The secret, and the recovery codes that are shown this once."""
    page.get_by_role("link", name="设置验证器应用").click()
    secret = page.locator("#totp-secret").inner_text()
    check_everywhere(page, "factor-app", themes=("light",))
    page.locator("input[name=code]").fill(code_of(secret))
    page.get_by_role("button", name="验证并启用").click()
    shown = page.locator(".once code")
    expect(shown).to_have_count(10)
    codes = [code.replace(" ", "") for code in shown.all_inner_texts()]
    check_page(page, "factor-codes")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="完成").click()
    return secret, codes


def test_an_app_and_recovery_codes(page: Page, address: str) -> None:
    LoginPolicy.objects.update_or_create(id=1, defaults={"external": True})
    user = make_place().external
    log_in(page, address, user)
    expect(page.locator(".note-warn")).to_contain_text("必须启用双重验证")
    check_everywhere(page, "factor-due", themes=("light",))
    page.set_viewport_size({"width": 1440, "height": 900})
    secret, codes = set_up_app(page)
    expect(page.get_by_text("还剩 10 个恢复码。")).to_be_visible()
    forget(page)
    log_in(page, address, user)
    expect(page.get_by_role("heading", level=1)).to_have_text("双重验证")
    check_everywhere(page, "factor-step", themes=("dark",))
    page.locator("input[name=code]").fill("000000")
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.locator("[data-errors]")).to_contain_text("验证码错误")
    page.locator("input[name=code]").fill(code_of(secret, 1))  # the last one is used up
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page).not_to_have_url(f"{address}/login/code/")
    forget(page)
    log_in(page, address, user)
    page.locator("input[name=code]").fill(codes[0])
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page).not_to_have_url(f"{address}/login/code/")


def test_a_passkey_opens_alone_and_as_the_second_step(
    page: Page, address: str, settings: Settings
) -> None:
    user = AdminFactory()
    log_in(page, address, user)
    expect(page).not_to_have_url(f"{address}/login/")
    page.goto(f"{address}/account/security/passkey/")
    check_page(page, "factor-passkey")
    device = plug_in(page)
    page.get_by_label("通行密钥名称").fill("办公室电脑")
    page.get_by_role("button", name="创建通行密钥").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="完成").click()
    expect(page.locator("tbody")).to_contain_text("办公室电脑")
    forget(page)
    page.goto(f"{address}/login/")
    page.get_by_role("button", name="使用通行密钥登录").click()
    expect(page).not_to_have_url(f"{address}/login/")
    forget(page)
    log_in(page, address, user)
    page.get_by_role("button", name="使用通行密钥").click()
    expect(page).not_to_have_url(f"{address}/login/code/")
    assert Authenticator.objects.get(user=user, type="webauthn").last_used_at
    device.detach()
    page.goto(f"{address}/account/security/")
    check_everywhere(page, "factor-list")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("link", name="重命名 办公室电脑").click()
    page.get_by_role("dialog").get_by_label("通行密钥名称").fill("台式机")
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    expect(page.locator("tbody")).to_contain_text("台式机")
    page.goto(f"{address}/console/login-policy/")
    check_everywhere(page, "login-policy", themes=("light",))
    forget(page)
    page.goto(f"{address}/login/")
    check_everywhere(page, "login", themes=("light",))
    settings.BASE_URL, settings.MAIL_ENABLED = address, True
    by_mailed_link(page, StaffFactory(email="wang@example.com"))


def by_mailed_link(page: Page, user: User) -> None:
    """忘记密码, the mail, a new password; begins at the log-in."""
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("link", name="忘记密码？").click()
    expect(page.get_by_role("button", name="发送链接")).to_be_visible()
    check_everywhere(page, "forgotten", themes=("light",))
    page.get_by_label("登录名").fill(user.username)
    page.get_by_role("button", name="发送链接").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("请查收消息")
    check_page(page, "forgotten-asked")
    entry = OutboxEntry.objects.get(task="accounts.send_reset")
    tasks.send_reset.run(entry_id=entry.pk)
    page.goto(next(word for word in mail.outbox[-1].body.split() if "/activate/" in word))
    expect(page.get_by_role("heading", level=1)).to_have_text("设置新密码")
    check_page(page, "new-password")
    for name in ("new", "again"):
        page.locator(f"input[name={name}]").fill("Wolken-Treppe 7 grün")
    page.get_by_role("button", name="设置密码").click()
    expect(page.locator("details.menu .me")).to_contain_text(user.name)


def test_the_company_account(page: Page, address: str, settings: Settings) -> None:
    user = StaffFactory()
    with running(f"{address}/login/sso/back/") as provider:
        settings.BASE_URL, settings.OIDC = address, provider.settings()
        provider.sees("wang.fang")
        log_in(page, address, user)
        expect(page).not_to_have_url(f"{address}/login/")
        page.goto(f"{address}/account/security/")
        page.get_by_role("link", name="关联", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("关联企业统一登录")
        check_page(page, "sso-confirm")
        page.get_by_role("button", name="是我本人").click()
        expect(page.get_by_role("link", name="取消关联")).to_be_visible()
        check_page(page, "factor-sso")
        forget(page)
        page.goto(f"{address}/login/")
        page.get_by_role("link", name="企业账号").click()
        expect(page.locator("details.menu .me")).to_contain_text(user.name)
