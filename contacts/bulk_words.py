"""What questions, answers and pages of actions on many contacts say. No queries."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contacts.models import BulkJob
from core.ui import Column, Fact, Stat

Status = BulkJob.Status


def question(action: str, n: int, words: str) -> dict[str, Any]:
    """Title, verb, colour and consequences; `words` is how `n` is printed."""
    titles = {
        "move": ngettext("Move %(n)s contact?", "Move %(n)s contacts?", n),
        "tag": ngettext("Add tags to %(n)s contact", "Add tags to %(n)s contacts", n),
        "untag": ngettext("Remove tags from %(n)s contact", "Remove tags from %(n)s contacts", n),
        "share": ngettext("Share %(n)s contact?", "Share %(n)s contacts?", n),
        "unshare": ngettext("Remove shares of %(n)s contact?", "Remove shares of %(n)s contacts?", n),
        "follower": ngettext("Change the follower of %(n)s contact?", "Change the follower of %(n)s contacts?", n),
        "export": ngettext("Export %(n)s contact", "Export %(n)s contacts", n),
        "enable": ngettext("Enable %(n)s contact?", "Enable %(n)s contacts?", n),
        "disable": ngettext("Disable %(n)s contact?", "Disable %(n)s contacts?", n),
        "delete": ngettext("Delete %(n)s contact?", "Delete %(n)s contacts?", n),
    }  # fmt: skip
    verbs = {
        "move": _("Move"), "tag": _("Add tags"), "untag": _("Remove tags"), "share": _("Share"),
        "unshare": _("Remove shares"),
        "follower": _("Change the follower"), "export": _("Export"), "enable": _("Enable"),
        "disable": ngettext("Disable %(n)s contact", "Disable %(n)s contacts", n),
        "delete": ngettext("Delete %(n)s contact", "Delete %(n)s contacts", n),
    }  # fmt: skip
    return {
        "title": titles[action] % {"n": words},
        "submit": verbs[action] % {"n": words},
        "style": "danger" if action in ("unshare", "disable", "delete") else "primary",
        "consequences": consequences(action),
    }


def consequences(action: str) -> list[str]:
    """What comes of an action, as sentences."""
    return {
        "move": [
            _("Their main place changes; further places stay"),
            _("Whoever sees the new place sees them, whoever only saw the former one no longer does"),
        ],
        "share": [_("A department means its members and those of the departments below it")],
        "unshare": [
            _("Only what was shared with exactly these people or departments is taken away"),
            _("Whoever sees them for another reason, a visible range for example, goes on seeing them"),
        ],
        "follower": [_("The new follower may edit them; the former one loses what he could do as follower")],
        "enable": [_("Their accounts work again. Sessions and links that were ended stay ended.")],
        "disable": [
            _("Staff no longer find them in the address book and in choosers"),
            _("Their accounts stop working and their sessions end at once; applications lapse"),
            _("Nothing is lost: enabling brings it back"),
        ],
        "delete": [
            _("They can be restored from the bin for 30 days"),
            _("External accounts are closed first and do not come back; pending applications lapse"),
        ],
    }.get(action, [])  # fmt: skip


def left_out(gone: int, n: int) -> str:
    """Before it is confirmed: some of those that were chosen cannot be reached any more."""
    said = ngettext(
        "%(gone)s of %(n)s is no longer visible and is left out",
        "%(gone)s of %(n)s are no longer visible and are left out",
        gone,
    )
    return said % {"gone": f"{gone:,}", "n": f"{n:,}"}


def fact(label: str, names: Sequence[str]) -> list[Fact]:
    """One line with names."""
    return [Fact(label, _(", ").join(names))]


def said(action: str, n: int) -> str:
    """After it was done."""
    sentences = {
        "move": ngettext("%(n)s contact was moved", "%(n)s contacts were moved", n),
        "tag": ngettext("%(n)s contact got new tags", "%(n)s contacts got new tags", n),
        "untag": ngettext("%(n)s contact lost tags", "%(n)s contacts lost tags", n),
        "share": ngettext("%(n)s contact was shared anew", "%(n)s contacts were shared anew", n),
        "unshare": ngettext("%(n)s contact lost shares", "%(n)s contacts lost shares", n),
        "follower": ngettext("%(n)s contact has a new follower", "%(n)s contacts have a new follower", n),
        "enable": ngettext("%(n)s contact is enabled", "%(n)s contacts are enabled", n),
        "disable": ngettext("%(n)s contact is disabled", "%(n)s contacts are disabled", n),
        "delete": ngettext("%(n)s contact is in the bin", "%(n)s contacts are in the bin", n),
    }  # fmt: skip
    return sentences[action] % {"n": n}


def state(job: BulkJob) -> str:
    """The state as it is shown: done with some refused is partly."""
    return "partial" if job.status == Status.DONE and job.refused else job.status


def detail(job: BulkJob, names: Mapping[int, str]) -> dict[str, Any]:
    """Everything the page of one job says about it; `names` of the contacts its owner may see now."""
    return {
        "job": job,
        "title": title(job),
        "state": state(job),
        "progress": _progress(job),
        "stats": [
            Stat(_("Looked at"), job.done),
            Stat(_("Changed contacts"), job.changed, kind="ok"),
            Stat(_("Left as they were"), max(0, job.done - job.changed - job.refused)),
            Stat(_("Not done"), job.refused, kind="bad" if job.refused else ""),
        ],
        "columns": [Column(_("Contact")), Column(_("Why not"))],
        "rows": [_problem(one, names) for one in job.problems],
        "more_problems": job.refused > len(job.problems),
        "back_url": reverse("contacts:console-list", args=[job.node_id]),
    }  # fmt: skip


def _problem(kept: Mapping[str, Any], names: Mapping[int, str]) -> dict[str, Any]:
    """One that was refused. Whom he no longer sees stands there without name and reason (SECURITY T06)."""
    pk = kept["id"]
    if pk not in names:
        return {"name": _("A contact that you no longer see"), "reason": "", "url": ""}
    url = reverse("contacts:console-contact", args=[pk])
    return {"name": names[pk], "reason": kept["reason"], "url": url}


def title(job: BulkJob) -> str:
    """The action and where it began."""
    return _("%(action)s: %(n)s contacts of “%(node)s”") % {
        "action": job.get_action_display(), "n": f"{job.total:,}", "node": job.node.name
    }  # fmt: skip


def _progress(job: BulkJob) -> dict[str, Any] | None:
    """What components/progress.html needs while it is under way."""
    if not job.under_way:
        return None
    running = job.status == Status.RUNNING
    return {
        "label": _("Working through the contacts") if running else _("Waiting to begin"),
        "value": min(job.done, job.total),
        "max": job.total if running else 0,
        "text": f"{job.done:,} / {job.total:,}" if running else "",
        "note": _("You may leave this page; a notification comes when it is finished."),
    }
