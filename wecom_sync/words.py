"""What pages and files say of runs and of the items of their plans. No queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from core.ui import Column, Stat
from wecom_sync.models import Connection, PlanItem, RemotePlace, Run
from wecom_sync.selectors import GROUPS, Asked, Names

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
ITEM_COLUMNS: Final = (
    Column(gettext_lazy("Kind")), Column(gettext_lazy("What")), Column(gettext_lazy("Before → after")),
    Column(gettext_lazy("What is done")),
)  # fmt: skip
SEARCH: Final = gettext_lazy("Name, or ID in WeCom")
BRAKED: Final = gettext_lazy(
    "“%(chain)s”: %(gone)s of %(all)s people would leave (%(share)s %%), more than the brake allows "
    "(%(percent)s %% and %(people)s people)"
)
HINTS: Final[dict[str, str | Promise]] = {
    "same_name": gettext_lazy(
        "An organization of this name is here already. They stay separate unless you say that they are one"
    ),
    "maybe_joined": gettext_lazy(
        "It was invited and is not listed any more, while one of its name has joined. "
        "Nothing happens to it unless you say that they are one"
    ),
    "deleted_here": gettext_lazy(
        "Deleted here and still there in WeCom. Restore the contact from the bin if it is needed"
    ),
}


def health(connection: Connection) -> str:
    """How the last contact with WeCom ended, as the word of a tag."""
    if not connection.enabled:
        return "off"
    if connection.error_code is None:
        return "unknown"
    return "wrong" if connection.error_code else "well"


def duration(run: Run) -> str:
    """From start to end, or until now."""
    waits = run.planned_at if run.status == Status.READY else None
    seconds = int(((run.finished_at or waits or timezone.now()) - run.created_at).total_seconds())
    return span(max(0, seconds))


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
    new, changed, gone = (total(run, kind) for kind in ("new", "change", "leave"))
    said = (
        _("%(new)s new, %(changed)s changed, %(gone)s gone")
        if new or changed or gone
        else _("Nothing is different")
    )
    return said % {"new": f"{new:,}", "changed": f"{changed:,}", "gone": f"{gone:,}"}


def total(run: Run, kind: str) -> int:
    """How many items of a group the plan has."""
    return sum(run.counts.get(Stage(stage).name.lower(), 0) for stage in GROUPS[kind])


def everything(run: Run) -> int:
    """How many items the plan has."""
    return sum(total(run, kind) for kind in GROUPS)


def to_do(run: Run) -> int:
    """How many of them change something."""
    return everything(run) - total(run, "notice")


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
    if run.status in (Status.READY, Status.STALE):
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


# --- Items -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """One field: what it was, what it becomes."""

    label: str
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """An item of a plan in words."""

    item: PlanItem
    where: str
    changes: list[Change]
    done: str
    url: str = ""
    hint_url: str = ""


def line(run: Run, item: PlanItem, names: Names) -> Line:
    """What an item would change, or did."""
    return Line(
        item, _where(item, names), changes(item, names), _done(run, item), _url(item, names),
        reverse("wecom_sync:hint", args=[run.pk, item.pk]) if _decidable(item) else "",
    )  # fmt: skip


def _decidable(item: PlanItem) -> bool:
    return (
        item.stage == Stage.NOTICE
        and item.message in ("same_name", "maybe_joined")
        and item.status == OPEN
    )


def _url(item: PlanItem, names: Names) -> str:
    if item.contact_id and item.message != "deleted_here":
        return reverse("contacts:console-contact", args=[item.contact_id])
    if item.node_id and item.node_id in names.nodes:
        return reverse("orgs:node", args=[item.node_id])
    return ""


def _where(item: PlanItem, names: Names) -> str:
    """The corp that a person or a department is of; what kind of place it is else."""
    chain = item.chain_id
    if item.key.startswith("c:"):
        return _("Corp")
    if item.key.startswith("g:"):
        return pgettext("of a chain", "Group")
    if item.key.startswith("d:"):
        return names.place(chain, f"c:{item.key[2:].partition('/')[0]}")
    return names.place(chain, f"c:{item.key.partition('/')[0]}")


def changes(item: PlanItem, names: Names) -> list[Change]:
    """What differs, field by field."""
    before, after = item.before, item.after
    found: list[Change] = []
    if item.stage == Stage.PLACE_JOIN:
        return [Change(_("Membership"), str(RemotePlace.Share.PENDING.label), _("Joined"))]
    if "name" in after:
        label = _("Name") if "/" in item.key and item.key[:2] != "d:" else pgettext("node", "Name")
        found.append(Change(label, before.get("name", ""), after["name"]))
    if "parent" in after:
        found.append(
            Change(
                _("Stands under"),
                before.get("parent", ""),
                names.place(item.chain_id, after["parent"]),
            )
        )
    if "places" in after:
        old = _(", ").join(names.nodes.get(pk, "?") for pk in before.get("nodes") or ())
        pairs = zip(after.get("chains", ()), after["places"], strict=False)
        found.append(Change(_("Place"), old, _(", ").join(names.place(*pair) for pair in pairs)))
    if after.get("share"):
        found.append(Change(_("Share"), _share(before.get("share", "")), _share(after["share"])))
    if after.get("custom_id"):
        found.append(Change(_("Number in WeCom"), "", after["custom_id"]))
    if after.get("gone") is False:
        found.append(Change(_("In WeCom"), _("gone"), _("there again")))
    return [*found, *_leaving(item)]


def _share(value: str) -> str:
    return str(RemotePlace.Share(value).label) if value in RemotePlace.Share.values else ""


def _leaving(item: PlanItem) -> list[Change]:
    if item.stage not in (Stage.PERSON_LEAVE, Stage.PLACE_LEAVE):
        return []
    gone = Change(_("In WeCom"), _("there"), _("gone"))
    if item.after.get("detached"):
        return [gone, Change(_("Place"), "", _("stays by another corp"))]
    if item.after.get("enabled") is not False:
        return [gone, Change(_("State"), "", _("stays as it is"))]
    if item.before.get("enabled") is False:
        return [gone, Change(_("State"), "", _("is disabled already"))]
    moved = [Change(_("Place"), "", _("“left”"))] if item.after.get("moved") else []
    return [gone, Change(_("State"), _("Enabled"), _("Disabled")), *moved]


def _done(run: Run, item: PlanItem) -> str:
    if item.after.get("linked"):
        return _("Somebody has said that they are one")
    if item.stage == Stage.NOTICE:
        return str(HINTS.get(item.message, item.message))
    if item.message:
        return item.message
    if item.status != OPEN:
        return str(item.get_status_display())
    if run.status == Status.APPLYING:
        return _("Is being written")
    return _("Waits") if run.status == Status.READY else _("Not written")


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
    return found


def listed(run: Run, kind: str) -> int:
    """How many items a counter counts."""
    return total(run, kind) if kind in GROUPS else everything(run)


def verb(run: Run) -> str:
    """What a button says that carries a plan out, with its numbers."""
    gone, n = run.counts.get("person_leave", 0), to_do(run)
    told = {"n": f"{n:,}", "gone": f"{gone:,}"}
    if not gone:
        return ngettext("Write %(n)s item", "Write %(n)s items", n) % told
    said = ngettext(
        "Let %(gone)s person go and write %(n)s items",
        "Let %(gone)s people go and write %(n)s items",
        gone,
    )
    return said % told


def locked(kept: str) -> str:
    """What of a record is changed in WeCom alone, as a sentence; "" for nothing."""
    said = {"name": _("Name"), "place": _("Place")}
    names = [said[word] for word in kept.split() if word in said]
    if not names:
        return ""
    return _("%(what)s: synchronized from WeCom, changed there") % {"what": _(", ").join(names)}


def whence(corps: Sequence[tuple[str, int]]) -> str:
    """From which corps most people would leave."""
    names = _(", ").join(_("“%(corp)s” %(n)s") % {"corp": name, "n": f"{n:,}"} for name, n in corps)
    return _("Most of them in %(corps)s.") % {"corps": names} if names else ""
