"""What the pages of an import say: numbers, one sentence, the state of the work. No queries."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contacts.import_columns import label_of
from contacts.import_forms import FindingsForm
from contacts.imports.alike import NEW
from contacts.models import ImportFinding, ImportJob
from contacts.services.import_choices import CHOOSABLE
from contacts.services.imports import good_rows
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
    Column(gettext_lazy("What happens"), css="c-op"),
)
LIST_COLUMNS = (
    Column(gettext_lazy("File name")),
    Column(gettext_lazy("Dimension")),
    Column(gettext_lazy("State")),
    Column(gettext_lazy("Result")),
    Column(gettext_lazy("Uploaded at")),
)
LEVEL_WORDS = {
    "all": gettext_lazy("All in one"),
    "organizations": gettext_lazy("Organizations"),
    "departments": gettext_lazy("Departments"),
    "contacts": gettext_lazy("Contacts"),
}
NOTHING = dict.fromkeys(
    ("created", "updated", "joined", "organizations", "departments", "organizations_updated"), 0
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
    good = good_rows(job) if job.status == Status.REFUSED and job.file else 0
    return {
        "job": job,
        "labels": STEPS,
        "columns": COLUMNS,
        "stats": stats(job),
        "summary": summary(job),
        "progress": progress(job),
        "good": good,
        "partly": partly(job) if good else "",
        "left_out": len(job.left_out) if job.status in (Status.RUNNING, Status.DONE) else 0,
        "columns_line": columns_line(job),
        "key_line": "" if job.key == job.Key.AUTO else job.get_key_display(),
        "assignable": bool(job.header and job.file)
        and job.status in (Status.CHECKED, Status.REFUSED),
        "unknown": "、".join(job.counts.get("unknown", ())),
    }


def partly(job: ImportJob) -> str:
    """What importing only the good rows does, and what it leaves out."""
    left_out = ngettext(
        "%(n)s row with errors is left out", "%(n)s rows with errors are left out", len(job.left_out)
    ) % {"n": f"{len(job.left_out):,}"}  # fmt: skip
    said = _("%(plan)s %(left_out)s; they can be mended and imported afterwards.")
    return said % {"plan": _planned(job.counts), "left_out": left_out}


def findings_filter(job: ImportJob, form: FindingsForm, q: str) -> dict[str, Any] | None:
    """What components/filterbar.html needs over the findings; nothing where there are none."""
    if len(form.fields["field"].choices) == 1:  # type: ignore[attr-defined]  # a choice field
        return None
    url = reverse("contacts:import-detail", args=[job.pk])
    narrowed = q or form["field"].value() or form["kind"].value()
    return {
        "action": url, "form": form, "q": q, "id": "findings-q", "placeholder": _("Row, name or value"),
        "autosubmit": True, "reset_url": url if narrowed else "",
    }  # fmt: skip


def lines(
    job: ImportJob, findings: Sequence[ImportFinding], people: Mapping[int, str]
) -> list[dict[str, Any]]:
    """One line of the table for each finding; `people`: the contacts that may be named. Choices while they count."""
    open_ = job.status in CHOOSABLE and bool(job.file)
    return [
        {
            "finding": finding,
            "label": label_of(finding.field),
            "alike": finding.kind == finding.ALIKE,
            "people": [people[pk] for pk in finding.contact_ids if pk in people],
            "options": _options(job, finding, people) if open_ else [],
        }
        for finding in findings
    ]


def _options(
    job: ImportJob, finding: ImportFinding, people: Mapping[int, str]
) -> list[tuple[str, str, bool]]:
    """(value, label, whether it is so now) for a row that somebody may decide about."""
    known = [pk for pk in finding.contact_ids if pk in people]
    if not known:
        return []
    said = job.choices.get(str(finding.row), finding.proposed)
    said = NEW if isinstance(said, list) else said
    same = [
        (str(pk), _("Same person: %(name)s") % {"name": people[pk]}, said == pk) for pk in known
    ]
    options = [*same, (str(NEW), _("Another person: new contact"), said == NEW)]
    return (
        options
        if finding.proposed is not None
        else [("", _("Do not import"), said is None), *options]
    )


def template_name(level: str) -> str:
    """File name of a template, without its ending."""
    return _("Import template (%(level)s)") % {"level": LEVEL_WORDS[level]}


def columns_line(job: ImportJob) -> str:
    """What is asked on the page of columns."""
    unknown = sum(not column["key"] for column in job.header)
    return ngettext(
        "%(n)s column was not recognised. Say what it holds, or that it is not read.",
        "%(n)s columns were not recognised. Say what they hold, or that they are not read.",
        unknown,
    ) % {"n": unknown}  # fmt: skip


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
        alike = Stat(
            _("Look like somebody"), counts.get("alike", 0), kind="warn",
            url=f"{reverse('contacts:import-detail', args=[job.pk])}?kind=alike",
        )  # fmt: skip
        found = [alike, *found] if alike.number else found
    return found


def _counts(job: ImportJob) -> dict[str, int]:
    if job.status in (Status.DONE, Status.CANCELLED, Status.FAILED, Status.RUNNING):
        done: dict[str, int] = job.counts.get("done", {})
        return done
    return dict(job.counts)


def summary(job: ImportJob) -> str:
    """What will happen, or what has happened."""
    if job.status in (Status.UPLOADED, Status.CHECKING, Status.MAPPING):
        return ""
    if job.status == Status.REFUSED:
        return job.message or _("%(errors)s rows cannot be taken; nothing was written") % {
            "errors": job.counts.get("errors", 0)
        }
    if job.status == Status.CHECKED:
        return _planned(job.counts)
    counts = {**NOTHING, **_counts(job)}
    said = _(
        "%(created)s people created, %(updated)s updated, %(joined)s added to an organization; "
        "%(organizations)s organizations and %(departments)s departments created."
    ) % counts  # fmt: skip
    return said + _changed(counts, _("%(n)s organizations were changed."))


def _planned(found: dict[str, int]) -> str:
    counts = {**NOTHING, **found}
    said = _(
        "%(created)s people will be created, %(updated)s updated, %(joined)s added to an organization; "
        "%(organizations)s organizations and %(departments)s departments will be created."
    ) % counts  # fmt: skip
    return said + _changed(counts, _("%(n)s organizations will be changed."))


def _changed(counts: dict[str, int], sentence: str) -> str:
    number = counts["organizations_updated"]
    return " " + sentence % {"n": number} if number else ""


def progress(job: ImportJob) -> dict[str, object] | None:
    """What components/progress.html needs while something is under way."""
    if job.status == Status.RUNNING:
        total = good_rows(job)
        text = f"{job.done:,} / {total:,}"
        return {"label": _("Importing"), "value": job.done, "max": total, "text": text}
    if job.status in WORKING:
        note = _("This takes a few seconds for some thousand rows. You may leave this page.")
        return {"label": _("The file is being checked"), "note": note}
    return None


def disposition(name: str) -> str:
    """The header of a download, for names in any script."""
    return content_disposition_header(as_attachment=True, filename=name) or "attachment"
