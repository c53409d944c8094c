"""The file: read in the sandbox, cleaned row by row, its rows compared with each other. No database."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from contacts.import_format import (
    HEADER_ROWS,
    FileChecks,
    Header,
    ParsedRow,
    RowError,
    find_header,
    parse_row,
)
from core.sheets import Limits, UnreadableFile, iter_sandboxed, read_in_sandbox
from core.text import fold

# So many bad rows are kept with their cells, for the file to download.
BAD_ROWS_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class BadRow:
    """A refused row with its cells by column key, as they stand in the file."""

    row: int
    values: Mapping[str, str]
    errors: list[RowError]


@dataclass(slots=True)
class FileRows:
    """Everything the file says. `shared_emails` stand in several rows: they identify only together with the name."""

    header: Header
    rows: list[ParsedRow] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    bad_count: int = 0
    shared_emails: frozenset[str] = frozenset()

    @property
    def total(self) -> int:
        return len(self.rows) + self.bad_count

    def refuse(self, bad: BadRow) -> None:
        """Notes a bad row; its cells only while there are not too many."""
        self.bad_count += 1
        if len(self.bad) < BAD_ROWS_KEPT:
            self.bad.append(bad)


def read(path: Path | str, *, limits: Limits | None = None) -> FileRows:
    """The rows of a file from outside, checked as far as that needs no database.

    Raises core.sheets.UnreadableFile and contacts.import_format.NoHeader (both Invalid, with a sentence).
    """
    with tempfile.TemporaryDirectory(prefix="wailian-import-") as folder:
        out = Path(folder) / "rows.jsonl"
        read_in_sandbox(path, out, limits=limits)
        header = find_header(islice(iter_sandboxed(out), HEADER_ROWS))
        found = FileRows(header)
        _take(found, iter_sandboxed(out))
    if not found.total:
        raise UnreadableFile("empty")
    counted = Counter(row.email.lower() for row in found.rows if row.email)
    found.shared_emails = frozenset(email for email, count in counted.items() if count > 1)
    return found


def _take(found: FileRows, lines: Iterator[tuple[int, list[str]]]) -> None:
    checks, twins = FileChecks(), _Twins()
    for number, cells in lines:
        if number <= found.header.row:
            continue
        values = found.header.values(cells)
        parsed = parse_row(number, values)
        if parsed is None:
            continue
        if isinstance(parsed, ParsedRow):
            errors = checks.check(parsed) or twins.check(parsed)
            if not errors:
                found.rows.append(parsed)
                continue
        else:
            errors = parsed
        found.refuse(BadRow(number, values, errors))


@dataclass(slots=True)
class _Twins:
    """Rows with the same e-mail and name are told apart by code or mobile only; else one would become the other."""

    _seen: dict[tuple[str, str], list[ParsedRow]] = field(default_factory=dict)

    def check(self, parsed: ParsedRow) -> list[RowError]:
        if not (parsed.email and parsed.name):
            return []
        others = self._seen.setdefault((parsed.email.lower(), fold(parsed.name)), [])
        for other in others:
            if not ((parsed.code and other.code) or (parsed.mobile and other.mobile)):
                text = _("Row {row} has the same name and e-mail; give both a code or a mobile")
                reason = format_lazy(text, row=other.row)
                return [RowError(parsed.row, "email", parsed.email, "duplicate", reason)]
        others.append(parsed)
        return []
