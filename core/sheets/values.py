"""What a cell holds, as the text that people saw in it."""

from __future__ import annotations

import datetime
import unicodedata
from decimal import Decimal
from typing import Final

from core.cleaning import clean

MAX_CELL: Final = 32_767
"""Excel's own limit."""

_EXACT_INTEGERS: Final = 1e15


def as_text(value: object) -> str:
    """`value` as text: no `.0`, no exponent, ISO dates, no invisible characters, no blanks around
    it."""
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, datetime.datetime):
        if value.time() == datetime.time():
            return value.date().isoformat()
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return "" if value is None else _clean(str(value))


def _clean(value: str) -> str:
    value = value.strip()
    if value.isprintable() and unicodedata.is_normalized("NFC", value):
        return value[:MAX_CELL]
    return clean(value, MAX_CELL, multiline=True)


def _number(value: float) -> str:
    if isinstance(value, int) or (abs(value) < _EXACT_INTEGERS and value.is_integer()):
        return str(int(value))
    if value != value or value in (float("inf"), float("-inf")):
        return ""
    # Excel keeps fifteen digits; the rest is noise of the binary form (0.30000000000000004).
    text = f"{Decimal(f'{value:.15g}'):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
