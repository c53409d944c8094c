"""变更记录: who changed what when, of one node or of a whole dimension, narrowed and page by page (SPEC ORG-7)."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.dateparse import parse_date

from core.models import AuditEntry
from core.text import clean
from orgs.models import Node
from orgs.selectors.below import number
from orgs.vocabulary import ACTION_KINDS

PAGE = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of a history asks for. Days are local ones, both included; `everything`: the whole dimension."""

    who: str = ""
    what: str = ""
    since: datetime.date | None = None
    until: datetime.date | None = None
    everything: bool = False
    before: int | None = None

    @classmethod
    def read(cls, given: Mapping[str, Any], node: Node) -> Self:
        """From the query of an address; what makes no sense is not asked."""
        what = given.get("what", "")
        return cls(
            who=clean(given.get("q", ""), 100),
            what=what if what in ACTION_KINDS else "",
            since=day(given.get("since", "")),
            until=day(given.get("until", "")),
            everything=given.get("scope") == "all" and node.kind == Node.Kind.DIMENSION,
            before=number(given.get("before", "")),
        )

    @property
    def filtered(self) -> bool:
        """Whether there may be more than is shown."""
        return bool(self.who or self.what or self.since or self.until)

    def query(self, **more: Any) -> str:
        """The same as the query of an address, from the newest on."""
        values = {
            "q": self.who, "what": self.what, "since": self.since, "until": self.until,
            "scope": "all" if self.everything else "", **more,
        }  # fmt: skip
        return urlencode({key: value for key, value in values.items() if value})


def day(text: str) -> datetime.date | None:
    """A day of an address; None for what is none."""
    try:
        found = parse_date(text)
    except ValueError:
        return None
    # The day after the last one has no date, and there was no trail before.
    return found if found and 1900 <= found.year <= 9000 else None


def history(node: Node, asked: Asked) -> tuple[list[AuditEntry], bool]:
    """A page of changes, newest first, and whether older ones follow; one query. The reader maintains the dimension."""
    whose = {"dimension_id": node.pk} if asked.everything else {"object_id": str(node.pk)}
    rows = AuditEntry.objects.filter(object_type="orgs.node", **whose)
    if asked.who:
        rows = rows.filter(actor_label__icontains=asked.who)
    if asked.what:
        rows = rows.filter(action__in=ACTION_KINDS[asked.what])
    if asked.since:
        rows = rows.filter(at__gte=midnight(asked.since))
    if asked.until:
        rows = rows.filter(at__lt=midnight(asked.until) + datetime.timedelta(days=1))
    if asked.before:
        rows = rows.filter(id__lt=asked.before)
    found = list(rows.order_by("-id")[: PAGE + 1])
    return found[:PAGE], len(found) > PAGE


def midnight(day: datetime.date) -> datetime.datetime:
    """When a local day begins."""
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time()))
