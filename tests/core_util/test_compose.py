"""Composed files: what benchmarks and import tests are fed with."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import bad_rows, compose_directory, names
from contacts.import_checks import FileChecks
from contacts.import_format import ParsedRow, find_header, parse_row
from core.sheets import iter_sandboxed, read_in_sandbox


def findings(path: Path, tmp_path: Path) -> tuple[list[ParsedRow], list[tuple[int, str, str]]]:
    """What an import would take and refuse of a file, read as an import reads it."""
    out = tmp_path / "rows.jsonl"
    read_in_sandbox(path, out)
    header = find_header(iter_sandboxed(out))
    checks, taken, refused = FileChecks(), [], []
    for number, cells in iter_sandboxed(out):
        if number <= header.row:
            continue
        result = parse_row(number, header.values(cells))
        errors = checks.check(result) if isinstance(result, ParsedRow) else result or []
        refused += [(error.row, error.field, error.kind) for error in errors]
        if isinstance(result, ParsedRow) and not errors:
            taken.append(result)
    return taken, refused


def compose(out: Path, folder: Path | None = None) -> Path:
    compose_directory.compose(out, organization_count=40, people_count=400, seed=7, folder=folder)
    return out


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_a_composed_directory_is_taken_whole(tmp_path: Path, ending: str) -> None:
    taken, refused = findings(compose(tmp_path / f"x.{ending}"), tmp_path)
    assert refused == []
    people = [row for row in taken if row.name]
    assert len(people) == 400
    assert (
        len({row.organization for row in taken})
        == len({row.organization_code for row in taken})
        == 40
    )
    assert len({row.mobile for row in people}) == len({row.code for row in people}) == 400
    assert all(row.mobile.startswith("+86154") for row in people)
    assert all(row.email.endswith(".example.com") for row in people if row.email)
    assert {len(row.department) for row in people} >= {0, 1, 2}


def test_the_same_seed_gives_the_same_rows() -> None:
    first = list(compose_directory.rows(20, 100, 42, None))
    assert first == list(compose_directory.rows(20, 100, 42, None))
    assert first != list(compose_directory.rows(20, 100, 43, None))


def test_names_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "company_names.txt").write_text("御香茗\n九御\n九御\n", encoding="utf-8")
    (tmp_path / "person_names.txt").write_text("釋慈舟\n孫允膺\n", encoding="utf-8")
    taken, refused = findings(compose(tmp_path / "x.xlsx", tmp_path), tmp_path)
    assert refused == []
    assert {"御香茗", "九御"} < {row.organization for row in taken}
    assert {"釋慈舟", "孫允膺"} < {row.name for row in taken}


def test_made_up_companies_are_all_different() -> None:
    rng = compose_directory.random.Random(1)
    assert len(set(names.companies(5_000, rng))) == 5_000


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_every_bad_row_is_found_and_nothing_else(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"bad.{ending}"
    bad_rows.compose(path)
    taken, refused = findings(path, tmp_path)
    assert refused == list(bad_rows.EXPECTED)
    assert len(taken) == len(bad_rows.GOOD)
    assert len(bad_rows.BAD) >= 20
