"""What the pages of every import say: steps, columns of their tables, progress, what is asked. No queries."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.importing.forms import FindingsForm
from core.importing.models import UploadJob
from core.ui import Column

Status = UploadJob.Status
STEPS = (
    gettext_lazy("Download the template"),
    gettext_lazy("Upload the file"),
    gettext_lazy("Result of the check"),
)
COLUMNS = (
    Column(gettext_lazy("Row"), css="c-row"),
    Column(gettext_lazy("Result"), css="c-k"),
    Column(gettext_lazy("Name")),
    Column(gettext_lazy("Field")),
    Column(gettext_lazy("Value in the file")),
    Column(gettext_lazy("Reason")),
    Column(gettext_lazy("What happens"), css="c-op"),
)


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the pages of one import are."""

    kind: str
    detail: str
    columns: str
    confirm: str
    cancel: str
    bad_rows: str
    new: str
    choices: str = ""

    @classmethod
    def of(cls, prefix: str, job: UploadJob, **more: str) -> Self:
        """Those that are called `prefix`-detail and so on; `more` are others, or others in their place."""
        names = ("detail", "columns", "confirm", "cancel", "bad-rows")
        found = {
            name.replace("-", "_"): reverse(f"{prefix}-{name}", args=[job.pk]) for name in names
        }
        return cls(**{"new": reverse(f"{prefix}-new"), **found, **more})


def page(job: UploadJob, summary: str, planned: Callable[[UploadJob], str]) -> dict[str, Any]:
    """What the page of one import says, whatever it is about. `planned`: what would be written."""
    good = job.good_rows if job.status == Status.REFUSED and job.file else 0
    return {
        "job": job,
        "labels": STEPS,
        "columns": COLUMNS,
        "summary": summary,
        "progress": progress(job),
        "good": good,
        "partly": partly(job, planned(job)) if good else "",
        "left_out": len(job.left_out) if job.status in (Status.RUNNING, Status.DONE) else 0,
        "columns_line": columns_line(job),
        "assignable": bool(job.header and job.file)
        and job.status in (Status.CHECKED, Status.REFUSED),
        "unknown": "、".join(job.counts.get("unknown", ())),
    }


def partly(job: UploadJob, planned: str) -> str:
    """What importing only the good rows does, and what it leaves out."""
    left_out = ngettext(
        "%(n)s row with errors is left out", "%(n)s rows with errors are left out", len(job.left_out)
    ) % {"n": f"{len(job.left_out):,}"}  # fmt: skip
    said = _("%(plan)s %(left_out)s; they can be mended and imported afterwards.")
    return said % {"plan": planned, "left_out": left_out}


Sentence = Callable[[UploadJob], str]


def summary(job: UploadJob, *, planned: Sentence, done: Sentence) -> str:
    """What will happen, or what has happened."""
    if job.status in (Status.UPLOADED, Status.CHECKING, Status.MAPPING):
        return ""
    if job.status == Status.REFUSED:
        said = _("%(errors)s rows cannot be taken; nothing was written")
        return job.message or said % {"errors": job.counts.get("errors", 0)}
    return planned(job) if job.status == Status.CHECKED else done(job)


def findings_filter(url: str, form: FindingsForm, q: str) -> dict[str, Any] | None:
    """What components/filterbar.html needs over the findings; nothing where there are none."""
    if form.idle:
        return None
    narrowed = q or any(field.value() for field in form)
    return {
        "action": url, "form": form, "q": q, "id": "findings-q", "placeholder": _("Row, name or value"),
        "autosubmit": True, "reset_url": url if narrowed else "",
    }  # fmt: skip


def columns_line(job: UploadJob) -> str:
    """What is asked on the page of columns."""
    unknown = sum(not column["key"] for column in job.header)
    return ngettext(
        "%(n)s column was not recognised. Say what it holds, or that it is not read.",
        "%(n)s columns were not recognised. Say what they hold, or that they are not read.",
        unknown,
    ) % {"n": unknown}  # fmt: skip


def progress(job: UploadJob) -> dict[str, object] | None:
    """What components/progress.html needs while something is under way."""
    if job.status == Status.RUNNING:
        text = f"{job.done:,} / {job.good_rows:,}"
        return {"label": _("Importing"), "value": job.done, "max": job.good_rows, "text": text}
    if job.status in UploadJob.WORKING:
        note = _("This takes a few seconds for some thousand rows. You may leave this page.")
        return {"label": _("The file is being checked"), "note": note}
    return None


def disposition(name: str) -> str:
    """The header of a download, for names in any script."""
    return content_disposition_header(as_attachment=True, filename=name) or "attachment"
