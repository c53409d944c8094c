"""What the list of one's own jobs says of each, whatever kind it is. No queries."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import import_words as staff_words
from accounts.models import StaffImport
from contacts import bulk_words, export_words, import_words
from contacts.models import BulkJob, ExportJob, ImportJob
from contacts.selectors.my_jobs import Job
from contacts.services.exports import ready
from core.ui import Column
from orgs import restructuring_words
from orgs.models import Restructuring, RestructuringBatch
from orgs.permissions import Scope
from orgs.services.restructuring import may_cancel

COLUMNS = (
    Column(gettext_lazy("Task")),
    Column(gettext_lazy("State")),
    Column(gettext_lazy("How far it is")),
    Column(gettext_lazy("Asked for at")),
    Column(gettext_lazy("Actions"), css="c-op", hidden=True),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One job. `states` is the kind of words its state is said in; `done` of `total` while it is under way."""

    title: str
    icon: str
    url: str
    state: str
    at: datetime
    text: str = ""
    done: int = 0
    total: int = 0
    under_way: bool = False
    cancel_url: str = ""
    file_url: str = ""
    states: str = "job"

    @property
    def progress(self) -> str:
        """How far it is, in numbers."""
        return f"{min(self.done, self.total):,} / {self.total:,}"


def lines(jobs: Sequence[Job], scope: Scope) -> list[Line]:
    """The lines of a page, for the owner of the jobs with this scope."""
    return [_LINES[type(job)](job, scope) for job in jobs]


def _bulk(job: BulkJob, _scope: Scope) -> Line:
    changed = _("%(changed)s changed, %(refused)s refused")
    return Line(
        title=bulk_words.title(job), icon="users", url=reverse("contacts:bulk-detail", args=[job.pk]),
        state=bulk_words.state(job), at=job.created_at,
        text=job.message or changed % {"changed": f"{job.changed:,}", "refused": f"{job.refused:,}"},
        done=job.done, total=job.total, under_way=job.under_way,
        cancel_url=reverse("contacts:bulk-cancel", args=[job.pk]) if job.under_way else "",
    )  # fmt: skip


def _export(job: ExportJob, _scope: Scope) -> Line:
    kept = ready(job)
    return Line(
        title=_("Export: %(file)s") % {"file": job.file_name}, icon="download",
        url=reverse("contacts:export-detail", args=[job.pk]), state=job.status, at=job.created_at,
        text=job.message or (_("Kept until %(until)s") % {"until": export_words.until(job)} if kept else ""),
        done=job.done, total=job.total, under_way=job.under_way,
        cancel_url=reverse("contacts:export-cancel", args=[job.pk]) if job.under_way else "",
        file_url=reverse("contacts:export-file", args=[job.pk]) if kept else "",
    )  # fmt: skip


def _import(job: ImportJob, _scope: Scope) -> Line:
    open_ = job.status in (*ImportJob.OPEN, ImportJob.Status.RUNNING)
    return Line(
        title=_("Import: %(file)s") % {"file": job.file_name}, icon="upload",
        url=reverse("contacts:import-detail", args=[job.pk]), state=job.status, at=job.created_at,
        text=import_words.summary(job), done=job.done, total=job.total,
        under_way=job.status in ImportJob.WORKING,
        cancel_url=reverse("contacts:import-cancel", args=[job.pk]) if open_ else "", states="import",
    )  # fmt: skip


def _staff_import(job: StaffImport, _scope: Scope) -> Line:
    open_ = job.status in (*StaffImport.OPEN, StaffImport.Status.RUNNING)
    urls = staff_words.urls(job)
    return Line(
        title=_("Import of staff: %(file)s") % {"file": job.file_name}, icon="upload", url=urls.detail,
        state=job.status, at=job.created_at, text=staff_words.summary(job), done=job.done, total=job.total,
        under_way=job.status in StaffImport.WORKING, cancel_url=urls.cancel if open_ else "", states="import",
    )  # fmt: skip


def _change(job: Restructuring, scope: Scope) -> Line:
    outcome = restructuring_words.outcome(job)
    stoppable = job.is_open and may_cancel(scope=scope, job=job)
    return Line(
        title=restructuring_words.title(job, scope), icon="sitemap",
        url=reverse("orgs:restructuring", args=[job.pk]), state=job.status, at=job.created_at,
        text=job.message or outcome.get("text", ""), done=job.done, total=job.total, under_way=job.is_open,
        cancel_url=reverse("orgs:restructuring-cancel", args=[job.pk]) if stoppable else "",
    )  # fmt: skip


def _batch(batch: RestructuringBatch, scope: Scope) -> Line:
    jobs = list(batch.restructurings.all())
    said: dict[str, Any] = restructuring_words.batch(batch, jobs, scope)
    under_way = bool(said["progress"])
    stoppable = under_way and all(may_cancel(scope=scope, job=job) for job in jobs)
    finished = _("%(done)s of %(n)s large changes are done")
    return Line(
        title=said["title"], icon="sitemap", url=reverse("orgs:restructuring-batch", args=[batch.pk]),
        state=said["state"], at=batch.created_at,
        text=finished % {"done": said["done"], "n": len(jobs)},
        done=sum(job.done for job in jobs), total=sum(job.total for job in jobs), under_way=under_way,
        cancel_url=reverse("orgs:restructuring-batch-cancel", args=[batch.pk]) if stoppable else "",
    )  # fmt: skip


_LINES: dict[type[Any], Callable[[Any, Scope], Line]] = {
    BulkJob: _bulk, ExportJob: _export, ImportJob: _import, Restructuring: _change, RestructuringBatch: _batch,
    StaffImport: _staff_import,
}  # fmt: skip
