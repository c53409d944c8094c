"""The parts of the page of a run: how far it is, its items, its log."""

from typing import Any, Final

from django.utils.translation import gettext as _

from core.ui import Fact, LogLine, Pager
from wecom_sync import item_words, models, selectors, words
from wecom_sync.forms import ItemsForm, LogForm
from wecom_sync.models import Run
from wecom_sync.selectors import Asked
from wecom_sync.services import runs

LEVELS: Final = {20: "i", 30: "w", 40: "e"}
Status = Run.Status


def as_it_is(run: Run) -> Run:
    """A plan that waits, but may not say what is so any more, is shown as an outdated one; nothing is written."""
    if run.status == Status.READY and runs.stale(run):
        run.status = Status.STALE
    return run


def listed(run: Run, given: Asked) -> Asked:
    """What is listed where the address does not say: what leaves, where that waits for a person; else everything."""
    held = run.status == Status.READY and (run.brake or run.rest_first)
    return (
        given
        if given.kind or given.status or given.q
        else Asked(kind="leave" if held else "all", after=given.after)
    )


def state(run: Run, given: Asked, url: str) -> dict[str, Any]:
    """Phases, what waits for a person, counters; `given` is what the address says."""
    ready, stale = run.status == Status.READY, run.status == Status.STALE
    return {
        "run": run, "shown": words.shown(run), "connection": run.connection,
        "phases": words.phases(run), "took": words.duration(run),
        "live": run.under_way, "ready": ready, "stale": stale,
        "planned": bool(run.planned_at), "to_do": words.to_do(run), "waits": words.waits(run), "verb": words.verb(run),
        "gone": words.leavers(run), "rest_verb": words.rest_verb(run),
        "newer": selectors.current(run.connection) if stale else None,
        "hints": words.hints(run) if ready else "", "hints_url": f"{url}?kind=notice#items",
        "stats": words.stats(run, listed(run, given), {} if run.under_way else selectors.failed(run), url),
        "query": given.query(was=run.status), "leaving": words.leaving(run) if ready else [],
        "whence": words.whence(selectors.leaving_from(run)) if ready and run.brake else "",
    }  # fmt: skip


def question(run: Run) -> dict[str, Any]:
    """Before a plan is carried out: how much it is, and what comes of it."""
    gone, n = words.leavers(run), words.to_do(run)
    accounts = selectors.accounts_leaving(run) if gone else 0
    return {
        "title": _("Carry out this plan?"),
        "facts": [
            Fact(_("Items"), f"{n:,}", "num"), Fact(_("People who leave"), f"{gone:,}", "num"),
            Fact(_("Accounts that stop working at once"), f"{accounts:,}", "num"),
        ],
        "consequences": [
            _("Exactly what this plan lists is written, nothing else"),
            _("Nobody is deleted: whoever comes back to WeCom is enabled again by a run"),
        ],
        "submit": words.verb(run), "style": "danger" if gone else "primary",
    }  # fmt: skip


def rest_question(run: Run) -> dict[str, Any]:
    """Before all but what leaves is written."""
    n, waits = words.rest(run), words.total(run, "leave")
    return {
        "title": _("Write all but what leaves?"),
        "facts": [
            Fact(_("Items"), f"{n:,}", "num"), Fact(_("Items that go on waiting"), f"{waits:,}", "num"),
        ],
        "consequences": [
            _("Whoever leaves in WeCom stays here as he is, until somebody confirms that, too"),
            _("A day after it was made the plan is outdated; the next run finds again who leaves"),
        ],
        "submit": words.rest_verb(run) or _("Write"), "style": "primary",
    }  # fmt: skip


def items(run: Run, given: Asked, url: str, *, connects: bool) -> dict[str, Any]:
    """One page of the items that the address asks for; `connects` as in item_words.line."""
    here = f"{url}?{given.query()}"  # as it was asked for: what is listed without a word changes with the run
    given = listed(run, given)
    page = selectors.page(run, given)
    names = selectors.names(run, page.items)
    narrowed = bool(given.status or given.q)
    return {
        "run": run, "columns": item_words.ITEM_COLUMNS,
        "rows": [item_words.line(run, one, names, connects=connects) for one in page.items],
        "url": here, "planned": bool(run.planned_at), "asked": given,
        "nothing": "" if words.everything(run) else _("WeCom and the directory are the same."),
        "filter": {
            "action": url, "form": ItemsForm(initial={"status": given.status, "kind": given.kind}), "q": given.q,
            "placeholder": words.SEARCH, "target": "#items", "id": "items-q", "autosubmit": True,
            "reset_url": f"{url}?kind={given.kind}" if narrowed else "",
        },
        "pager": Pager(
            total=None if narrowed else words.listed(run, given.kind), unit=_("items"), target="#items",
            previous_url=f"{url}?{given.query()}" if given.after else "",
            next_url=f"{url}?{given.query(after=page.after)}" if page.after else "",
        ),
    }  # fmt: skip


def log(run: Run, *, level: int = 0, q: str = "", after: int = 0) -> dict[str, Any]:
    """The lines that are asked for; new ones are asked for after the last of them."""
    rows = selectors.lines(run, level=level, q=q, after=after)
    return {
        "run": run, "lines": [shown(one) for one in rows], "last": rows[-1].pk if rows else after,
        "log_form": LogForm(initial={"level": str(level or "")}), "log_q": q, "level": level or "",
        "log_live": run.under_way or run.status == Status.READY, "whole": len(rows) < selectors.LINES,
    }  # fmt: skip


def shown(line: models.LogLine) -> LogLine:
    """A line as components show it."""
    return LogLine(line.at, LEVELS.get(line.level, "i"), line.text)
