"""我的任务 and several large moves in a browser: said before, followed, stopped (SPEC ORG-5, CON-5; rows 14, 35)."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from contacts.models import BulkJob, ExportJob, ImportJob
from orgs.models import Restructuring
from orgs.services import restructuring
from tests.e2e.helpers import Open, check_everywhere
from tests.factories import orgs
from tests.factories.contacts import make_contact

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]


def test_from_the_dialog_to_the_list_of_jobs(
    open_as: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restructuring, "AT_ONCE", 1)
    admin = orgs.make_administrator("李敏")
    dimension = orgs.make_dimension("战略供应商")
    two = [
        orgs.make_organization(dimension, name) for name in ("海川电子（示例）", "立衡机械（示例）")
    ]
    for node in two:
        make_contact(node)
    target = orgs.make_organization(dimension, "恒拓精密（示例）")
    page = open_as(admin, reverse("contacts:job-list"))
    expect(page.get_by_text("您还没有任务")).to_be_visible()
    check_everywhere(page, "jobs-empty", themes=("light",))
    base = page.url.split("/console/")[0]

    page.goto(base + reverse("orgs:node-organizations", args=[dimension.pk]))
    for node in two:
        page.get_by_label(f"选择 {node.name}").check()
    page.get_by_role("button", name="移动到").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("共 2 人，将在后台执行")).to_be_visible()
    check_everywhere(page, "jobs-move-picker", themes=("light",))
    dialog.get_by_role("searchbox").fill("htjm")
    dialog.get_by_text(target.name).click()
    dialog.get_by_role("button", name="选择", exact=True).click()
    expect(dialog.get_by_text("逐个执行，互不影响")).to_be_visible()
    check_everywhere(page, "jobs-move-question", themes=("light",))
    dialog.get_by_role("button", name="移动").click()
    title = f"把 2 个组织移动到“{target.name}”下"
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    first = Restructuring.objects.order_by("pk")[0]
    restructuring.run(job_id=first.pk)
    expect(page.get_by_text("1 / 2")).to_be_visible()
    check_everywhere(page, "jobs-batch")

    common = {"owner": admin, "total": 4200}
    BulkJob.objects.create(node=target, action="share", status="running", done=1300, **common)
    BulkJob.objects.create(
        node=target, action="disable", status="done", done=400, changed=398, refused=2, **common
    )
    ImportJob.objects.create(
        dimension=dimension, file_name="供应商名单.xlsx", status="checked", **common
    )
    ExportJob.objects.create(
        dimension=dimension, node=dimension, what="contacts", columns=["name"], status="failed",
        file_name="战略供应商_联系人.xlsx", message="您不再维护该维度", **common,
    )  # fmt: skip
    page.goto(base + reverse("contacts:job-list"))
    check_everywhere(page, "jobs")
    page.get_by_role("button", name=f"停止 {title}").click()
    expect(page.get_by_text("部分成功")).to_be_visible()
