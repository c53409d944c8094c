"""Staff in a browser: from a file to the first passwords that are shown once (SPEC ACC-3, ACC-6)."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect
from pytest_django import Settings

from accounts import import_jobs, jobs
from accounts.models import StaffImport, User
from core.models import OutboxEntry
from tests.e2e.helpers import Open, check_everywhere
from tests.factories.accounts import AdminFactory, DepartmentFactory

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
    check_everywhere(page, "staff-import-new")
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
    check_everywhere(page, "staff-import-refused")
    good.click()
    import_jobs.run(job_id=job.pk)
    expect(page.get_by_text("2 个正在生成")).to_be_visible(timeout=15_000)
    for entry in OutboxEntry.objects.filter(task="accounts.issue_credentials"):
        jobs.issue_credentials(**entry.arguments)
    expect(page.get_by_text("2 个初始密码可查看一次")).to_be_visible(timeout=15_000)
    check_everywhere(page, "staff-import-done")
    page.get_by_role("button", name="查看一次").click()
    expect(page.locator(".once code")).to_have_count(2)
    check_everywhere(page, "staff-import-shown")
    assert User.objects.get(username="chen.yifan").check_password(
        page.locator("#once-1").inner_text()
    )
    page.get_by_label("我已保存").check()
    page.get_by_role("button", name="完成").click()
    expect(page.get_by_text("已查看 2 个初始密码")).to_be_visible()
