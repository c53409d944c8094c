"""What pages and files say of runs and of the items of their plans. No queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from core.ui import Stat
from wecom_sync.models import Connection, PlanItem, Run
from wecom_sync.selectors import GROUPS, Asked

Status = Run.Status
Stage = PlanItem.Stage
OPEN: Final = PlanItem.Status.OPEN
PHASES: Final[tuple[tuple[str, str | Promise], ...]] = (
    (Status.PULLING, gettext_lazy("Reading WeCom")),
    (Status.PLANNING, gettext_lazy("Comparing")),
    (Status.APPLYING, gettext_lazy("Writing")),
)
OWNED: Final[dict[str, str | Promise]] = {
    "org_name": gettext_lazy("Names of organizations"),
    "department_name": gettext_lazy("Names of departments"),
    "name": gettext_lazy("Names of people"),
    "place": gettext_lazy("Where organizations and people stand"),
}
SEARCH: Final = gettext_lazy("Name, or ID in WeCom")
BRAKED: Final = gettext_lazy(
    "“%(chain)s”: %(gone)s of %(all)s people would leave (%(share)s %%), more than the brake allows "
    "(%(percent)s %% and %(people)s people)"
)


def health(connection: Connection) -> str:
    """How the last contact with WeCom ended, as the word of a tag."""
    if not connection.enabled:
        return "off"
    if connection.error_code is None:
        return "unknown"
    return "wrong" if connection.error_code else "well"


def shown(run: Run) -> str:
    """The state of a run as the word of a tag: what ended without an error, but not with everything, says so."""
    return "partly" if run.in_part else run.status


def missing(run: Run) -> str:
    """What could not be read or written, in a few words; "" where all of it was."""
    unread, failed = run.counts.get("unread", 0), run.counts.get("failed", 0)
    said = [
        ngettext("%(n)s part not read", "%(n)s parts not read", unread) % {"n": f"{unread:,}"},
        ngettext("%(n)s item failed", "%(n)s items failed", failed) % {"n": f"{failed:,}"},
    ]
    return " · ".join(word for word, n in zip(said, (unread, failed), strict=True) if n)


def duration(run: Run) -> str:
    """How long it worked, or works until now; the time in which a plan waited for a person is left out."""
    end = run.finished_at or timezone.now()
    waited = timedelta()
    if run.planned_at and (run.applied_at is None or run.status in (Status.READY, Status.STALE)):
        end = run.planned_at
    elif run.planned_at and run.applied_at and run.confirmed_by_label:
        waited = run.applied_at - run.planned_at
    return span(max(0, int((end - run.created_at - waited).total_seconds())))


def span(seconds: int) -> str:
    """A number of seconds in words."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return _("%(h)s h %(m)s min") % {"h": hours, "m": minutes}
    if minutes:
        return _("%(m)s min %(s)s s") % {"m": minutes, "s": rest}
    return _("%(s)s s") % {"s": rest}


def outcome(run: Run) -> str:
    """What came of a run, in one line for the history."""
    if run.status == Status.FAILED:
        return run.message
    counts = run.counts
    if not counts:
        return ""
    new, changed, gone, hints = (total(run, kind) for kind in GROUPS)
    said = (
        _("%(new)s new, %(changed)s changed, %(gone)s gone")
        if new or changed or gone
        else _("Nothing is different")
    )
    parts = [said % {"new": f"{new:,}", "changed": f"{changed:,}", "gone": f"{gone:,}"}]
    if hints:
        parts.append(ngettext("%(n)s hint", "%(n)s hints", hints) % {"n": f"{hints:,}"})
    if left := missing(run):
        parts.append(left)
    if run.status in (Status.STALE, Status.CANCELLED) and (new or changed or gone):
        if not run.applied_at:
            parts.append(_("not written"))
        elif run.rest_first:
            parts.append(_("what leaves was not written"))
    return " · ".join(parts)


def total(run: Run, kind: str) -> int:
    """How many items of a group the plan has."""
    return sum(run.counts.get(Stage(stage).name.lower(), 0) for stage in GROUPS[kind])


def everything(run: Run) -> int:
    """How many items the plan has."""
    return sum(total(run, kind) for kind in GROUPS)


