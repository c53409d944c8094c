"""Columns that the list of contacts can show; each person chooses his own (SPEC CON-5)."""

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from contacts.console_state import At
from contacts.models import Contact
from contacts.selectors.lists import Row
from core.ui import Column


@dataclass(frozen=True, slots=True)
class Extra:
    """What only some of the columns need."""

    category: str = ""
    follower: str = ""
    source: str = ""
    code: str = ""
    created_at: datetime.datetime | None = None
    tags: list[str] = field(default_factory=list)


NOTHING = Extra()


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a row. `kind` says how it is drawn: "", "account", "source", "tags" or "when"."""

    label: str | Promise
    value: Any
    css: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A row with the cells of the chosen columns."""

    row: Row
    cells: list[Cell]

    @property
    def id(self) -> int:
        return self.row.id


@dataclass(frozen=True, slots=True)
class _Column:
    label: str | Promise
    read: Callable[[Row, Extra], Any]
    css: str = ""
    kind: str = ""
    extra: bool = True


COLUMNS: dict[str, _Column] = {
    "mobile": _Column(gettext_lazy("Mobile"), lambda row, _more: row.mobile, "num nowrap", extra=False),
    "email": _Column(gettext_lazy("E-mail"), lambda row, _more: row.email, "nowrap", extra=False),
    "organization": _Column(gettext_lazy("Organization"), lambda row, _more: row.place.organization, extra=False),
    "department": _Column(gettext_lazy("Department"), lambda row, _more: row.place.department, extra=False),
    "position": _Column(gettext_lazy("Position"), lambda row, _more: row.position, extra=False),
    "account": _Column(gettext_lazy("Account state"), lambda row, _more: row.state, kind="account", extra=False),
    "category": _Column(gettext_lazy("Category"), lambda _row, more: more.category),
    "tags": _Column(gettext_lazy("Tags"), lambda _row, more: more.tags, kind="tags"),
    "follower": _Column(gettext_lazy("Follower"), lambda _row, more: more.follower, "nowrap"),
    "source": _Column(gettext_lazy("Source"), lambda _row, more: more.source, kind="source"),
    "code": _Column(gettext_lazy("Code"), lambda _row, more: more.code, "num nowrap"),
    "created": _Column(gettext_lazy("Created at"), lambda _row, more: more.created_at, "nowrap", "when"),
}  # fmt: skip


def known(keys: Iterable[str]) -> list[str]:
    """Those of the keys that there are, each once."""
    return [key for key in dict.fromkeys(keys) if key in COLUMNS]


def heads(keys: Sequence[str], at: At) -> list[Column]:
    """The head of the table; the name, by which it is ordered, comes first."""
    order = "desc" if at.descending else "asc"
    turned = at.url(descending=not at.descending, after=None, before=None)
    name = Column(
        pgettext("person", "Name"), sort_url="" if at.q else turned, sorted="" if at.q else order
    )
    return [name, *(Column(COLUMNS[key].label) for key in keys)]


def shown(rows: Sequence[Row], keys: Sequence[str]) -> list[Shown]:
    """The rows with their cells; at most two queries, none for the columns everybody starts with."""
    more = _extras([row.id for row in rows], keys)
    chosen = [COLUMNS[key] for key in keys]
    return [
        Shown(
            row,
            [
                Cell(one.label, one.read(row, more.get(row.id, NOTHING)), one.css, one.kind)
                for one in chosen
            ],
        )
        for row in rows
    ]


def _extras(ids: Sequence[int], keys: Sequence[str]) -> dict[int, Extra]:
    if not ids or not any(COLUMNS[key].extra for key in keys):
        return {}
    tags: dict[int, list[str]] = {}
    if "tags" in keys:
        through = Contact.tags.through.objects.filter(contact_id__in=ids)
        for contact_id, name in through.order_by("tag__name").values_list(
            "contact_id", "tag__name"
        ):
            tags.setdefault(contact_id, []).append(name)
    found = Contact.objects.filter(pk__in=ids).values_list(
        "pk", "category__name", "follower__name", "source", "code", "created_at"
    )
    return {
        pk: Extra(category or "", follower or "", source, code or "", created_at, tags.get(pk, []))
        for pk, category, follower, source, code, created_at in found
    }


def choices() -> list[tuple[str, str]]:
    """Keys and labels in the order in which they are offered."""
    return [(key, _(str(column.label))) for key, column in COLUMNS.items()]
