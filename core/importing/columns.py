"""The columns of a table that is imported, as data: their names, templates, and how a heading is recognised."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.cleaning import clean

_HEADING: Final = 100
_DECORATION: Final = re.compile(r"[\s*＊:：_-]|[(（].*?[)）]")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its key, its names, and what a person reads about it."""

    key: str
    zh: str
    en: str
    aliases: tuple[str, ...] = ()
    required: bool = False
    person: bool = True
    """Whether it says something about the person: then the row needs a name."""
    example: str = ""
    note: Any = ""

    @property
    def label(self) -> str:
        """Its name in the language of the moment."""
        return self.en if (get_language() or "").startswith("en") else self.zh


SOURCE_ROW: Final = Column("source_row", "原文件行号", "Row in the file")
REASONS: Final = Column("reasons", "未导入原因", "Why it was refused")


def plain(heading: str) -> str:
    """A heading without case, blanks, stars and remarks in brackets."""
    return _DECORATION.sub("", clean(heading, _HEADING)).casefold()


@dataclass(frozen=True)
class Table:
    """All columns of one kind of import. `passed_over`: those that our own files have and no import takes."""

    columns: Sequence[Column]
    passed_over: Sequence[Column] = ()
    by_key: Mapping[str, Column] = field(init=False)
    keys: Mapping[str, str] = field(init=False)
    """Plain heading → key."""
    silent: frozenset[str] = field(init=False)
    """Plain headings of the columns that are passed over."""

    def __post_init__(self) -> None:
        named = {
            plain(name): column.key
            for column in self.columns
            for name in (column.zh, column.en, *column.aliases)
        }
        over = (*self.passed_over, SOURCE_ROW, REASONS)
        silent = frozenset(plain(name) for column in over for name in (column.zh, column.en))
        object.__setattr__(self, "by_key", {column.key: column for column in self.columns})
        object.__setattr__(self, "keys", named)
        object.__setattr__(self, "silent", silent)

    def missing(self, keys: Collection[str]) -> list[Column]:
        """Columns without which nothing can be read, of a header with these."""
        return [column for column in self.columns if column.required and column.key not in keys]

    def label_of(self, key: str) -> str:
        """The name of a column in the language of the moment."""
        return self.by_key[key].label if key in self.by_key else key

    def headings(self, keys: Sequence[str] = (), *, english: bool = False) -> list[str]:
        """The first row of a template with these columns, or all; required columns have a star."""
        columns = [self.by_key[key] for key in keys or self.by_key]
        return [
            f"{column.en if english else column.zh}{'*' if column.required else ''}"
            for column in columns
        ]

    def notes(self, keys: Sequence[str] = ()) -> list[str]:
        """What the second sheet of a template explains, in the language of the reader."""
        lines = []
        for column in (self.by_key[key] for key in keys or self.by_key):
            line = f"{column.zh} ({column.en}): {column.note}"
            if column.example:
                line = f"{line} {_('Example: %(value)s') % {'value': column.example}}"
            lines.append(line)
        return lines
