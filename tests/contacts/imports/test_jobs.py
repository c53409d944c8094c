"""An upload from the first byte to the notification: checked, confirmed once, cancelled, refused (T75, T76)."""

from __future__ import annotations

import datetime
import io
import time
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import User
from bench import bad_rows
from contacts import import_jobs
from contacts.import_columns import headings
from contacts.imports import apply
from contacts.imports.plan import chunks
from contacts.models import Contact, ImportJob
from contacts.services import imports
from core.errors import Conflict, Hidden
from core.importing.jobs import bad_rows_name
from core.models import AuditEntry, OutboxEntry
from core.sheets import UnreadableFile, read_rows, write_csv
from im.models import Message
from orgs.models import Node
from orgs.services import grants
from tests.contacts.imports.conftest import directory
from tests.contacts.imports.conftest import told as findings
from tests.core_util import hostile
from tests.factories.orgs import make_dimension, make_holder, make_maintainer, make_person

PEOPLE = "组织,姓名,编码\n" + "".join(f"公司{n % 3},人{n},P{n}\n" for n in range(30))


def upload(
    by: User, dimension: Node, content: bytes | str = PEOPLE, name: str = "联系人.csv", **more: Any
) -> ImportJob:
    raw = content.encode() if isinstance(content, str) else content
    return imports.upload(by=by, dimension=dimension, file=ContentFile(raw, name=name), **more)


def told(by: User) -> list[tuple[str, str]]:
    rows = Message.objects.filter(conversation__key=f"system:{by.pk}").order_by("seq")
    return list(rows.values_list("card_kind", "card_ref"))


def test_from_upload_to_the_end(maintainer: User, dimension: Node) -> None:
    job = upload(maintainer, dimension)
    entry = OutboxEntry.objects.get(task="contacts.check_import")
    assert entry.arguments == {"job_id": job.pk}
    assert not Contact.objects.exists()
    import_jobs.check(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.total) == ("checked", 30)
    assert (job.counts["created"], job.counts["organizations"]) == (30, 3)
    assert not Contact.objects.exists()
    imports.confirm(by=maintainer, job=job)
    import_jobs.run(job_id=job.pk)
    import_jobs.run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.done, Contact.objects.count()) == ("done", 30, 30)
    assert job.counts["done"] == {
        "created": 30, "updated": 0, "joined": 0, "organizations": 3, "departments": 0,
        "organizations_updated": 0,
    }  # fmt: skip
    assert told(maintainer) == [("contacts.import", str(job.pk))] * 2
    actions = AuditEntry.objects.filter(action__startswith="import.").order_by("id")
    assert list(actions.values_list("action", flat=True)) == [
        "import.upload", "import.confirm", "import.run",
    ]  # fmt: skip


def test_a_confirmation_counts_once(maintainer: User, dimension: Node) -> None:
    job = upload(maintainer, dimension)
    with pytest.raises(Conflict):
        imports.confirm(by=maintainer, job=job)
    import_jobs.check(job_id=job.pk)
    imports.confirm(by=maintainer, job=job)
    with pytest.raises(Conflict):
        imports.confirm(by=maintainer, job=job)
    assert OutboxEntry.objects.filter(task="contacts.run_import").count() == 1


def test_bad_rows_are_kept_for_the_owner_without_formulas(
    maintainer: User, dimension: Node, tmp_path: Path
) -> None:
    path = tmp_path / "bad.xlsx"
    bad_rows.compose(path)
    job = upload(maintainer, dimension, path.read_bytes(), "坏行.xlsx")
    before = directory()
    import_jobs.check(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.counts["errors"]) == ("refused", len(bad_rows.BAD))
    assert [(line["row"], line["field"], line["kind"]) for line in findings(job)] == list(
        bad_rows.EXPECTED
    )
    assert directory() == before
    rows = list(read_rows(default_storage.path(bad_rows_name(job))))
    assert rows[0][: len(headings())] == headings()
    assert len(rows) == 1 + len(bad_rows.BAD)
    # Text, so that a spreadsheet shows it instead of reckoning (T74).
    assert any(cell.startswith("=HYPERLINK") for row in rows for cell in row)
    with pytest.raises(Conflict):
        imports.confirm(by=maintainer, job=job)
    # Mended rows can be uploaded as they are: further columns are not ours.
    again = upload(
        maintainer,
        dimension,
        Path(default_storage.path(bad_rows_name(job))).read_bytes(),
    )
    import_jobs.check(job_id=again.pk)
    again.refresh_from_db()
    assert again.status == "refused"


