"""Rows of an .xlsx file.

The parts are scanned before the parser sees them: sizes as they really unpack, document type
definitions, cells far outside (the parser holds a sheet as a full rectangle). What still escapes
meets the memory and time limits of the sandbox.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from core.sheets.errors import UnreadableFile
from core.sheets.upload import MAX_SHEETS, MAX_UNPACKED_BYTES

_CHUNK: Final = 1024 * 1024
_OVERLAP: Final = 2_048
_MAX_BOOK_BYTES: Final = 4 * 1024 * 1024

_DOCUMENT_TYPE: Final = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_FOREIGN_ENCODING: Final = re.compile(
    rb"""^\s*<\?xml[^>]*\bencoding\s*=\s*["'](?!utf-?8["']|us-ascii["'])""", re.IGNORECASE
)
# A cell that is not empty and may lie outside: three letters or from AA on, or a row of six digits.
_FAR_CELL: Final = re.compile(
    rb"""\br\s*=\s*["'](?:([A-Z]{2,3})([0-9]{1,7})|([A-Z])([0-9]{6,7}))["'][^>]*(?<!/)>"""
)


def xlsx_rows(path: Path, *, max_rows: int, max_columns: int) -> Iterator[list[object]]:
    """The rows of the first visible sheet, blank ones above the data included.

    Raises UnreadableFile.
    """
    _scan(path, max_rows=max_rows, max_columns=max_columns)
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            index = _first_visible(book)
            sheet = book.get_sheet_by_index(index)
            left = sheet.start[1] if sheet.start else 0
            for row in sheet.iter_rows():
                yield [""] * left + list(row)
    except (CalamineError, OSError, ValueError):
        raise UnreadableFile("damaged") from None


def _first_visible(book: CalamineWorkbook) -> int:
    for index, sheet in enumerate(book.sheets_metadata):
        if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet:
            return index
    raise UnreadableFile("empty")


def _scan(path: Path, *, max_rows: int, max_columns: int) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            sheet = _first_sheet_part(archive)
            budget = MAX_UNPACKED_BYTES
            for member in archive.infolist():
                if member.filename.lower().endswith((".xml", ".rels", ".vml")):
                    far = (max_rows, max_columns) if member.filename == sheet else None
                    budget = _scan_part(archive, member, budget, far)
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, KeyError):
        raise UnreadableFile("damaged") from None
    except (DefusedXmlException, ParseError):
        raise UnreadableFile("suspicious") from None


def _scan_part(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: int, far: tuple[int, int] | None
) -> int:
    """Reads one part through; returns what is left of `budget`."""
    with archive.open(member) as part:
        before = b""
        while chunk := part.read(_CHUNK):
            budget -= len(chunk)
            if budget < 0:
                raise UnreadableFile("unpacks_too_large")
            if not before and (chunk[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in chunk[:4]):
                raise UnreadableFile("suspicious")
            if not before and _FOREIGN_ENCODING.match(chunk[:512].removeprefix(b"\xef\xbb\xbf")):
                raise UnreadableFile("suspicious")
            text = before[-_OVERLAP:] + chunk
            if _DOCUMENT_TYPE.search(text):
                raise UnreadableFile("suspicious")
            if far:
                _check_far(text, *far)
            before = chunk
    return budget


def _check_far(text: bytes, max_rows: int, max_columns: int) -> None:
    for found in _FAR_CELL.finditer(text):
        letters = (found[1] or found[3]).decode()
        row = int(found[2] or found[4])
        if _column_number(letters) > max_columns:
            raise UnreadableFile("too_many_columns", column=letters, limit=max_columns)
        if row > max_rows:
            raise UnreadableFile("far_row", row=row, limit=max_rows)


def column_letters(number: int) -> str:
    """The name of a column: 1 is A, 27 is AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _first_sheet_part(archive: zipfile.ZipFile) -> str | None:
    """Name of the part that holds the first visible sheet, as the workbook says."""
    book = _book_part(archive, "xl/workbook.xml")
    targets = {
        item.get("Id"): item.get("Target", "")
        for item in fromstring(_book_part(archive, "xl/_rels/workbook.xml.rels"), forbid_dtd=True)
    }
    sheets = [e for e in fromstring(book, forbid_dtd=True).iter() if e.tag.endswith("}sheet")]
    if len(sheets) > MAX_SHEETS:
        raise UnreadableFile("too_many_sheets", limit=MAX_SHEETS)
    for sheet in sheets:
        if sheet.get("state", "visible") == "visible":
            key = next((v for k, v in sheet.attrib.items() if k.endswith("}id")), None)
            return posixpath.normpath(posixpath.join("/xl", targets.get(key, ""))).lstrip("/")
    return None


def _book_part(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _MAX_BOOK_BYTES:
        raise UnreadableFile("suspicious")
    return archive.read(name)
