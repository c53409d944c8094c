"""How names are read and compared: simplified characters, folding, pinyin (SPEC VIS-2, CON-1)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import islice, product
from typing import Any, Final

from core.cleaning import CharTable
from core.surnames import COMPOUND, POLYPHONES, SINGLE

MAX_SORT_KEY: Final = 120
"""Length of the longest sort key `pinyin` returns: the size of the columns that hold one."""

MAX_INITIALS: Final = 40
"""Length of the longest initials `pinyin` returns."""

_SINGLE_SURNAME_MAX: Final = 4
_TONED_U: Final = re.compile("u([\u0300-\u0307\u0309-\u036f]*)\u0308")


class _FoldTable(CharTable):
    def work_out(self, char: str) -> str:
        wide = unicodedata.normalize("NFKC", char)
        if ord(wide[0]) < 0x0600 or 0x1E00 <= ord(wide[0]) < 0x2000:
            wide = "".join(
                c for c in unicodedata.normalize("NFKD", wide) if not unicodedata.combining(c)
            )
        return wide.casefold()


_FOLD: Final = _FoldTable()


def _lazy_pinyin(text: str, **options: Any) -> list[str]:
    from pypinyin import lazy_pinyin  # noqa: PLC0415  a fifth of what every command takes to start

    return lazy_pinyin(text, **options)


def load() -> None:
    """Reads the dictionaries now: for a process whose first question should not wait for them."""
    _lazy_pinyin("")


@lru_cache(maxsize=1)
def _to_simplified() -> dict[int, str]:
    # OpenCC's own table, character by character: phrase rules would give a part of a name another
    # form than the whole, and a search for that part would miss it.
    table: dict[int, str] = {}
    lines = (
        (files("opencc") / "dictionary" / "TSCharacters.txt")
        .read_text(encoding="utf-8")
        .splitlines()
    )
    for line in lines:
        traditional, _tab, simple = line.strip().partition("\t")
        if len(traditional) == 1 and simple:
            table[ord(traditional)] = simple.split()[0]
    return table


def simplified(text: str) -> str:
    """`text` in simplified characters, one for one (same length), so that a part matches whatever
    stands around it."""
    return text if text.isascii() else text.translate(_to_simplified())


def fold(text: str) -> str:
    """The form in which names are compared: simplified, half-width, lower case, without accents."""
    return simplified(text).translate(_FOLD)


def is_ideograph(char: str) -> bool:
    """Whether `char` is a word by itself: Chinese, kana, Hangul."""
    code = ord(char)
    return (
        0x4E00 <= code <= 0x9FFF
        or 0x3400 <= code <= 0x4DBF
        or 0x20000 <= code <= 0x3FFFF
        or 0x3040 <= code <= 0x30FF
        or 0x31F0 <= code <= 0x31FF
        or 0xAC00 <= code <= 0xD7A3
        or 0xF900 <= code <= 0xFAFF
        or 0x3005 <= code <= 0x3007
    )


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a name: one ideograph, one run of letters or one run of digits."""

    start: int
    end: int
    text: str
    """As `fold` gives it."""
    syllables: tuple[str, ...]
    """How it is read; the first is the one to show and to sort by."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a name is read. `full` is what people see and correct: syllables with a blank between
    them."""

    sort_key: str
    full: str
    initials: str

    @property
    def syllables(self) -> tuple[str, ...]:
        """The syllables of `full`."""
        return tuple(self.full.split())


def _char_class(char: str) -> str:
    if is_ideograph(char):
        return "han"
    if char.isdigit():
        return "digit"
    return "latin" if char.isalpha() or unicodedata.combining(char) else ""


def _pieces(text: str) -> list[tuple[int, int, str]]:
    pieces: list[tuple[int, int, str]] = []
    for position, char in enumerate(text):
        kind = _char_class(char)
        if not kind:
            continue
        last = pieces[-1] if pieces else None
        if last and kind != "han" and last[1] == position and last[2] == kind:
            pieces[-1] = (last[0], position + 1, kind)
        else:
            pieces.append((position, position + 1, kind))
    return pieces


def _as_they_are(chars: str) -> Any:
    # One entry for each unknown character, where the default is one for the whole run of them. The
    # annotations of the library know only the default.
    return list(chars)


@lru_cache(maxsize=1)
def _for_reading() -> dict[int, str]:
    # Phrases are known in simplified characters only. Where the two forms are read differently (乾
    # qián, 干 gān) the traditional one says more and stays.
    table = _to_simplified()
    return {
        code: simple
        for code, simple in table.items()
        if _lazy_pinyin(chr(code)) == _lazy_pinyin(simple)
    }


def _read_run(run: str, *, surname: bool) -> list[str]:
    """One syllable for each character of a run of ideographs."""
    plain = run.translate(_for_reading())
    taken: list[str] = []
    if surname:
        if len(run) > 2 and plain[:2] in COMPOUND:
            taken = list(COMPOUND[plain[:2]])
        elif len(run) <= _SINGLE_SURNAME_MAX and plain[0] in SINGLE:
            taken = [SINGLE[plain[0]]]
    rest = plain[len(taken) :]
    read = _lazy_pinyin(rest, errors=_as_they_are) if rest else []
    if len(read) != len(rest):
        read = [_lazy_pinyin(char, errors=_as_they_are)[0] for char in rest]
    return taken + read


