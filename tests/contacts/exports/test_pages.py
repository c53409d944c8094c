"""The pages of an export as each person (matrix rows 34, 35)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from contacts import export_jobs
from contacts.models import ExportJob, ImportJob
from tests.contacts.exports.test_exports import KEYS, here  # noqa: F401  the fixture
from tests.contacts.imports.test_pages import enter
from tests.factories import orgs as org

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def detail(job: ExportJob) -> str:
    return reverse("contacts:export-detail", args=[job.pk])


def content(response) -> str:
    return b"".join(response.streaming_content).decode("utf-8-sig")


def test_from_the_list_to_the_file(here) -> None:  # noqa: F811
    client = enter(here.by)
    ask = reverse("contacts:export-contacts", args=[here.hengtuo.pk])
    listed = client.get(reverse("contacts:console-list", args=[here.hengtuo.pk])).content.decode()
    assert ask in listed
    dialog = client.get(ask, headers=HTMX).content.decode()
    assert "包含下级部门 · 2 名联系人" in dialog
    assert "仅本级，不含下级部门 · 1 名联系人" in dialog
    assert client.post(ask, {"reach": "below", "format": "csv"}, headers=HTMX).status_code == 422
    sent = client.post(ask, {"reach": "here", "format": "csv", "columns": ["name", "mobile"]})
    job = ExportJob.objects.get()
    assert (sent.status_code, sent.headers["Location"]) == (303, detail(job))
    assert 'data-poll="2"' in client.get(detail(job), headers=HTMX).content.decode()
    assert client.post(reverse("contacts:export-file", args=[job.pk])).status_code == 404
    export_jobs.run(job_id=job.pk)
    page = client.get(detail(job)).content.decode()
    file = reverse("contacts:export-file", args=[job.pk])
    assert file in page
    assert client.get(file).status_code == 405
    answer = client.post(file)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Cache-Control"] == "no-store"
    assert content(answer).split() == ["姓名,手机", "王嘉禾,'+85251234567"]
    assert job.file_name in client.get(reverse("contacts:export-list")).content.decode()
    card = reverse("contacts:export-card", args=[job.pk])
    assert file in client.get(card, headers=HTMX).content.decode()
    assert client.get(card).headers["Location"] == detail(job)


def test_what_the_list_shows_is_what_is_exported(here) -> None:  # noqa: F811
    client = enter(here.by)
    ask = reverse("contacts:export-contacts", args=[here.suppliers.pk])
    found = client.get(ask, {"q": "linxt"}, headers=HTMX).content.decode()
    assert "1 名联系人" in found
    sent = {"reach": "below", "format": "csv", "columns": KEYS}
    assert client.post(f"{ask}?q=linxt&status=none", sent).status_code == 303
    job = ExportJob.objects.get()
    assert (job.asked["q"], job.asked["filters"], job.total) == ("linxt", {"account": "none"}, 1)


def test_chosen_ones(here) -> None:  # noqa: F811
    client = enter(here.by)
    bulk = reverse("contacts:console-bulk", args=[here.hengtuo.pk])
    chosen = {"action": "export", "ids": [here.lin.pk, here.hidden.pk]}
    assert "导出 2 名联系人" in client.post(bulk, chosen, headers=HTMX).content.decode()
    sent = {**chosen, "confirmed": "1", "format": "csv", "columns": ["name"]}
    assert client.post(bulk, sent).status_code == 303
    assert ExportJob.objects.get().total == 1


def test_cancel_and_organizations(here) -> None:  # noqa: F811
    client = enter(here.by)
    ask = reverse("contacts:export-organizations", args=[here.suppliers.pk])
    assert "1 个外部组织" in client.get(ask, headers=HTMX).content.decode()
    assert client.post(ask, {"format": "xlsx", "columns": ["organization"]}).status_code == 303
    job = ExportJob.objects.get()
    cancel = reverse("contacts:export-cancel", args=[job.pk])
    assert client.post(cancel).status_code == 302
    assert client.post(cancel).status_code == 409
    assert "导出已取消" in client.get(detail(job)).content.decode()
    at_organization = reverse("contacts:export-organizations", args=[here.hengtuo.pk])
    assert client.get(at_organization).status_code == 404


def test_doors(here) -> None:  # noqa: F811
    client = enter(here.by)
    ask = reverse("contacts:export-contacts", args=[here.hengtuo.pk])
    client.post(ask, {"reach": "below", "format": "csv", "columns": ["name"]})
    job = ExportJob.objects.get()
    export_jobs.run(job_id=job.pk)
    viewer: User = org.make_person()
    org.let_view(viewer, here.hengtuo)
    for other in (viewer, org.make_holder(), org.make_maintainer(here.suppliers)):
        for name in ("export-detail", "export-file", "export-card"):
            url = reverse(f"contacts:{name}", args=[job.pk])
            method = "post" if name == "export-file" else "get"
            assert getattr(enter(other), method)(url).status_code == 404
            assert getattr(Client(), method)(url).status_code == 302
    assert enter(viewer).get(ask).status_code == 404
    assert client.get(reverse("contacts:export-contacts", args=[here.secret.pk])).status_code == 404


def test_lists_ask_the_same_however_many_there_are(here) -> None:  # noqa: F811
    client = enter(here.by)
    counted = []
    for many in (1, 12):
        make_jobs(here, many)
        for name in ("contacts:export-list", "contacts:import-list"):
            client.get(reverse(name))
            with CaptureQueriesContext(connection) as queries:
                assert client.get(reverse(name)).status_code == 200
            counted.append(len(queries))
    assert counted[:2] == counted[2:]


def make_jobs(here, many: int) -> None:  # noqa: F811
    common = {"owner": here.by, "dimension": here.suppliers, "file_name": "x.csv"}
    for _n in range(many):
        ExportJob.objects.create(node=here.hengtuo, what="contacts", status="done", **common)
        ImportJob.objects.create(status="done", **common)
