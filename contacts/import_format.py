"""The table people import contacts from (SPEC CON-6, docs/import-format.md): its columns and one row.

Data and pure functions: no database, no file. `find_header` says which column is which, `parse_row`
cleans one row, `FileChecks` compares the rows of one file with each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from contacts.import_columns import BY_KEY, COLUMNS, DETAILS, TABLE
from contacts.import_values import read_value
from core.importing import headers
from core.importing.headers import Header
from core.importing.rows import RowError, row_error
from core.importing.values import BadValue

_NO_DETAILS: Final[Mapping[str, Any]] = {}


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


def find_header(
    rows: Iterable[tuple[int, Sequence[str]]], chosen: Mapping[int, str] | None = None
) -> Header:
    """The header among the first rows (number from 1, cells); Chinese and English names, any order.

    With `chosen` (column from 0 → key) its columns are those. Raises NoHeader.
    """
    return headers.find(TABLE, rows, chosen)


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


def printed(value: Any) -> str:
    """A cleaned value of `details` as a person wrote it."""
    return ";".join(value) if isinstance(value, tuple) else str(value)
