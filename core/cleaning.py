"""What may be stored of a text from outside (SECURITY T70): nothing that cannot be seen.

Apart from the rest of core.text, so that a process that only cleans need not load the pinyin
tables.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final


class CharTable(dict[int, str]):
    """A table for `str.translate` that works out each character once."""

    def __missing__(self, code: int) -> str:
        value = self[code] = self.work_out(chr(code))
        return value

    def work_out(self, char: str) -> str:
        """What stands for `char`."""
        raise NotImplementedError


_SPACES: Final = re.compile(r"[^\S\n]+")
_BLANK_LINES: Final = re.compile(r"\n{3,}")
# Letters and symbols that look like nothing: they would give a name that cannot be seen.
_INVISIBLE: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_DROPPED: Final = frozenset({"Cc", "Cf", "Cs"})


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
        # Unassigned ones stay: a newer Unicode may give rare names their characters there.
        return "" if unicodedata.category(char) in _DROPPED or _is_noncharacter(char) else char


def _is_noncharacter(char: str) -> bool:
    return ord(char) & 0xFFFE == 0xFFFE or "\ufdd0" <= char <= "\ufdef"


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
