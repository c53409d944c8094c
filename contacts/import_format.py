"""The table people import contacts from (SPEC CON-6, docs/import-format.md): its columns and one row.

Data and pure functions: no database, no file. `find_header` says which column is which, `parse_row`
cleans one row, `FileChecks` compares the rows of one file with each other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from contacts.import_columns import BY_KEY, COLUMNS, DETAILS, READ_ONLY, Column
from contacts.import_values import BadValue, read_value
from core.cleaning import clean
from core.errors import Invalid

HEADER_ROWS: Final = 10
"""The header is one of so many first rows: tables often begin with a title."""

_VALUE_SHOWN: Final = 100
_NO_DETAILS: Final[Mapping[str, Any]] = {}
_DECORATION: Final = re.compile(r"[\s*＊:：_-]|[(（].*?[)）]")


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row is not taken. `reason` can be shown to the user, `kind` is a stable word."""

    row: int
    field: str
    value: str
    kind: str
    reason: Any


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """One clean row. Empty `name`: the row names only an organization (and department)."""

    row: int
    organization: str
    organization_code: str = ""
    department: tuple[str, ...] = ()
    name: str = ""
    code: str = ""
    mobile: str = ""
    email: str = ""
    position: str = ""
    gender: str = ""
    telephone: str = ""
    office: str = ""
    remark: str = ""
    tags: tuple[str, ...] = ()
    security_level: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    """What it says more about the organization: the filled ones of DETAILS by key."""


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header stands, which column (from 0) holds which key, and headings nobody knows."""

    row: int
    columns: Mapping[int, str]
    unknown: tuple[str, ...] = ()
    cells: tuple[str, ...] = field(default=(), compare=False)
    """Its headings as they stand in the file."""

    def values(self, cells: Sequence[str]) -> dict[str, str]:
        """The cells of one row by key."""
        return {key: cells[at] for at, key in self.columns.items() if at < len(cells)}

    @property
    def twice(self) -> str:
        """A key that two columns hold, or nothing."""
        keys = list(self.columns.values())
        return next((key for key in keys if keys.count(key) > 1), "")

    @property
    def missing(self) -> list[Column]:
        """Columns without which nothing can be read. Without anything about people the place is enough, if it is told
        by more than a name: one word alone is rather a title.
        """
        keys = set(self.columns.values())
        places_only = len(keys) > 1 and not any(BY_KEY[key].person for key in keys)
        return [
            column
            for column in COLUMNS
            if column.required and column.key not in keys and not (column.person and places_only)
        ]

    @property
    def fingerprint(self) -> str:
        """Names this set of headings, in whatever order they stand."""
        names = sorted(_plain(cell) for cell in self.cells if cell)
        return hashlib.sha256("\x1f".join(names).encode()).hexdigest()


class NoHeader(Invalid):
    """No row names the columns; the message says which are missing or there twice."""


def find_header(
    rows: Iterable[tuple[int, Sequence[str]]], chosen: Mapping[int, str] | None = None
) -> Header:
    """The header among the first rows (number from 1, cells); Chinese and English names, any order.

    With `chosen` (column from 0 → key) its columns are those. Raises NoHeader.
    """
    header = guess_header(rows)
    if chosen is not None:
        header = replace(header, columns=dict(chosen), unknown=())
    if header.missing:
        names = ", ".join(f"{column.zh} ({column.en})" for column in header.missing)
        text = _("The first {rows} rows hold no header with the columns {names}")
        raise NoHeader(format_lazy(text, rows=HEADER_ROWS, names=names), field="file")
    if header.twice:
        text = _("The column {name} is there twice")
        raise NoHeader(format_lazy(text, name=BY_KEY[header.twice].zh), field="file")
    return header


def guess_header(rows: Iterable[tuple[int, Sequence[str]]]) -> Header:
    """The row that looks most like a header; where no heading is known, the first with more than one cell."""
    best = Header(0, {})
    for number, cells in rows:
        if number > HEADER_ROWS:
            break
        header = _as_header(number, cells)
        first = not best.row and sum(map(bool, cells)) > 1
        if first or len(header.columns) > len(best.columns):
            best = header
        if {"organization", "name"} <= set(header.columns.values()):
            break
    return best


def _plain(heading: str) -> str:
    return _DECORATION.sub("", clean(heading, _VALUE_SHOWN)).casefold()


_KEYS: Final[dict[str, str]] = {
    _plain(name): column.key
    for column in COLUMNS
    for name in (column.zh, column.en, *column.aliases)
}
_PASSED_OVER: Final = {_plain(name) for column in READ_ONLY for name in (column.zh, column.en)}


def _as_header(number: int, cells: Sequence[str]) -> Header:
    columns = {at: _KEYS[_plain(cell)] for at, cell in enumerate(cells) if _plain(cell) in _KEYS}
    unknown = tuple(
        cell
        for at, cell in enumerate(cells)
        if cell and at not in columns and _plain(cell) not in _PASSED_OVER
    )
    return Header(number, columns, unknown, tuple(cells))


def parse_row(row: int, values: Mapping[str, str]) -> ParsedRow | list[RowError] | None:
    """One row by keys (see `Header.values`), cleaned; its errors; or None for a blank row."""
    errors: list[RowError] = []
    read: dict[str, Any] = {}
    for key in BY_KEY:
        try:
            read[key] = read_value(key, values.get(key, ""))
        except BadValue as bad:
            errors.append(row_error(row, key, values[key], bad.kind, bad.reason))
    wrong = {error.field for error in errors}
    if not errors and not any(value for value in read.values() if value is not None):
        return _blank(row, values)
    if not read.get("organization") and "organization" not in wrong:
        errors.append(
            row_error(row, "organization", "", "required", _("The organization is missing"))
        )
    if not read.get("name") and "name" not in wrong and _says_something(values):
        errors.append(
            row_error(row, "name", values.get("name", ""), "required", _("The name is missing"))
        )
    if errors:
        return errors
    about = {key: read.pop(key) for key in DETAILS}
    details = {key: value for key, value in about.items() if value not in ("", None, ())}
    return ParsedRow(row=row, details=details or _NO_DETAILS, **read)


def _blank(row: int, values: Mapping[str, str]) -> list[RowError] | None:
    # Something was written that cannot be seen: the person who wrote it should hear of it.
    for key in ("organization", "name"):
        if values.get(key, "").strip():
            text = _("Holds only characters that cannot be seen")
            return [row_error(row, key, values[key], "required", text)]
    return None


def _says_something(values: Mapping[str, str]) -> bool:
    return any(values.get(column.key, "").strip() for column in COLUMNS if column.person)


def row_error(row: int, key: str, value: str, kind: str, reason: Any) -> RowError:
    """Why a row is not taken, with its value cut to what can be shown."""
    return RowError(row, key, clean(value, _VALUE_SHOWN), kind, reason)


def printed(value: Any) -> str:
    """A cleaned value of `details` as a person wrote it."""
    return ";".join(value) if isinstance(value, tuple) else str(value)
