"""The work behind an upload: checking it, carrying it out, tidying up (SECURITY T76, T82, T83).

Both stages run in the worker, may be started twice, and take the job by its status. What they do is done as the owner.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from core import live
from core.cleaning import clean
from core.errors import Conflict, UserError
from core.importing import files, headers
from core.importing.columns import Table
from core.importing.headers import Header
from core.importing.models import ColumnMemory, UploadJob
from core.importing.rows import BadRow, RowError, first_rows, unpacked
from core.owners import owner_of

log = logging.getLogger(__name__)

Status = UploadJob.Status
KEEP_FILES = timedelta(days=7)


class Cancelled(Exception):
    """The owner stopped the import; batches that were written stay."""


class ChangedMeanwhile(Conflict):
    """What is there is not any more what the check saw; `errors` name the rows."""

    code = "changed"

    def __init__(self, errors: Sequence[RowError] = ()) -> None:
        super().__init__(
            _("The directory has changed since the file was checked. Check the file again"),
            details=[f"{error.row}: {error.reason}" for error in errors[:20]],
        )
        self.errors = list(errors)


class Plan(Protocol):
    """A file compared with what is there. With `problems` nothing of it may be written."""

    problems: list[RowError]
    bad: dict[int, BadRow]

    @property
    def header(self) -> Header:
        """The header of the file."""

    @property
    def rows(self) -> int:
        """How many rows the file has, the refused ones included."""

    def numbers(self) -> dict[str, int]:
        """What the check counted, by name."""


J = TypeVar("J", bound=UploadJob)
P = TypeVar("P", bound=Plan)


class Work(ABC, Generic[J, P]):
    """One kind of import. `card` names it for notifications and open pages."""

    model: type[J]
    memory: type[ColumnMemory]
    table: Table
    card: ClassVar[str]

    @abstractmethod
    def plan(self, job: J, *, left_out: frozenset[int] = frozenset(), looking: bool = False) -> P:
        """What importing would do; `looking`: for the person who reads it. Raises UserError for the whole file."""

    @abstractmethod
    def carry_out(self, job: J, found: P) -> None:
        """Writes a plan without problems in batches, each of which calls progress(). Raises ChangedMeanwhile."""

    @abstractmethod
    def note(self, job: J) -> None:
        """The audit row of a whole import, in the transaction that ends it."""

    @abstractmethod
    def keep(self, job: J, found: P | None, problems: Sequence[RowError]) -> None:
        """Puts findings in the place of earlier ones, in the language of the moment; in a transaction."""

    @abstractmethod
    def notify(self, job: J, sentence: str, key: str) -> None:
        """A notification for the owner, once for `key`."""

    def check(self, *, job_id: int) -> None:
        """Compares an upload with what is there: CHECKED with numbers, or REFUSED with the rows that cannot be taken.

        MAPPING when a column is not recognised and the owner has to say first what it is.
        """
        job = self._claim(job_id, {Status.UPLOADED, Status.CHECKING}, Status.CHECKING)
        if job is None:
            return
        with translation.override(job.owner.language), self._failures(job, Status.CHECKING):
            with unpacked(job.file.path, kept=rows_path(job)) as lines:
                if not self._columns_known(job, lines):
                    self._finish(job, Status.CHECKING, Status.MAPPING)
                    return
            found = self.plan(job, looking=True)
            self._keep_bad_rows(job, found)
            unknown = [clean(heading, 50) for heading in found.header.unknown[:20]]
            self._finish(
                job, Status.CHECKING, Status.REFUSED if found.problems else Status.CHECKED, found=found,
                total=found.rows, counts=found.numbers() | {"unknown": unknown}, left_out=sorted(found.bad), message="",
            )  # fmt: skip

    def run(self, *, job_id: int) -> None:
        """Carries out a confirmed import. Killed anywhere, it goes on when it is started again."""
        job = self._claim(job_id, {Status.RUNNING}, Status.RUNNING)
        if job is None:
            return
        with translation.override(job.owner.language), self._failures(job, Status.RUNNING):
            found = self.plan(job, left_out=frozenset(job.left_out))
            if found.problems:
                self._keep_bad_rows(job, found)
                raise ChangedMeanwhile(found.problems)
            self.carry_out(job, found)
            with transaction.atomic():
                self._finish(job, Status.RUNNING, Status.DONE, done=found.rows)
                job.refresh_from_db()
                self.note(job)

    def progress(self, job: J, delta: Mapping[str, int], done: int) -> None:
        """Inside the transaction of a batch: what was written and what is counted are one. Raises Cancelled, or Hidden
        when the owner may not do anything any more.
        """
        owner_of(job)
        row = self.model._default_manager.select_for_update().get(pk=job.pk)
        if row.status != Status.RUNNING:
            raise Cancelled
        sums = row.counts.get("done", {})
        row.counts["done"] = sums | {
            name: sums.get(name, 0) + number for name, number in delta.items()
        }
        row.done = done
        row.save(update_fields=["counts", "done"])
        self._show(job)

    def purge_files(self) -> int:
        """Files of uploads hold personal data: they go a week after the last step. Returns how many jobs were tidied.

        An upload that nobody confirmed by then is cancelled.
        """
        old = self.model._default_manager.filter(created_at__lt=timezone.now() - KEEP_FILES)
        old = old.exclude(file="")
        waiting = old.filter(status__in=[Status.UPLOADED, Status.MAPPING, Status.CHECKED])
        waiting.update(status=Status.CANCELLED, finished_at=timezone.now())
        tidied = 0
        for job in old.exclude(status__in=[Status.CHECKING, Status.RUNNING]):
            default_storage.delete(bad_rows_name(job))
            rows_path(job).unlink(missing_ok=True)
            job.file.delete(save=False)
            self.forget(job)
            tidied += 1
        return tidied

    def forget(self, job: J) -> None:
        """What is not kept longer than the file."""
        self.model._default_manager.filter(pk=job.pk).update(file="", header=[])
        job.findings.all().delete()  # type: ignore[attr-defined]  # every kind has them

    def remembered(self, job: J, header: Header) -> dict[str, str]:
        """What the owner said about the same headings the last time, as `columns` keeps it."""
        rows = self.memory._default_manager.filter(owner=job.owner, header=header.fingerprint)
        kept = rows.values_list("columns", flat=True).first() or {}
        found = {str(at): kept.get(clean(cell, 100), "") for at, cell in enumerate(header.cells)}
        return {at: key for at, key in found.items() if key in self.table.by_key}

    def remember(self, job: J, header: Header) -> None:
        """Keeps what the columns of this header are."""
        keys = {
            clean(cell, 100): header.columns.get(at, "") for at, cell in enumerate(header.cells)
        }
        self.memory._default_manager.update_or_create(
            owner=job.owner, header=header.fingerprint, defaults={"columns": keys}
        )

    def _columns_known(self, job: J, lines: Path) -> bool:
        """Whether every column is told: by the owner, by what he said the last time, or as all are recognised."""
        header = headers.guess(self.table, first_rows(lines))
        job.header = headers.described(header, lines)
        job.columns = job.columns or self.remembered(job, header)
        rows = self.model._default_manager.filter(pk=job.pk)
        rows.update(header=job.header, columns=job.columns)
        return bool(job.columns) or not header.open_questions

    def _claim(self, job_id: int, wanted: set[Status], to: str) -> J | None:
        rows = self.model._default_manager.filter(pk=job_id, status__in=wanted)
        if not rows.update(status=to):
            return None
        return self.model._default_manager.select_related("owner").get(pk=job_id)

    @contextmanager
    def _failures(self, job: J, status: str) -> Iterator[None]:
        """What the person can understand ends the job; anything else goes up, and the outbox starts it again."""
        try:
            yield
        except Cancelled:
            log.info("import %s %s was cancelled", self.card, job.pk)
        except ChangedMeanwhile as error:
            message = str(error)[:500]
            self._finish(job, status, Status.FAILED, problems=error.errors, message=message)
        except UserError as error:
            ended = Status.FAILED if status == Status.RUNNING else Status.REFUSED
            self._finish(job, status, ended, message=str(error)[:500])

    def _show(self, job: J) -> None:
        live.tell([job.owner_id], "job", job=self.card, id=job.pk)

    @transaction.atomic
    def _finish(
        self, job: J, before: str, after: str, *, found: P | None = None,
        problems: Sequence[RowError] | None = None, **values: Any,
    ) -> None:  # fmt: skip
        """Ends a stage unless the owner cancelled meanwhile, keeps what was found, and tells him."""
        still = self.model._default_manager.filter(pk=job.pk, status=before)
        if not still.update(status=after, finished_at=timezone.now(), **values):
            return
        if found is not None or problems is not None:
            self.keep(job, found, found.problems if found is not None else problems or ())
        self._show(job)
        sentences = {
            Status.MAPPING: _("Say what the columns of the import file are"),
            Status.CHECKED: _("The import file was checked and can be confirmed"),
            Status.REFUSED: _("The import file has errors; nothing was written"),
            Status.DONE: _("The import is finished"),
            Status.FAILED: _("The import has stopped"),
        }
        self.notify(job, sentences[Status(after)], f"{job.pk}:{after}")

    def _keep_bad_rows(self, job: J, found: P) -> None:
        name = bad_rows_name(job)
        default_storage.delete(name)
        if found.bad:
            files.write_bad_rows(
                Path(default_storage.path(name)), table=self.table, lines=rows_path(job), header=found.header,
                bad=found.bad,
            )  # fmt: skip


def columns_of(job: UploadJob) -> dict[int, str] | None:
    """Column from 0 → key, as the owner assigned them; None: as recognised."""
    return {int(at): key for at, key in job.columns.items()} or None


def bad_rows_name(job: UploadJob) -> str:
    """Where the bad rows of a job are kept, beside its file."""
    return f"{job.file.name}.bad.xlsx"


def rows_path(job: UploadJob) -> Path:
    """Where the rows of the file are kept once they were read."""
    return Path(f"{job.file.path}.rows")
