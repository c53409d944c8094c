"""Contacts of the back office in a browser: list, several at once, new with account, one contact, bin; axe on all."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts import jobs
from accounts.models import InitialSecret, User
from contacts.models import BulkJob, Contact
from contacts.services import people, places, sharing
from orgs.models import Node
from tests.e2e.helpers import Open, check_everywhere
from tests.factories import orgs
from tests.factories.contacts import make_contact

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]
STAFF = (
    ("陈思远", "采购部经理"), ("林晓彤", "高级采购工程师"), ("王嘉禾", "采购专员"), ("赵子墨", "采购专员"),
    ("欧阳若曦", "供应商管理"), ("刘建国", "仓储主管"), ("徐静怡", "合同专员"), ("Maria Keller", "Sales engineer"),
)  # fmt: skip


@pytest.fixture
def maintainer() -> User:
    return orgs.make_administrator("李敏")


@pytest.fixture
def department(maintainer: User) -> Node:
    """A department with people in several states."""
    dimension = orgs.make_dimension("战略供应商")
    orgs.make_dimension("渠道合作伙伴")
    company = orgs.make_organization(dimension, "恒拓精密（示例）")
    orgs.make_organization(dimension, "海川电子（示例）")
    made = orgs.make_department(company, "采购部")
    orgs.make_department(company, "财务部")
    rows = [
        make_contact(
            made if number % 3 else company, name, position=position, created_by=maintainer
        )
        for number, (name, position) in enumerate(STAFF)
    ]
    Contact.objects.filter(pk=rows[2].pk).update(account="pending")
    places.set_enabled(by=maintainer, contact=rows[5], enabled=False)
    return company


def url(name: str, pk: int) -> str:
    return reverse(f"contacts:{name}", args=[pk])


def test_list_and_several_at_once(open_as: Open, maintainer: User, department: Node) -> None:
    page = open_as(maintainer, url("console-list", department.pk))
    check_everywhere(page, "console-list")
    page.get_by_label("选择 林晓彤").check()
    page.get_by_label("选择 欧阳若曦").check()
    expect(page.get_by_text("已选 2 项")).to_be_visible()
    check_everywhere(page, "console-bulk")
    page.get_by_role("button", name="添加标签").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("为 2 名联系人添加标签")
    check_everywhere(page, "console-bulk-tags")
    dialog.get_by_label("标签").fill("重点")
    dialog.get_by_role("button", name="添加标签").click()
    expect(page.get_by_text("已为 2 名联系人添加标签")).to_be_visible()

    page.get_by_label("选择 林晓彤").check()
    page.get_by_role("button", name="移动到").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("searchbox").fill("caiwubu")
    dialog.get_by_role("button", name="财务部").click()
    dialog.get_by_role("button", name="选择", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("将 1 名联系人移动到“财务部”？")
    check_everywhere(page, "console-bulk-move", widths=(1440,))
    dialog.get_by_role("button", name="移动").click()
    expect(page.get_by_text("已移动 1 名联系人")).to_be_visible()

    page.get_by_label("选择 王嘉禾").check()
    page.get_by_role("button", name="共享", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("searchbox").fill("limin")
    dialog.locator("[data-pick]").first.wait_for()
    dialog.get_by_role("button", name="取消").click()

    page.locator("#contacts-q").fill("没有这个人")
    page.locator("#contacts-q").press("Enter")
    expect(
        page.get_by_text("没有符合条件的内容").or_(page.get_by_role("link", name="清除筛选"))
    ).to_be_visible()
    check_everywhere(page, "console-list-empty", widths=(1440,))


def test_new_with_a_random_account(open_as: Open, maintainer: User, department: Node) -> None:
    page = open_as(maintainer, url("console-list", department.pk))
    page.get_by_role("link", name="新建联系人").first.click()
    expect(page.get_by_role("heading", name="新建联系人")).to_be_visible()
    check_everywhere(page, "console-new")
    page.get_by_role("button", name="新建", exact=True).click()
    expect(page.locator("[data-errors]").first).to_be_visible()
    check_everywhere(page, "console-new-errors", widths=(1440,))
    page.get_by_label("姓名").fill("贺知远")
    known = Contact.objects.get(name="林晓彤")
    page.get_by_label("手机").fill(known.mobile)
    page.locator("input[name=way][value=random]").check()
    page.get_by_role("button", name="新建", exact=True).click()
    expect(page.get_by_role("heading", name="是否同一人？")).to_be_visible()
    check_everywhere(page, "console-new-known")
    page.get_by_label("姓名").press("Enter")
    page.wait_for_load_state()
    expect(page.get_by_role("heading", name="是否同一人？")).to_be_visible()
    assert known.memberships.count() == 1
    page.get_by_role("button", name="不是同一人").click()
    expect(page.get_by_role("heading", name="贺知远")).to_be_visible()
    made = Contact.objects.get(name="贺知远")
    secret = InitialSecret.objects.get(user=made.user)
    jobs.issue_credentials(user_id=made.user_id, issue_key=secret.issue_key)
    show = page.get_by_role("button", name="查看一次")
    expect(show).to_be_visible(timeout=20_000)
    check_everywhere(page, "console-account-ready")
    show.click()
    expect(page.get_by_role("dialog")).to_contain_text("仅显示这一次")
    check_everywhere(page, "console-account-once", widths=(1440,))


def test_one_contact(open_as: Open, maintainer: User, department: Node) -> None:
    contact = Contact.objects.get(name="林晓彤")
    sharing.share(by=maintainer, contact=contact, to=orgs.make_person("周明宇"), level="view")
    sharing.add_visible_staff(by=maintainer, contact=contact, to=orgs.make_person("沈佳"))
    people.edit(
        by=maintainer, contact=contact, fields={"remark": "年度框架采购", "tags": "重点，驻场"}
    )
    places.add_membership(
        by=maintainer, contact=contact, node=Node.objects.get(name="财务部"), position="顾问"
    )
    page = open_as(maintainer, url("console-contact", contact.pk))
    check_everywhere(page, "console-contact")
    page.get_by_role("link", name="编辑", exact=True).last.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("职务").fill("财务顾问")
    dialog.get_by_role("button", name="保存").click()
    expect(page.get_by_role("cell", name="财务顾问")).to_be_visible()
    for name in ("console-rights", "console-account", "console-history", "console-edit"):
        page.goto(page.url.split("/console/")[0] + url(name, contact.pk))
        check_everywhere(page, name)
    page.goto(page.url.split("/console/")[0] + url("console-account", contact.pk))
    page.get_by_role("link", name="开通账号").click()
    expect(page.get_by_role("dialog")).to_contain_text("登录名")
    check_everywhere(page, "console-open", widths=(1440,))
    page.get_by_role("button", name="取消").click()


def test_the_bin(open_as: Open, maintainer: User, department: Node) -> None:
    contact = Contact.objects.get(name="林晓彤")
    page = open_as(maintainer, url("console-contact", contact.pk))
    page.get_by_label("更多操作").click()
    page.get_by_role("link", name="删除").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(page.get_by_text("30 天内可在回收站恢复")).to_be_visible()
    page.get_by_role("link", name="回收站").click()
    expect(page.get_by_role("cell", name="林晓彤").first).to_be_visible()
    check_everywhere(page, "console-bin")
    page.get_by_role("button", name="恢复").click()
    expect(page.get_by_text("已恢复“林晓彤”")).to_be_visible()


def test_narrowed_and_merged(open_as: Open, maintainer: User, department: Node) -> None:
    """Further filters under a name, other columns, many at once by the worker; two entries become one."""
    mine, other = (Contact.objects.get(name=name) for name in ("林晓彤", "徐静怡"))
    people.edit(
        by=maintainer, contact=other, fields={"remark": "展会认识", "mobile": "13800004444"}
    )
    page = open_as(maintainer, url("console-list", department.pk))
    page.get_by_text("更多筛选", exact=True).click()
    page.get_by_label("来源").select_option("manual")
    page.get_by_label("有手机号").select_option("yes")
    expect(page.get_by_label("有手机号")).to_have_value("yes")
    check_everywhere(page, "console-more-filters", themes=("light",))
    page.get_by_role("button", name="应用").click()
    expect(page.get_by_label("移除 来源：手动录入")).to_be_visible()
    check_everywhere(page, "console-narrowed")
    page.get_by_text("常用筛选", exact=True).click()
    page.get_by_role("link", name="保存当前筛选").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("筛选名称").fill("手动录入的")
    dialog.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存筛选“手动录入的”")).to_be_visible()
    page.get_by_role("link", name="列设置").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("标签")).to_be_visible()
    check_everywhere(page, "console-columns", themes=("light",))
    dialog.get_by_label("标签").fill("1")
    dialog.get_by_role("button", name="保存").click()
    expect(page.get_by_role("columnheader", name="标签")).to_be_visible()

    job = BulkJob.objects.create(
        owner=maintainer, node=department, action="disable", status="done", total=400, done=400, changed=398,
        refused=1, problems=[{"id": mine.pk, "name": mine.name, "reason": "只有主维度的维护者可以操作"}],
    )  # fmt: skip
    base = page.url.split("/console/")[0]
    page.goto(base + url("bulk-detail", job.pk))
    check_everywhere(page, "console-bulk-job", themes=("light",))

    page.goto(base + url("console-edit", mine.pk))
    page.get_by_label("姓名").fill("单晓彤")
    expect(page.get_by_text("shan xiao tong")).to_be_visible()
    page.get_by_role("button", name="dan xiao tong").click()
    expect(page.get_by_label("拼音")).to_have_value("dan xiao tong")
    expect(page.get_by_text("dxt")).to_be_visible()
    check_everywhere(page, "console-pinyin", themes=("light",))
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("heading", name="单晓彤")).to_be_visible()

    page.get_by_label("更多操作").click()
    page.get_by_role("link", name="合并重复联系人").click()
    page.locator("#merge-q").fill("xujingyi")
    page.locator("#merge-q").press("Enter")
    expect(page.get_by_role("link", name="对比 徐静怡")).to_be_visible()
    check_everywhere(page, "console-merge-find", themes=("light",))
    page.get_by_role("link", name="对比 徐静怡").click()
    page.get_by_label("手机 · 另一条").check()
    expect(page.get_by_role("button", name="合并", exact=True)).to_be_visible()
    check_everywhere(page, "console-merge")
    page.get_by_role("button", name="合并", exact=True).click()
    expect(page.get_by_text("“徐静怡”已合并到“单晓彤”")).to_be_visible()
    page.goto(base + url("console-contact", other.pk))
    expect(page).to_have_url(base + url("console-contact", mine.pk))
    page.get_by_role("link", name="回收站").click()
    expect(page.get_by_role("heading", name="回收站")).to_be_visible()
    check_everywhere(page, "console-bin-merged", themes=("light",))
