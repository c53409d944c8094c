"""What the pages of an import of staff say. No queries."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.import_jobs import WORK
from accounts.imports.plan import COUNTED
from accounts.models import StaffImport
from core.importing import words
from core.importing.models import UploadJob
from core.importing.words import Urls
from core.ui import Action, Crumb, Stat

Status = StaffImport.Status
OVER = (Status.DONE, Status.CANCELLED, Status.FAILED)
# In the check, and afterwards.
LABELS = {
    "created": (gettext_lazy("To be created"), gettext_lazy("People created")),
    "updated": (gettext_lazy("To be changed"), gettext_lazy("People changed")),
    "moved": (gettext_lazy("To be moved"), gettext_lazy("Moved to other departments")),
    "disabled": (gettext_lazy("To be disabled"), gettext_lazy("Logins disabled")),
    "enabled": (gettext_lazy("To be enabled"), gettext_lazy("Logins enabled")),
    "departments": (gettext_lazy("Departments to be created"), gettext_lazy("Departments created")),
}
ALWAYS = ("created", "updated", "moved")


def urls(job: StaffImport) -> Urls:
    """Where its pages are."""
    return Urls.of("accounts:staff-import", job, kind=WORK.card)


def crumbs() -> list[Crumb]:
    """The way to a page of an import."""
    return [
        Crumb(_("Administration")),
        Crumb(_("Staff"), reverse("accounts:staff")),
        Crumb(_("Import staff")),
    ]


def detail(job: StaffImport, issues: dict[str, int]) -> dict[str, Any]:
    """Everything the page of one import says about it. `issues`: import_selectors.issue_counts."""
    return words.page(job, summary(job), planned) | {
        "stats": stats(job),
        "more_line": _("Departments that are not there are created") if job.new_departments else "",
        "after": Action(_("Go to the staff"), reverse("accounts:staff")),
        "below": "accounts/imports/_credentials.html" if any(issues.values()) else "",
    } | credentials(job, issues)  # fmt: skip


def credentials(job: StaffImport, issues: dict[str, int]) -> dict[str, Any]:
    """Where the first credentials of the people of an import stand."""
    n = issues.__getitem__
    said = {
        "preparing": ngettext("%(n)s is being prepared", "%(n)s are being prepared", n("preparing")),
        "sent": ngettext("%(n)s activation link sent", "%(n)s activation links sent", n("sent")),
        "shown": ngettext("%(n)s first password shown", "%(n)s first passwords shown", n("shown")),
        "expired": ngettext("%(n)s first password expired", "%(n)s first passwords expired", n("expired")),
    }  # fmt: skip
    lines = [text % {"n": f"{issues[key]:,}"} for key, text in said.items() if issues[key]]
    return {"job": job, "issues": issues, "issue_lines": lines}


def stats(job: StaffImport) -> list[Stat]:
    """The counters of a check, or of what was done."""
    told = job.told
    if not told:
        return []
    over = job.status in OVER
    found = [
        Stat(label[over], told.get(key, 0), kind="ok" if key == "created" else "")
        for key, label in LABELS.items()
        if key in ALWAYS or told.get(key)
    ]
    if job.status in (Status.REFUSED, Status.CHECKED):
        errors = Stat(_("Rows with errors"), told.get("errors", 0), kind="bad")
        unchanged = Stat(_("Unchanged"), told.get("unchanged", 0))
        return [errors, *found] if errors.number else [*found, unchanged]
    return found


def summary(job: StaffImport) -> str:
    """What will happen, or what has happened."""
    return words.summary(job, planned=planned, done=_written)


def planned(job: UploadJob) -> str:
    """What an import would write."""
    counts = {**dict.fromkeys(COUNTED, 0), **job.counts}
    said = _(
        "%(created)s people will be created, %(updated)s changed, %(moved)s moved; %(departments)s departments will be "
        "created."
    )  # fmt: skip
    return said % counts + _switched(
        counts, _("%(disabled)s will be disabled, %(enabled)s enabled.")
    )


def _written(job: UploadJob) -> str:
    counts = {**dict.fromkeys(COUNTED, 0), **job.told}
    said = _(
        "%(created)s people created, %(updated)s changed, %(moved)s moved; %(departments)s departments created."
    )  # fmt: skip
    return said % counts + _switched(counts, _("%(disabled)s disabled, %(enabled)s enabled."))


def _switched(counts: dict[str, Any], sentence: str) -> str:
    return " " + sentence % counts if counts["disabled"] or counts["enabled"] else ""
