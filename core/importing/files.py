"""Files an import gives back: the template to fill in, and the rows that were refused with the reasons (T74)."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.importing.columns import REASONS, SOURCE_ROW, Table
from core.importing.headers import Header
from core.importing.rows import BadRow, RowError
from core.sheets import iter_sandboxed, write_xlsx


def template(table: Table, keys: Sequence[str] = (), *, sheet_name: str) -> bytes:
    """An empty table with these columns, or all, and a sheet that explains them, in the language of the reader."""
    target = io.BytesIO()
    english = (get_language() or "").startswith("en")
    write_xlsx(
        target, table.headings(keys, english=english), [], notes=table.notes(keys),
        sheet_name=sheet_name, notes_name=_("How to fill it in"),
    )  # fmt: skip
    return target.getvalue()


def write_bad_rows(
    target: Path, *, table: Table, lines: Path, header: Header, bad: Mapping[int, BadRow]
) -> None:
    """The refused rows as they stand in the file, with number and reasons; mended, it can be uploaded as it is.

    `lines` are the rows of the file (rows.unpacked). What stood in such columns of an earlier file of ours is left
    out.
    """
    ours = {name for column in (SOURCE_ROW, REASONS) for name in (column.zh, column.en)}
    kept = [at for at, name in enumerate(header.cells) if name not in ours]
    titles = [header.cells[at] for at in kept]
    write_xlsx(
        target, [*titles, SOURCE_ROW.label, REASONS.label], _bad_lines(table, lines, kept, bad),
        sheet_name=_("Refused rows"),
    )  # fmt: skip


def _bad_lines(
    table: Table, lines: Path, kept: Sequence[int], bad: Mapping[int, BadRow]
) -> Iterator[list[str | int]]:
    for number, cells in iter_sandboxed(lines):
        if number in bad:
            values = [cells[at] if at < len(cells) else "" for at in kept]
            yield [*values, number, _reasons(table, bad[number].errors)]


def _reasons(table: Table, errors: Iterable[RowError]) -> str:
    return "; ".join(f"{table.label_of(error.field)}: {error.reason}" for error in errors)
