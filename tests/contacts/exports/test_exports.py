"""An export from the question to the file: whom it holds, for whom, how long (SPEC CON-6; T01, T07, T08, T74)."""

from __future__ import annotations

import csv
import datetime
import io
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from accounts.services import access
from contacts import export_jobs, import_jobs
from contacts.exports import contacts as reading
from contacts.exports.columns import CONTACT_COLUMNS, ORGANIZATION_COLUMNS
from contacts.models import Contact, ExportJob
from contacts.querysets import Filters
from contacts.selection import Selection
from contacts.services import exports, imports
from core.errors import Conflict, Hidden, Invalid
from core.models import AuditEntry, OutboxEntry
from core.sheets import read_rows
from im.models import Message
from orgs.models import Node, OrganizationDetail
from orgs.services import grants
from tests.factories import orgs as org
from tests.factories.accounts import AdminFactory
from tests.factories.contacts import make_contact, make_many

pytestmark = pytest.mark.django_db
KEYS = [column.key for column in CONTACT_COLUMNS]


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> SimpleNamespace:
    """A dimension with its maintainer, people at two depths, and one of them also in a dimension of somebody else."""
    settings.MEDIA_ROOT = tmp_path / "media"
    suppliers, channels = org.make_dimension("供应商"), org.make_dimension("渠道")
    hengtuo = org.make_organization(suppliers, "恒拓精密", code="SUP-1")
    purchase = org.make_department(hengtuo, "采购部")
    secret = org.make_organization(channels, "秘密商社")
    lin = make_contact(
        purchase, "林晓彤", places=[secret], position="工程师", mobile="+8613912340457", email="lin@example.com",
        code="P1", remark="=1+1",
    )  # fmt: skip
    wang = make_contact(hengtuo, "王嘉禾", mobile="+85251234567")
    hidden = make_contact(secret, "秘密人")
    return SimpleNamespace(
        suppliers=suppliers, hengtuo=hengtuo, purchase=purchase, secret=secret, lin=lin, wang=wang,
        hidden=hidden, by=org.make_maintainer(suppliers, name="维护者"),
    )  # fmt: skip


def ask(
    by: User, node: Node, selection: Selection | None = None, keys: list[str] = KEYS, **more: Any
) -> ExportJob:
    chosen = selection or Selection(everything=True, node_id=node.pk)
    return exports.create(
        by=by, node=node, selection=chosen, format_=more.get("format_", "csv"), keys=keys
    )


def done(job: ExportJob) -> ExportJob:
    export_jobs.run(job_id=job.pk)
    job.refresh_from_db()
    return job


