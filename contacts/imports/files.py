"""The tables an import hands out: the template, and the bad rows with their reasons. Formula-safe (SECURITY T74)."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from contacts.import_columns import REASONS, SOURCE_ROW, headings, label_of, notes
from contacts.import_format import Header, RowError
from contacts.imports.rows import BadRow
from core.sheets import iter_sandboxed, write_xlsx


def template(level: str = "all") -> bytes:
    """An empty table with the columns of a level and a sheet that explains them, in the language of the reader."""
    target = io.BytesIO()
    write_xlsx(
        target, headings(level, english=(get_language() or "").startswith("en")), [], notes=notes(level),
        sheet_name=_("Contacts"), notes_name=_("How to fill it in"),
    )  # fmt: skip
    return target.getvalue()


def write_bad_rows(target: Path, *, lines: Path, header: Header, bad: Mapping[int, BadRow]) -> None:
    """The refused rows as they stand in the file, with number and reasons; mended, it can be uploaded as it is.

    `lines` are the rows of the file (contacts.imports.rows.unpacked). What stood in such columns of an earlier file
    of ours is left out.
    """
    ours = {name for column in (SOURCE_ROW, REASONS) for name in (column.zh, column.en)}
    kept = [at for at, name in enumerate(header.cells) if name not in ours]
    titles = [header.cells[at] for at in kept]
    write_xlsx(
        target, [*titles, SOURCE_ROW.label, REASONS.label], _bad_lines(lines, kept, bad), sheet_name=_("Refused rows")
    )  # fmt: skip


def _bad_lines(
    lines: Path, kept: Sequence[int], bad: Mapping[int, BadRow]
) -> Iterator[list[str | int]]:
    for number, cells in iter_sandboxed(lines):
        if number in bad:
            values = [cells[at] if at < len(cells) else "" for at in kept]
            yield [*values, number, _reasons(bad[number].errors)]


def _reasons(errors: Iterable[RowError]) -> str:
    return "; ".join(f"{label_of(error.field)}: {error.reason}" for error in errors)
