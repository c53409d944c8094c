"""What an uploaded file is, by its content, and whether it may be opened at all (SECURITY T75).

Looks at a few kilobytes and the directory of the archive only, so that a request may do it.
"""

from __future__ import annotations

import enum
import zipfile
from pathlib import Path
from typing import BinaryIO, Final

from core.sheets.errors import UnreadableFile

MAX_FILE_BYTES: Final = 20 * 1024 * 1024
MAX_MEMBERS: Final = 1_000
MAX_SHEETS: Final = 50
MAX_UNPACKED_BYTES: Final = 400 * 1024 * 1024
MAX_RATIO: Final = 200
"""Unpacked to packed; workbooks of real tables stay below 30."""

_RATIO_FREE_BYTES: Final = 20 * 1024 * 1024
_MAX_DIRECTORY_BYTES: Final = 1024 * 1024
_MAX_TYPES_BYTES: Final = 1024 * 1024
_END_BYTES: Final = 66_000
_HEAD_BYTES: Final = 4_096

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END: Final = b"PK\x05\x06"
_ZIP64_LOCATOR: Final = b"PK\x06\x07"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_XLSX_TYPE: Final = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_TEXT_CONTROLS: Final = frozenset(range(32)) - {9, 10, 12, 13, 26}


class Kind(enum.StrEnum):
    """The kinds of files that are read."""

    XLSX = "xlsx"
    CSV = "csv"


def inspect_upload(path: Path | str, *, max_bytes: int = MAX_FILE_BYTES) -> Kind:
    """The kind of the file at `path`; its name plays no part.

    Raises UnreadableFile.
    """
    path = Path(path)
    size = path.stat().st_size
    if not size:
        raise UnreadableFile("empty")
    if size > max_bytes:
        raise UnreadableFile("too_large", limit=max_bytes // (1024 * 1024))
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        if head.startswith(_OLE):
            raise UnreadableFile("old_excel")
        if head.startswith(b"PK"):
            _check_archive(file, size)
            return Kind.XLSX
    _check_text(head)
    return Kind.CSV


def _check_text(head: bytes) -> None:
    if head.startswith(_UTF16):
        return
    if any(byte in _TEXT_CONTROLS for byte in head):
        raise UnreadableFile("not_a_sheet")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        # Web pages and XML named .xls, which Excel opens without a word.
        raise UnreadableFile("other_office")


def _check_archive(file: BinaryIO, size: int) -> None:
    _check_directory_size(file, size)
    try:
        with zipfile.ZipFile(file) as archive:
            _check_members(archive, size)
            _check_type(archive)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
        raise UnreadableFile("damaged") from None


def _check_directory_size(file: BinaryIO, size: int) -> None:
    # Before the library builds an object for each of a million entries.
    file.seek(max(0, size - _END_BYTES))
    tail = file.read()
    end = tail.rfind(_END)
    if end < 0 or len(tail) < end + 22:
        raise UnreadableFile("damaged")
    entries = int.from_bytes(tail[end + 10 : end + 12], "little")
    directory = int.from_bytes(tail[end + 12 : end + 16], "little")
    if entries > MAX_MEMBERS or directory > _MAX_DIRECTORY_BYTES:
        raise UnreadableFile("suspicious")
    if _ZIP64_LOCATOR in tail[max(0, end - 20) : end]:
        raise UnreadableFile("suspicious")


def _check_members(archive: zipfile.ZipFile, size: int) -> None:
    members = archive.infolist()
    names = [member.filename for member in members]
    if len(names) > MAX_MEMBERS or len({name.lower() for name in names}) != len(names):
        raise UnreadableFile("suspicious")
    if any(member.flag_bits & 0x1 for member in members):
        raise UnreadableFile("old_excel")
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_UNPACKED_BYTES:
        raise UnreadableFile("unpacks_too_large")
    if unpacked > _RATIO_FREE_BYTES and unpacked > MAX_RATIO * size:
        raise UnreadableFile("unpacks_too_large")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise UnreadableFile("macros")
    if (
        sum(name.startswith("xl/worksheets/") and name.endswith(".xml") for name in names)
        > MAX_SHEETS
    ):
        raise UnreadableFile("too_many_sheets", limit=MAX_SHEETS)


def _check_type(archive: zipfile.ZipFile) -> None:
    try:
        info = archive.getinfo("[Content_Types].xml")
    except KeyError:
        raise UnreadableFile(
            "other_office" if "mimetype" in archive.namelist() else "not_a_sheet"
        ) from None
    if info.file_size > _MAX_TYPES_BYTES:
        raise UnreadableFile("suspicious")
    with archive.open(info) as member:
        types = member.read(_MAX_TYPES_BYTES)
    if b"macroEnabled" in types or b"vbaProject" in types:
        raise UnreadableFile("macros")
    if _XLSX_TYPE not in types:
        other = b"ms-excel" in types or b"spreadsheetml.template" in types
        raise UnreadableFile("other_office" if other else "not_a_sheet")
