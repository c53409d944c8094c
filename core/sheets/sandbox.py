"""Reading a file from outside in a process of its own (SECURITY T75).

The child starts as a fresh interpreter: it inherits no settings, secrets, connections or open
files, only the paths. Limits of memory, processor time and output end it, whatever the parser does.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from core.sheets.errors import UnreadableFile
from core.sheets.reading import MAX_COLUMNS, MAX_ROWS

_ROOT: Final = Path(__file__).resolve().parent.parent.parent
_MAX_ANSWER: Final = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What one reading may cost."""

    max_rows: int = MAX_ROWS
    max_columns: int = MAX_COLUMNS
    memory_bytes: int = 1024 * 1024 * 1024
    seconds: int = 60
    output_bytes: int = 512 * 1024 * 1024


def read_in_sandbox(path: Path | str, out_path: Path | str, *, limits: Limits | None = None) -> int:
    """Writes the filled rows of `path` to `out_path`, one JSON line `[row number, [cell, ...]]`
    each.

    Returns how many. On failure nothing is left at `out_path`. Raises UnreadableFile.
    """
    limits = limits or Limits()
    source, out = Path(path).resolve(), Path(out_path).resolve()
    job = json.dumps({"path": str(source), "out": str(out), **asdict(limits)})
    try:
        done = subprocess.run(
            [sys.executable, "-m", "core.sheets.child"],
            input=job.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONPATH": str(_ROOT)},
            timeout=limits.seconds * 2,
            check=False,
        )
        return _answer(done.returncode, done.stdout)
    except subprocess.TimeoutExpired:
        out.unlink(missing_ok=True)
        raise UnreadableFile("too_slow") from None
    except UnreadableFile:
        out.unlink(missing_ok=True)
        raise


def iter_sandboxed(out_path: Path | str) -> Iterator[tuple[int, list[str]]]:
    """The rows that `read_in_sandbox` wrote: row number in the file (from 1) and cells."""
    with Path(out_path).open(encoding="utf-8") as lines:
        for line in lines:
            number, cells = json.loads(line)
            yield number, cells


def _answer(returncode: int, stdout: bytes) -> int:
    if returncode < 0:
        # Ended by a signal: SIGXCPU for time, else memory that it was not given (abort, kill).
        raise UnreadableFile("too_slow" if returncode == -signal.SIGXCPU else "unpacks_too_large")
    try:
        answer = json.loads(stdout[:_MAX_ANSWER])
    except ValueError:
        raise UnreadableFile("damaged") from None
    if "rows" in answer:
        return int(answer["rows"])
    raise UnreadableFile(answer["reason"], **answer["details"])
