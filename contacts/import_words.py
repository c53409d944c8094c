"""What the pages of an import say: numbers, one sentence, the state of the work. No queries."""

from typing import Any

from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.models import ImportJob
from core.ui import Column, Stat, Tab

Status = ImportJob.Status
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
)
LIST_COLUMNS = (
    Column(gettext_lazy("File name")),
    Column(gettext_lazy("Dimension")),
    Column(gettext_lazy("State")),
    Column(gettext_lazy("Result")),
    Column(gettext_lazy("Uploaded at")),
)
WORKING = (Status.UPLOADED, Status.CHECKING, Status.RUNNING)


def tabs(current: str) -> list[Tab]:
    """One's own imports, and one's own exports."""
    return [
        Tab(label, reverse(f"contacts:{key}-list"), current=current == f"{key}s")
        for key, label in (("import", _("My imports")), ("export", _("My exports")))
    ]


def detail(job: ImportJob) -> dict[str, Any]:
    """Everything the page of one import says about it."""
    told = len({line["row"] for line in job.problems})
    return {
        "job": job,
        "labels": STEPS,
        "columns": COLUMNS,
        "stats": stats(job),
        "summary": summary(job),
        "progress": progress(job),
        "more_rows": job.counts.get("errors", 0) > told,
        "unknown": "、".join(job.counts.get("unknown", ())),
    }


def stats(job: ImportJob) -> list[Stat]:
    """The counters of a check, or of what was done."""
    counts = _counts(job)
    if not counts:
        return []
    over = job.status in (Status.DONE, Status.CANCELLED, Status.FAILED)
    places = counts.get("organizations", 0) + counts.get("departments", 0)
    found = [
        Stat(
            _("People created") if over else _("To be created"), counts.get("created", 0), kind="ok"
        ),
        Stat(_("People updated") if over else _("To be updated"), counts.get("updated", 0)),
        Stat(
            _("Added to an organization") if over else _("To be added to an organization"),
            counts.get("joined", 0),
        ),
        Stat(_("New organizations and departments"), places),
    ]
    if job.status in (Status.REFUSED, Status.CHECKED):
        errors = Stat(_("Rows with errors"), counts.get("errors", 0), kind="bad")
        unchanged = Stat(_("Unchanged"), counts.get("unchanged", 0))
        found = [errors, *found] if errors.number else [*found, unchanged]
    return found


def _counts(job: ImportJob) -> dict[str, int]:
    if job.status in (Status.DONE, Status.CANCELLED, Status.FAILED, Status.RUNNING):
        done: dict[str, int] = job.counts.get("done", {})
        return done
    return dict(job.counts)


def summary(job: ImportJob) -> str:
    """One sentence: what will happen, or what has happened."""
    counts = {
        "created": 0, "updated": 0, "joined": 0, "organizations": 0, "departments": 0, **_counts(job),
    }  # fmt: skip
    if job.status in (Status.UPLOADED, Status.CHECKING):
        return ""
    if job.status == Status.REFUSED:
        return job.message or _("%(errors)s rows cannot be taken; nothing was written") % {
            "errors": job.counts.get("errors", 0)
        }
    if job.status == Status.CHECKED:
        return _(
            "%(created)s people will be created, %(updated)s updated, %(joined)s added to an organization; "
            "%(organizations)s organizations and %(departments)s departments will be created."
        ) % counts  # fmt: skip
    return _(
        "%(created)s people created, %(updated)s updated, %(joined)s added to an organization; "
        "%(organizations)s organizations and %(departments)s departments created."
    ) % counts  # fmt: skip


def progress(job: ImportJob) -> dict[str, object] | None:
    """What components/progress.html needs while something is under way."""
    if job.status == Status.RUNNING:
        text = f"{job.done:,} / {job.total:,}"
        return {"label": _("Importing"), "value": job.done, "max": job.total, "text": text}
    if job.status in WORKING:
        note = _("This takes a few seconds for some thousand rows. You may leave this page.")
        return {"label": _("The file is being checked"), "note": note}
    return None


def disposition(name: str) -> str:
    """The header of a download, for names in any script."""
    return content_disposition_header(as_attachment=True, filename=name) or "attachment"
