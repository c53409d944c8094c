"""Tables for people hold no formulas (SECURITY T74)."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from core.sheets import guard_formula, read_rows, write_csv, write_xlsx
from core.sheets.writing import unguard_formula

LIVE = [
    "=1+1",
    "+86 138",
    "-1",
    "@SUM(A1)",
    " =1",
    "\t=1",
    "\tx",
    "\rx",
    "＝1+1",
    "\u200b=1",
    "＠x",
    "\u3000＝1",
]


@pytest.mark.parametrize("text", LIVE)
def test_formulas_are_guarded_in_csv(text: str) -> None:
    assert guard_formula(text) == "'" + text
    assert unguard_formula(guard_formula(text)) == text


@pytest.mark.parametrize("text", ["", "张三", "a=b", "1-2", "'quoted'", " ", "·"])
def test_other_texts_are_left(text: str) -> None:
    assert guard_formula(text) == text
    assert unguard_formula(text) == text


@given(st.text(max_size=20))
@settings(deadline=None)
def test_guard_can_be_taken_back(text: str) -> None:
    assert unguard_formula(guard_formula(text)) == text or text.startswith("'")


def test_csv_file(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    write_csv(path, ["=h", "姓名"], [[text, -5] for text in LIVE])
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["'=h", "姓名"]
    assert all(row[0].startswith("'") and row[1] == "-5" for row in rows[1:])


def test_xlsx_file_has_no_formula_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    rows = [[text, 7, None, "\x00\x08张", "http://example.com"] for text in LIVE]
    assert write_xlsx(path, ["甲", "=乙"], rows, notes=["=说明"], notes_name="说明") == len(LIVE)
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/"):
                content = archive.read(name)
                assert b"<f>" not in content
                assert b"hyperlink" not in content
    back = list(read_rows(path))
    assert back[0] == ["甲", "=乙"]
    assert back[1] == ["=1+1", "7", "", "张", "http://example.com"]


def test_xlsx_to_a_stream_takes_a_generator() -> None:
    out = io.BytesIO()
    assert write_xlsx(out, ["n"], ([n] for n in range(1000))) == 1000
    assert out.getvalue().startswith(b"PK")


def test_a_value_that_does_not_fit_is_no_silent_loss() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        write_xlsx(io.BytesIO(), ["n"], [["x"] * 20_000])


def test_more_rows_than_a_sheet_holds_go_to_the_next(tmp_path: Path) -> None:
    path = tmp_path / "many.xlsx"
    assert write_xlsx(path, ["a"], ([str(n)] for n in range(5)), sheet_name="S", sheet_rows=2) == 5
    with CalamineWorkbook.from_path(str(path)) as book:
        assert book.sheet_names == ["S", "S 2", "S 3"]
        rows = [book.get_sheet_by_index(n).to_python() for n in range(3)]
    assert rows == [[["a"], ["0"], ["1"]], [["a"], ["2"], ["3"]], [["a"], ["4"]]]
    assert write_xlsx(path, ["a"], ([str(n)] for n in range(4)), sheet_rows=2) == 4
    with CalamineWorkbook.from_path(str(path)) as book:
        assert len(book.sheet_names) == 2
