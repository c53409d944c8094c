"""Rows of a table, whatever kind of file holds it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from core.sheets.csvfile import csv_rows
from core.sheets.errors import UnreadableFile
from core.sheets.upload import Kind, inspect_upload
from core.sheets.values import as_text
from core.sheets.xlsx import column_letters, xlsx_rows

MAX_ROWS: Final = 200_000
MAX_COLUMNS: Final = 64


def read_rows(
    path: Path | str, *, max_rows: int = MAX_ROWS, max_columns: int = MAX_COLUMNS
) -> Iterator[list[str]]:
    """The rows as text, cut behind their last filled cell; blank rows between filled ones are `[]`.

    So the n-th row is row n of the file. Only what is filled is counted; sizes that the file
    declares are not believed. For files from outside use `read_in_sandbox`. Raises UnreadableFile.
    """
    path = Path(path)
    if inspect_upload(path) is Kind.XLSX:
        rows = xlsx_rows(path, max_rows=max_rows, max_columns=max_columns)
    else:
        rows = csv_rows(path)
    filled = blank = 0
    for raw in rows:
        row = _trimmed([as_text(cell) for cell in raw])
        if not row:
            blank += 1
            continue
        filled += 1
        if filled > max_rows:
            raise UnreadableFile("too_many_rows", limit=max_rows)
        if len(row) > max_columns:
            raise UnreadableFile(
                "too_many_columns", column=column_letters(len(row)), limit=max_columns
            )
        for _gap in range(blank):
            yield []
        blank = 0
        yield row
    if not filled:
        raise UnreadableFile("empty")


def _trimmed(row: list[str]) -> list[str]:
    while row and not row[-1]:
        row.pop()
    return row
