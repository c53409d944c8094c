"""The tables an import hands out: the template, and the bad rows with their reasons. Formula-safe (SECURITY T74)."""

import io
from collections.abc import Iterable

from django.utils.translation import gettext as _

from contacts.import_format import COLUMNS, RowError, headings, notes
from contacts.imports.rows import BadRow
from core.sheets import write_xlsx


def template() -> bytes:
    """An empty table with our columns and a sheet that explains them, in the language of the reader."""
    target = io.BytesIO()
    write_xlsx(
        target, headings(), [], notes=notes(), sheet_name=_("Contacts"), notes_name=_("How to fill it in")
    )  # fmt: skip
    return target.getvalue()


def bad_rows(rows: Iterable[BadRow]) -> bytes:
    """The refused rows as they stood in the file, with number and reasons; mended, it can be uploaded as it is."""
    header = [*headings(), _("Row in the file"), _("Why it was refused")]
    target = io.BytesIO()
    write_xlsx(
        target,
        header,
        (
            [*(bad.values.get(column.key, "") for column in COLUMNS), bad.row, _reasons(bad.errors)]
            for bad in rows
        ),
        sheet_name=_("Refused rows"),
    )
    return target.getvalue()


def _reasons(errors: Iterable[RowError]) -> str:
    names = {column.key: column.zh for column in COLUMNS}
    return "; ".join(f"{names.get(error.field, error.field)}: {error.reason}" for error in errors)
