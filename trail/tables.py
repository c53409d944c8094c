"""What the pages show of a row and of the chain."""

from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.models import AuditEntry
from core.ui import Column
from trail import selectors, words
from trail.models import AuditCheck

BROKEN: dict[str, str | Promise] = {
    "altered": gettext_lazy("Entry %(id)s (place %(seq)s) was altered. Found %(when)s."),
    "missing": gettext_lazy("The entry at place %(seq)s is missing; the next is %(id)s. Found %(when)s."),
    "beyond": gettext_lazy("Entry %(id)s (place %(seq)s) stands after the end of the chain. Found %(when)s."),
    "cut": gettext_lazy("The entries from place %(seq)s on are missing. Found %(when)s."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the list."""

    entry: AuditEntry
    action: str
    kind: str


def line(entry: AuditEntry) -> Line:
    """A row in words."""
    return Line(entry, words.action_of(entry), words.kind_of(entry))


def columns() -> list[Column]:
    """Heads of the list."""
    labels = (_("Action"), _("Of what"), _("Who"), _("When"), _("IP address"))
    return [*(Column(label) for label in labels), Column(_("Actions"), css="c-op", hidden=True)]


@dataclass(frozen=True, slots=True)
class Chain:
    """What is known about the chain: `kind` is the colour of a note."""

    kind: str
    title: str | Promise
    text: str | Promise = ""
    broken_id: int | None = None
    under_way: bool = False


def chain() -> Chain:
    """The result of the last walk, and whether one is under way."""
    last = selectors.last_check()
    under_way = selectors.check_under_way()
    if last is None:
        return Chain(
            "", _("The chain was not checked yet"), _("It is every night."), None, under_way
        )
    return result(last, under_way=under_way)


def result(check: AuditCheck, *, under_way: bool = False) -> Chain:
    """How a walk ended, in words."""
    if check.finished_at is None:
        return Chain("", _("The chain is being checked"), under_way=True)
    values = {
        "when": date_format(localtime(check.finished_at), "Y-m-d H:i"),
        "rows": f"{check.rows:,}",
        "seq": check.broken_seq,
        "id": check.broken_id,
    }
    if not check.broken_kind:
        text = _("Checked %(when)s, %(rows)s entries") % values
        return Chain("ok", _("The chain is whole"), text, None, under_way)
    text = str(BROKEN[check.broken_kind]) % values
    return Chain("bad", _("The chain is broken"), text, check.broken_id, under_way)
