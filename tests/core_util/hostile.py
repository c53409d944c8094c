"""Workbooks as attackers and broken programs build them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

import xlsxwriter

NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
SHEET = "xl/worksheets/sheet1.xml"


def plain(
    path: Path, rows: Iterable[Iterable[object]] = (("姓名", "手机"), ("张三", "13812342691"))
) -> Path:
    """An ordinary workbook."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return path


def patched(path: Path, parts: dict[str, bytes | str | None], *, rows: object = None) -> Path:
    """An ordinary workbook with some parts replaced, added or (None) left out."""
    source = plain(path.with_suffix(".source.xlsx"))
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, content in parts.items():
            if content is not None:
                new.writestr(name, content)
    return path


def sheet_xml(data: str, before: str = "") -> str:
    """A sheet part around `data`."""
    return f"{HEAD}{before}<worksheet {NS}><sheetData>{data}</sheetData></worksheet>"


def cell(reference: str, text: str = "x") -> str:
    """One text cell."""
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


def lying(path: Path, claimed: int = 1_000, real: int = 700 * 1024 * 1024) -> Path:
    """A sheet that unpacks to far more than the archive says."""
    body = sheet_xml('<row r="1">' + cell("A1", "@@") + "</row>").encode()
    before, after = body.split(b"@@")
    patched(path, {SHEET: None})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        with archive.open(SHEET, "w") as part:
            part.write(before)
            block = b"A" * (1024 * 1024)
            for _ in range(real // len(block)):
                part.write(block)
            part.write(after)
        true_size = archive.getinfo(SHEET).file_size
    data = path.read_bytes()
    size = true_size.to_bytes(4, "little")
    path.write_bytes(data.replace(size, claimed.to_bytes(4, "little")))
    return path
