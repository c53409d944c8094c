"""企业微信同步 in a browser, against the stand-in: tested, dry, written, braked (SPEC WEC-3, WEC-4, WEC-9)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from contacts.models import Contact
from orgs.models import Node
from tests.e2e.helpers import Open, check_everywhere, check_page
from tests.factories import orgs
from wecom_sync.gateway import shared
from wecom_sync.models import Run
from wecom_sync.standin.remote import StandIn, running
from wecom_sync.sync import apply, work

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]


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
    """Asks at once instead of in two seconds, as a stream would have it ask."""
    page.locator("#run").dispatch_event("refetch")


def fill(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        page.locator(f"dialog [name={name}]").fill(value)
    page.locator("dialog button[type=submit]").click()


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
    page.get_by_role("button", name="测试连接").click()
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
    """Four in ten leave: the run waits, says who, and is carried out by a button that says how many."""
    standin.act("mutate", kind="leave", count=people * 4 // 10)
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
    page.locator(".brake").get_by_role("link", name=re.compile(f"^移出 {gone} 人")).click()
    page.locator("dialog").get_by_role("button", name=re.compile(f"^移出 {gone} 人")).click()
    expect(page.locator("h1")).to_contain_text("写入中")
    work.go(run_id=run.pk)
    again(page)
    expect(page.locator("h1")).to_contain_text("成功")
    assert Contact.objects.filter(enabled=True).count() == people - gone