def test_a_formula_in_a_cell_of_the_bad_rows_is_text(maintainer: User, dimension: Node) -> None:
    import zipfile

    job = upload(maintainer, dimension, '组织,姓名,备注\n=1+1,甲,"=cmd|x"\n')
    import_jobs.check(job_id=job.pk)
    with zipfile.ZipFile(default_storage.path(bad_rows_name(job))) as book:
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")


def test_cancelled_between_two_batches(
    maintainer: User, dimension: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply, "chunks", lambda rows: chunks(rows, 10))
    job = upload(maintainer, dimension)
    import_jobs.check(job_id=job.pk)
    imports.confirm(by=maintainer, job=job)
    real = import_jobs._progress

    def progress(running: ImportJob, delta: Any, done: int) -> None:
        real(running, delta, done)
        if done == 20:
            imports.cancel(by=maintainer, job=running)

    monkeypatch.setattr(import_jobs, "_progress", progress)
    import_jobs.run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.counts["done"]["created"], Contact.objects.count()) == (
        "cancelled",
        20,
        20,
    )
    with pytest.raises(Conflict):
        imports.cancel(by=maintainer, job=job)


def test_killed_and_started_again_counts_everything_once(
    maintainer: User, dimension: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply, "chunks", lambda rows: chunks(rows, 10))
    job = upload(maintainer, dimension)
    import_jobs.check(job_id=job.pk)
    imports.confirm(by=maintainer, job=job)
    real, left = import_jobs._progress, [2]

    def progress(*arguments: Any) -> None:
        real(*arguments)
        left[0] -= 1
        if left[0] == 0:
            raise RuntimeError("the worker is gone")

    monkeypatch.setattr(import_jobs, "_progress", progress)
    with pytest.raises(RuntimeError):
        import_jobs.run(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == "running"
    import_jobs.run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.counts["done"]["created"], job.counts["done"]["organizations"]) == (
        "done", 30, 3,
    )  # fmt: skip
    assert AuditEntry.objects.filter(action="contact.create").count() == 30


def test_the_directory_changed_after_the_check(maintainer: User, dimension: Node) -> None:
    job = upload(maintainer, dimension)
    import_jobs.check(job_id=job.pk)
    other = upload(make_holder(), make_dimension(), "组织,姓名,编码\n别处,别人,P3\n")
    import_jobs.check(job_id=other.pk)
    imports.confirm(by=other.owner, job=other)
    import_jobs.run(job_id=other.pk)
    imports.confirm(by=maintainer, job=job)
    import_jobs.run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, findings(job)[0]["kind"]) == ("failed", "hidden")
    assert Contact.objects.count() == 1


