"""Search words and queries (SPEC VIS-2): what is indexed for a name, and what a typed text asks
for.

The words of a row go into a `tsvector` verbatim (`array_to_tsvector`), a query is cast
(`%s::tsquery`); neither passes a text search parser. A word that begins with `=` is a whole number
or address and is asked for by equality only: prefixes of it would let somebody read a masked number
digit by digit (SPEC CON-7).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice, product
from typing import Final, Literal

from core.phones import split_e164, visible_digits
from core.reading import Reading, Token, fold, is_ideograph, pinyin, tokens_of

Kind = Literal["han", "latin", "digits", "mixed"]

MAX_WORDS: Final = 80
MAX_WORD: Final = 48
MAX_QUERY: Final = 100
_MAX_STARTS: Final = 24
_MAX_VARIANTS: Final = 4
_MIN_LATIN: Final = 2
_MIN_DIGITS: Final = 3
_MIN_WHOLE_NUMBER: Final = 7

_PHONE_LIKE: Final = re.compile(r"\+?[0-9()\-. ]+")
_MASKED: Final = re.compile(r"([0-9]{3})\*+([0-9]{4})")
_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@]+")
_RUN: Final = re.compile(r"[a-z]+|[^a-z]+")


def range_end(prefix: str) -> str:
    """The end of the range of keys that begin with `prefix`: `prefix <= key < range_end(prefix)`
    under "C"."""
    return prefix + "\U0010ffff"


def search_words(
    *,
    name: str,
    reading: str | None = None,
    mobile_e164: str | None = None,
    code: str | None = None,
    email: str | None = None,
    surname: bool = True,
) -> list[str]:
    """The words under which a row is found; at most MAX_WORDS of at most MAX_WORD characters,
    without duplicates.

    Every end of the simplified name, of the pinyin (at syllables) and of the initials; the code; of
    the mobile the digits its mask shows anyway and, for equality only, the whole number; the whole
    e-mail address for equality only. `reading` is the corrected pinyin, when there is one.
    """
    words: list[str] = []
    if code:
        words.append(_joined(fold(code)))
    if mobile_e164:
        words.extend(_mobile_words(mobile_e164))
    if email:
        words.append(_exact(email))
    words.extend(
        _name_words(
            tokens_of(name, reading, surname=surname), pinyin(name, reading, surname=surname)
        )
    )
    return list(islice(dict.fromkeys(_cut(word) for word in words if word), MAX_WORDS))


def _cut(word: str) -> str:
    # A whole number or address is never cut: a cut one would be equal to something else.
    return word if word.startswith("=") else word[:MAX_WORD]


def _exact(value: str) -> str:
    return "=" + value.strip().lower()[:320]


def _joined(folded: str) -> str:
    return "".join(char for char in folded if char.isalnum())


def _mobile_words(e164: str) -> list[str]:
    country, national = split_e164(e164)
    return [*visible_digits(national), _exact(national), _exact(country + national)]


def _name_words(tokens: tuple[Token, ...], reading: Reading) -> list[str]:
    texts = [token.text for token in tokens]
    words = _ends(texts)
    if len(reading.syllables) != len(tokens):
        words += _ends(list(reading.syllables)) + _ends([s[:1] for s in reading.syllables])
    for syllables in _readings(tokens):
        initials = [s if s.isdigit() else s[:1] for s in syllables]
        words += _ends(syllables) + _ends(initials)
        # 张三丰 typed as zhangsf or zsanfeng
        words += [syllables[0] + "".join(initials[1:]), initials[0] + "".join(syllables[1:])]
    words += [w.replace("lv", "lu").replace("nv", "nu") for w in words if "lv" in w or "nv" in w]
    return words


def _ends(parts: list[str]) -> list[str]:
    return ["".join(parts[start:]) for start in range(min(len(parts), _MAX_STARTS))]


def _readings(tokens: tuple[Token, ...]) -> list[list[str]]:
    if not tokens:
        return []
    return [
        list(one) for one in islice(product(*(token.syllables for token in tokens)), _MAX_VARIANTS)
    ]


@dataclass(frozen=True, slots=True)
class Query:
    """What a typed text asks for. Every filled field narrows; `tsquery` says the same as terms in
    one expression."""

    raw: str
    kind: Kind
    sort_prefix: str | None
    """Beginning of the sort key, for `sort_prefix <= key < range_end(sort_prefix)`; None when names
    are not meant."""
    recheck: str | None
    """Simplified Chinese that must occur in the simplified name (homophones share a sort key); None
    without any."""
    prefix_terms: tuple[str, ...]
    """Beginnings of search words, all of which must occur."""
    exact_terms: tuple[str, ...]
    """Whole words (`=…`); each may stand for the digits among `prefix_terms`."""
    tsquery: str
    """Quoted and complete, for `search @@ %s::tsquery`."""

    @property
    def shown_tsquery(self) -> str:
        """The same without whole numbers and addresses, for who reads them only masked; "" finds nothing."""
        return " & ".join(f"{_quoted(word)}:*" for word in self.prefix_terms)


def parse_query(q: str, *, surname: bool = True) -> Query | None:
    """`q` as a Query, or None when it is too short: 1 Chinese character, 2 Latin letters or 3
    digits are needed.

    `surname=False` for organizations, whose sort keys do not read the first character as a surname.
    """
    text = " ".join(fold(q[:MAX_QUERY]).replace("\x00", " ").split())
    if _EMAIL.fullmatch(text):
        exact = _exact(text)
        return Query(q, "latin", None, None, (), (exact,), _quoted(exact))
    masked = _MASKED.fullmatch(text)
    if masked:
        text = f"{masked[1]} {masked[2]}"
    elif _PHONE_LIKE.fullmatch(text) and len(_joined(text)) >= _MIN_WHOLE_NUMBER:
        text = _joined(text).removeprefix("00")
    parts = [part for part in (_joined(piece) for piece in text.split()) if part]
    kind = _kind("".join(parts))
    if kind is None:
        return None
    terms = [_terms(part) for part in parts]
    han = "".join(c if is_ideograph(c) else " " for c in text).split()
    return Query(
        raw=q,
        kind=kind,
        sort_prefix=None if kind == "digits" else pinyin("".join(parts), surname=surname).sort_key,
        recheck=max(han, key=len) if han else None,
        prefix_terms=tuple(word for prefixes, _exacts in terms for word in prefixes),
        exact_terms=tuple(word for _prefixes, exacts in terms for word in exacts),
        tsquery=" & ".join(
            _expression(part, *both) for part, both in zip(parts, terms, strict=True)
        ),
    )


def _kind(chars: str) -> Kind | None:
    han = sum(map(is_ideograph, chars))
    digits = sum(char.isdigit() for char in chars)
    latin = len(chars) - han - digits
    if han:
        return "mixed" if latin or digits else "han"
    if latin:
        return "latin" if latin + digits >= _MIN_LATIN else None
    return "digits" if digits >= _MIN_DIGITS else None


def _terms(part: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Prefix terms (all needed) and exact terms (each instead of them) of one part without
    blanks."""
    if part.isdigit():
        exact = (_exact(part),) if len(part) >= _MIN_WHOLE_NUMBER else ()
        return (part[:MAX_WORD],), exact
    if not any(map(is_ideograph, part)):
        return (part[:MAX_WORD],), ()
    # One letter begins a third of all words: it costs the index more than it narrows, the sort key
    # narrows by it.
    runs = [run for run in _RUN.findall(part) if len(run) > 1 or not run.isascii()]
    return tuple(run[:MAX_WORD] for run in runs), ()


