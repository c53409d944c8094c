"""What is taken for a table at all."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from core.sheets import Kind, UnreadableFile, inspect_upload
from core.sheets.upload import MAX_MEMBERS
from tests.core_util.hostile import SHEET, patched, plain

CONTENT_TYPES = "[Content_Types].xml"


def refused(path: Path, **options: int) -> str:
    with pytest.raises(UnreadableFile) as caught:
        inspect_upload(path, **options)
    assert str(caught.value)
    return caught.value.reason


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_kinds_by_content_not_by_name(tmp_path: Path) -> None:
    assert inspect_upload(plain(tmp_path / "a.csv")) is Kind.XLSX
    assert inspect_upload(written(tmp_path / "b.xlsx", "姓名,手机\n".encode())) is Kind.CSV
    assert inspect_upload(written(tmp_path / "c", "姓名\t手机\n".encode("utf-16"))) is Kind.CSV
    assert inspect_upload(written(tmp_path / "d", "姓名,手机\n".encode("gb18030"))) is Kind.CSV


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old_excel"),
        (b"%PDF-1.7\n\x00\x01", "not_a_sheet"),
        (b"\x7fELF\x02\x01\x01\x00", "not_a_sheet"),
        (b"\x89PNG\r\n\x1a\n\x00", "not_a_sheet"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "other_office"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "other_office"),
        (b"PK\x03\x04broken", "damaged"),
        (b"PK\x03\x04" + b"\x00" * 100 + b"PK\x05\x06" + b"\x00" * 18, "not_a_sheet"),
    ],
)
def test_other_files(tmp_path: Path, data: bytes, reason: str) -> None:
    assert refused(written(tmp_path / "x.xlsx", data)) == reason


def test_too_large(tmp_path: Path) -> None:
    assert (
        refused(written(tmp_path / "x.csv", b"a" * 2_000_000), max_bytes=1_048_576) == "too_large"
    )


@pytest.mark.parametrize(
    ("types", "reason"),
    [
        (b"application/vnd.ms-excel.sheet.macroEnabled.main+xml", "macros"),
        (b"application/vnd.ms-excel.sheet.binary.macroEnabled.main", "macros"),
        (b"application/vnd.ms-excel.sheet.binary.main", "other_office"),
        (
            b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
            "not_a_sheet",
        ),
        (
            b"application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml",
            "other_office",
        ),
        (b"A" * 1_100_000, "suspicious"),
    ],
)
def test_other_office_files(tmp_path: Path, types: bytes, reason: str) -> None:
    assert refused(patched(tmp_path / "x.xlsx", {CONTENT_TYPES: types})) == reason


def test_macros_by_part(tmp_path: Path) -> None:
    assert refused(patched(tmp_path / "x.xlsx", {"xl/vbaProject.bin": b"x"})) == "macros"


def test_open_document_and_other_archives(tmp_path: Path) -> None:
    for name, reason in (("mimetype", "other_office"), ("a.txt", "not_a_sheet")):
        path = tmp_path / f"{reason}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, "x")
        assert refused(path) == reason


def test_encrypted_member(tmp_path: Path) -> None:
    path = plain(tmp_path / "x.xlsx")
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    assert refused(path) == "old_excel"


def test_too_many_sheets(tmp_path: Path) -> None:
    parts = {f"xl/worksheets/sheet{n}.xml": "<a/>" for n in range(2, 60)}
    assert refused(patched(tmp_path / "x.xlsx", dict(parts))) == "too_many_sheets"


def test_too_many_members(tmp_path: Path) -> None:
    parts = {f"xl/media/{n}": "" for n in range(MAX_MEMBERS)}
    assert refused(patched(tmp_path / "x.xlsx", dict(parts))) == "suspicious"


def test_the_same_part_twice(tmp_path: Path) -> None:
    path = plain(tmp_path / "x.xlsx")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(SHEET.upper(), "<a/>")
    assert refused(path) == "suspicious"


def test_bombs_by_what_they_declare(tmp_path: Path) -> None:
    zeros = b"0" * (60 * 1024 * 1024)
    assert refused(patched(tmp_path / "ratio.xlsx", {SHEET: zeros})) == "unpacks_too_large"
    path = plain(tmp_path / "sum.xlsx")
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 500 * 1024 * 1024)
    path.write_bytes(data)
    assert refused(path) == "unpacks_too_large"
