"""Rows of a .csv file in whatever encoding and with whatever separator it was saved."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from charset_normalizer import from_bytes

from core.sheets.errors import UnreadableFile
from core.sheets.writing import unguard_formula

_SEPARATORS: Final = (",", "\t", ";", "|")
_SAMPLE_BYTES: Final = 64 * 1024
_SAMPLE_ROWS: Final = 20
_MAX_FIELD: Final = 131_072
# The 3,755 commonest characters stand in these rows of GB 2312.
_COMMON_ROWS: Final = range(0xB0, 0xD8)
_MIN_COMMON: Final = 0.5


def csv_rows(path: Path) -> Iterator[list[object]]:
    """The rows of the file, blank ones included.

    Raises UnreadableFile.
    """
    text = decoded(path.read_bytes())
    separator, text = _separator(text)
    csv.field_size_limit(_MAX_FIELD)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            yield [unguard_formula(cell) for cell in row]
    except csv.Error:
        raise UnreadableFile("damaged") from None


def decoded(data: bytes) -> str:
    """`data` as text: by its byte order mark, as UTF-8, as GB 18030, or by what its letters say.

    Raises UnreadableFile.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _without_nul(_strictly(data, "utf-16"))
    text = _strictly(data, "utf-8-sig")
    if text is not None:
        return _without_nul(text)
    chinese = _strictly(data, "gb18030")
    if chinese is not None and _looks_chinese(data[:_SAMPLE_BYTES]):
        return _without_nul(chinese)
    best = from_bytes(
        data[:_SAMPLE_BYTES], cp_isolation=["gb18030", "big5", "shift_jis", "cp1252"]
    ).best()
    text = _strictly(data, best.encoding) if best else chinese
    return _without_nul(chinese if text is None else text)


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _without_nul(text: str | None) -> str:
    if text is None:
        raise UnreadableFile("encoding")
    if "\x00" in text:
        raise UnreadableFile("not_a_sheet")
    return text


def _looks_chinese(sample: bytes) -> bool:
    text = sample.decode("gb18030", errors="ignore")
    pairs = [char.encode("gb18030") for char in text if not char.isascii()]
    if not pairs:
        return False
    common = sum(pair[0] in _COMMON_ROWS and pair[1] >= 0xA1 for pair in pairs if len(pair) == 2)
    punctuation = sum(pair[0] in {0xA1, 0xA3} for pair in pairs if len(pair) == 2)
    return common + punctuation >= _MIN_COMMON * len(pairs)


def _separator(text: str) -> tuple[str, str]:
    """The separator, and the text without Excel's `sep=` line."""
    first, newline, _rest = text[:8].partition("\n")
    if newline and first.lower().startswith("sep=") and len(first.rstrip("\r")) == 5:
        return first[4], text[len(first) + 1 :]
    sample = text[:_SAMPLE_BYTES]
    return max(_SEPARATORS, key=lambda separator: _columns(sample, separator)), text


def _columns(sample: str, separator: str) -> int:
    """How many columns most rows of the sample have with this separator."""
    try:
        rows = list(
            islice(csv.reader(io.StringIO(sample, newline=""), delimiter=separator), _SAMPLE_ROWS)
        )
    except csv.Error:
        return 0
    counts = Counter(len(row) for row in rows if row)
    return max(counts, key=lambda count: (counts[count], count), default=0)
