"""What the pages of a large move say: what is done, how far it is, how it ended. No queries."""

from typing import Any

from django.utils.translation import gettext as _

from orgs.models import Restructuring
from orgs.permissions import Scope

Status = Restructuring.Status
Action = Restructuring.Action


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


def progress(job: Restructuring) -> dict[str, object]:
    """What components/progress.html needs: without numbers while it waits its turn."""
    note = _(
        "Until it is finished everybody sees the structure as it was. You may leave this page; "
        "the result comes as a notification."
    )
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
