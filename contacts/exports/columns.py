"""Which columns an export may hold. They are the ones an import reads, and some it passes over."""

from collections.abc import Iterable
from typing import Final

from contacts.import_columns import BY_KEY, COLUMNS, DETAILS, READ_ONLY
from core.importing.columns import Column

_ORGANIZATION_ONLY: Final = (*DETAILS, "parent", "name_en", "state")
_PASSED_OVER: Final = {column.key: column for column in READ_ONLY}

CONTACT_COLUMNS: Final[tuple[Column, ...]] = tuple(
    column for column in (*COLUMNS, *READ_ONLY) if column.key not in _ORGANIZATION_ONLY
)
ORGANIZATION_COLUMNS: Final[tuple[Column, ...]] = (
    BY_KEY["organization"],
    BY_KEY["organization_code"],
    _PASSED_OVER["parent"],
    BY_KEY["organization_full_name"],
    _PASSED_OVER["name_en"],
    *(BY_KEY[key] for key in DETAILS if key != "organization_full_name"),
    _PASSED_OVER["state"],
    _PASSED_OVER["created_at"],
)


def chosen(available: Iterable[Column], keys: Iterable[str]) -> list[Column]:
    """The columns with these keys, in the order of the table; names that do not exist are dropped."""
    wanted = set(keys)
    return [column for column in available if column.key in wanted]