def to_do(run: Run) -> int:
    """How many of them change something and wait; of a plan whose rest came first what leaves is left."""
    leave = total(run, "leave")
    return leave if run.rest_first else rest(run) + leave


def rest(run: Run) -> int:
    """How many items change something without taking anything away."""
    return total(run, "new") + total(run, "change")


# --- Phases ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Phase:
    """One step of a run: css ok, now, wait or ""; `max` 0 is not known."""

    label: str | Promise
    css: str
    icon: str
    state: str
    text: str = ""
    value: int = 0
    max: int = 0


def phases(run: Run) -> list[Phase]:
    """Reading, comparing, writing: what is over, what goes on and how fast, what is to come."""
    order = [name for name, _label in PHASES]
    reached = _reached(run)
    found = []
    for place, (_name, label) in enumerate(PHASES):
        if place < reached:
            found.append(
                Phase(label, "ok", "circle-check", _("Finished"), _summary(run, order[place]), 1, 1)
            )
        elif place > reached or run.status == Status.QUEUED:
            found.append(Phase(label, "", "circle-dashed", _("Not begun")))
        else:
            found.append(_current(run, label))
    return found


def _reached(run: Run) -> int:
    """The place of the phase that a run is in, or ended in; after the last one it is done."""
    if run.status == Status.DONE:
        return len(PHASES)
    if run.applied_at or run.status in (Status.READY, Status.STALE):
        return 2
    return 1 if run.planned_at or run.status == Status.PLANNING else 0


def _current(run: Run, label: str | Promise) -> Phase:
    if run.status == Status.STALE:
        return Phase(label, "", "circle-dashed", _("Not written"), f"0 / {to_do(run):,}")
    if run.status == Status.READY:
        return Phase(label, "wait", "clock", _("Waits"), f"0 / {to_do(run):,}", 0, 1)
    if not run.under_way:
        word = _("Cancelled") if run.status == Status.CANCELLED else _("Failed")
        return Phase(label, "bad", "circle-x", word, _numbers(run), run.done, run.total or 1)
    return Phase(
        label, "now", "refresh", pgettext("run", "Under way"), _speed(run), run.done, run.total
    )


def _numbers(run: Run) -> str:
    return f"{run.done:,} / {run.total:,}" if run.total else ""


def _speed(run: Run) -> str:
    """ "1,284 / 3,010 · 42 items/s · about 41 s left"; as much of it as is known."""
    parts = [_numbers(run)] if run.total else []
    seconds = (timezone.now() - run.phase_at).total_seconds() if run.phase_at else 0
    if run.done and run.total and seconds >= 1:
        speed = run.done / seconds
        unit = _("%(n)s corps/s") if run.status == Status.PULLING else _("%(n)s items/s")
        parts.append(unit % {"n": f"{speed:,.0f}" if speed >= 10 else f"{speed:.1f}"})
        parts.append(
            _("about %(time)s left") % {"time": span(int((run.total - run.done) / speed) + 1)}
        )
    elif seconds >= 1:
        parts.append(span(int(seconds)))
    return " · ".join(parts)


def _summary(run: Run, phase: str) -> str:
    if phase == Status.PULLING:
        return (
            ngettext("%(n)s call", "%(n)s calls", run.calls) % {"n": f"{run.calls:,}"}
            if run.calls
            else ""
        )
    if phase == Status.PLANNING:
        n = everything(run)
        return ngettext("%(n)s item", "%(n)s items", n) % {"n": f"{n:,}"}
    return f"{run.done:,} / {run.total:,}"


def stats(run: Run, asked: Asked, failed: dict[str, int], url: str) -> list[Stat]:
    """Counters that lead to the list of what they count."""

    def stat(label: str, n: int, kind: str, css: str = "", status: str = "") -> Stat:
        here = Asked(kind=kind, status=status)
        current = (asked.kind or "all", asked.status) == (kind, status)
        return Stat(label, n, f"{url}?{here.query()}#items", css if n else "", current=current)

    found = [
        stat(_("All items"), everything(run), "all"),
        stat(_("New"), total(run, "new"), "new", "ok"),
        stat(_("Changed"), total(run, "change"), "change"),
        stat(_("Gone"), total(run, "leave"), "leave", "bad"),
        stat(_("Hints"), total(run, "notice"), "notice", "warn"),
    ]
    for status, label, css in (
        ("skipped", _("Passed over"), "warn"),
        ("failed", _("Refused"), "bad"),
    ):
        if failed.get(status):
            found.append(stat(label, failed[status], "all", css, status))
    return found


