"""Staff in a browser: from a file to the first passwords that are shown once (SPEC ACC-3, ACC-6)."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect
from pytest_django import Settings

from accounts import import_jobs, jobs
from accounts.models import StaffImport, User
from contacts.models import Contact
from core.models import OutboxEntry
from orgs.models import Node
from orgs.services import grants
from tests.e2e.helpers import Open, check_everywhere, check_page
from tests.factories.accounts import AdminFactory, DepartmentFactory, StaffFactory
from tests.factories.contacts import make_many
from tests.factories.orgs import make_dimension, make_organization

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]
ROWS = (
    "姓名,登录名,工号,邮箱,手机,职务,部门,启用\n"
    "陈一帆,chen.yifan,E1001,,,采购经理,集团/采购中心,\n"
    "刘雨桐,liu.yutong,E1002,,,质量工程师,集团/质量部;集团/采购中心,\n"
    "赵子轩,zz,E1003,,,会计,集团/财务部,\n"
)


def test_staff_from_a_file(open_as: Open, tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    DepartmentFactory(name="集团")
    admin: User = AdminFactory(name="周管理", username="root")
    page = open_as(admin, "/console/staff/")
    page.get_by_role("link", name="导入员工").click()
    page.wait_for_url("**/imports/new/")
    check_everywhere(page, "staff-import-new", themes=("light",))
    path = tmp_path / "员工花名册.csv"
    path.write_text(ROWS, encoding="utf-8")
    page.locator("input[type=file]").set_input_files(str(path))
    page.get_by_label("自动新建不存在的部门").check()
    page.get_by_role("button", name="上传并预检").click()
    page.wait_for_url("**/console/staff/imports/*/")
    job = StaffImport.objects.get()
    import_jobs.check(job_id=job.pk)
    good = page.get_by_role("button", name="仅导入无误的 2 行")
    expect(good).to_be_visible(timeout=15_000)
    check_page(page, "staff-import-refused")
    good.click()
    import_jobs.run(job_id=job.pk)
    expect(page.get_by_text("2 个正在生成")).to_be_visible(timeout=15_000)
    for entry in OutboxEntry.objects.filter(task="accounts.issue_credentials"):
        jobs.issue_credentials(**entry.arguments)
    expect(page.get_by_text("2 个初始密码可查看一次")).to_be_visible(timeout=15_000)
    check_everywhere(page, "staff-import-done", themes=("light",))
    page.get_by_role("button", name="查看一次").click()
    expect(page.locator(".once code")).to_have_count(2)
    check_page(page, "staff-import-shown")
    assert User.objects.get(username="chen.yifan").check_password(
        page.locator("#once-1").inner_text()
    )
    page.get_by_label("我已保存").check()
    page.get_by_role("button", name="完成").click()
    expect(page.get_by_text("已查看 2 个初始密码")).to_be_visible()


def test_disabling_with_a_hand_over(open_as: Open) -> None:
    admin: User = AdminFactory(name="周管理", username="root")
    leaver: User = StaffFactory(name="沈离岗", is_holder=True)
    StaffFactory(name="何接手")
    for name in ("战略供应商", "渠道合作伙伴"):
        grants.add_maintainer(by=admin, dimension=make_dimension(name), to=leaver)
    contacts = make_many(make_organization(Node.objects.get(name="战略供应商"), "恒拓精密"), 8)
    Contact.objects.filter(pk__in=contacts).update(follower=leaver)
    page = open_as(admin, f"/console/staff/{leaver.pk}/")
    page.locator("summary[aria-label=更多操作]").click()
    page.get_by_role("link", name="停用").click()
    page.wait_for_url("**/disable/")
    for field in ("维度的新维护者", "联系人的新跟进人"):
        page.get_by_role("link", name=f"选择 {field}").click()
        page.get_by_role("dialog").get_by_text("何接手").click()
        page.get_by_role("dialog").get_by_role("button", name="选择").click()
        expect(page.get_by_role("group", name=field).get_by_text("何接手")).to_be_visible()
    check_everywhere(page, "staff-disable-chosen")
    page.get_by_role("button", name="停用").click()
    expect(page.get_by_text("已停用 沈离岗")).to_be_visible()
    assert Contact.objects.filter(follower__name="何接手").count() == 8
