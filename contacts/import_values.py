"""One value of an import, by column: cleaned, or refused with a reason (docs/import-format.md)."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Callable
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from core import uscc
from core.cleaning import clean
from core.errors import Invalid
from core.phones import InvalidPhone, to_mobile_e164
from core.sheets.writing import starts_formula

MAX_NAME: Final = 100
MAX_CODE: Final = 64
MAX_EMAIL: Final = 254
MAX_TELEPHONE: Final = 40
MAX_OFFICE: Final = 200
MAX_REMARK: Final = 2_000
MAX_TAG: Final = 30
MAX_TAGS: Final = 20
MAX_DEPTH: Final = 10
MAX_FULL_NAME: Final = 200
MAX_CATEGORY: Final = 50
MAX_OWNER: Final = 150
MAX_OWNERS: Final = 20
SECURITY_LEVELS: Final = range(-999, 1)
ORDERS: Final = range(-99_999, 100_000)

_UNLIMITED: Final = 100_000
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_TELEPHONE: Final = re.compile(r"(?=.*[0-9])[0-9+()\-. ,;/#*xX转分机ext]+")
_SEPARATORS: Final = re.compile(r"[;；,，、\n]")
_DAY: Final = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_WHOLE_NUMBER: Final = re.compile(r"[-+]?[0-9]{1,6}")
_GENDERS: Final[dict[str, str]] = {
    "男": "m", "男性": "m", "先生": "m", "m": "m", "male": "m", "mr": "m", "mr.": "m",
    "女": "f", "女性": "f", "女士": "f", "f": "f", "female": "f", "ms": "f", "ms.": "f", "mrs": "f",
    "未知": "", "保密": "", "unknown": "", "-": "",
}  # fmt: skip


class BadValue(Exception):
    """The value is refused; `reason` can be shown, `kind` is a stable word."""

    def __init__(self, kind: str, reason: Any) -> None:
        super().__init__(kind)
        self.kind = kind
        self.reason = reason


def read_value(key: str, raw: str) -> Any:
    """The cell of column `key` as it is kept; empty (None for numbers and dates) when it is blank.

    Raises BadValue.
    """
    return _READERS[key](raw)


def _text(raw: str, limit: int, *, multiline: bool = False) -> str:
    value = clean(raw, _UNLIMITED, multiline=multiline)
    if len(value) > limit:
        text = _("Longer than {limit} characters")
        raise BadValue("too_long", format_lazy(text, limit=limit))
    if value.startswith(("=", "＝")):
        raise BadValue("formula", _("Begins like a formula"))
    return value


def _name(raw: str) -> str:
    value = _text(raw, MAX_NAME)
    if starts_formula(value):
        raise BadValue("formula", _("Begins like a formula"))
    if value and not any(char.isalnum() for char in value):
        raise BadValue("invalid", _("Holds neither letters nor digits"))
    return value


def _code(raw: str) -> str:
    value = unicodedata.normalize("NFKC", _text(raw, MAX_CODE))
    if value and not _CODE.fullmatch(value):
        text = _("A code has only letters, digits, - _ and . and begins with a letter or digit")
        raise BadValue("invalid", text)
    return value


def _department(raw: str) -> tuple[str, ...]:
    path = clean(raw, _UNLIMITED).replace("／", "/")
    if not path:
        return ()
    parts = [part.strip() for part in path.split("/")]
    if not all(parts):
        raise BadValue("invalid", _("A level of the path is empty"))
    if len(parts) > MAX_DEPTH:
        text = _("More than {limit} levels")
        raise BadValue("too_deep", format_lazy(text, limit=MAX_DEPTH))
    return tuple(_name(part) for part in parts)


def _mobile(raw: str) -> str:
    value = clean(raw, _UNLIMITED)
    if not value:
        return ""
    try:
        return to_mobile_e164(value)
    except InvalidPhone as error:
        raise BadValue("invalid", error.message) from None


def _email(raw: str) -> str:
    value = unicodedata.normalize("NFKC", clean(raw, _UNLIMITED))
    if not value:
        return ""
    if len(value) > MAX_EMAIL:
        text = _("Longer than {limit} characters")
        raise BadValue("too_long", format_lazy(text, limit=MAX_EMAIL))
    try:
        validate_email(value)
    except ValidationError:
        raise BadValue("invalid", _("This is not an e-mail address")) from None
    local, _at, domain = value.rpartition("@")
    return f"{local}@{domain.lower()}"


def _gender(raw: str) -> str:
    value = clean(raw, _UNLIMITED).casefold()
    if value and value not in _GENDERS:
        raise BadValue("invalid", _("Write 男 or 女, or leave it empty"))
    return _GENDERS.get(value, "")


def _telephone(raw: str) -> str:
    value = unicodedata.normalize("NFKC", _text(raw, MAX_TELEPHONE))
    if value and not _TELEPHONE.fullmatch(value):
        raise BadValue("invalid", _("This is not a telephone number"))
    return value


def _several(raw: str, each: int, limit: int, too_many: Any) -> tuple[str, ...]:
    parts = (_text(part, each) for part in _SEPARATORS.split(raw))
    found = tuple(dict.fromkeys(part for part in parts if part))
    if len(found) > limit:
        raise BadValue("too_many", format_lazy(too_many, limit=limit))
    return found


def _tags(raw: str) -> tuple[str, ...]:
    return _several(raw, MAX_TAG, MAX_TAGS, _("More than {limit} tags"))


def _owners(raw: str) -> tuple[str, ...]:
    return _several(raw, MAX_OWNER, MAX_OWNERS, _("More than {limit} people"))


def _whole(raw: str, allowed: range) -> int | None:
    value = unicodedata.normalize("NFKC", clean(raw, _UNLIMITED)).replace("\u2212", "-")
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
    value = clean(raw, _UNLIMITED)
    if not value:
        return ""
    try:
        return uscc.validate(value)
    except Invalid as error:
        raise BadValue("invalid", error.message) from None


def _day(raw: str) -> datetime.date | None:
    value = unicodedata.normalize("NFKC", clean(raw, _UNLIMITED))
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
    "organization": _name,
    "organization_code": _code,
    "department": _department,
    "name": _name,
    "code": _code,
    "mobile": _mobile,
    "email": _email,
    "position": _name,
    "gender": _gender,
    "telephone": _telephone,
    "office": lambda raw: _text(raw, MAX_OFFICE),
    "remark": lambda raw: _text(raw, MAX_REMARK, multiline=True),
    "tags": _tags,
    "security_level": lambda raw: _whole(raw, SECURITY_LEVELS),
    "organization_full_name": lambda raw: _text(raw, MAX_FULL_NAME),
    "credit_code": _credit_code,
    "organization_category": lambda raw: _text(raw, MAX_CATEGORY),
    "organization_tags": _tags,
    "organization_owners": _owners,
    "cooperation_from": _day,
    "cooperation_to": _day,
    "organization_order": lambda raw: _whole(raw, ORDERS),
    "organization_remark": lambda raw: _text(raw, MAX_REMARK, multiline=True),
}
