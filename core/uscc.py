"""Unified social credit codes 统一社会信用代码 (GB 32100-2015): form and check character."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from django.utils.translation import gettext_lazy as _

from core.errors import Invalid

# The standard leaves out I, O, S, V and Z.
ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH: Final = 18

_VALUES: Final = {char: value for value, char in enumerate(ALPHABET)}
_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(LENGTH - 1))
_FORM: Final = re.compile(rf"[{ALPHABET}]{{2}}[0-9]{{6}}[{ALPHABET}]{{10}}")
_SEPARATORS: Final = str.maketrans("", "", " -\u3000\u200b\ufeff")


class InvalidCode(Invalid):
    """The text is no unified social credit code; the message can be shown to the user."""


def validate(code: str) -> str:
    """`code` in its written form (18 capitals and digits; blanks, hyphens and full-width forms are
    taken).

    Raises InvalidCode.
    """
    text = unicodedata.normalize("NFKC", code[:64]).translate(_SEPARATORS).upper()
    if len(text) != LENGTH:
        raise InvalidCode(_("A unified social credit code has 18 characters"))
    if not _FORM.fullmatch(text):
        raise InvalidCode(_("This is not a unified social credit code"))
    if check_character(text[:-1]) != text[-1]:
        raise InvalidCode(_("The check character does not fit: a character may be mistyped"))
    return text


def check_character(first_seventeen: str) -> str:
    """The eighteenth character for the seventeen before it."""
    if len(first_seventeen) != LENGTH - 1:
        raise ValueError("seventeen characters are needed")
    total = sum(_VALUES[c] * w for c, w in zip(first_seventeen, _WEIGHTS, strict=True))
    return ALPHABET[-total % 31]