def _auto_syllables(text: str, pieces: list[tuple[int, int, str]], *, surname: bool) -> list[str]:
    syllables: list[str] = []
    index = 0
    while index < len(pieces):
        start, end, kind = pieces[index]
        if kind != "han":
            syllables.append(fold(text[start:end]))
            index += 1
            continue
        run_end = index
        while (
            run_end < len(pieces)
            and pieces[run_end][2] == "han"
            and pieces[run_end][0] == start + run_end - index
        ):
            run_end += 1
        run = text[start : start + run_end - index]
        syllables.extend(fold(s) for s in _read_run(run, surname=surname and index == 0))
        index = run_end
    return syllables


def _split_joined(joined: str, options: list[set[str]]) -> list[str] | None:
    """`joined` cut into one syllable for each character, where the characters can be read so."""
    if not options:
        return [] if not joined else None
    for syllable in sorted(options[0], key=len, reverse=True):
        if joined.startswith(syllable):
            rest = _split_joined(joined[len(syllable) :], options[1:])
            if rest is not None:
                return [syllable, *rest]
    return None


def _heteronyms(char: str, automatic: str) -> set[str]:
    known = set(POLYPHONES.get(char, ()))
    known.update(s for s in (SINGLE.get(char), automatic) if s)
    known.update(_lazy_pinyin(char, errors=_as_they_are))
    return known


def normal_reading(reading: str) -> str:
    """A pinyin typed by a person (tones, ü, apostrophes, capitals) as plain syllables with blanks:
    `shan tian fang`."""
    decomposed = unicodedata.normalize("NFD", reading.casefold())
    decomposed = _TONED_U.sub(r"v\1", decomposed)
    text = unicodedata.normalize(
        "NFC", "".join(c for c in decomposed if not unicodedata.combining(c))
    )
    return " ".join("".join(c if c.isalnum() else " " for c in text).split())


def _given_syllables(
    text: str, pieces: list[tuple[int, int, str]], automatic: list[str], reading: str
) -> list[str]:
    """The syllables of a corrected reading, cut by the characters where blanks are missing."""
    given = normal_reading(reading).split()
    if not given or len(given) == len(pieces):
        return given
    chars = [simplified(text[start:end]) for start, end, _kind in pieces]
    options = [
        _heteronyms(char, auto) if len(char) == 1 else {auto}
        for char, auto in zip(chars, automatic, strict=True)
    ]
    return _split_joined("".join(given), options) or given


@lru_cache(maxsize=32_768)
def _read(text: str, reading: str, *, surname: bool) -> tuple[tuple[Token, ...], tuple[str, ...]]:
    """The tokens of a name, and its syllables (as many as tokens unless a correction says else)."""
    pieces = _pieces(text)
    automatic = _auto_syllables(text, pieces, surname=surname)
    given = _given_syllables(text, pieces, automatic, reading) if reading else []
    fits = len(given) == len(pieces)
    tokens = []
    for index, (start, end, _kind) in enumerate(pieces):
        piece = fold(text[start:end])
        first = given[index] if fits else automatic[index]
        others = (*POLYPHONES.get(piece, ()), automatic[index])
        tokens.append(Token(start, end, piece, tuple(dict.fromkeys((first, *others)))))
    return tuple(tokens), tuple(given or automatic)


def tokens_of(name: str, reading: str | None = None, *, surname: bool = True) -> tuple[Token, ...]:
    """The pieces of a name with their readings; positions are those in `name`."""
    return _read(name, reading or "", surname=surname)[0]


def pinyin(name: str, reading: str | None = None, *, surname: bool = True) -> Reading:
    """How `name` is read (SPEC CON-1).

    `reading` is the pinyin somebody corrected ("shan tian fang", tones and missing blanks allowed)
    and wins. `surname=True` reads the beginning as a surname (单 shan, 曾 zeng, 尉迟 yu chi); pass
    False for organizations. The sort key is ordered by bytes ("C" collation): lower-case pinyin
    without blanks, letters and digits as they are, ü as v.
    """
    _tokens, syllables = _read(name, reading or "", surname=surname)
    key = "".join(syllables) or "".join(fold(name).split())
    initials = "".join(s if s.isdigit() else s[:1] for s in syllables)
    return Reading(
        sort_key=key[:MAX_SORT_KEY],
        full=" ".join(syllables)[:MAX_SORT_KEY],
        initials=initials[:MAX_INITIALS],
    )


def candidates(name: str, reading: str | None = None, *, limit: int = 8) -> list[str]:
    """Other ways to read `name` where a character of it has more than one, without the present one; the likely first.

    To be offered where a person corrects the pinyin (SPEC CON-1): 单晓彤 → "dan xiao tong".
    """
    tokens = tokens_of(name, reading)
    present = pinyin(name, reading).full
    ways = (" ".join(syllables) for syllables in product(*(token.syllables for token in tokens)))
    return [way for way in islice(ways, limit + 1) if way != present][:limit] if tokens else []
