"""Where in the list of contacts of the back office a page is: everything its address says, checked (SPEC CON-5)."""

import datetime
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from contacts.querysets import Filters
from contacts.selection import Selection
from contacts.tables import STATES, number, position, position_text
from orgs.models import Source

# Word in the address → field of Filters.
WORDS = {
    "status": "account", "category": "category_id", "tag": "tag_id", "source": "source", "follower": "follower_id",
    "from": "created_from", "to": "created_to", "enabled": "enabled", "mobile": "has_mobile", "email": "has_email",
}  # fmt: skip
NUMBERS = ("category_id", "tag_id", "follower_id")
DAYS = ("created_from", "created_to")
SWITCHES = {"yes": True, "no": False}
CHOICES: dict[str, tuple[str, ...]] = {"account": STATES, "source": tuple(Source.values)}


@dataclass(frozen=True, slots=True)
class At:
    """One list: node, words, filters, order and page. Values that mean nothing are dropped when it is read."""

    node_id: int
    q: str = ""
    filters: Filters = field(default_factory=Filters)
    here: bool = False
    """Only those in the node itself."""
    descending: bool = False
    after: tuple[str, int] | None = None
    before: tuple[str, int] | None = None

    @classmethod
    def read(cls, given: QueryDict, node_id: int) -> "At":
        """What a query says."""
        kept = {name: _value(name, given.get(word, "")) for word, name in WORDS.items()}
        return cls(
            node_id=node_id,
            q=given.get("q", "").replace("\0", "")[:100].strip(),
            filters=Filters(**{name: value for name, value in kept.items() if value is not None}),
            here=given.get("here") == "1",
            descending=given.get("sort") == "-name",
            after=position(given.get("after", "")),
            before=position(given.get("before", "")),
        )

    @property
    def filtered(self) -> bool:
        return self.here or self.filters != Filters()

    @property
    def selection(self) -> Selection:
        """Everything this list shows."""
        return Selection(
            everything=True, node_id=self.node_id, filters=self.filters, q=self.q, below=not self.here
        )  # fmt: skip

    @property
    def path(self) -> str:
        """The address without its query."""
        return reverse("contacts:console-list", args=[self.node_id])

    @property
    def query(self) -> dict[str, str]:
        """Words, filters and order as an address carries them."""
        found = {"q": self.q} if self.q else {}
        for word, name in WORDS.items():
            text = _text(getattr(self.filters, name))
            if text:
                found[word] = text
        if self.here:
            found["here"] = "1"
        if self.descending:
            found["sort"] = "-name"
        return found

    def url(self, **changes: Any) -> str:
        """The address of another page from here, for example url(after=page.next)."""
        there = replace(self, **changes)
        query = dict(there.query)
        for word in ("after", "before"):
            place = getattr(there, word)
            if place:
                query[word] = position_text(place)
        # A bare address would open with the person's default filter.
        return f"{there.path}?{urlencode(query or {'reset': 1})}"

    def without(self, name: str) -> str:
        """The address without one filter, from the first page on."""
        changes: dict[str, Any] = {"after": None, "before": None}
        if name == "here":
            return self.url(here=False, **changes)
        blank: dict[str, Any] = {name: getattr(Filters(), name)}
        return self.url(filters=replace(self.filters, **blank), **changes)

    @property
    def list_url(self) -> str:
        """This list, on this page."""
        return self.url()


def _value(name: str, text: str) -> Any:
    if name in NUMBERS:
        return number(text)
    if name in DAYS:
        return day(text)
    if name in CHOICES:
        return text if text in CHOICES[name] else None
    return SWITCHES.get(text)


def day(text: str) -> datetime.date | None:
    """A day of an address, or None for anything else."""
    try:
        found = datetime.date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
    return found if found and 1900 <= found.year <= 9000 else None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
