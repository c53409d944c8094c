"""The header of a file as a person is asked about it: each column with what it was taken for and some of its values."""

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from accounts.models import User
from contacts.import_columns import BY_KEY
from contacts.import_format import Header
from contacts.models import ImportColumns
from core.cleaning import clean
from core.sheets import iter_sandboxed

SAMPLES = 3
ROWS_LOOKED_AT = 50


def described(header: Header, lines: Path) -> list[dict[str, Any]]:
    """One entry for each column of the file: {heading, key, samples}; key is empty where nothing was recognised."""
    samples: list[list[str]] = [[] for _cell in header.cells]
    for number, cells in islice(iter_sandboxed(lines), ROWS_LOOKED_AT):
        if number > header.row:
            _collect(samples, cells)
    return [
        {"heading": clean(cell, 100), "key": header.columns.get(at, ""), "samples": samples[at]}
        for at, cell in enumerate(header.cells)
    ]


def _collect(samples: list[list[str]], cells: Sequence[str]) -> None:
    for known, cell in zip(samples, cells, strict=False):
        text = clean(cell, 40)
        if text and text not in known and len(known) < SAMPLES:
            known.append(text)


def open_questions(header: Header) -> bool:
    """Whether a person has to say what a column is."""
    return bool(header.unknown or header.twice)


def remembered(*, owner: User, header: Header) -> dict[str, str]:
    """What he said about the same headings the last time, as ImportJob.columns keeps it; empty when he never did."""
    row = ImportColumns.objects.filter(owner=owner, header=header.fingerprint).first()
    if row is None:
        return {}
    keys: Mapping[str, str] = row.columns
    found = {
        str(at): key for at, cell in enumerate(header.cells) if (key := keys.get(clean(cell, 100)))
    }
    return {at: key for at, key in found.items() if key in BY_KEY}


def remember(*, owner: User, header: Header) -> None:
    """Keeps what the columns of this header are."""
    keys = {clean(cell, 100): header.columns.get(at, "") for at, cell in enumerate(header.cells)}
    ImportColumns.objects.update_or_create(
        owner=owner, header=header.fingerprint, defaults={"columns": keys}
    )


def header_of(described_columns: Sequence[Mapping[str, Any]], columns: Mapping[int, str]) -> Header:
    """The header of described() with these columns."""
    return Header(1, dict(columns), (), tuple(one["heading"] for one in described_columns))
