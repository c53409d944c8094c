"""How a person wants his file to be read; without any it is read as it is recognised."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from contacts.imports.alike import Choice


@dataclass(frozen=True, slots=True)
class Wishes:
    """`columns`: column from 0 → key, as he assigned them. `key`: what finds a contact again (ImportJob.Key).

    `left_out`: rows that are not imported. `kept`: where the rows of the file are kept between check and run, so that
    the file itself is opened once. `choices`: row → whether it is one of the contacts it looks like. `looking`: whether
    such rows are to be found.
    """

    columns: Mapping[int, str] | None = None
    key: str = "auto"
    left_out: frozenset[int] = frozenset()
    kept: Path | None = None
    choices: Mapping[int, Choice] = field(default_factory=dict)
    looking: bool = False
