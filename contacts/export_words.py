"""What the pages of an export say. No queries."""

from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contacts import export_jobs
from contacts.exports import columns
from contacts.models import ExportJob
from contacts.services.exports import ready
from core.ui import Column, Fact

Status = ExportJob.Status
What = ExportJob.What
LIST_COLUMNS = (
    Column(gettext_lazy("File name")),
    Column(gettext_lazy("Dimension")),
    Column(gettext_lazy("State")),
    Column(gettext_lazy("Rows"), css="c-n"),
    Column(gettext_lazy("Asked for at")),
    Column(gettext_lazy("Actions"), css="c-op", hidden=True),
)


def detail(job: ExportJob) -> dict[str, Any]:
    """Everything the page of one export says about it."""
    return {
        "job": job,
        "facts": facts(job),
        "progress": progress(job),
        "ready": ready(job),
        "expired": job.status == Status.DONE and not ready(job),
        "until": until(job),
    }


def facts(job: ExportJob) -> list[Fact]:
    """What was asked for."""
    chosen = columns.chosen(export_jobs.available(job.what), job.columns)
    return [
        Fact(_("Contents"), job.get_what_display()),
        Fact(_("Where"), job.node.name),
        Fact(_("Which ones"), reach(job)),
        Fact(_("Columns"), _(", ").join(column.label for column in chosen)),
        Fact(_("Kind of file"), job.get_format_display()),
    ]


def reach(job: ExportJob) -> str:
    """Which contacts, in words."""
    asked = job.asked
    if job.what == What.ORGANIZATIONS:
        return _("All organizations of the dimension")
    if "ids" in asked:
        n = len(asked["ids"])
        return ngettext("%(n)s chosen contact", "%(n)s chosen contacts", n) % {"n": n}
    words = _("With everything below") if asked.get("below", True) else _("Only directly here")
    if asked.get("q"):
        words = _("%(words)s, found by “%(q)s”") % {"words": words, "q": asked["q"]}
    return _("%(words)s, filtered") % {"words": words} if asked.get("filters") else words


def progress(job: ExportJob) -> dict[str, object] | None:
    """What components/progress.html needs while it is under way."""
    if not job.under_way:
        return None
    note = _("You may leave this page; a notification comes when the file is ready.")
    text = f"{job.done:,} / {job.total:,}" if job.status == Status.RUNNING else ""
    label = _("The file is being written") if text else _("Waiting to begin")
    return {
        "label": label,
        "value": min(job.done, job.total),
        "max": job.total if text else 0,
        "text": text,
        "note": note,
    }


def until(job: ExportJob) -> str:
    """Until when the file is kept."""
    if job.expires_at is None:
        return ""
    return date_format(localtime(job.expires_at), "DATETIME_FORMAT")
