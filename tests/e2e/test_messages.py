"""Messages in a browser: writing, reading, the input method, drafts, poll, notifications; every page checked by axe."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from pytest_django import Settings

from accounts.models import User
from im import services
from im.models import ChannelChoice, Conversation, Message, Participant
from im.reach import Card, Party
from tests.e2e.helpers import Open, check_everywhere, check_page
from tests.im import world
from tests.im.group_world import make_talk
from tests.im.live.people import ask_the_directory, outside, party

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]
IDENTITY = 501
EN_CARDS = {"approvals.application": "im:thread"}


@pytest.fixture
def site(settings: Settings, request: pytest.FixtureRequest) -> str:
    settings.IM_REACH_POLICY = world.PATH
    settings.ROOT_URLCONF = "tests.im.urls"
    settings.NAV_PROVIDERS = ("im.nav.items", "accounts.nav.items")
    settings.IM_CARDS = EN_CARDS
    world.World.clear()
    return str(request.getfixturevalue("live_server").url)


@pytest.fixture
def zhou(site: str) -> User:
    return world.staff("zhou", "周明宇")


@pytest.fixture
def talk(zhou: User) -> Conversation:
    lin = world.external("lin", name="林晓彤", identity=IDENTITY)
    party = Party(lin.pk, IDENTITY)
    world.World.cards[party] = Card("林晓彤", "恒拓精密 · 采购部", external=True)
    world.sees(Party(zhou.pk), party, both=True)
    return services.open_direct(by=zhou, other=party)


def lin() -> User:
    return User.objects.get(username="lin")


def say(conversation: Conversation, by: User, *bodies: str) -> None:
    for body in bodies:
        client_id = f"client-{Message.objects.count():06}"
        services.send(conversation_id=conversation.pk, body=body, client_id=client_id, by=by)


def test_a_talk(talk: Conversation, zhou: User, open_as: Open) -> None:
    say(
        talk,
        lin(),
        "周工好，2027 年度框架协议我们法务看完了，第 6 条付款周期想再确认一下，是收货后 60 天还是开票后 60 天？",
    )
    page = open_as(zhou, "/messages/")
    expect(page.locator(".bell [data-count]")).to_have_text("1")
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    check_everywhere(page, "messages-list")

    page.get_by_role("link", name="林晓彤").click()
    expect(page.get_by_role("log")).to_contain_text("第 6 条付款周期")
    expect(page.locator(".bell [data-count]")).to_have_count(0)
    expect(page.locator("#convs .count")).to_have_count(0)
    assert Participant.objects.get(user=zhou).read_seq == 1

    field = page.get_by_label("发消息给 林晓彤")
    field.fill("开票后 60 天")
    field.press("Shift+Enter")
    field.type("和今年一致。")
    field.press("Enter")
    mine = page.locator(".msg.mine")
    expect(mine).to_have_count(1)
    expect(mine.locator(".bub")).to_have_text("开票后 60 天\n和今年一致。", use_inner_text=True)
    expect(field).to_have_value("")
    expect(mine.locator(".read")).to_have_text("未读")
    field.fill("第二句")
    field.press("Enter")
    expect(mine).to_have_count(2)

    # The other end answers and reads: both reach the open page by themselves, once.
    say(talk, lin(), "收到，谢谢")
    expect(page.get_by_role("log")).to_contain_text("收到，谢谢", timeout=8000)
    expect(page.locator(".msg:not(.mine)")).to_have_count(2)
    expect(mine.first.locator(".read")).to_have_text("已读")
    assert list(Message.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2, 3, 4]
    check_everywhere(page, "messages-thread")

    mine.last.get_by_role("button", name="撤回").click()
    expect(page.get_by_role("log")).to_contain_text("你撤回了一条消息")
    expect(mine).to_have_count(1)


def test_a_group_by_keyboard(site: str, open_as: Open) -> None:
    group = make_talk()
    page = open_as(group.a, f"/messages/{group.group.pk}/")
    field, offered = page.locator("#body"), page.get_by_role("option")
    field.press_sequentially("me@shen @")
    expect(offered).to_have_count(4)
    expect(field).to_have_attribute("aria-activedescendant", "at-0")
    check_everywhere(page, "messages-mention")
    page.keyboard.press("Escape")
    expect(offered).to_have_count(0)
    field.fill("请 @")
    field.press_sequentially("lxt")
    expect(offered).to_have_count(1)
    expect(offered).to_have_accessible_name("林晓彤 外部")
    # Keys that an input method takes choose nobody.
    field.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    page.keyboard.press("Tab")
    expect(field).to_have_value("请 @林晓彤 ")
    field.press_sequentially("和@")
    expect(offered).to_have_count(4)
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    expect(field).to_have_value("请 @林晓彤 和@沈佳 ")
    page.get_by_label("表情").first.press("Enter")
    expect(page.locator(".emoji .menu-b button").first).to_be_focused()
    check_everywhere(page, "messages-emoji", themes=("light",))
    for key in ("ArrowRight", "ArrowDown", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    expect(field).to_be_focused()
    expect(field).to_have_value("请 @林晓彤 和@沈佳 😄")

    # Elsewhere the list tells of it; it comes back with those whom it names.
    page.goto(page.url.split("/messages/")[0] + "/messages/")
    expect(page.locator("#convs .conv-l")).to_have_text("[草稿] 请 @林晓彤 和@沈佳 😄")
    page.get_by_role("link", name="恒拓框架采购群").click()
    expect(field).to_have_value("请 @林晓彤 和@沈佳 😄")
    field.fill("请 @林晓彤 看")
    field.press("Enter")
    expect(page.locator(".msg.mine .at")).to_have_text(["@林晓彤外部"])
    assert Message.objects.get(event="").mentions == [group.e.pk]
    assert page.evaluate("localStorage.length") == 0

    page.get_by_role("link", name="详情").click()
    pencil = page.get_by_role("link", name="群名称")
    pencil.press("Enter")
    expect(page.get_by_role("dialog").get_by_label("群名称")).to_be_focused()
    page.keyboard.press("Escape")
    expect(pencil).to_be_focused()
    check_everywhere(page, "messages-group", themes=("light",))
    page.get_by_role("link", name="林晓彤", exact=True).click()
    expect(page.locator(".info-pane")).to_contain_text("不在你的通讯录范围内")
    check_everywhere(page, "messages-member", themes=("light",))
    page.get_by_role("link", name="关闭会话资料").click()

    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="@某人").click()
    offered.first.click()
    expect(field).to_have_value("@所有人 ")
    page.get_by_role("button", name="发送").click()
    expect(page.locator(".msg.mine .at").last).to_have_text("@所有人")
    field.fill("没有发出的")
    services.send(conversation_id=group.group.pk, body="好", client_id="client-reply", by=group.e)
    expect(page.get_by_role("log")).to_contain_text("好", timeout=8000)

    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator("summary.me").click()
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url("**/login/")
    assert page.evaluate("localStorage.length") == 0
    page.evaluate(f"localStorage.setItem('draft:{group.a.pk}:1', '{{}}')")
    theirs = open_as(group.b, "/messages/")
    expect(theirs.locator("#convs")).to_contain_text("[有人@我]")
    assert theirs.evaluate("localStorage.length") == 0, "the draft of somebody else"


def test_an_input_method_never_sends(talk: Conversation, zhou: User, open_as: Open) -> None:
    page = open_as(zhou, f"/messages/{talk.pk}/")
    field = page.get_by_label("发消息给 林晓彤")
    field.fill("ni")
    field.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    field.dispatch_event("keydown", {"key": "Enter", "keyCode": 229})
    page.wait_for_timeout(300)
    assert not Message.objects.exists()
    expect(field).to_have_value("ni")


def test_words_survive_a_failed_send_and_a_reload(
    talk: Conversation, zhou: User, open_as: Open
) -> None:
    page = open_as(zhou, f"/messages/{talk.pk}/")
    field = page.get_by_label("发消息给 林晓彤")
    page.context.set_offline(True)
    field.fill("没有网络时写的")
    field.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("无法连接服务器")
    expect(field).to_have_value("没有网络时写的")
    page.context.set_offline(False)
    page.reload()
    expect(field).to_have_value("没有网络时写的")
    field.press("Enter")
    expect(page.locator(".msg.mine")).to_have_count(1)
    expect(field).to_have_value("")

    long = "字" * 6000
    field.fill(long)
    field.press("Enter")
    expect(page.locator("#body-error")).to_contain_text("6,000")
    expect(field).to_have_value(long)
    assert Message.objects.count() == 1


def test_a_thread_becomes_read_only_while_it_is_open(
    talk: Conversation, zhou: User, open_as: Open
) -> None:
    say(talk, zhou, "以前说的")
    page = open_as(zhou, f"/messages/{talk.pk}/")
    world.World.sees.clear()
    expect(page.locator("#composer-note")).to_contain_text("这个会话现在只读", timeout=8000)
    page.reload()
    expect(page.locator("textarea")).to_have_count(0)
    check_everywhere(page, "messages-read-only", themes=("light",))


def test_older_messages_come_when_scrolled_to(
    talk: Conversation, zhou: User, open_as: Open
) -> None:
    Message.objects.bulk_create(
        Message(
            conversation=talk,
            seq=seq,
            sender=(zhou, lin())[seq % 2],
            client_id=f"c{seq}",
            body=f"第 {seq} 句",
        )
        for seq in range(1, 101)
    )
    Conversation.objects.update(last_seq=100)
    page = open_as(zhou, f"/messages/{talk.pk}/")
    expect(page.locator("#msg-100")).to_be_in_viewport()
    expect(page.locator("#msg-60")).to_have_count(0)
    log = page.get_by_role("log")
    for seq in (40, 1):
        log.evaluate("box => { box.scrollTop = 0 }")
        expect(page.locator(f"#msg-{seq}")).to_have_count(1)
    expect(page.locator(".msg")).to_have_count(100)


def test_finding_somebody_and_notifications(talk: Conversation, zhou: User, open_as: Open) -> None:
    other = world.staff("shen", "沈佳")
    world.sees(Party(zhou.pk), Party(other.pk))
    services.notify(
        user_ids=[zhou.pk],
        card_kind="approvals.application",
        card_ref="999999",
        body="有一个开通申请待审批",
        dedupe_key="n",
    )
    page = open_as(zhou, "/messages/find/")
    check_everywhere(page, "messages-find", themes=("light",))
    page.locator("#find").press_sequentially("沈佳")
    expect(page.locator("#targets li")).to_have_count(1)
    page.locator("#targets button").click()
    expect(page.get_by_role("heading", name="沈佳")).to_be_visible()
    expect(page.locator(".quiet")).to_have_count(0)
    page.locator(".conv-pane").get_by_role("link", name="通知", exact=True).click()
    page.get_by_role("link", name="系统通知").click()
    expect(page.get_by_role("log")).to_contain_text("此通知涉及的内容你现在无权查看")
    expect(page.locator(".bell [data-count]")).to_have_count(0)
    check_everywhere(page, "messages-notices", themes=("light",))


def test_the_portal_has_the_same_pages(zhou: User, open_as: Open, settings: Settings) -> None:
    ask_the_directory(settings)  # the gate asks which apps are open to the contact
    guest = outside(sees=(zhou,))
    talk = services.open_direct(by=guest, other=party(zhou))
    say(talk, zhou, "第 6 条是开票后 60 天")
    page = open_as(guest, "/portal/messages/")
    check_everywhere(page, "messages-portal-list", themes=("light",))
    page.get_by_role("link", name="周明宇").click()
    expect(page.locator(".quiet")).to_have_count(0)
    page.get_by_label("发消息给 周明宇").fill("明白了，谢谢")
    page.get_by_role("button", name="发送").click()
    expect(page.locator(".msg.mine")).to_have_count(1)
    assert "/portal/messages/" in page.url
    check_everywhere(page, "messages-portal-thread", themes=("light",))


def test_how_one_is_told(zhou: User, open_as: Open, settings: Settings) -> None:
    settings.MAIL_ENABLED = True
    User.objects.filter(pk=zhou.pk).update(email="zhou@example.com")
    page = open_as(zhou, "/messages/settings/")
    check_everywhere(page, "reminders")
    page.get_by_label("聊天消息").first.focus()
    page.get_by_label("聊天消息").first.select_option("hourly")
    expect(page.get_by_role("status").filter(has_text="已保存")).to_be_visible()
    assert ChannelChoice.objects.get().rhythm == "hourly"
    expect(page.get_by_label("聊天消息").first).to_be_focused()
    check_page(page, "reminders-saved")
