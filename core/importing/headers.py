"""The header of a file: which row it is, which column is what, and what a person is asked about it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.cleaning import clean
from core.errors import Invalid
from core.importing.columns import Table, plain
from core.sheets import iter_sandboxed

HEADER_ROWS: Final = 10
"""The header is one of so many first rows: tables often begin with a title."""
SAMPLES: Final = 3
ROWS_LOOKED_AT: Final = 50


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
    def keys(self) -> frozenset[str]:
        """What it has columns for."""
        return frozenset(self.columns.values())

    @property
    def twice(self) -> str:
        """A key that two columns hold, or nothing."""
        keys = list(self.columns.values())
        return next((key for key in keys if keys.count(key) > 1), "")

    @property
    def open_questions(self) -> bool:
        """Whether a person has to say what a column is."""
        return bool(self.unknown or self.twice)

    @property
    def fingerprint(self) -> str:
        """Names this set of headings, in whatever order they stand."""
        names = sorted(plain(cell) for cell in self.cells if cell)
        return hashlib.sha256("\x1f".join(names).encode()).hexdigest()


class NoHeader(Invalid):
    """No row names the columns; the message says which are missing or there twice."""


def find(
    table: Table, rows: Iterable[tuple[int, Sequence[str]]], chosen: Mapping[int, str] | None = None
) -> Header:
    """The header among the first rows (number from 1, cells); Chinese and English names, any order.

    With `chosen` (column from 0 → key) its columns are those. Raises NoHeader.
    """
    header = guess(table, rows)
    if chosen is not None:
        header = replace(header, columns=dict(chosen), unknown=())
    missing = table.missing(header.keys)
    if missing:
        names = ", ".join(f"{column.zh} ({column.en})" for column in missing)
        text = gettext_lazy("The first {rows} rows hold no header with the columns {names}")
        raise NoHeader(format_lazy(text, rows=HEADER_ROWS, names=names), field="file")
    if header.twice:
        text = gettext_lazy("The column {name} is there twice")
        raise NoHeader(format_lazy(text, name=table.by_key[header.twice].zh), field="file")
    return header


def guess(table: Table, rows: Iterable[tuple[int, Sequence[str]]]) -> Header:
    """The row that looks most like a header; where no heading is known, the first with more than one cell."""
    required = {column.key for column in table.columns if column.required}
    best = Header(0, {})
    for number, cells in rows:
        if number > HEADER_ROWS:
            break
        header = _as_header(table, number, cells)
        first = not best.row and sum(map(bool, cells)) > 1
        if first or len(header.columns) > len(best.columns):
            best = header
        if required <= header.keys:
            break
    return best


def _as_header(table: Table, number: int, cells: Sequence[str]) -> Header:
    names = [plain(cell) for cell in cells]
    columns = {at: table.keys[name] for at, name in enumerate(names) if name in table.keys}
    unknown = tuple(
        cell
        for at, cell in enumerate(cells)
        if cell and at not in columns and names[at] not in table.silent
    )
    return Header(number, columns, unknown, tuple(cells))


def check(table: Table, header: Header) -> None:
    """Raises Invalid when columns assigned like this cannot be read."""
    if header.keys - table.by_key.keys():
        raise Invalid(_("One of the columns is not known"))
    missing = table.missing(header.keys)
    if missing:
        names = _(", ").join(column.label for column in missing)
        raise Invalid(_("Say which column holds: %(names)s") % {"names": names})
    if header.twice:
        label = table.by_key[header.twice].label
        raise Invalid(_("“%(name)s” is chosen twice") % {"name": label})


def described(header: Header, lines: Path) -> list[dict[str, Any]]:
    """One entry for each column of the file: {heading, key, samples}; key is empty where nothing was recognised."""
    samples: list[list[str]] = [[] for _cell in header.cells]
    for number, cells in islice(iter_sandboxed(lines), ROWS_LOOKED_AT):
        if number > header.row:
            _collect(samples, cells)
    return [
        {"heading": clean(cell, 100), "key": header.columns.get(at, ""), "samples": samples[at]}
        for at, cell in enumerate(header.cells)
    ]


def _collect(samples: list[list[str]], cells: Sequence[str]) -> None:
    for known, cell in zip(samples, cells, strict=False):
        text = clean(cell, 40)
        if text and text not in known and len(known) < SAMPLES:
            known.append(text)


def header_of(columns: Sequence[Mapping[str, Any]], chosen: Mapping[int, str]) -> Header:
    """The header of described() with these columns."""
    return Header(1, dict(chosen), (), tuple(one["heading"] for one in columns))
