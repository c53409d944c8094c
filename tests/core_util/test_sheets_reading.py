"""Rows of .xlsx and .csv files."""

from __future__ import annotations

import datetime
import subprocess
import sys
from pathlib import Path

import pytest
import xlsxwriter

from core.sheets import Limits, UnreadableFile, iter_sandboxed, read_in_sandbox, read_rows
from core.sheets.values import as_text
from tests.core_util.hostile import SHEET, cell, lying, patched, plain, sheet_xml


def reason_of(path: Path, **options: int) -> str:
    with pytest.raises(UnreadableFile) as caught:
        list(read_rows(path, **options))
    assert str(caught.value)
    return caught.value.reason


def test_values_as_people_saw_them(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        minute = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_number(1, 1, 13800000000)
        sheet.write_number(1, 2, 0.1 + 0.2)
        sheet.write_datetime(1, 3, datetime.datetime(2024, 1, 2), day)
        sheet.write_datetime(1, 4, datetime.datetime(2024, 1, 2, 3, 4), minute)
        sheet.write_boolean(1, 5, True)
        sheet.write_formula(1, 6, "=1+1", None, 2)
        sheet.write_formula(1, 7, '="a"', None, "abc")
        sheet.write_string(1, 8, "=1+1")
        sheet.write_string(1, 9, "  张\u200b三 \t")
        sheet.write_string(1, 10, "007")
        sheet.write_number(1, 11, -5)
        sheet.write_blank(1, 40, None, day)
        sheet.write_string(3, 0, "end")
    assert list(read_rows(path)) == [
        [],
        [
            *("", "13800000000", "0.3", "2024-01-02", "2024-01-02 03:04:00", "TRUE", "2", "abc"),
            *("=1+1", "张三", "007", "-5"),
        ],
        [],
        ["end"],
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e20, "100000000000000000000"),
        (1e-7, "0.0000001"),
        (float("nan"), ""),
        (None, ""),
        (12, "12"),
        (datetime.time(8, 30), "08:30:00"),
        (100.0, "100"),
        (1234567.5, "1234567.5"),
        (1e300, "1" + "0" * 300),
    ],
)
def test_as_text(value: object, text: str) -> None:
    assert as_text(value) == text


