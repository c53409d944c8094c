"""What the pages of an import of contacts say: numbers, one sentence, choices. No queries."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.import_columns import label_of
from contacts.import_jobs import WORK
from contacts.imports.alike import NEW
from contacts.models import ImportFinding, ImportJob
from contacts.services.import_choices import CHOOSABLE
from core.importing import words
from core.importing.models import UploadJob
from core.importing.words import Urls
from core.ui import Action, Column, Stat, Tab

Status = ImportJob.Status
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


def tabs(current: str) -> list[Tab]:
    """One's own imports, and one's own exports."""
    return [
        Tab(label, reverse(f"contacts:{key}-list"), current=current == f"{key}s")
        for key, label in (("import", _("My imports")), ("export", _("My exports")))
    ]


def detail(job: ImportJob) -> dict[str, Any]:
    """Everything the page of one import says about it."""
    found_by = _("Contacts are found again by: %(key)s") % {"key": job.get_key_display()}
    name = job.dimension.name
    return words.page(job, summary(job), planned) | {
        "stats": stats(job),
        "more_line": "" if job.key == job.Key.AUTO else found_by,
        "after": Action(
            _("Go to %(name)s") % {"name": name}, reverse("orgs:node", args=[job.dimension_id])
        ),
    }


def urls(job: ImportJob) -> Urls:
    """Where its pages are."""
    new = f"{reverse('contacts:import-new')}?dimension={job.dimension_id}"
    choices = reverse("contacts:import-choices", args=[job.pk])
    return Urls.of("contacts:import", job, kind=WORK.card, new=new, choices=choices)


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


def stats(job: ImportJob) -> list[Stat]:
    """The counters of a check, or of what was done."""
    counts = job.told
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


def summary(job: ImportJob) -> str:
    """What will happen, or what has happened."""
    return words.summary(job, planned=planned, done=_written)


def planned(job: UploadJob) -> str:
    """What an import would write."""
    counts = {**NOTHING, **job.counts}
    said = _(
        "%(created)s people will be created, %(updated)s updated, %(joined)s added to an organization; "
        "%(organizations)s organizations and %(departments)s departments will be created."
    ) % counts  # fmt: skip
    return said + _changed(counts, _("%(n)s organizations will be changed."))


def _written(job: UploadJob) -> str:
    counts = {**NOTHING, **job.told}
    said = _(
        "%(created)s people created, %(updated)s updated, %(joined)s added to an organization; "
        "%(organizations)s organizations and %(departments)s departments created."
    ) % counts  # fmt: skip
    return said + _changed(counts, _("%(n)s organizations were changed."))


def _changed(counts: dict[str, int], sentence: str) -> str:
    number = counts["organizations_updated"]
    return " " + sentence % {"n": number} if number else ""
