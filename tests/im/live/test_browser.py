"""Two people at open pages: what one says the other sees, and what the page does without a stream."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django import Settings

from accounts.models import User
from accounts.services import access
from approvals.jobs import ask, first_key
from im import services
from im.models import Conversation
from im.reach import Party
from tests.approvals.conftest import make_place
from tests.e2e.helpers import check_page, watch
from tests.factories import orgs
from tests.factories.accounts import AdminFactory, StaffFactory
from tests.im.live.people import ask_the_directory, outside
from tests.im.live.streams import Server, session_of
from tests.im.uploading import encoded

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[Server]:
    # With DEMO the process hands out static files itself.
    server = Server("config.asgi", more={"DEMO": "1"}).start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _leave(browser: Browser) -> Iterator[None]:
    """Pages that stay open go on asking."""
    yield
    for context in browser.contexts:
        context.close()


DESK = {"viewport": {"width": 1440, "height": 900}}
CLICK_AT = "(button, at) => { setTimeout(() => button.click(), at - Date.now()) }"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def open_context(browser: Browser, server: Server, user: User, **device: Any) -> BrowserContext:
    base = f"http://127.0.0.1:{server.port}"
    context = browser.new_context(base_url=base, locale="zh-CN", **device)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": session_of(user), "url": base}])
    return context


def sit_down(browser: Browser, server: Server, user: User, path: str, **device: Any) -> Page:
    page = open_context(browser, server, user, **device).new_page()
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
    # Nobody asks while nothing happens, once what has happened is asked for.
    asked: list[str] = []
    theirs.on("request", lambda request: asked.append(request.url))
    for _wait in range(10):
        asked.clear()
        theirs.wait_for_timeout(1000)
        if not asked:
            break
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


def test_staff_at_a_desk_and_an_external_person_on_a_phone(
    browser: Browser, server: Server, settings: Settings
) -> None:
    ask_the_directory(settings)
    staff = StaffFactory(name="周明宇")
    guest = outside(name="林晓彤", sees=(staff,))
    talk = services.open_direct(by=guest, other=Party(staff.pk))
    phone = sit_down(browser, server, guest, f"/portal/messages/{talk.pk}/", **PHONE)
    phone.locator("#body").tap()
    phone.fill("#body", "样品收到了，照片发您")
    phone.get_by_role("button", name="发送", exact=True).tap()
    desk = sit_down(browser, server, staff, f"/messages/{talk.pk}/", **DESK)
    expect(desk.locator("#lines")).to_contain_text("样品收到了")
    picture = {"name": "端面.jpg", "mimeType": "image/jpeg", "buffer": encoded((900, 1200))}
    phone.locator("[data-attach]").last.set_input_files([picture])
    shown = desk.locator("#lines .pic img")
    expect(shown).to_be_visible(timeout=4000)
    expect(shown).to_have_js_property("complete", value=True)
    assert shown.evaluate("image => image.naturalWidth") > 0
    say(desk, "看清了，谢谢")
    expect(phone.locator("#lines")).to_contain_text("看清了", timeout=2000)
    expect(phone.locator("#lines .msg.mine").last).to_contain_text("已读")
    expect(desk.locator("#lines")).to_contain_text("已读", timeout=2000)
    for page, name in ((desk, "live-desk"), (phone, "live-phone")):
        check_page(page, name)
        page.context.close()


def test_of_two_who_decide_at_once_one_is_told_who_and_all_open_cards_turn(
    browser: Browser, server: Server
) -> None:
    place = make_place()
    another = orgs.make_administrator("另一位管理员")
    application = place.apply()
    with transaction.atomic():
        ask(application, dedupe_key=first_key(application))
    deciders = (place.maintainer, place.holder, place.administrator, another)
    # Who was asked has the card among the notifications, the others by its own address.
    notices = {
        one.key: f"/messages/{one.pk}/" for one in Conversation.objects.filter(kind="system")
    }
    card = f"/applications/{application.pk}/"
    paths = [notices.get(f"system:{user.pk}", card) for user in deciders]
    assert paths.count(card) == 2
    pages = [
        sit_down(browser, server, user, path) for user, path in zip(deciders, paths, strict=True)
    ]
    at = time.time() + 0.5
    for page in pages[:2]:
        page.get_by_role("button", name="同意 林晓彤").evaluate(CLICK_AT, at * 1000)
    time.sleep(max(0, at - time.time()))
    began = time.monotonic()
    for page in pages:
        expect(page.locator(".acard")).to_contain_text("已同意", timeout=2000)
        expect(page.get_by_role("button", name="同意 林晓彤")).to_have_count(0)
    assert time.monotonic() - began < 3
    application.refresh_from_db()
    winner = application.decided_by
    assert winner in deciders[:2]
    loser = pages[1 if winner == deciders[0] else 0]
    told = re.compile(rf"已由 {winner.name} 于 \d\d:\d\d 同意")
    expect(loser.locator(".acard [role=alert]")).to_have_text(told)
    for page in pages:
        expect(page.locator(".acard [role=alert]")).to_have_count(int(page is loser))
        page.context.close()
