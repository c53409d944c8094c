"""The file: read in the sandbox, cleaned row by row, its rows compared with each other. No database."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from contacts.import_checks import FileChecks
from contacts.import_format import ParsedRow, find_header, parse_row
from contacts.imports.wishes import Wishes
from core.importing.headers import Header
from core.importing.rows import BadRow, RowError, first_rows, unpacked
from core.sheets import Limits, UnreadableFile, iter_sandboxed
from core.text import fold

NO_WISHES = Wishes()


@dataclass(slots=True)
class FileRows:
    """Everything the file says. `shared_emails` stand in several rows: they identify only together with the name."""

    header: Header
    rows: list[ParsedRow] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    shared_emails: frozenset[str] = frozenset()

    @property
    def total(self) -> int:
        return len(self.rows) + len(self.bad)


def read(path: Path | str, *, limits: Limits | None = None, wishes: Wishes = NO_WISHES) -> FileRows:
    """The rows of a file from outside, checked as far as that needs no database.

    Raises core.sheets.UnreadableFile and core.importing.headers.NoHeader (both Invalid, with a sentence).
    """
    with unpacked(path, kept=wishes.kept, limits=limits) as lines:
        found = FileRows(find_header(first_rows(lines), wishes.columns))
        _take(found, iter_sandboxed(lines))
    if not found.total:
        raise UnreadableFile("empty")
    counted = Counter(row.email.lower() for row in found.rows if row.email)
    found.shared_emails = frozenset(email for email, count in counted.items() if count > 1)
    if wishes.left_out:
        # Last, so that what is left is understood as it was when all of it was checked.
        found.rows = [row for row in found.rows if row.row not in wishes.left_out]
        found.bad = [bad for bad in found.bad if bad.row not in wishes.left_out]
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
        found.bad.append(BadRow(number, values.get("name", ""), errors))


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
