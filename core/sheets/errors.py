"""Why a file cannot be read, in words for the person who chose it."""

from __future__ import annotations

from typing import Any, Final

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from core.errors import Invalid

_SENTENCES: Final[dict[str, Any]] = {
    "empty": _("The file is empty"),
    "too_large": _("The file is larger than {limit} MB"),
    "not_a_sheet": _("This is neither an .xlsx nor a .csv file"),
    "old_excel": _(
        "Old .xls files and files with a password cannot be read. "
        "Open the file in Excel, remove the password and save it as .xlsx"
    ),
    "other_office": _(
        "This kind of spreadsheet cannot be read. Open it and save it as an Excel workbook (.xlsx)"
    ),
    "macros": _("The file contains macros. Save it as an Excel workbook without macros (.xlsx)"),
    "damaged": _("The file is damaged. Open it in Excel, save it again and retry"),
    "suspicious": _("The file is not built like an Excel workbook and was refused"),
    "unpacks_too_large": _(
        "The content of the file is too large. Split it or remove formatting, pictures and other sheets"
    ),
    "too_many_sheets": _("The file has more than {limit} sheets"),
    "too_many_rows": _("The file has more than {limit} rows. Split it"),
    "too_many_columns": _(
        "There is something in column {column}, but only the first {limit} columns are read. "
        "Delete the columns to the right and save again"
    ),
    "far_row": _(
        "There is something in row {row}, but only the first {limit} rows are read. "
        "Delete the rows below your data and save again"
    ),
    "encoding": _("The characters of the file cannot be recognised. Save it as .xlsx or as CSV UTF-8"),
    "too_slow": _("The file takes too long to read. Split it"),
}  # fmt: skip


class UnreadableFile(Invalid):
    """The file is refused; the message can be shown to the user, `reason` is a stable word."""

    def __init__(self, reason: str, **details: object) -> None:
        sentence = _SENTENCES[reason]
        super().__init__(format_lazy(sentence, **details), field="file", code=reason)
        self.reason = reason
        self.details_of_reason = details
