"""Tables for people: every value from a user is text, nothing becomes a formula (SECURITY T74,
M15)."""

from __future__ import annotations

import csv
import datetime
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, Final

import xlsxwriter

_FORMULA_STARTS: Final = frozenset("=+-@")
_IGNORED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_MAX_CELL: Final = 32_767
_MAX_WIDTH: Final = 40
_PART: Final = 32_768
SHEET_ROWS: Final = 1_048_575
"""What one sheet holds below its header; more go to further sheets."""
_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
# What XML 1.0 cannot hold even when escaped.
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def guard_formula(value: str) -> str:
    """`value` so that no spreadsheet takes it for a formula: with `'` in front where it might."""
    return f"'{value}" if starts_formula(value) else value


def unguard_formula(value: str) -> str:
    """Takes away what `guard_formula` put in front, so that an export can be imported again."""
    return value[1:] if value.startswith("'") and starts_formula(value[1:]) else value


def starts_formula(value: str) -> bool:
    """Whether a spreadsheet might take `value` for a formula, whatever invisible stands before it."""
    for place, char in enumerate(value):
        if place == 0 and char in "\t\r":
            return True
        if unicodedata.category(char) not in _IGNORED_CATEGORIES:
            return unicodedata.normalize("NFKC", char)[0] in _FORMULA_STARTS
    return False


def _plain(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value)


def write_csv(
    target: Path | str | IO[str],
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    encoding: str = "utf-8-sig",
) -> None:
    """UTF-8 with byte order mark (Excel needs it for Chinese); numbers as they are, texts guarded.

    A stream given as `target` must be opened with `newline=""` and writes its own encoding.
    """
    if isinstance(target, str | Path):
        with Path(target).open("w", encoding=encoding, errors="replace", newline="") as file:
            _write_csv(file, header, rows)
    else:
        _write_csv(target, header, rows)


def _write_csv(file: IO[str], header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    for part in csv_parts(header, rows):
        file.write(part)


def csv_parts(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The same as texts of some thousand characters, for who sends them on; the header comes before the first row is
    asked for.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([guard_formula(name) for name in header])
    yield _taken(buffer)
    for row in rows:
        writer.writerow([cell if _is_number(cell) else guard_formula(_plain(cell)) for cell in row])
        if buffer.tell() >= _PART:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def write_xlsx(
    target: Path | str | IO[bytes],
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    notes: Sequence[str] = (),
    sheet_name: str = "Sheet1",
    notes_name: str = "Notes",
    sheet_rows: int = SHEET_ROWS,
) -> int:
    """An .xlsx in constant memory; returns the number of rows.

    Texts are text cells whatever they begin with, int and float are numbers, the columns are
    formatted as text (so that numbers typed into a template keep their zeros). After `sheet_rows`
    rows another sheet with the same header begins. `notes` are lines of a last sheet.
    """
    destination: Any = str(target) if isinstance(target, Path) else target
    count = 0
    with xlsxwriter.Workbook(destination, _OPTIONS) as book:
        for number, part in enumerate(_parts(rows, sheet_rows), start=1):
            name = f"{sheet_name} {number}" if number > 1 else sheet_name
            count += _write_rows(_sheet(book, name, header), part, first=1)
        if notes:
            page = book.add_worksheet(notes_name)
            page.set_column(0, 0, 100)
            _write_rows(page, ([line] for line in notes), first=0)
    return count


def _sheet(book: Any, name: str, header: Sequence[str]) -> Any:
    """A sheet with its header; everything in it is formatted as text."""
    text = book.add_format({"num_format": "@"})
    bold = book.add_format({"bold": True, "num_format": "@", "bg_color": "#E8EEF7", "border": 1})
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for column, heading in enumerate(header):
        sheet.set_column(column, column, min(_MAX_WIDTH, 6 + 2 * len(heading)), text)
    _write_row(sheet, 0, header, bold)
    return sheet


def _parts(rows: Iterable[Sequence[object]], size: int) -> Iterator[Iterable[Sequence[object]]]:
    """The rows in portions, each to be used up before the next is asked for; one at least, even an empty one."""
    waiting = iter(rows)
    yield islice(waiting, size)
    for first in waiting:
        yield chain([first], islice(waiting, size - 1))


def _write_rows(sheet: Any, rows: Iterable[Sequence[object]], *, first: int) -> int:
    count = 0
    for count, row in enumerate(rows, start=1):
        _write_row(sheet, first + count - 1, row, None)
    return count


def _write_row(sheet: Any, number: int, row: Sequence[object], style: Any) -> None:
    for column, value in enumerate(row):
        if _is_number(value):
            failed = sheet.write_number(number, column, value, style)
        else:
            text = _NOT_XML.sub("", _plain(value))[:_MAX_CELL]
            failed = sheet.write_string(number, column, text, style) if text else 0
        if failed:
            raise ValueError(f"row {number + 1}, column {column + 1} does not fit into a sheet")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
