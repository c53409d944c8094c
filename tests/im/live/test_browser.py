"""Two people at open pages: what one says the other sees, and what the page does without a stream."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, expect

from accounts.models import User
from accounts.services import access
from im import services
from im.models import Conversation
from tests.e2e.helpers import check_page, watch
from tests.factories.accounts import AdminFactory
from tests.im.live.streams import Server, session_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[Server]:
    # With DEMO the process hands out static files itself.
    server = Server("config.asgi", more={"DEMO": "1"}).start()
    yield server
    server.stop()


def open_context(browser: Browser, server: Server, user: User) -> BrowserContext:
    base = f"http://127.0.0.1:{server.port}"
    context = browser.new_context(base_url=base, locale="zh-CN")
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": session_of(user), "url": base}])
    return context


def sit_down(browser: Browser, server: Server, user: User, path: str) -> Page:
    page = open_context(browser, server, user).new_page()
    watch(page)
    with page.expect_request("**/live/"):
        page.goto(path)
    return page


def say(page: Page, words: str) -> None:
    page.fill("#body", words)
    page.press("#body", "Enter")


def test_what_one_says_the_other_sees_within_a_second_in_every_tab(
    browser: Browser, server: Server, talk: Conversation, zhou: User, stranger: User
) -> None:
    mine = sit_down(browser, server, zhou, f"/messages/{talk.pk}/")
    tab = sit_down(browser, server, stranger, "/messages/settings/")
    tab.evaluate("window.heard = 0; document.addEventListener('sounded', () => { heard += 1 })")
    tab.check("#sound")
    say(mine, "设备已经送到")
    expect(tab.locator(".bell [data-count='1']")).to_be_visible(timeout=2000)
    expect(tab).to_have_title(re.compile(r"^\(1\) "), timeout=2000)
    assert tab.evaluate("heard") == 2, "once to show how it sounds, once for the message"
    theirs = sit_down(browser, server, stranger, f"/messages/{talk.pk}/")
    expect(mine.locator("#lines")).to_contain_text("已读", timeout=2000)
    expect(tab.locator(".bell [data-count='1']")).to_have_count(0, timeout=2000)
    say(mine, "请查收")
    expect(theirs.locator("#lines")).to_contain_text("请查收", timeout=2000)
    # Nobody asks while nothing happens.
    asked: list[str] = []
    theirs.wait_for_timeout(600)
    theirs.on("request", lambda request: asked.append(request.url))
    theirs.wait_for_timeout(4500)
    assert not asked
    check_page(theirs, "live-thread")
    for page in (mine, tab, theirs):
        page.context.close()


def test_a_burst_is_shown_whole(
    browser: Browser, server: Server, talk: Conversation, zhou: User, stranger: User
) -> None:
    theirs = sit_down(browser, server, stranger, f"/messages/{talk.pk}/")
    for number in range(30):
        services.send(
            conversation_id=talk.pk,
            body=f"第 {number} 件",
            client_id=f"client-{number:04}",
            by=zhou,
        )
        time.sleep(0.02)
    expect(theirs.locator("#lines")).to_contain_text("第 29 件", timeout=3000)
    found = re.findall(r"第 (\d+) 件", theirs.locator("#lines").inner_text())
    assert found == [str(number) for number in range(30)]
    theirs.context.close()


def test_both_write_at_once_and_nothing_is_torn_off(
    browser: Browser, server: Server, talk: Conversation, zhou: User, stranger: User
) -> None:
    page = sit_down(browser, server, stranger, f"/messages/{talk.pk}/")
    for number in range(6):
        services.send(
            conversation_id=talk.pk, body=f"问 {number}", client_id=f"client-{number:04}", by=zhou
        )
        say(page, f"答 {number}")
        expect(page.locator("#lines")).to_contain_text(f"答 {number}", timeout=3000)
    found = re.findall(r"[问答] \d", page.locator("#lines").inner_text())
    assert sorted(found) == sorted(f"{who} {number}" for who in "问答" for number in range(6))
    check_page(page, "live-both")
    page.context.close()


def test_without_a_stream_the_page_polls_and_says_so_until_there_is_one(
    browser: Browser, server: Server, talk: Conversation, zhou: User, stranger: User
) -> None:
    context = open_context(browser, server, stranger)
    page = context.new_page()
    page.clock.install()
    page.route("**/live/", lambda route: route.fulfill(status=204))
    page.goto(f"/messages/{talk.pk}/")
    page.clock.run_for(10_000)
    expect(page.locator("#unlive")).to_have_text("实时连接已断开，本页每 4 秒刷新一次")
    check_page(page, "live-interrupted")
    services.send(conversation_id=talk.pk, body="在吗", client_id="client-0001", by=zhou)
    page.clock.run_for(5_000)
    expect(page.locator("#lines")).to_contain_text("在吗")
    page.unroute("**/live/")
    with page.expect_request("**/live/"):
        page.clock.run_for(80_000)
    page.clock.resume()
    expect(page.locator("#unlive")).to_be_hidden()
    # The pages are away for a moment, the stream is not: nobody says it a second time.
    page.route("**/news/**", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        services.send(conversation_id=talk.pk, body="还在吗", client_id="client-0002", by=zhou)
    page.unroute("**/news/**")
    expect(page.locator("#lines")).to_contain_text("还在吗", timeout=9000)
    expect(page.locator("#unlive")).to_be_hidden()
    context.close()


def test_a_page_of_somebody_who_is_disabled_leaves_by_itself(
    browser: Browser, server: Server, zhou: User
) -> None:
    page = sit_down(browser, server, zhou, "/messages/")
    page.wait_for_timeout(500)
    access.disable(user=zhou, by=AdminFactory())
    page.wait_for_url("**/login/**", timeout=8000)
    page.context.close()