def test_first_visible_sheet(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name in ("hidden", "shown", "third"):
            sheet = book.add_worksheet(name)
            sheet.write_string(0, 0, name)
            if name == "hidden":
                sheet.write_string(0, 700, "far, but not read")
        book.get_worksheet_by_name("shown").activate()
        book.get_worksheet_by_name("shown").set_first_sheet()
        book.get_worksheet_by_name("hidden").hide()
    assert list(read_rows(path)) == [["shown"]]


def test_own_counters(tmp_path: Path) -> None:
    rows = [[str(n)] for n in range(30)]
    path = plain(tmp_path / "x.xlsx", rows)
    assert len(list(read_rows(path, max_rows=30))) == 30
    assert reason_of(path, max_rows=29) == "too_many_rows"
    wide = plain(tmp_path / "w.xlsx", [["x"] * 9])
    assert len(next(read_rows(wide, max_columns=9))) == 9
    assert reason_of(wide, max_columns=8) == "too_many_columns"


def test_declared_dimension_is_ignored(tmp_path: Path) -> None:
    data = sheet_xml('<row r="1">' + cell("A1") + "</row>").replace(
        "<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>'
    )
    assert list(read_rows(patched(tmp_path / "x.xlsx", {SHEET: data}))) == [["x"]]


FAR = {
    "corner": (cell("XFD1048576"), "too_many_columns"),
    "column": (cell("BM2"), "too_many_columns"),
    "row": (cell("A1048576"), "far_row"),
    "quotes": (cell("XFD9").replace('"', "'"), "too_many_columns"),
    "blanks": (cell("XFD9").replace("r=", "r\n= "), "too_many_columns"),
}


@pytest.mark.parametrize("name", sorted(FAR))
def test_cells_far_outside(tmp_path: Path, name: str) -> None:
    far, reason = FAR[name]
    data = sheet_xml(f'<row r="1">{cell("A1")}</row><row>{far}</row>')
    assert reason_of(patched(tmp_path / "x.xlsx", {SHEET: data})) == reason


def test_empty_cells_far_outside_do_no_harm(tmp_path: Path) -> None:
    data = sheet_xml(f'<row r="1">{cell("A1")}<c r="XFD1" s="0"/></row>')
    assert list(read_rows(patched(tmp_path / "x.xlsx", {SHEET: data}))) == [["x"]]


ENTITIES = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize(
    ("part", "content", "reason"),
    [
        (SHEET, sheet_xml('<row r="1">' + cell("A1", "&b;") + "</row>", ENTITIES), "suspicious"),
        (SHEET, sheet_xml("", '<!DOCTYPE a SYSTEM "file:///etc/passwd">'), "suspicious"),
        (SHEET, sheet_xml("", ENTITIES).replace("UTF-8", "UTF-16").encode("utf-16"), "suspicious"),
        (SHEET, sheet_xml("").replace("UTF-8", "UTF-7"), "suspicious"),
        ("xl/workbook.xml", ENTITIES + "<a>&b;</a>", "suspicious"),
        ("xl/sharedStrings.xml", ENTITIES + "<a>&b;</a>", "suspicious"),
        ("xl/workbook.xml", None, "damaged"),
        ("xl/workbook.xml", "<workbook", "suspicious"),
        (SHEET, None, "damaged"),
        (SHEET, sheet_xml("")[:-20], "damaged"),
        (SHEET, sheet_xml('<row r="1"><c r="A1" t="s"><v>99</v></c></row>'), "damaged"),
        (SHEET, sheet_xml(""), "empty"),
    ],
)
def test_hostile_and_broken_parts(
    tmp_path: Path, part: str, content: str | bytes | None, reason: str
) -> None:
    assert reason_of(patched(tmp_path / "x.xlsx", {part: content})) == reason


CSV_TEXT = '姓名,手机,备注\r\n张三,13812342691,"一,二\r\n三"\r\n李四,,\r\n'
CSV_ROWS = [["姓名", "手机", "备注"], ["张三", "13812342691", "一,二\n三"], ["李四"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "big5"])
def test_csv_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x.csv"
    text = (
        CSV_TEXT
        if encoding != "big5"
        else CSV_TEXT.replace("张", "張").replace("备", "備").replace("机", "機")
    )
    path.write_bytes(text.encode(encoding))
    expected = [
        [c.replace("张", "張").replace("备", "備").replace("机", "機") for c in r] for r in CSV_ROWS
    ]
    assert list(read_rows(path)) == (expected if encoding == "big5" else CSV_ROWS)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_csv_separators(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"a{separator}b{separator}c\n1{separator}2{separator}3\n", encoding="utf-8")
    assert list(read_rows(path)) == [["a", "b", "c"], ["1", "2", "3"]]


def test_csv_oddities(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("sep=;\na;b\n\n1;'=1+1\n\n", encoding="utf-8")
    assert list(read_rows(path)) == [["a", "b"], [], ["1", "=1+1"]]
    path.write_text("姓名\n张三\n", encoding="gb18030")
    assert list(read_rows(path)) == [["姓名"], ["张三"]]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'a,"' + b"x" * 200_000 + b'"', "damaged"),
        (b"a" * 5_000 + b"\x00b", "not_a_sheet"),
        (b"\xff\xfea", "encoding"),
        (b",,,\n,,,\n", "empty"),
    ],
)
def test_broken_csv(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    assert reason_of(path) == reason


def test_sandbox_gives_the_same_rows(tmp_path: Path) -> None:
    path, out = plain(tmp_path / "x.xlsx", [["a"], [], ["b", "张三"]]), tmp_path / "out.jsonl"
    assert read_in_sandbox(path, out) == 2
    assert list(iter_sandboxed(out)) == [(1, ["a"]), (3, ["b", "张三"])]


def test_sandbox_hands_reasons_on(tmp_path: Path) -> None:
    path, out = plain(tmp_path / "x.xlsx", [["a"], ["b"]]), tmp_path / "out.jsonl"
    with pytest.raises(UnreadableFile) as caught:
        read_in_sandbox(path, out, limits=Limits(max_rows=1))
    assert caught.value.reason == "too_many_rows"
    assert "1" in str(caught.value)
    assert not out.exists()


def test_sandbox_survives_what_lies_about_its_size(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with pytest.raises(UnreadableFile) as caught:
        read_in_sandbox(lying(tmp_path / "x.xlsx"), out)
    assert caught.value.reason in {"damaged", "unpacks_too_large"}
    assert not out.exists()


def test_sandbox_limits_the_output(tmp_path: Path) -> None:
    path, out = plain(tmp_path / "x.xlsx", [["值" * 20] * 10] * 500), tmp_path / "out.jsonl"
    with pytest.raises(UnreadableFile) as caught:
        read_in_sandbox(path, out, limits=Limits(output_bytes=10_000))
    assert caught.value.reason == "unpacks_too_large"
    assert not out.exists()


def test_sandbox_limits_memory(tmp_path: Path) -> None:
    """A rectangle of allowed size that no memory is left for."""
    data = sheet_xml(f"<row>{cell('A1')}</row><row>{cell('BL200000')}</row>")
    path, out = patched(tmp_path / "x.xlsx", {SHEET: data}), tmp_path / "out.jsonl"
    with pytest.raises(UnreadableFile) as caught:
        read_in_sandbox(path, out, limits=Limits(memory_bytes=256 * 1024 * 1024))
    assert caught.value.reason == "unpacks_too_large"


def test_sandbox_limits_time(tmp_path: Path) -> None:
    path, out = tmp_path / "x.csv", tmp_path / "out.jsonl"
    path.write_text("a,b\n" * 4_500_000, encoding="utf-8")
    with pytest.raises(UnreadableFile) as caught:
        read_in_sandbox(path, out, limits=Limits(seconds=1, max_rows=10**9))
    assert caught.value.reason == "too_slow"


def test_sandbox_inherits_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, object] = {}

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[bytes]:
        seen.update(options, command=command)
        return subprocess.CompletedProcess(command, 0, b'{"rows": 0}')

    monkeypatch.setenv("SECRET_KEY", "do not hand on")
    monkeypatch.setattr("core.sheets.sandbox.subprocess.run", run)
    read_in_sandbox(tmp_path / "x", tmp_path / "y")
    assert "do not hand on" not in str(seen)
    assert seen["command"] == [sys.executable, "-m", "core.sheets.child"]


def test_sandbox_stops_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **options: object) -> None:
        raise subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr("core.sheets.sandbox.subprocess.run", run)
    with pytest.raises(UnreadableFile) as caught:
        read_in_sandbox(tmp_path / "x", tmp_path / "y")
    assert caught.value.reason == "too_slow"
