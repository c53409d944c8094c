"""What the pages of a large move say: what is done, how far it is, how it ended. No queries."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from core.ui import Column, Stat
from orgs.models import Restructuring, RestructuringBatch
from orgs.permissions import Scope
from orgs.services.restructuring import Size

Status = Restructuring.Status
Action = Restructuring.Action
NOTE = gettext_lazy(
    "Until it is finished everybody sees the structure as it was. You may leave this page; "
    "the result comes as a notification."
)


def title(job: Restructuring, scope: Scope) -> str:
    """What is done, as a heading for somebody with this scope: a place outside it is not named (SECURITY T08)."""
    if job.parent is not None:
        said = _("Move “%(name)s” under “%(parent)s”")
        if not scope.maintains(job.parent.dimension_id):
            said = _("Move “%(name)s” into another dimension")
        return said % {"name": job.node.name, "parent": job.parent.name}
    said = _("Enable “%(name)s”") if job.action == Action.ENABLE else _("Disable “%(name)s”")
    return said % {"name": job.node.name}


def detail(job: Restructuring, scope: Scope) -> dict[str, Any]:
    """Everything the page of one job says about it."""
    return {
        "job": job,
        "title": title(job, scope),
        "progress": progress(job) if job.is_open else None,
        "outcome": outcome(job),
    }


def beforehand(size: Size, n: int) -> list[str]:
    """Before it is confirmed: that the worker does it, with how many people; `n` nodes are changed."""
    people = ngettext("%(n)s person", "%(n)s people", size.people) % {"n": f"{size.people:,}"}
    said = [
        _("%(people)s stand below: this runs in the background. You may leave the page, follow it and stop it.")
        % {"people": people}
    ]  # fmt: skip
    if n > 1:
        said.append(
            _("One after the other, each for itself: what cannot be done is left as it was.")
        )
    return said


def batch(found: RestructuringBatch, jobs: Sequence[Restructuring], scope: Scope) -> dict[str, Any]:
    """Everything the page of a batch says: how far all of it is, and each with its own answer."""
    over = [job for job in jobs if not job.is_open]
    done = sum(job.status == Status.SUCCEEDED for job in jobs)
    failed = sum(job.status == Status.FAILED for job in jobs)
    total, gone_over = sum(job.total for job in jobs), sum(job.done for job in jobs)
    under_way = len(over) < len(jobs)
    status: str = Status.RUNNING if over or gone_over else Status.QUEUED
    if not under_way:
        status = "partial" if done < len(jobs) else Status.SUCCEEDED
    return {
        "job": found, "title": several(jobs, scope), "state": status, "done": done,
        "stats": [
            Stat(_("All together"), len(jobs)), Stat(_("Finished"), done, kind="ok"),
            Stat(_("Not done"), failed, kind="bad" if failed else ""),
            Stat(_("Stopped"), len(over) - done - failed),
        ],
        "progress": {
            "label": _("One after the other"), "value": min(gone_over, total), "max": total,
            "text": f"{len(over):,} / {len(jobs):,}", "note": NOTE,
        } if under_way else None,
        "columns": [Column(pgettext("node", "Name")), Column(_("State")), Column(_("Result"))],
        "rows": [(job, outcome(job)) for job in jobs],
    }  # fmt: skip


def several(jobs: Sequence[Restructuring], scope: Scope) -> str:
    """What is done with all of a batch, as a heading."""
    first, n = jobs[0], len(jobs)
    if first.parent is not None and scope.maintains(first.parent.dimension_id):
        said = _("Move %(n)s organizations under “%(parent)s”")
        return said % {"n": n, "parent": first.parent.name}
    if first.parent is not None:
        return _("Move %(n)s organizations into another dimension") % {"n": n}
    said = (
        _("Enable %(n)s organizations")
        if first.action == Action.ENABLE
        else _("Disable %(n)s organizations")
    )
    return said % {"n": n}


def progress(job: Restructuring) -> dict[str, object]:
    """What components/progress.html needs: without numbers while it waits its turn."""
    note = NOTE
    if job.status == Status.QUEUED:
        return {"label": _("Waiting for the worker"), "note": note}
    if not job.done:
        return {"label": _("The tree is being rearranged"), "note": note}
    if job.done >= job.total:
        return {
            "label": _("Nearly done: sessions are checked and the result is stored"),
            "note": note,
        }
    return {
        "label": _("Who sees whom is worked out anew"), "value": job.done, "max": job.total,
        "text": f"{job.done:,} / {job.total:,}", "note": note,
    }  # fmt: skip


def outcome(job: Restructuring) -> dict[str, str]:
    """The note of a job that is over: kind, title, text; empty before."""
    if job.is_open:
        return {}
    unchanged = _("Nothing was changed. Everybody sees what he saw before.")
    if job.status == Status.SUCCEEDED:
        text = _("%(people)s people were gone over") % {"people": f"{job.done:,}"}
        return {"kind": "ok", "title": _("It is done"), "text": text}
    if job.status == Status.CANCELLED:
        return {"kind": "", "title": _("It was stopped"), "text": unchanged}
    return {"kind": "bad", "title": job.message, "text": unchanged}
