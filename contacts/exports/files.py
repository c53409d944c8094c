"""Writing an export: streams rows into a file, every value as text (SECURITY T74)."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from django.utils.translation import pgettext

from contacts.models import ExportJob
from core.cleaning import clean
from core.importing.columns import Column
from core.sheets import write_csv, write_xlsx

Format = ExportJob.Format
SUFFIXES = {Format.XLSX: "xlsx", Format.CSV: "csv", Format.GB18030: "csv"}
# What no file system takes in a name, and what would make a path of it.
_NOT_IN_NAMES = str.maketrans(dict.fromkeys('\\/:*?"<>|', "_"))
MAX_NAME = 80


def write(
    path: Path,
    *,
    format_: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[str]],
    title: str,
) -> None:
    """Writes the rows as they come; memory does not grow with them."""
    header = [column.label for column in columns]
    if format_ == Format.XLSX:
        write_xlsx(path, header, rows, sheet_name=title)
    else:
        encoding = "gb18030" if format_ == Format.GB18030 else "utf-8-sig"
        write_csv(path, header, rows, encoding=encoding)


def name_of(*, what: str, node_name: str, day: str, format_: str) -> str:
    """The name under which the file is handed out: words of ours around the name of the node, cleaned."""
    plain = clean(node_name.translate(_NOT_IN_NAMES), MAX_NAME).strip(". ")
    return f"{title_of(what)}-{plain}-{day}.{SUFFIXES[Format(format_)]}"


def title_of(what: str) -> str:
    """Name of the sheet, and beginning of the file name."""
    if what == ExportJob.What.CONTACTS:
        return pgettext("file", "External contacts")
    return pgettext("file", "External organizations")
