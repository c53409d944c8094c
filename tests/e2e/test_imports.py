"""Importing in a browser: every state of the page, axe on all of them (SPEC CON-6, OPS-5)."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from bench import bad_rows
from contacts import export_jobs, import_jobs
from contacts.models import Contact, ExportJob, ImportJob
from orgs.models import Node
from tests.e2e.helpers import Open, check_everywhere
from tests.factories.contacts import make_contact, make_many
from tests.factories.orgs import make_dimension, make_maintainer, make_organization

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]
PEOPLE = "组织,部门,姓名,编码,手机,级别说明\n" + "".join(
    f"恒拓精密（示例）,采购部,人{n},P{n},1600000{n:04d},x\n" for n in range(40)
)


@pytest.fixture
def maintainer() -> User:
    return make_maintainer(
        make_dimension("渠道合作伙伴"), make_dimension("战略供应商"), name="吴凯"
    )


@pytest.fixture
def page_of(open_as: Open, maintainer: User) -> Page:
    return open_as(maintainer, "/console/imports/new/")


def send(page: Page, path: Path) -> ImportJob:
    page.locator("input[type=file]").set_input_files(str(path))
    page.get_by_role("button", name="上传并预检").click()
    page.wait_for_url("**/console/imports/*/")
    return ImportJob.objects.latest("pk")


def test_from_the_template_to_the_end(page_of: Page, tmp_path: Path, maintainer: User) -> None:
    page = page_of
    check_everywhere(page, "import-new")
    with page.expect_download() as download:
        page.get_by_role("link", name="综合模板").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    path = tmp_path / "联系人（示例）.csv"
    path.write_text(PEOPLE, encoding="utf-8")
    job = send(page, path)
    expect(page.get_by_text("正在预检文件")).to_be_visible()
    check_everywhere(page, "import-checking")
    import_jobs.check(job_id=job.pk)
    # The page looks by itself: a column that nobody knows is asked about.
    expect(page.get_by_label("级别说明")).to_be_visible(timeout=15_000)
    check_everywhere(page, "import-columns")
    page.get_by_label("级别说明").select_option(label="备注")
    page.get_by_role("button", name="按此匹配预检").click()
    page.wait_for_url("**/console/imports/*/")
    import_jobs.check(job_id=job.pk)
    # Nothing has been written.
    confirm = page.get_by_role("button", name="确认导入 40 行")
    expect(confirm).to_be_visible(timeout=15_000)
    check_everywhere(page, "import-checked")
    assert not Contact.objects.exists()
    confirm.click()
    expect(page.get_by_text("正在导入")).to_be_visible()
    check_everywhere(page, "import-running")
    import_jobs.run(job_id=job.pk)
    expect(page.get_by_text("导入已完成")).to_be_visible(timeout=15_000)
    check_everywhere(page, "import-done")
    assert Contact.objects.count() == 40
    page.goto(page.url.split("/console/")[0] + "/console/imports/")
    check_everywhere(page, "import-list")


def test_an_export(open_as: Open, maintainer: User) -> None:
    node = make_organization(Node.objects.get(name="战略供应商"), "恒拓精密（示例）")
    make_many(node, 30)
    page = open_as(maintainer, f"/console/orgs/{node.pk}/contacts/")
    page.get_by_role("link", name="导出", exact=True).click()
    expect(page.get_by_text("包含下级部门 · 30 名联系人")).to_be_visible()
    check_everywhere(page, "export-dialog")
    page.get_by_role("dialog").get_by_role("button", name="导出").click()
    page.wait_for_url("**/console/exports/*/")
    expect(page.get_by_text("等待开始")).to_be_visible()
    check_everywhere(page, "export-waiting")
    export_jobs.run(job_id=ExportJob.objects.get().pk)
    fetch = page.get_by_role("button", name="下载")
    expect(fetch).to_be_visible(timeout=15_000)
    check_everywhere(page, "export-ready")
    with page.expect_download() as download:
        fetch.click()
    assert download.value.suggested_filename.startswith("外部联系人-恒拓精密（示例）")
    page.goto(page.url.split("/console/")[0] + "/console/exports/")
    check_everywhere(page, "export-list")


def test_a_file_with_errors(page_of: Page, tmp_path: Path) -> None:
    page = page_of
    (tmp_path / "nothing.xlsx").write_text("<html>")
    page.locator("input[type=file]").set_input_files(str(tmp_path / "nothing.xlsx"))
    page.get_by_role("button", name="上传并预检").click()
    expect(page.locator("[aria-invalid=true]")).to_be_visible()
    check_everywhere(page, "import-refused-at-once")
    bad_rows.compose(tmp_path / "bad.xlsx")
    job = send(page, tmp_path / "bad.xlsx")
    import_jobs.check(job_id=job.pk)
    expect(page.get_by_text("文件中有错误行")).to_be_visible(timeout=15_000)
    check_everywhere(page, "import-refused")
    page.get_by_label("字段").select_option(label="手机")
    expect(page.get_by_text("154abcd0001")).to_be_visible()
    expect(page.get_by_text("nobody@")).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("link", name="下载错误行").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    assert page.get_by_role("button", name="确认导入").count() == 0


def test_rows_that_look_like_somebody(page_of: Page, tmp_path: Path) -> None:
    page = page_of
    node = make_organization(Node.objects.get(name="渠道合作伙伴"), "恒拓精密（示例）")
    for number in range(3):
        make_contact(node, f"林晓彤{number}", email=f"lin{number}@example.com")
    path = tmp_path / "重复.csv"
    path.write_text(
        "组织,姓名,手机,邮箱\n恒拓精密（示例）,林晓彤0,16000000001,\n恒拓精密（示例）,林晓彤1,16000000002,\n"
        "恒拓精密（示例）,冯子昂,1380013,\n恒拓精密（示例）,别人,16000000003,lin2@example.com\n",
        encoding="utf-8",
    )
    job = send(page, path)
    import_jobs.check(job_id=job.pk)
    row = page.get_by_label("第 2 行的处理方式")
    expect(row).to_have_value("0", timeout=15_000)
    check_everywhere(page, "import-alike")
    row.select_option(label="同一人：林晓彤0 · 恒拓精密（示例）")
    page.get_by_role("button", name="保存本页选择").click()
    expect(page.get_by_text("正在预检文件")).to_be_visible()
    import_jobs.check(job_id=job.pk)
    expect(page.get_by_label("第 2 行的处理方式")).not_to_have_value("0", timeout=15_000)
    expect(page.get_by_text("将新增 2 人、更新 1 人")).to_be_visible()
    page.get_by_label("结果").select_option(label="疑似重复")
    page.wait_for_url("**kind=alike**")
    expect(page.get_by_text("1380013")).to_have_count(0)
    page.get_by_role("button", name="全部是同一人").click()
    import_jobs.check(job_id=job.pk)
    page.reload()
    expect(page.get_by_text("将新增 0 人、更新 3 人")).to_be_visible()
