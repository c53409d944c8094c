"""The rows of a file from outside, unpacked in the sandbox, and why some are not taken."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from core.cleaning import clean
from core.importing.headers import HEADER_ROWS
from core.sheets import Limits, iter_sandboxed, read_in_sandbox

_VALUE_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row is not taken. `reason` can be shown to the user, `kind` is a stable word."""

    row: int
    field: str
    value: str
    kind: str
    reason: Any


@dataclass(frozen=True, slots=True)
class BadRow:
    """A refused row; its cells stay in the file. `name` is what its column of names says."""

    row: int
    name: str
    errors: list[RowError]


def row_error(row: int, key: str, value: str, kind: str, reason: Any) -> RowError:
    """Why a row is not taken, with its value cut to what can be shown."""
    return RowError(row, key, clean(value, _VALUE_SHOWN), kind, reason)


@contextmanager
def unpacked(
    path: Path | str, *, kept: Path | None = None, limits: Limits | None = None
) -> Iterator[Path]:
    """A file with the filled rows of `path` as JSON lines, read in the sandbox; for the length of a with block.

    With `kept` it stands there, and is there at once the next time. Raises UnreadableFile.
    """
    if kept is not None and kept.exists():
        yield kept
        return
    place = kept.parent if kept is not None else None
    with tempfile.TemporaryDirectory(prefix="wailian-import-", dir=place) as folder:
        out = Path(folder) / "rows.jsonl"
        read_in_sandbox(path, out, limits=limits)
        if kept is not None:
            # In one step: whoever is killed here leaves nothing that is half there.
            out = out.replace(kept)
        yield out


def first_rows(lines: Path) -> list[tuple[int, list[str]]]:
    """Those among which the header stands."""
    return list(islice(iter_sandboxed(lines), HEADER_ROWS))
