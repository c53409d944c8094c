"""Telephone numbers: read what people type, keep E.164, show it grouped."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

import phonenumbers
from django.utils.translation import gettext_lazy as _
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from core.errors import Invalid

DEFAULT_REGION: Final = "CN"
MAX_RAW: Final = 40

_CHINESE_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")
# Begins like a mobile but is none, and no number of Beijing (10) either.
_BAD_CHINESE: Final = re.compile(r"(?!1[3-9][0-9]{9}$)(?!10[0-9]{8}$)1[0-9]*")
_ALLOWED: Final = re.compile(r"[0-9+()\-. /]+")
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑‒–—―−﹣－·•", "-") | {"　": " ", "\u00a0": " "})


class InvalidPhone(Invalid):
    """The text is no telephone number; the message can be shown to the user."""


def to_e164(raw: str, region: str = DEFAULT_REGION) -> str:
    """`raw` as E.164 (`+8613812342691`).

    Numbers of an unallocated range are accepted as long as their length is possible for their
    country: allocations change faster than the library. Chinese mobiles must be eleven digits that
    begin with 13 to 19. Raises InvalidPhone.
    """
    text = _normalised(raw)
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        raise InvalidPhone(_("This is not a telephone number")) from None
    if number.extension or not phonenumbers.is_possible_number(number):
        raise InvalidPhone(_("This is not a telephone number"))
    national = phonenumbers.national_significant_number(number)
    if number.country_code == 86 and _BAD_CHINESE.fullmatch(national):
        raise InvalidPhone(_("A Chinese mobile number has 11 digits"))
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def to_mobile_e164(raw: str, region: str = DEFAULT_REGION) -> str:
    """Like `to_e164`, but refuses what is certainly a fixed line.

    Raises InvalidPhone.
    """
    e164 = to_e164(raw, region)
    country, national = split_e164(e164)
    if country == "86":
        fixed = not _CHINESE_MOBILE.fullmatch(national)
    else:
        fixed = phonenumbers.number_type(phonenumbers.parse(e164)) == PhoneNumberType.FIXED_LINE
    if fixed:
        raise InvalidPhone(_("This is not a mobile number"))
    return e164


def display(e164: str) -> str:
    """Grouped for reading: `138 1234 2691`, with the country code when it is not +86."""
    if not e164:
        return ""
    country, national = split_e164(e164)
    if country == "86" and _CHINESE_MOBILE.fullmatch(national):
        return f"{national[:3]} {national[3:7]} {national[7:]}"
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        return e164
    style = PhoneNumberFormat.NATIONAL if country == "86" else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


@lru_cache(maxsize=4096)
def split_e164(e164: str) -> tuple[str, str]:
    """Country code and national digits of an E.164 number; `("", digits)` when it is none."""
    if e164.startswith("+86"):
        return "86", e164[3:]
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        return "", "".join(c for c in e164 if c in "0123456789")
    return str(number.country_code), phonenumbers.national_significant_number(number)


def visible_digits(national: str) -> tuple[str, str]:
    """First and last digits of a national number that a mask shows: at least four are always
    hidden."""
    tail = min(4, max(0, len(national) - 4))
    head = max(0, min(3, len(national) - tail - 4))
    return national[:head], national[len(national) - tail :]


def _normalised(raw: str) -> str:
    if len(raw) > MAX_RAW:
        raise InvalidPhone(_("This is not a telephone number"))
    text = unicodedata.normalize("NFKC", raw).translate(_DASHES)
    text = "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Cs"}).strip()
    if not text or not _ALLOWED.fullmatch(text):
        raise InvalidPhone(_("This is not a telephone number"))
    return re.sub(r"^\(?00", "+", text)