def table(job: ExportJob, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    assert job.status == "done", (job.status, job.message)
    with job.file.open("rb") as file:
        return list(csv.DictReader(io.StringIO(file.read().decode(encoding), newline="")))


def test_the_file_holds_those_of_the_node_in_full(here: SimpleNamespace) -> None:
    job = ask(here.by, here.hengtuo)
    assert OutboxEntry.objects.get(task="contacts.run_export").arguments == {"job_id": job.pk}
    rows = table(done(job))
    assert [row["姓名"] for row in rows] == ["林晓彤", "王嘉禾"]
    lin, wang = rows
    assert (lin["外部组织"], lin["组织编码"], lin["部门"]) == ("恒拓精密", "SUP-1", "采购部")
    assert (lin["手机"], lin["邮箱"], lin["账号状态"]) == (
        "13912340457",
        "lin@example.com",
        "未开通",
    )
    assert (lin["备注"], wang["手机"]) == ("'=1+1", "'+85251234567")
    assert "秘密" not in str(rows)
    assert (job.done, job.total) == (2, 2)
    assert Message.objects.filter(card_kind="contacts.export", card_ref=str(job.pk)).count() == 1
    actions = AuditEntry.objects.filter(
        object_id=str(here.hengtuo.pk), action__startswith="export."
    )
    assert [entry.action for entry in actions.order_by("id")] == ["export.create", "export.run"]
    assert actions.order_by("id")[0].after["count"] == 2


def test_only_here_chosen_filtered_and_searched(here: SimpleNamespace) -> None:
    everything = Selection(everything=True, node_id=here.hengtuo.pk)
    for selection, names in (
        (Selection(everything=True, node_id=here.hengtuo.pk, below=False), ["王嘉禾"]),
        (Selection(everything=True, node_id=here.hengtuo.pk, q="linxt"), ["林晓彤"]),
        # Whom he does not maintain is not in the file, whatever ids are sent (T05, T08).
        (Selection.named([here.lin.pk, here.hidden.pk, 10**9]), ["林晓彤"]),
        (Selection(everything=True, node_id=here.hengtuo.pk, filters=Filters(account="none")), ["林晓彤", "王嘉禾"]),
        (everything, ["林晓彤", "王嘉禾"]),
    ):  # fmt: skip
        assert exports.count(by=here.by, node=here.hengtuo, selection=selection) == len(names)
        job = ask(here.by, here.hengtuo, selection, ["name", "mobile"])
        assert [row["姓名"] for row in table(done(job))] == names
        assert list(table(job)[0]) == ["姓名", "手机"]
    with pytest.raises(Invalid):
        ask(here.by, here.hengtuo, Selection.named([here.hidden.pk]))
    with pytest.raises(Invalid):
        ask(here.by, here.hengtuo, keys=["password", ""])


def test_someone_seen_but_not_maintained_is_left_out(here: SimpleNamespace) -> None:
    org.let_view(here.by, here.secret)
    job = ask(here.by, here.hengtuo, Selection.named([here.lin.pk, here.hidden.pk]))
    assert job.total == 1
    assert [row["姓名"] for row in table(done(job))] == ["林晓彤"]


def test_kinds_of_files(here: SimpleNamespace) -> None:
    chinese = done(ask(here.by, here.hengtuo, format_="gb18030"))
    assert table(chinese, "gb18030")[0]["姓名"] == "林晓彤"
    book = done(ask(here.by, here.hengtuo, format_="xlsx"))
    with zipfile.ZipFile(default_storage.path(book.file.name)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
    assert list(read_rows(default_storage.path(book.file.name)))[1][3] == "林晓彤"
    assert book.file_name.startswith("外部联系人-恒拓精密-")
    assert book.file_name.endswith(".xlsx")


def test_an_export_can_be_imported_again_and_changes_nothing(here: SimpleNamespace) -> None:
    Contact.objects.update(remark="")
    book = done(ask(here.by, here.hengtuo, format_="xlsx"))
    with book.file.open("rb") as file:
        job = imports.upload(by=here.by, dimension=here.suppliers, file=file)
    import_jobs.check(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.findings.count(), job.counts["unchanged"]) == ("checked", 0, 2)


def test_organizations_of_a_dimension(here: SimpleNamespace) -> None:
    below = org.make_organization(here.hengtuo, "恒拓江苏")
    OrganizationDetail.objects.filter(node=below).update(credit_code="91350211M000100Y43")
    keys = [column.key for column in ORGANIZATION_COLUMNS]
    job = exports.create(by=here.by, node=here.suppliers, selection=None, format_="csv", keys=keys)
    rows = table(done(job))
    assert [(row["外部组织"], row["上级"]) for row in rows] == [
        ("恒拓精密", "供应商"), ("恒拓江苏", "恒拓精密"),
    ]  # fmt: skip
    assert rows[0]["组织编码"] == "SUP-1"


def test_who_lost_the_right_gets_no_file(here: SimpleNamespace) -> None:
    holder = org.make_holder()
    waiting, finished = ask(here.by, here.hengtuo), done(ask(here.by, here.hengtuo))
    assert exports.fetch(by=here.by, job_id=finished.pk) == finished
    for other in (holder, org.make_maintainer(here.suppliers), org.make_person()):
        with pytest.raises(Hidden):
            exports.fetch(by=other, job_id=finished.pk)
    grants.remove_maintainer(by=holder, dimension=here.suppliers, to=here.by)
    with pytest.raises(Hidden):
        exports.fetch(by=here.by, job_id=finished.pk)
    done(waiting)
    assert (waiting.status, bool(waiting.file)) == ("failed", False)
    assert AuditEntry.objects.filter(action="export.download").count() == 1


def test_a_disabled_owner_gets_no_file(here: SimpleNamespace) -> None:
    job = ask(here.by, here.hengtuo)
    User.objects.filter(pk=here.by.pk).update(is_active=False)
    done(job)
    assert (job.status, bool(job.file)) == ("failed", False)
    assert not Message.objects.filter(card_kind="contacts.export").exists()


def test_what_was_asked_for_before_being_disabled_does_not_come_back(here: SimpleNamespace) -> None:
    job, admin = ask(here.by, here.hengtuo), AdminFactory()
    access.disable(user=here.by, by=admin)
    access.enable(user=here.by, by=admin)
    done(job)
    assert (job.status, bool(job.file)) == ("failed", False)
    here.by.refresh_from_db()
    assert done(ask(here.by, here.hengtuo)).status == "done"


def test_the_right_is_asked_for_with_every_batch(
    here: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_many(here.hengtuo, 20)
    monkeypatch.setattr(reading, "BATCH", 5)
    job, holder, real = ask(here.by, here.hengtuo), org.make_holder(), reading.Reader.rows
    seen = []

    def rows(self: reading.Reader, viewer: Any, ids: list[int]) -> list[list[str]]:
        seen.append(len(ids))
        if len(seen) == 2:
            grants.remove_maintainer(by=holder, dimension=here.suppliers, to=here.by)
        return real(self, viewer, ids)

    monkeypatch.setattr(reading.Reader, "rows", rows)
    done(job)
    assert (job.status, seen, bool(job.file)) == ("failed", [5, 5], False)
    assert not list(Path(default_storage.path(".")).rglob("*.export"))


def test_cancelled_and_killed(here: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    make_many(here.hengtuo, 20)
    monkeypatch.setattr(reading, "BATCH", 5)
    real = reading.Reader.rows
    left = [2]

    def rows(self: reading.Reader, viewer: Any, ids: list[int]) -> list[list[str]]:
        left[0] -= 1
        if not left[0]:
            raise RuntimeError("the worker is gone")
        return real(self, viewer, ids)

    monkeypatch.setattr(reading.Reader, "rows", rows)
    job = ask(here.by, here.hengtuo)
    with pytest.raises(RuntimeError):
        export_jobs.run(job_id=job.pk)
    assert len(table(done(job))) == 22

    def cancelling(self: reading.Reader, viewer: Any, ids: list[int]) -> list[list[str]]:
        ExportJob.objects.filter(status="running").update(status="cancelled")
        return real(self, viewer, ids)

    second = ask(here.by, here.hengtuo)
    monkeypatch.setattr(reading.Reader, "rows", cancelling)
    done(second)
    assert (second.status, second.done, bool(second.file)) == ("cancelled", 0, False)
    with pytest.raises(Conflict):
        exports.cancel(by=here.by, job=second)


def test_not_too_many_at_once_and_files_go(here: SimpleNamespace) -> None:
    jobs = [ask(here.by, here.hengtuo) for _ in range(exports.MAX_UNDER_WAY)]
    with pytest.raises(Conflict):
        ask(here.by, here.hengtuo)
    exports.cancel(by=here.by, job=jobs[0])
    job = done(jobs[1])
    assert export_jobs.purge_files() == 0
    ExportJob.objects.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))
    with pytest.raises(Hidden):
        exports.fetch(by=here.by, job_id=job.pk)
    assert export_jobs.purge_files() == 1
    assert not default_storage.exists(job.file.name)


def test_a_hostile_name_of_a_node_is_cleaned(here: SimpleNamespace) -> None:
    Node.objects.filter(pk=here.hengtuo.pk).update(name='../..\\a:b*"<x>|\u202exslx.exe\n')
    here.hengtuo.refresh_from_db()
    name = ask(here.by, here.hengtuo).file_name
    assert not set('/\\:*?"<>|\u202e\n') & set(name)
    assert ".." not in name.split("-")[1][:1]
    assert name.endswith(".csv")
