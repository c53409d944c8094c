"""The work behind an upload: checking it, carrying it out (SPEC CON-6; SECURITY T76, T82, T83).

Both run in the worker, may be started twice, and take the job by its status. What they do is done as the owner.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from contacts.import_format import Header, guess_header
from contacts.imports import apply, files, findings, headers, plan, rows
from contacts.imports.plan import Counts, Plan
from contacts.imports.rows import FileRows
from contacts.imports.wishes import Wishes
from contacts.models import ImportFinding, ImportJob
from core import audit, live
from core.cleaning import clean
from core.errors import UserError
from im.services import notify
from orgs.models import Node

log = logging.getLogger(__name__)

Status = ImportJob.Status
KEEP_FILES = timedelta(days=7)
DONE = (Status.DONE, Status.FAILED, Status.CANCELLED)


class Cancelled(Exception):
    """The owner stopped the import; batches that were written stay."""


def check(*, job_id: int) -> None:
    """Compares an upload with the directory: CHECKED with numbers, or REFUSED with the rows that cannot be taken.

    MAPPING when a column is not recognised and the owner has to say first what it is.
    """
    job = _claim(job_id, {Status.UPLOADED, Status.CHECKING}, Status.CHECKING)
    if job is None:
        return
    with _as_owner(job), _failures(job, Status.CHECKING):
        with rows.unpacked(job.file.path, kept=rows_path(job)) as lines:
            if not _columns_known(job, lines):
                _finish(job, Status.CHECKING, Status.MAPPING)
                return
        found = _plan(job, looking=True)
        _keep_bad_rows(job, found)
        _finish(
            job,
            Status.CHECKING,
            Status.REFUSED if found.problems else Status.CHECKED,
            total=found.counts.rows,
            counts=found.counts.as_dict()
            | {"people": len(found.people), "unknown": _unknown(found), "alike": len(found.alike)},
            found=found,
            left_out=sorted(found.bad),
            message="",
        )


def run(*, job_id: int) -> None:
    """Carries out a confirmed import. Killed anywhere, it goes on when it is started again."""
    job = _claim(job_id, {Status.RUNNING}, Status.RUNNING)
    if job is None:
        return
    with _as_owner(job), _failures(job, Status.RUNNING):
        found = _plan(job, left_out=frozenset(job.left_out))
        if found.problems:
            _keep_bad_rows(job, found)
            raise apply.ChangedMeanwhile(found.problems)
        apply.run(plan=found, by=job.owner, report=lambda delta, done: _progress(job, delta, done))
        with transaction.atomic():
            _finish(job, Status.RUNNING, Status.DONE, done=found.counts.rows)
            fresh = ImportJob.objects.get(pk=job.pk)
            record_run(
                by=job.owner,
                dimension=job.dimension,
                name=job.file_name,
                counts=fresh.counts["done"] | {"left_out": len(job.left_out)},
            )


def _plan(job: ImportJob, *, left_out: frozenset[int] = frozenset(), looking: bool = False) -> Plan:
    columns = {int(at): key for at, key in job.columns.items()} or None
    choices = {
        int(at): said if isinstance(said, int) else frozenset(said)
        for at, said in job.choices.items()
    }
    wishes = Wishes(columns, job.key, left_out, rows_path(job), choices, looking)
    return plan.make(path=job.file.path, dimension=job.dimension, by=job.owner, wishes=wishes)


def _columns_known(job: ImportJob, lines: Path) -> bool:
    """Whether every column is told: by the owner, by what he said the last time, or because all are recognised."""
    header = guess_header(rows.first_rows(lines))
    job.header = headers.described(header, lines)
    job.columns = job.columns or headers.remembered(owner=job.owner, header=header)
    ImportJob.objects.filter(pk=job.pk).update(header=job.header, columns=job.columns)
    return bool(job.columns) or not headers.open_questions(header)


def record_run(*, by: Any, dimension: Node, name: str, counts: dict[str, int]) -> None:
    """The audit row of a whole import; every organization and person has one of its own."""
    audit.record(
        action="import.run", obj=dimension, by=by, after={"file": name, **counts}, dimension_id=dimension.pk
    )  # fmt: skip


def _unknown(found: Plan) -> list[str]:
    return [clean(heading, 50) for heading in found.file.header.unknown[:20]]


def _claim(job_id: int, wanted: set[str], to: str) -> ImportJob | None:
    if not ImportJob.objects.filter(pk=job_id, status__in=wanted).update(status=to):
        return None
    return ImportJob.objects.select_related("owner", "dimension").get(pk=job_id)


@contextmanager
def _as_owner(job: ImportJob) -> Iterator[None]:
    """Reasons are kept in the language of the person who reads them."""
    with translation.override(job.owner.language):
        yield


@contextmanager
def _failures(job: ImportJob, status: str) -> Iterator[None]:
    """What the person can understand ends the job; anything else goes up, and the outbox starts the job again."""
    try:
        yield
    except Cancelled:
        log.info("import %s was cancelled", job.pk)
    except apply.ChangedMeanwhile as error:
        stopped = Plan(FileRows(Header(0, {})), job.dimension_id, problems=error.errors)
        _finish(job, status, Status.FAILED, found=stopped, message=str(error)[:500])
    except UserError as error:
        ended = Status.FAILED if status == Status.RUNNING else Status.REFUSED
        _finish(job, status, ended, message=str(error)[:500])


def _progress(job: ImportJob, delta: Counts, done: int) -> None:
    """Inside the transaction of a batch: what was written and what is counted are one."""
    row = ImportJob.objects.select_for_update().get(pk=job.pk)
    if row.status != Status.RUNNING:
        raise Cancelled
    sums = row.counts.get("done", {})
    row.counts["done"] = {
        name: sums.get(name, 0) + number
        for name, number in delta.as_dict().items()
        if name not in ("rows", "unchanged", "errors")
    }
    row.done = done
    row.save(update_fields=["counts", "done"])
    _show(job)


def _show(job: ImportJob) -> None:
    live.tell([job.owner_id], "job", job="contacts.import", id=job.pk)


@transaction.atomic
def _finish(
    job: ImportJob, before: str, after: str, *, found: Plan | None = None, **values: Any
) -> None:
    """Ends a stage unless the owner cancelled meanwhile, keeps what was found, and tells him."""
    still = ImportJob.objects.filter(pk=job.pk, status=before)
    if not still.update(status=after, finished_at=timezone.now(), **values):
        return
    if found is not None:
        findings.keep(job, found)
    _show(job)
    sentences = {
        Status.MAPPING: _("Say what the columns of the import file are"),
        Status.CHECKED: _("The import file was checked and can be confirmed"),
        Status.REFUSED: _("The import file has errors; nothing was written"),
        Status.DONE: _("The import is finished"),
        Status.FAILED: _("The import has stopped"),
    }
    notify(
        user_ids=[job.owner_id], card_kind="contacts.import", card_ref=str(job.pk),
        body=sentences[Status(after)], dedupe_key=f"import:{job.pk}:{after}",
    )  # fmt: skip


def bad_rows_name(job: ImportJob) -> str:
    """Where the bad rows of a job are kept, beside its file."""
    return f"{job.file.name}.bad.xlsx"


def rows_path(job: ImportJob) -> Path:
    """Where the rows of the file are kept once they were read."""
    return Path(f"{job.file.path}.rows")


def _keep_bad_rows(job: ImportJob, found: Plan) -> None:
    name = bad_rows_name(job)
    default_storage.delete(name)
    if found.bad:
        target = Path(default_storage.path(name))
        files.write_bad_rows(target, lines=rows_path(job), header=found.file.header, bad=found.bad)


def purge_files() -> int:
    """Files of uploads hold personal data: they go a week after the last step. Returns how many jobs were tidied.

    An upload that nobody confirmed by then is cancelled.
    """
    old = ImportJob.objects.filter(created_at__lt=timezone.now() - KEEP_FILES).exclude(file="")
    waiting = old.filter(status__in=[Status.UPLOADED, Status.MAPPING, Status.CHECKED])
    waiting.update(status=Status.CANCELLED, finished_at=timezone.now())
    tidied = 0
    for job in old.exclude(status__in=[Status.CHECKING, Status.RUNNING]):
        default_storage.delete(bad_rows_name(job))
        rows_path(job).unlink(missing_ok=True)
        job.file.delete(save=False)
        ImportJob.objects.filter(pk=job.pk).update(file="", choices={}, header=[])
        ImportFinding.objects.filter(job=job.pk).delete()
        tidied += 1
    return tidied
