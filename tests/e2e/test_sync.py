"""企业微信同步 in a browser, against the stand-in: tested, dry, written, braked (SPEC WEC-3, WEC-4, WEC-9)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from pytest_django import Settings

from contacts.models import Contact
from core.models import AuditEntry
from orgs.models import Node
from tests.e2e.helpers import Open, check_everywhere, check_page, settled, shot
from tests.factories import orgs
from wecom_sync.gateway import Patience, shared
from wecom_sync.models import Chain, Connection, RemotePlace, Run
from wecom_sync.services import connections, probing
from wecom_sync.standin.remote import StandIn, running
from wecom_sync.sync import apply, work

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]
ASKINGS = 40


@pytest.fixture
def standin(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with running(limit=0, upstreams=1, corps=6, people=120, twice=0, pending=1, seed=3) as one:
        settings.WECOM_API_BASE, settings.WECOM_ALLOW_LOOPBACK = one.base, True
        monkeypatch.setattr(shared, "PREFIX", f"wl:wecom:{uuid.uuid4().hex}:")
        shared._of.cache_clear()
        yield one
        shared._of.cache_clear()


def newest() -> Run:
    return Run.objects.latest("pk")


def again(page: Page) -> None:
    """Asks at once instead of in seconds, as a stream would have it ask; for what the menu counts, too."""
    page.locator("#run").dispatch_event("refetch")
    page.locator(".side [data-live=badge][hx-get*=sync]").dispatch_event("refetch")


def fill(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        page.locator(f"dialog [name={name}]").fill(value)
    page.locator("dialog button[type=submit]").click()


def pressed_while_the_page_asks(page: Page) -> None:
    """The answer brings another form; what was pressed in the one before is sent all the same."""
    settled(page)  # its scripts listen
    asked: list[Route] = []
    url = re.compile(r"/console/sync/\d+/$")
    page.route(url, lambda route: asked.append(route))  # Playwright marks what it is given
    for _ in range(ASKINGS):  # what is on its way already drops a second one
        page.locator("#connection > div").dispatch_event("refetch")
        page.wait_for_timeout(250)
        if asked:
            break
    page.get_by_role("button", name="测试连接").click()
    assert asked
    for route in asked:
        route.continue_()
    page.unroute(url)


def connect(page: Page, told: dict[str, str]) -> None:
    """A wrong secret first: the test says what is wrong, the right one makes the chains known."""
    page.get_by_role("link", name="连接企业").first.click()
    fill(
        page,
        name="演示企业（示例）",
        corp_id=told["corpid"],
        agent_id=str(told["agentid"]),
        secret="wrong",
    )
    expect(page.get_by_role("heading", name="演示企业（示例）")).to_be_visible()
    pressed_while_the_page_asks(page)
    expect(page.get_by_text("应用的 Secret 不正确").first).to_be_visible()
    expect(page.get_by_text("未继续检查")).to_have_count(2)
    check_page(page, "sync-test-bad")
    page.get_by_role("link", name="编辑").click()
    fill(page, secret=told["secret"])
    expect(page.locator("dialog")).to_have_count(0)
    page.get_by_role("button", name="测试连接").click()
    expect(page.get_by_text("尚未设置写入位置")).to_be_visible()
    expect(page.locator(".steps .done")).to_have_count(3)


def choose_target(page: Page, dimension: Node) -> None:
    page.get_by_role("link", name="策略").first.click()
    page.get_by_role("link", name="选择").click()
    page.locator("dialog").get_by_text(dimension.name).click()
    page.locator("dialog").get_by_role("button", name="选择", exact=True).click()
    expect(page.locator("#id_target")).to_contain_text(dimension.name)
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("link", name=dimension.name)).to_be_visible()


def test_from_the_first_connection_to_a_braked_run(
    open_as: Open, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, dimension = orgs.make_administrator("李敏"), orgs.make_dimension("渠道合作伙伴")
    page = open_as(admin, "/console/sync/")
    connect(page, standin.connections()[0])
    choose_target(page, dimension)

    page.get_by_role("button", name="试运行").click()
    expect(page.get_by_text("试运行，不写入")).to_be_visible()
    expect(page.get_by_text("正在生成计划")).to_be_visible()
    work.go(run_id=newest().pk)
    expect(page.get_by_text("等待确认").first).to_be_visible()
    expect(page.locator("#items tbody tr").first).to_be_visible()
    assert not Contact.objects.exists()
    page.get_by_role("link", name=re.compile("^写入")).click()
    page.locator("dialog").get_by_role("button", name=re.compile("^写入")).click()
    expect(page.locator("h1")).to_contain_text("写入中")

    seen: list[str] = []

    def look(_until: float) -> None:
        """Between two batches, what a person sees who has the page open."""
        if newest().done < newest().total and not seen:
            bar = page.locator("progress[value][max]").last
            again(page)
            expect(bar).to_have_attribute("max", str(newest().total))
            expect(page.locator(".phases .now small")).to_contain_text("项/秒")
            check_page(page, "sync-applying")
            seen.append(str(bar.get_attribute("value")))

    monkeypatch.setattr(work, "_within", look)
    monkeypatch.setattr(apply, "_SIZES", dict.fromkeys(apply._SIZES, 40))
    work.go(run_id=newest().pk)
    again(page)
    assert seen
    assert int(seen[0]) > 0
    expect(page.locator("h1")).to_contain_text("成功")
    expect(page.locator("#log")).to_contain_text("同步已完成")
    people = Contact.objects.filter(enabled=True).count()
    assert people > 60
    expect(page.locator("#items")).to_contain_text("完成")
    braked(page, standin, people)


def braked(page: Page, standin: StandIn, people: int) -> None:
    """Four in ten leave, three are new: the run waits, says who, and is carried out by buttons that say how many."""
    standin.act("mutate", kind="leave", count=people * 4 // 10)
    standin.act("mutate", kind="join", count=3)
    page.get_by_role("link", name="演示企业（示例）").first.click()
    page.get_by_role("button", name="立即同步").click()
    work.go(run_id=newest().pk)
    again(page)
    expect(page.get_by_text("超过刹车线").first).to_be_visible()
    run = newest()
    gone = run.counts["person_leave"]
    assert run.brake
    expect(page.locator("#items tbody tr")).to_have_count(min(50, gone))
    check_everywhere(page, "sync-braked")
    page.locator("#items").get_by_role("searchbox").fill("没有这个人")
    page.keyboard.press("Enter")
    expect(page.locator("#items")).to_contain_text("没有符合条件的结果")
    page.locator("#items").get_by_role("link", name="清除筛选").click()
    page.locator("[name=level]").select_option("30")
    expect(page.locator("#log p")).to_have_count(1)
    new = run.counts["person_add"]
    press(page, "先写入其余")
    work.go(run_id=run.pk)
    again(page)
    expect(page.locator(".brake")).to_contain_text("其余已写入")
    expect(page.locator(".side .count")).to_have_text("1")
    assert Contact.objects.filter(enabled=True).count() == people + new
    check_page(page, "sync-rest-written")
    press(page, f"移出 {gone} 人")
    work.go(run_id=run.pk)
    again(page)
    expect(page.locator("h1")).to_contain_text("成功")
    assert Contact.objects.filter(enabled=True).count() == people + new - gone


def press(page: Page, verb: str) -> None:
    """One of the two buttons of a plan that waits, and its question."""
    name = re.compile(f"^{verb}")
    settled(page)
    page.locator(".brake").get_by_role("link", name=name).click()
    expect(page.locator("dialog").get_by_role("button", name=name)).to_be_visible()
    shot(page, f"sync-ask-{verb[:2]}")
    page.locator("dialog").get_by_role("button", name=name).click()
    expect(page.locator("h1")).to_contain_text("写入中")


# --- what a test of the connection says

CHAINS, SHARES = "corpgroup/corp/get_chain_list", "corpgroup/corp/list_app_share_info"
GROUPS = "corpgroup/corp/get_chain_group"
DEPARTMENTS, RULES = "department/simplelist", "corpgroup/rule/list_ids"
LATER = "请稍后再试"


def code(api: str, number: int) -> dict[str, Any]:
    return {"fault": {"kind": "code", "api": api, "code": number}}


def fault(kind: str, api: str) -> dict[str, Any]:
    return {"fault": {"kind": kind, "api": api}}


# What is wrong, the step that finds it, and what stands there: the cause, what to do, where it was.
CAUSES: list[tuple[dict[str, Any], int, tuple[str, ...]]] = [
    ({"row": {"corp_id": "wwnobody"}}, 0, ("企业ID 不正确", "重新复制", "gettoken: 40013")),
    ({"secret": "wrong"}, 0, ("Secret 不正确", "重新复制", "gettoken: 40001")),
    (code("gettoken", 40091), 0, ("Secret 属于另一家企业", "必须来自同一家企业", "40091")),
    ({"row": {"secret_cipher": b"of another installation"}}, 0, ("密钥已更换", "重新填写应用的 Secret")),
    ({"row": {"agent_id": 7}}, 0, ("AgentId 不匹配", "请核对应用的 AgentId", "agent/get: 301002")),
    (code("agent/get", 40056), 0, ("AgentId 不正确", "重新复制", "40056")),
    ({"set": {"trusted_ips": ["203.0.113.9"]}}, 0, ("企业可信IP", "请在企业微信管理后台", "127.0.0.1", "60020")),
    ({"set": {"closed": True}}, 0, ("应用已停用", "启用该应用", "50003")),
    (code("agent/get", 60011), 0, ("可见范围", "请在企业微信管理后台检查", "60011")),
    (code("agent/get", 40014), 0, ("拒绝了刚刚发放的访问凭证", "请核对 Secret", "40014")),
    (code(CHAINS, 48002), 1, ("没有调用该接口的权限", "可调用接口的应用", "get_chain_list: 48002")),
    (code(CHAINS, 43009), 1, ("企业需要先在企业微信完成验证", "43009")),
    (fault("empty", CHAINS), 1, ("上下游列表不完整", LATER, "get_chain_list: holes")),
    (fault("empty", CHAINS) | {"and": code(GROUPS, 40058)}, 1, ("应用已看不到上下游“供应链”", "确认该上下游仍存在")),
    (code(SHARES, 92002), 2, ("拒绝了跨企业的调用", "请检查应用的共享方式", "92002")),
    (code(DEPARTMENTS, 48002), 3, ("没有读取本企业通讯录的权限", "授予通讯录权限", "simplelist: 48002")),
    (fault("empty", DEPARTMENTS), 3, ("看不到本企业的任何部门", "设置“可见范围”")),
    ({"set": {"wide": False}}, 4, ("没有调用该接口的权限", "可调用接口的应用", "list_ids: 48002")),
    (fault("timeout", "gettoken"), 0, ("没有及时回答", LATER, "timeout")),
    (fault("reset", "gettoken"), 0, ("连接中断", LATER, "gettoken: broken")),
    (fault("cut", "agent/get"), 0, ("连接中断", LATER, "agent/get: broken")),
    (fault("http", "gettoken"), 0, ("企业微信服务异常", LATER, "http")),
    (fault("html", "gettoken"), 0, ("不是企业微信的回答", "代理", LATER, "gettoken: garbled")),
    (fault("truncated", CHAINS), 1, ("内容不完整", "代理", LATER, "get_chain_list: garbled")),
    (code(CHAINS, -1), 1, ("企业微信繁忙", LATER, "-1")),
    (code(CHAINS, 45009), 1, ("调用过于频繁", LATER, "get_chain_list: 45009")),
    (code(SHARES, 45033), 2, ("同时调用次数过多", LATER, "45033")),
    (code("agent/get", 670099), 0, ("未知的错误码 670099", "请查阅企业微信的错误码说明")),
    ({"base": "http://127.0.0.1:9"}, 0, ("无法连接企业微信", "检查本服务器的网络和代理", LATER)),
    ({"base": "https://elsewhere.example"}, 0, ("WECOM_API_BASE", "只能是")),
]  # fmt: skip


def kept() -> list[object]:
    """All that is stored but the outcome of a test."""
    told = Connection.objects.values("name", "corp_id", "agent_id", "secret_cipher", "enabled")
    chains = Chain.objects.order_by("pk").values_list("name", "target", "owned", "brake_people")
    return [
        [{key: str(value) for key, value in one.items()} for one in told], list(chains),
        list(RemotePlace.objects.values_list("key", "gone_at")),
    ]  # fmt: skip


def test_each_cause_of_a_failed_test_is_said_with_what_to_do(
    open_as: Open, standin: StandIn, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "SHORT", Patience(connect=1, read=0.3, total=1, tries=1))
    admin, told = orgs.make_administrator("李敏"), standin.connections()[0]
    connection = connections.create(
        by=admin, name="演示企业（示例）", corp_id=told["corpid"], agent_id=told["agentid"], secret=told["secret"]
    )  # fmt: skip
    Connection.objects.update(sync_staff=True, sync_rules=True)
    page = open_as(admin, f"/console/sync/{connection.pk}/")
    page.get_by_role("button", name="测试连接").click()
    expect(page.locator(".steps .done")).to_have_count(5)
    chain, target = Chain.objects.first(), orgs.make_dimension("渠道合作伙伴")
    assert chain
    Chain.objects.filter(pk=chain.pk).update(target=target)
    RemotePlace.objects.create(
        chain=chain, key="c:wp1", node=orgs.make_organization(target, "恒拓")
    )
    right = Connection.objects.values("corp_id", "agent_id", "secret_cipher").get()
    tests = AuditEntry.objects.filter(action="wecom.test")
    for number, (wrong, step, words) in enumerate(CAUSES, 2):
        monkeypatch.setattr(shared, "PREFIX", f"wl:wecom:{uuid.uuid4().hex}:")
        break_it(connection, standin, settings, wrong)
        before = kept()
        page.get_by_role("button", name="测试连接").click()
        bad = page.locator(".steps .bad")
        for word in words:
            expect(bad).to_contain_text(word.replace("供应链", chain.name))
        said = bad.locator("small").inner_text()
        assert "自动" not in said, "nothing tries again by itself"
        states = [one.get_attribute("class") for one in page.locator(".steps li").all()]
        assert states == ["done"] * step + ["bad"] + [None] * (4 - step), words
        expect(page.locator("#connection").get_by_text("异常", exact=True)).to_be_visible()
        connection.refresh_from_db()
        assert (connection.error, bool(connection.error_code)) == (said, True)
        assert tests.count() == number
        assert kept() == before
        Connection.objects.update(**right)
        mend(standin, settings)
    before = kept()
    page.get_by_role("link", name="编辑").click()
    given = {
        "name": connection.name, "corp_id": told["corpid"], "agent_id": str(told["agentid"]), "secret": "",
    }  # fmt: skip
    for field, value in given.items():
        expect(page.locator(f"dialog [name={field}]")).to_have_value(value)
    page.locator("dialog [name=agent_id]").fill("8")
    page.locator("dialog button[type=submit]").click()
    expect(page.locator("dialog")).to_contain_text("请重新填写 Secret")
    expect(page.locator("dialog [name=name]")).to_have_value(connection.name)
    expect(page.locator("dialog [name=agent_id]")).to_have_value("8")
    assert kept() == before


def break_it(
    connection: Connection, standin: StandIn, settings: Settings, wrong: dict[str, Any]
) -> None:
    """As CAUSES says."""
    if "row" in wrong:
        Connection.objects.update(**wrong["row"])
    if "secret" in wrong:
        connection.keep_secret(wrong["secret"])
        connection.save(update_fields=["secret_cipher"])
    if "set" in wrong:
        standin.act("settings", **wrong["set"])
    if "fault" in wrong:
        standin.fault(**wrong["fault"], times=0)
    if "and" in wrong:
        break_it(connection, standin, settings, wrong["and"])
    if "base" in wrong:
        settings.WECOM_API_BASE = wrong["base"]


def mend(standin: StandIn, settings: Settings) -> None:
    """As it was."""
    standin.clear()
    standin.act("settings", trusted_ips=None, closed=False, wide=True)
    settings.WECOM_API_BASE = standin.base