def _expression(part: str, prefixes: tuple[str, ...], exacts: tuple[str, ...]) -> str:
    whole = _quoted(part[:MAX_WORD]) + ":*"
    alternatives = [" & ".join(f"{_quoted(word)}:*" for word in prefixes), *map(_quoted, exacts)]
    if len(prefixes) > 1:
        alternatives.append(whole)
    if len(alternatives) == 1:
        return alternatives[0]
    return "(" + " | ".join(f"({one})" if " & " in one else one for one in alternatives) + ")"


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def highlight_spans(
    text: str, q: str | Query, *, reading: str | None = None, surname: bool = True
) -> list[tuple[int, int]]:
    """Where `q` is found in a displayed name: ordered, disjoint (start, end) positions in `text`.

    Finds Chinese (traditional or simplified), pinyin, initials and mixtures of them, also partly
    typed.
    """
    raw = q.raw if isinstance(q, Query) else q
    tokens = tokens_of(text, reading, surname=surname)
    spans: list[tuple[int, int]] = []
    for part in {_joined(piece) for piece in fold(raw[:MAX_QUERY]).split()} - {""}:
        spans.extend(_hits(tokens, part))
    return _merged(spans)


def _hits(tokens: tuple[Token, ...], part: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    failed: set[tuple[int, int]] = set()
    index = 0
    while index < len(tokens):
        end = _match(tokens, index, part, 0, failed)
        if end is None:
            index += 1
            continue
        spans.append((tokens[index].start, end))
        while index < len(tokens) and tokens[index].start < end:
            index += 1
    return spans


def _match(
    tokens: tuple[Token, ...], index: int, part: str, at: int, failed: set[tuple[int, int]]
) -> int | None:
    """End position in the name of `part[at:]` matched from token `index` on; None when it is not
    there."""
    if index == len(tokens) or (index, at) in failed:
        return None
    token = tokens[index]
    rest = part[at:]
    if token.text.startswith(rest):
        return token.end if is_ideograph(token.text[0]) else min(token.end, token.start + len(rest))
    forms = _forms(token)
    if any(form.startswith(rest) for form in forms):
        return token.end
    for form in forms:
        if rest.startswith(form):
            end = _match(tokens, index + 1, part, at + len(form), failed)
            if end is not None:
                return end
    failed.add((index, at))
    return None


def _forms(token: Token) -> tuple[str, ...]:
    forms = dict.fromkeys((token.text, *token.syllables))
    for syllable in token.syllables:
        if syllable.startswith(("lv", "nv")):
            forms[syllable.replace("v", "u")] = None
        forms[syllable[:1]] = None
    return tuple(sorted(forms, key=len, reverse=True))


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
