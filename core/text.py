"""Names as data: cleaning, pinyin, search words and masks (SPEC VIS-2, CON-1, CON-7).

The one module to import from; reading and searching are written beside it.
"""

from __future__ import annotations

from core.cleaning import clean
from core.phones import split_e164, visible_digits
from core.reading import (
    MAX_SORT_KEY,
    Reading,
    Token,
    candidates,
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
    "candidates",
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
