"""One value of an import, by column: cleaned, or refused with a reason (docs/import-format.md)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from core.cleaning import clean
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
SECURITY_LEVELS: Final = range(-999, 1)

_UNLIMITED: Final = 100_000
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_TELEPHONE: Final = re.compile(r"(?=.*[0-9])[0-9+()\-. ,;/#*xX转分机ext]+")
_TAG_SEPARATORS: Final = re.compile(r"[;；,，、\n]")
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
    """The cell of column `key` as it is kept; "" (None for the security level) when it is blank.

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


def _tags(raw: str) -> tuple[str, ...]:
    parts = (_text(part, MAX_TAG) for part in _TAG_SEPARATORS.split(raw))
    tags = tuple(dict.fromkeys(part for part in parts if part))
    if len(tags) > MAX_TAGS:
        text = _("More than {limit} tags")
        raise BadValue("too_many", format_lazy(text, limit=MAX_TAGS))
    return tags


def _security_level(raw: str) -> int | None:
    value = unicodedata.normalize("NFKC", clean(raw, _UNLIMITED)).replace("\u2212", "-")
    if not value:
        return None
    if not _WHOLE_NUMBER.fullmatch(value):
        raise BadValue("invalid", _("This is not a whole number"))
    if int(value) not in SECURITY_LEVELS:
        raise BadValue("out_of_range", _("Must lie between -999 and 0"))
    return int(value)


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
    "security_level": _security_level,
}
