"""Names as data: cleaning, pinyin, search words and masks (SPEC VIS-2, CON-1, CON-7).

The one module to import from; reading and searching are written beside it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from core.phones import split_e164, visible_digits
from core.reading import (
    MAX_SORT_KEY,
    CharTable,
    Reading,
    Token,
    fold,
    normal_reading,
    pinyin,
    simplified,
    tokens_of,
)
from core.searching import Query, highlight_spans, parse_query, range_end, search_words

__all__ = [
    "MAX_SORT_KEY",
    "Query",
    "Reading",
    "Token",
    "clean",
    "fold",
    "highlight_spans",
    "mask_email",
    "mask_mobile",
    "normal_reading",
    "parse_query",
    "pinyin",
    "range_end",
    "search_words",
    "simplified",
    "tokens_of",
]

_SPACES: Final = re.compile(r"[^\S\n]+")
_BLANK_LINES: Final = re.compile(r"\n{3,}")
# Letters and symbols that look like nothing: they would give a name that cannot be seen.
_INVISIBLE: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_DROPPED: Final = frozenset({"Cc", "Cf", "Cs", "Cn"})


class _CleanTable(CharTable):
    def work_out(self, char: str) -> str:
        if char == "\n":
            return char
        if char.isspace() or unicodedata.category(char) in {"Zl", "Zp"}:
            return " "
        if (
            char in _INVISIBLE
            or "\ufe00" <= char <= "\ufe0f"
            or "\U000e0100" <= char <= "\U000e01ef"
        ):
            return ""
        return "" if unicodedata.category(char) in _DROPPED else char


_CLEAN: Final = _CleanTable()


def clean(value: str, max_length: int, *, multiline: bool = False) -> str:
    """`value` as it may be stored: NFC, one blank between words, no NUL, control, bidi or
    zero-width characters.

    Cut at `max_length`; whoever must tell the user so compares lengths first. With `multiline` line
    ends stay (as `\\n`, at most one empty line in a row).
    """
    text = value.replace("\r\n", "\n").replace("\r", "\n").translate(_CLEAN)
    text = unicodedata.normalize("NFC", text)
    if multiline:
        lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
        text = _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()
    else:
        text = " ".join(text.split())
    return text[:max_length].rstrip()


def mask_mobile(e164: str) -> str:
    """`+8613812342691` as `138****2691` (SPEC CON-7); other countries keep their code. Empty stays
    empty."""
    if not e164:
        return ""
    country, national = split_e164(e164)
    head, tail = visible_digits(national)
    prefix = "" if country in {"86", ""} else f"+{country} "
    return f"{prefix}{head}****{tail}"


def mask_email(email: str) -> str:
    """`zhangsan@example.com` as `z***@example.com`. Empty stays empty."""
    if not email:
        return ""
    local, at, domain = email.rpartition("@")
    if not at:
        return "***"
    return f"{local[:1] if len(local) > 1 else ''}***@{domain}"
