"""One value of a file: cleaned, or refused with a reason."""

from __future__ import annotations

import re
import unicodedata
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
MAX_DEPTH: Final = 10
UNLIMITED: Final = 100_000

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_SEPARATORS: Final = re.compile(r"[;；,，、\n]")


class BadValue(Exception):
    """The value is refused; `reason` can be shown, `kind` is a stable word."""

    def __init__(self, kind: str, reason: Any) -> None:
        super().__init__(kind)
        self.kind = kind
        self.reason = reason


def text(raw: str, limit: int, *, multiline: bool = False) -> str:
    """A text of at most `limit` characters."""
    value = clean(raw, UNLIMITED, multiline=multiline)
    if len(value) > limit:
        raise BadValue("too_long", format_lazy(_("Longer than {limit} characters"), limit=limit))
    if value.startswith(("=", "＝")):
        raise BadValue("formula", _("Begins like a formula"))
    return value


def name(raw: str) -> str:
    """What somebody or something is called."""
    value = text(raw, MAX_NAME)
    if starts_formula(value):
        raise BadValue("formula", _("Begins like a formula"))
    if value and not any(char.isalnum() for char in value):
        raise BadValue("invalid", _("Holds neither letters nor digits"))
    return value


def code(raw: str) -> str:
    """A key of the reader's own."""
    value = unicodedata.normalize("NFKC", text(raw, MAX_CODE))
    if value and not _CODE.fullmatch(value):
        reason = _("A code has only letters, digits, - _ and . and begins with a letter or digit")
        raise BadValue("invalid", reason)
    return value


def path(raw: str) -> tuple[str, ...]:
    """Names of departments from the top down, with / between them."""
    whole = clean(raw, UNLIMITED).replace("／", "/")
    if not whole:
        return ()
    parts = [part.strip() for part in whole.split("/")]
    if not all(parts):
        raise BadValue("invalid", _("A level of the path is empty"))
    if len(parts) > MAX_DEPTH:
        raise BadValue("too_deep", format_lazy(_("More than {limit} levels"), limit=MAX_DEPTH))
    return tuple(name(part) for part in parts)


def mobile(raw: str) -> str:
    """A number of a mobile, E.164."""
    value = clean(raw, UNLIMITED)
    if not value:
        return ""
    try:
        return to_mobile_e164(value)
    except InvalidPhone as error:
        raise BadValue("invalid", error.message) from None


def email(raw: str) -> str:
    """An address, its host in small letters."""
    value = unicodedata.normalize("NFKC", clean(raw, UNLIMITED))
    if not value:
        return ""
    if len(value) > MAX_EMAIL:
        raise BadValue(
            "too_long", format_lazy(_("Longer than {limit} characters"), limit=MAX_EMAIL)
        )
    try:
        validate_email(value)
    except ValidationError:
        raise BadValue("invalid", _("This is not an e-mail address")) from None
    local, _at, domain = value.rpartition("@")
    return f"{local}@{domain.lower()}"


def several(raw: str) -> list[str]:
    """The parts of a cell that holds more than one."""
    return _SEPARATORS.split(raw)
