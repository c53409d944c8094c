"""One value of an import, by column: cleaned, or refused with a reason (docs/import-format.md)."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Callable
from typing import Any, Final

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from core import uscc
from core.cleaning import clean
from core.errors import Invalid
from core.importing import values
from core.importing.values import UNLIMITED, BadValue

MAX_TELEPHONE: Final = 40
MAX_OFFICE: Final = 200
MAX_REMARK: Final = 2_000
MAX_TAG: Final = 30
MAX_TAGS: Final = 20
MAX_FULL_NAME: Final = 200
MAX_CATEGORY: Final = 50
MAX_OWNER: Final = 150
MAX_OWNERS: Final = 20
SECURITY_LEVELS: Final = range(-999, 1)
ORDERS: Final = range(-99_999, 100_000)

_TELEPHONE: Final = re.compile(r"(?=.*[0-9])[0-9+()\-. ,;/#*xX转分机ext]+")
_DAY: Final = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_WHOLE_NUMBER: Final = re.compile(r"[-+]?[0-9]{1,6}")
_GENDERS: Final[dict[str, str]] = {
    "男": "m", "男性": "m", "先生": "m", "m": "m", "male": "m", "mr": "m", "mr.": "m",
    "女": "f", "女性": "f", "女士": "f", "f": "f", "female": "f", "ms": "f", "ms.": "f", "mrs": "f",
    "未知": "", "保密": "", "unknown": "", "-": "",
}  # fmt: skip


def read_value(key: str, raw: str) -> Any:
    """The cell of column `key` as it is kept; empty (None for numbers and dates) when it is blank.

    Raises BadValue.
    """
    return _READERS[key](raw)


def _gender(raw: str) -> str:
    value = clean(raw, UNLIMITED).casefold()
    if value and value not in _GENDERS:
        raise BadValue("invalid", _("Write 男 or 女, or leave it empty"))
    return _GENDERS.get(value, "")


def _telephone(raw: str) -> str:
    value = unicodedata.normalize("NFKC", values.text(raw, MAX_TELEPHONE))
    if value and not _TELEPHONE.fullmatch(value):
        raise BadValue("invalid", _("This is not a telephone number"))
    return value


def _several(raw: str, each: int, limit: int, too_many: Any) -> tuple[str, ...]:
    parts = (values.text(part, each) for part in values.several(raw))
    found = tuple(dict.fromkeys(part for part in parts if part))
    if len(found) > limit:
        raise BadValue("too_many", format_lazy(too_many, limit=limit))
    return found


def _tags(raw: str) -> tuple[str, ...]:
    return _several(raw, MAX_TAG, MAX_TAGS, _("More than {limit} tags"))


def _owners(raw: str) -> tuple[str, ...]:
    return _several(raw, MAX_OWNER, MAX_OWNERS, _("More than {limit} people"))


def _whole(raw: str, allowed: range) -> int | None:
    value = unicodedata.normalize("NFKC", clean(raw, UNLIMITED)).replace("\u2212", "-")
    if not value:
        return None
    if not _WHOLE_NUMBER.fullmatch(value):
        raise BadValue("invalid", _("This is not a whole number"))
    if int(value) not in allowed:
        text = _("Must lie between {low} and {high}")
        reason = format_lazy(text, low=allowed.start, high=allowed.stop - 1)
        raise BadValue("out_of_range", reason)
    return int(value)


def _credit_code(raw: str) -> str:
    value = clean(raw, UNLIMITED)
    if not value:
        return ""
    try:
        return uscc.validate(value)
    except Invalid as error:
        raise BadValue("invalid", error.message) from None


def _day(raw: str) -> datetime.date | None:
    value = unicodedata.normalize("NFKC", clean(raw, UNLIMITED))
    if not value:
        return None
    match = _DAY.fullmatch(value)
    try:
        return datetime.date(*map(int, match.groups())) if match else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> datetime.date:
    raise BadValue("invalid", _("Write the date like 2024-01-31"))


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "organization": values.name,
    "organization_code": values.code,
    "department": values.path,
    "name": values.name,
    "code": values.code,
    "mobile": values.mobile,
    "email": values.email,
    "position": values.name,
    "gender": _gender,
    "telephone": _telephone,
    "office": lambda raw: values.text(raw, MAX_OFFICE),
    "remark": lambda raw: values.text(raw, MAX_REMARK, multiline=True),
    "tags": _tags,
    "security_level": lambda raw: _whole(raw, SECURITY_LEVELS),
    "organization_full_name": lambda raw: values.text(raw, MAX_FULL_NAME),
    "credit_code": _credit_code,
    "organization_category": lambda raw: values.text(raw, MAX_CATEGORY),
    "organization_tags": _tags,
    "organization_owners": _owners,
    "cooperation_from": _day,
    "cooperation_to": _day,
    "organization_order": lambda raw: _whole(raw, ORDERS),
    "organization_remark": lambda raw: values.text(raw, MAX_REMARK, multiline=True),
}
