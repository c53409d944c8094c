"""What a message is searched by, and where in its words a search was found (SPEC IM-1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.text import clean, fold

if TYPE_CHECKING:
    from im.models import Attachment

MAX_QUERY: Final = 100
MAX_TERMS: Final = 5
_BEFORE: Final = 24
_LENGTH: Final = 120


def words_of(body: str, attachment: Attachment | None = None) -> str:
    """What is stored beside a message: simplified, half-width, lower case, on one line; of a file its name."""
    return " ".join(fold(f"{body} {attachment.name if attachment else ''}").split())


def terms_of(q: str) -> list[str]:
    """What a typed text asks for, in the same form; all of it must occur. Empty for less than one Chinese character
    or two letters or digits.
    """
    terms = list(dict.fromkeys(fold(clean(q[: 4 * MAX_QUERY], MAX_QUERY)).split()))[:MAX_TERMS]
    long_enough = any(len(term) > 1 or not term.isascii() for term in terms)
    return terms if long_enough else []


def marked(text: str, terms: list[str]) -> list[tuple[str, bool]]:
    """A stretch of `text` around the first hit as pieces, and whether each was asked for."""
    plain = " ".join(text.split())
    hits = _hits(plain, terms)
    start = max(0, hits[0][0] - _BEFORE) if hits else 0
    end = min(len(plain), start + _LENGTH)
    pieces = [("…", False)] if start else []
    at = start
    for first, last in hits:
        if first < at or first >= end:
            continue
        pieces += [(plain[at:first], False), (plain[first:last], True)]
        at = last
    pieces += [(plain[at:end], False), ("…" if end < len(plain) else "", False)]
    return [piece for piece in pieces if piece[0]]


def _hits(plain: str, terms: list[str]) -> list[tuple[int, int]]:
    """Where the terms stand: folding may turn one character into several, so each remembers where it came from."""
    folded, origin = "", []
    for at, char in enumerate(plain):
        form = fold(char)
        folded += form
        origin += [at] * len(form)
    hits = []
    for term in terms:
        at = folded.find(term)
        while at >= 0:
            hits.append((origin[at], origin[at + len(term) - 1] + 1))
            at = folded.find(term, at + len(term))
    return sorted(hits)
