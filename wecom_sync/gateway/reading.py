"""Taking typed values out of an answer. What has the wrong type or is missing makes the whole answer garbled.

WeCom writes the same thing in several types (is_joined as 1, true; rule ids as numbers or text: doc 95820, 95631), so
those are accepted alike. Texts come from other companies: they are cleaned and cut (SECURITY T70); ids only checked.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Final, TypeVar

from core.text import clean

MAX_ID: Final = 64
MAX_NAME: Final = 128
MAX_LIST: Final = 1_000_000
WORDS: Final = {"true": True, "1": True, "false": False, "0": False}
T = TypeVar("T")


class Garbled(Exception):
    """The answer is not what the documentation says. Its text names the field, never a value."""


class Foreign(Exception):
    """The answer is about something else than was asked."""


class Fields:
    """One object of an answer."""

    def __init__(self, values: Any, where: str = "") -> None:
        if not isinstance(values, dict):
            raise Garbled(where)
        self._values, self._where = values, where

    def _at(self, key: str) -> str:
        return f"{self._where}.{key}"

    def _get(self, key: str, default: Any) -> Any:
        value = self._values.get(key)
        if value is None:
            if default is None:
                raise Garbled(self._at(key))
            return default
        return value

    def id(self, key: str, default: str | None = None) -> str:
        """An id as it is: case, and everything else, matters."""
        return _id(self._get(key, default), self._at(key))

    def text(self, key: str, default: str | None = "", longest: int = MAX_NAME) -> str:
        value = self._get(key, default)
        if not isinstance(value, str):
            raise Garbled(self._at(key))
        return clean(value, longest)

    def raw(self, key: str, default: str | None = None, longest: int = 512) -> str:
        """A token or a cursor: never shown, never changed."""
        value = self._get(key, default)
        if not isinstance(value, str) or len(value) > longest or not value.isprintable():
            raise Garbled(self._at(key))
        return value

    def number(self, key: str, default: int | None = None) -> int:
        return _number(self._get(key, default), self._at(key))

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        value = self._get(key, default)
        found = WORDS.get(value.lower()) if isinstance(value, str) else None
        if found is None and isinstance(value, int) and value in (0, 1):
            found = bool(value)
        if found is None:
            raise Garbled(self._at(key))
        return found

    def fields(self, key: str) -> Fields:
        return Fields(self._get(key, {}), self._at(key))

    def each(self, key: str, *, needed: bool = True) -> list[Fields]:
        return [Fields(one, self._at(key)) for one in self._list(key, needed=needed)]

    def numbers(self, key: str, *, needed: bool = False) -> tuple[int, ...]:
        return tuple(_number(one, self._at(key)) for one in self._list(key, needed=needed))

    def ids(self, key: str, *, needed: bool = False) -> tuple[str, ...]:
        return tuple(_id(one, self._at(key)) for one in self._list(key, needed=needed))

    def _list(self, key: str, *, needed: bool) -> list[Any]:
        value = self._get(key, None if needed else [])
        if not isinstance(value, list) or len(value) > MAX_LIST:
            raise Garbled(self._at(key))
        return value


def _id(value: Any, where: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value.encode("utf-8", "replace")) > MAX_ID:
        raise Garbled(where)
    if not value.isprintable() or value != value.strip():
        raise Garbled(where)
    return value


def _number(value: Any, where: str) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise Garbled(where)
    return value


def once(items: Iterable[T], key: Callable[[T], Hashable], where: str) -> tuple[T, ...]:
    """Each thing once. The same id twice with different contents means that the answer cannot be trusted."""
    found: dict[Hashable, T] = {}
    for item in items:
        if found.setdefault(key(item), item) != item:
            raise Garbled(where)
    return tuple(found.values())
