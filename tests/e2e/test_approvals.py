"""An account from the application to the first credentials, in a browser; every page checked by axe."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from accounts import jobs as account_jobs
from approvals import services
from approvals.models import Application
from contacts.models import Contact
from core import audit
from core.models import AuditEntry, OutboxEntry
from tests.approvals.conftest import Place, make_place
from tests.e2e.helpers import Open, check_everywhere
from tests.factories import orgs
from tests.factories.approvals import REMARK, make_application
from tests.factories.contacts import make_contact
from trail import jobs as trail_jobs

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Place:
    request.getfixturevalue("live_server")
    made = make_place()
    orgs.make_internal_department("采购中心", made.creator)
    return made


def run_worker() -> None:
    for entry in OutboxEntry.objects.filter(task="accounts.issue_credentials", done_at=None):
        account_jobs.issue_credentials(**entry.arguments)


def test_applying_from_the_account_of_a_contact(place: Place, open_as: Open) -> None:
    page = open_as(place.creator, f"/applications/contact/{place.contact.pk}/")
    expect(page.locator("#main")).to_contain_text("尚未开通外部账号")
    check_everywhere(page, "account-none", themes=("light",))
    page.get_by_role("link", name="申请开通").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("林晓彤")
    check_everywhere(page, "account-apply", themes=("light",))
    dialog.get_by_role("button", name="提交申请").click()
    expect(dialog.locator("[data-errors]")).to_be_visible()
    dialog.get_by_role("button", name="年度框架采购协同").click()
    expect(dialog.locator("textarea")).to_have_value("年度框架采购协同")
    dialog.locator("textarea").fill(REMARK)
    dialog.get_by_role("button", name="提交申请").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#toasts")).to_contain_text("申请已提交")
    panel = page.locator("[data-account-panel]")
    expect(panel).to_contain_text("审批进度")
    expect(panel).to_contain_text("任一人处理")
    check_everywhere(page, "account-pending")
    panel.get_by_role("button", name="催办").click()
    expect(panel.get_by_role("button", name="催办")).to_be_disabled()
    # The button is gone; who pressed it still stands in the panel.
    expect(panel.locator(":focus")).to_have_count(1)
    # Somebody refuses meanwhile: the open page shows it by itself.
    services.decide(
        application_id=Application.objects.get().pk, approve=False, reason="请补充保密协议",
        version=place.contact.version, by=place.maintainer,
    )  # fmt: skip
    expect(panel).to_contain_text("请补充保密协议", timeout=4000)
    check_everywhere(page, "account-refused", themes=("light",))
    panel.get_by_role("link", name="重新申请").click()
    expect(page.get_by_role("dialog").locator("textarea")).to_have_value(REMARK)


def test_deciding_in_messages(place: Place, open_as: Open) -> None:
    application = place.apply()
    page = open_as(place.maintainer, "/messages/")
    page.get_by_role("link", name="系统通知").click()
    card = page.locator(".acard")
    expect(card).to_contain_text("林晓彤")
    other = open_as(place.holder, f"/applications/{application.pk}/")
    expect(other.get_by_role("button", name="同意 林晓彤")).to_be_visible()
    check_everywhere(other, "application-card")
    other.get_by_role("button", name="拒绝 林晓彤").click()
    expect(other.locator("textarea")).to_be_visible()
    check_everywhere(other, "application-refuse", themes=("light",))
    other.locator("textarea").fill(" ")
    other.locator(".acard-x").get_by_role("button", name="拒绝 林晓彤").click()
    expect(other.locator("textarea")).to_have_attribute("aria-invalid", "true")
    expect(other.locator("textarea")).to_be_focused()
    other.locator("textarea").fill("正在写")
    other.wait_for_timeout(2500)
    expect(other.locator("textarea")).to_have_value("正在写")
    services.decide(
        application_id=application.pk, approve=True, version=place.contact.version,
        by=place.administrator,
    )  # fmt: skip
    expect(other.locator(".acard")).to_contain_text("已同意", timeout=2500)
    expect(other.locator(".acard")).to_contain_text("管理员")
    expect(other.get_by_role("button", name="同意 林晓彤")).to_have_count(0)


def test_the_back_office(place: Place, open_as: Open) -> None:
    for name in ("贺知远", "欧阳若曦", "唐一帆"):
        make_application(make_contact(place.organization, name, created_by=place.creator))
    application = place.apply()
    page = open_as(place.maintainer, "/console/applications/")
    expect(page.locator("tbody tr")).to_have_count(4)
    expect(page.locator(".side [data-count]")).to_have_text("4")
    check_everywhere(page, "applications")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("link", name="同意 林晓彤").click()
    expect(page.get_by_role("dialog")).to_contain_text("同意为 林晓彤 开通账号")
    check_everywhere(page, "applications-approve", themes=("light",))
    page.get_by_role("dialog").get_by_role("button", name="同意").click()
    dialog = page.locator("#dlg-application")
    expect(dialog).to_contain_text("正在")
    expect(page.locator("tbody tr")).to_have_count(3)
    check_everywhere(page, "applications-approved", themes=("light",))
    run_worker()
    dialog.get_by_role("button", name="查看一次").click(timeout=6000)
    once = page.locator("#dlg-once")
    expect(once).to_contain_text(Contact.objects.get(pk=place.contact.pk).user.username)
    check_everywhere(page, "applications-credentials", themes=("light",))
    once.get_by_role("checkbox").check()
    once.get_by_role("button", name="完成").click()
    expect(page.locator("tbody tr")).to_have_count(3)

    page.locator("[data-check-all]").check()
    page.get_by_role("button", name="拒绝").first.click()
    services.decide(
        application_id=Application.objects.get(contact__name="唐一帆").pk, approve=True,
        version=1, by=place.holder,
    )  # fmt: skip
    dialog = page.get_by_role("dialog")
    check_everywhere(page, "applications-bulk", themes=("light",))
    dialog.locator("textarea").fill("重复申请")
    dialog.get_by_role("button", name="拒绝").click()
    expect(page.get_by_role("dialog")).to_contain_text("2 项成功，1 项未处理")
    expect(page.get_by_role("dialog")).to_contain_text("已由 吴凯")
    expect(page.locator("#applications")).to_contain_text("没有待审批的申请")
    check_everywhere(page, "applications-bulk-done", themes=("light",))
    page.get_by_role("dialog").get_by_role("button", name="关闭").last.click()
    page.get_by_role("link", name="全部").click()
    expect(page.locator("tbody tr")).to_have_count(4)
    check_everywhere(page, "applications-all", themes=("light",))
    page.get_by_role("link", name=f"详情 {application.number}").click()
    expect(page.locator("#dlg-application")).to_contain_text("李敏")
    check_everywhere(page, "application-detail", themes=("light",))

    mine = open_as(place.creator, "/applications/mine/")
    expect(mine.locator("tbody tr")).to_have_count(4)
    check_everywhere(mine, "applications-mine")

    audit.seal()
    first = AuditEntry.objects.filter(action="application.approve").latest("id")
    trail_jobs.nightly()
    office = open_as(place.administrator, "/console/audit/")
    expect(office.locator(".note-ok")).to_contain_text("链完整性：完整")
    check_everywhere(office, "audit")
    office.get_by_label("操作", exact=True).select_option("application")
    office.get_by_role("button", name="查询").click()
    expect(office.locator("tbody tr").first).to_contain_text("已拒绝")
    office.locator("tbody tr", has_text=first.object_label).get_by_role(
        "link", name="详情"
    ).first.click()
    expect(office.get_by_role("dialog")).to_contain_text("变更前")
    expect(office.locator("[aria-busy=true]")).to_have_count(0)
    check_everywhere(office, "audit-entry")
    AuditEntry.objects.filter(pk=first.pk).update(actor_label="别人")
    trail_jobs.nightly()
    office.goto(office.url)
    expect(office.locator(".note-bad")).to_contain_text(f"记录 {first.pk}")
    check_everywhere(office, "audit-broken", themes=("light",))
