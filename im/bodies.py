"""What people write, as it may be stored and shown: nothing that hides, reorders or breaks a line of a thread."""

import re
import unicodedata
from typing import Final

MAX_BODY: Final = 5000
MAX_TITLE: Final = 120
# Among the logins that a message mentions: all members. Their numbers stand beside it.
EVERYONE: Final = 0

_LINE_ENDS: Final = re.compile(r"\r\n?|[\u2028\u2029\u0085\v\f]")
# Control characters, surrogates, and what turns the direction of writing around (SECURITY T62). Unlike in names,
# joiners and variation selectors stay: they hold emoji together.
_DROPPED: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
_BLANK_LINES: Final = re.compile(r"\n(?:[ \t]*\n){2,}")
_INVISIBLE: Final = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u200c\u200d\u2800\u3164\uffa0\ufe0e\ufe0f"
)


def clean_body(text: str) -> str:
    """`text` in NFC with plain line ends and at most one empty line in a row; "" when nothing of it can be seen."""
    body = _DROPPED.sub("", _LINE_ENDS.sub("\n", text))
    body = unicodedata.normalize("NFC", body)
    body = "\n".join(line.rstrip() for line in body.split("\n"))
    body = _BLANK_LINES.sub("\n\n", body).strip("\n")
    return body if any(not char.isspace() and char not in _INVISIBLE for char in body) else ""