def test_a_right_lost_after_the_confirmation(maintainer: User, dimension: Node) -> None:
    job = upload(maintainer, dimension)
    import_jobs.check(job_id=job.pk)
    imports.confirm(by=maintainer, job=job)
    grants.remove_maintainer(by=make_holder(), dimension=dimension, to=maintainer)
    import_jobs.run(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == "failed"
    assert not Contact.objects.exists()
    with pytest.raises(Hidden):
        imports.own(by=maintainer, job_id=job.pk)


def test_who_may(maintainer: User, dimension: Node) -> None:
    staff, other = make_person(), make_maintainer(make_dimension())
    with pytest.raises(Hidden):
        upload(other, dimension)
    with pytest.raises(Hidden):
        upload(staff, dimension)
    job = upload(maintainer, dimension)
    for person in (other, staff, make_holder()):
        with pytest.raises(Hidden):
            imports.own(by=person, job_id=job.pk)


def test_not_too_many_at_once(maintainer: User, dimension: Node) -> None:
    for _ in range(imports.MAX_OPEN):
        upload(maintainer, dimension)
    with pytest.raises(Conflict):
        upload(maintainer, dimension)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02", "not_a_sheet"),
        (b"<html><table>", "other_office"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 100, "old_excel"),
        (b"PK\x03\x04" + b"0" * 100, "damaged"),
    ],
)
def test_what_is_no_table_is_refused_at_the_door(
    content: bytes, reason: str, maintainer: User, dimension: Node
) -> None:
    with pytest.raises(UnreadableFile) as refused:
        upload(maintainer, dimension, content)
    assert refused.value.reason == reason
    assert not ImportJob.objects.exists()
    assert not list(Path(default_storage.path("imports")).glob("*.upload"))


ENTITY = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def sheet(row: int, at: str, text: str = "x", before: str = "") -> dict[str, str]:
    """The part of a workbook that holds one cell."""
    return {
        hostile.SHEET: hostile.sheet_xml(f'<row r="{row}">{hostile.cell(at, text)}</row>', before)
    }


HOSTILE: dict[str, Callable[[Path], object]] = {
    "table": lambda path: write_csv(path, ["a"] * 3, [["x"] * 100]),
    "bomb": lambda path: hostile.lying(path, real=300 * 1024 * 1024),
    "declared bomb": lambda path: hostile.patched(path, sheet(1, "A1", "A" * 50_000_000)),
    "entities": lambda path: hostile.patched(path, sheet(1, "A1", "&b;", ENTITY)),
    "wrong header": hostile.plain,
    "far cell": lambda path: hostile.patched(path, sheet(1_048_576, "XFD1048576")),
    "sheets": lambda path: hostile.patched(
        path, {f"xl/worksheets/sheet{n}.xml": "<x/>" for n in range(2, 202)}
    ),
    "macros": lambda path: hostile.patched(path, {"xl/vbaProject.bin": b"x"}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_as_refused(
    name: str, maintainer: User, dimension: Node, tmp_path: Path
) -> None:
    path = tmp_path / "evil.xlsx"
    HOSTILE[name](path)
    began = time.process_time(), getrusage(RUSAGE_CHILDREN)
    try:
        job = upload(maintainer, dimension, path.read_bytes(), "../../etc/passwd\u202e.xlsx")
    except UnreadableFile:
        assert time.process_time() - began[0] < 2
        assert not ImportJob.objects.exists()
        return
    import_jobs.check(job_id=job.pk)
    # Seconds of processor time and memory of the reader, whatever else the machine does.
    after = getrusage(RUSAGE_CHILDREN)
    assert after.ru_utime - began[1].ru_utime < 20
    assert after.ru_maxrss < 1024 * 1024
    job.refresh_from_db()
    assert job.status == "refused"
    assert job.message
    assert job.file_name == "passwd.xlsx"
    assert not Contact.objects.exists()


def test_old_files_go(maintainer: User, dimension: Node) -> None:
    job = upload(maintainer, dimension, "组织,姓名\n=1,甲\n")
    import_jobs.check(job_id=job.pk)
    names = [job.file.name, bad_rows_name(job)]
    assert all(default_storage.exists(name) for name in names)
    assert import_jobs.purge_files() == 0
    ImportJob.objects.update(created_at=timezone.now() - datetime.timedelta(days=8))
    assert import_jobs.purge_files() == 1
    assert not any(default_storage.exists(name) for name in names)


def test_the_template_can_be_imported(tmp_path: Path) -> None:
    from contacts.import_columns import template

    path = tmp_path / "template.xlsx"
    path.write_bytes(template())
    assert next(iter(read_rows(path))) == headings()
    assert io.BytesIO(template()).getvalue()[:2] == b"PK"