def leaving(run: Run) -> list[str]:
    """How many would leave each chain, of how many, where the brake stands: sentences."""
    chains = {str(chain.pk): chain for chain in run.connection.chains.all()}
    found = []
    for pk, (gone, present) in run.counts.get("leaving", {}).items():
        chain = chains.get(pk)
        if chain is None or not (
            gone > chain.brake_people and gone * 100 > chain.brake_percent * present
        ):
            continue
        told = {
            "chain": chain.name, "gone": f"{gone:,}", "all": f"{present:,}", "percent": chain.brake_percent,
            "share": f"{gone * 100 / max(present, 1):.1f}", "people": f"{chain.brake_people:,}",
        }  # fmt: skip
        found.append(BRAKED % told)
    if staff := run.counts.get("staff_leave", 0):
        said = ngettext(
            "%(n)s member of staff would leave", "%(n)s members of staff would leave", staff
        )
        found.append(said % {"n": f"{staff:,}"})
    return found


def hints(run: Run) -> str:
    """What ought to be looked at before a plan is written, as a sentence; "" for nothing."""
    n = total(run, "notice")
    said = ngettext(
        "There is %(n)s hint: look at it before you write",
        "There are %(n)s hints: look at them before you write",
        n,
    )
    return said % {"n": f"{n:,}"} if n else ""


def waits(run: Run) -> str:
    """What a plan that waits would do, where no brake says it."""
    n = to_do(run)
    if not n:
        return _("Nothing is different: there is nothing to write")
    if run.rest_first:
        said = ngettext(
            "%(n)s item that leaves waits for a confirmation",
            "%(n)s items that leave wait for a confirmation",
            n,
        )
    else:
        said = ngettext("%(n)s item would be written", "%(n)s items would be written", n)
    return said % {"n": f"{n:,}"}


def leavers(run: Run) -> int:
    """How many people a plan lets go, outside and inside."""
    return sum(run.counts.get(name, 0) for name in ("person_leave", "staff_leave"))


def listed(run: Run, kind: str) -> int:
    """How many items a counter counts."""
    return total(run, kind) if kind in GROUPS else everything(run)


def verb(run: Run) -> str:
    """What a button says that carries a plan out, with its numbers."""
    gone, n = leavers(run), to_do(run)
    told = {"n": f"{n:,}", "gone": f"{gone:,}", "others": f"{n - gone:,}"}
    if not gone:
        return ngettext("Write %(n)s item", "Write %(n)s items", n) % told
    if gone == n:
        return ngettext("Let %(gone)s person go", "Let %(gone)s people go", gone) % told
    said = ngettext(
        "Let %(gone)s person go and write %(others)s more",
        "Let %(gone)s people go and write %(others)s more",
        gone,
    )
    return said % told


def rest_verb(run: Run) -> str:
    """What a button says that writes all but what leaves; "" where there is nothing to part."""
    n = rest(run)
    if run.rest_first or not n or not total(run, "leave"):
        return ""
    said = ngettext("Write the other %(n)s item first", "Write the other %(n)s items first", n)
    return said % {"n": f"{n:,}"}


def locked(kept: str, *, name: str) -> str:
    """What of a record is changed in WeCom alone, as a sentence; "" for nothing. `name`: what its name is called."""
    said = {"name": name, "place": _("Place")}
    names = [said[word] for word in kept.split() if word in said]
    if not names:
        return ""
    return _("%(what)s: synchronized from WeCom, changed there") % {"what": _(", ").join(names)}


def whence(corps: Sequence[tuple[str, int]]) -> str:
    """From which corps most people would leave."""
    names = _(", ").join(_("“%(corp)s” %(n)s") % {"corp": name, "n": f"{n:,}"} for name, n in corps)
    return _("Most of them in %(corps)s.") % {"corps": names} if names else ""
