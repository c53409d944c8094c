"""Files from outside: what they are by their content, what they may be called, and which are not taken (SECURITY T59).

A file that is taken is never run, unpacked or shown here; it is handed on as it is. Refused is what would *run* where
it is opened: programs and scripts, pages and drawings with script. Documents with macros are handed on like any
other: the office programs ask before they run them, and many forms in use have some. The check looks at the content
and at the last ending of the name, because that is what an operating system goes by.
"""

from __future__ import annotations

import os
import re
import struct
from pathlib import PurePath
from typing import IO, Final

import filetype
from django.utils.translation import gettext_lazy as _

from core.cleaning import clean
from core.errors import Invalid

OTHER: Final = "application/octet-stream"
PICTURE: Final = "image"
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
# What a download may be called in its header; everything else is just bytes.
SAFE_TYPES: Final = frozenset(
    {
        "application/pdf", "application/zip", "video/mp4", f"{_OFFICE}wordprocessingml.document",
        f"{_OFFICE}spreadsheetml.sheet", f"{_OFFICE}presentationml.presentation",
    }
)  # fmt: skip
MAX_NAME: Final = 200

_HEAD: Final = 64 * 1024
_END: Final = 66_000
_MAX_DIRECTORY: Final = 8 * 1024 * 1024
_MAX_RATIO: Final = 200
_RATIO_FREE: Final = 100 * 1024 * 1024
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_INSTALLER: Final = bytes.fromhex("84100c0000000000c000000000000046")
_PROGRAMS: Final = (
    b"\x7fELF", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe", b"\x4c\x00\x00\x00\x01\x14\x02\x00", b"ITSF", b"\x00asm", b"dex\n", b"!<arch>\ndebian",
    b"\xed\xab\xee\xdb", b"#!",
)  # fmt: skip
_RUN: Final = frozenset(
    """apk app appref-ms appx appxbundle bat chm cmd com command cpl deb dll exe gadget hta htm html img inf iso jar
    jnlp js jse library-ms lnk mht mhtml mjs msc msi msix msp mst ocx pif ps1 psd1 psm1 py pyw pyz reg rpm scf scr
    search-ms sh sct settingcontent-ms shtml svg svgz swf sys url vb vbe vbs vhd vhdx wasm website wsc wsf wsh xbap
    xht xhtml xll xsl xslt""".split()
)
_PROLOG: Final = re.compile(
    r"\s+|<!--.*?-->|<\?(?!xml-stylesheet).*?\?>|<!doctype(?!\s+(?:html|svg))[^>]*>", re.S
)
_ACTIVE: Final = re.compile(
    r"<\?xml-stylesheet|<!doctype\s+(?:html|svg)|<(?:[\w-]+:)?(?:html|head|body|script|svg|style|meta|link|base|object"
    r"|embed|iframe|frameset|img|form|a|b|p|div|h1|table|video|audio|math)[\s/>]"
)
_ACTIVE_SPACES: Final = (
    "http://www.w3.org/1999/xhtml",
    "http://www.w3.org/2000/svg",
    "/1999/xsl/transform",
)
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
_FORBIDDEN: Final = re.compile(r'[<>:"|?*]')


class RefusedFile(Invalid):
    """The file is not taken; the message can be shown."""

    def __init__(self, message: object) -> None:
        super().__init__(message, field="file")


def clean_name(name: str) -> str:
    """The last part of `name` as any system can keep it, at most MAX_NAME characters with its ending.

    Without path, control, bidi and zero-width characters, leading dots and what Windows reserves. An ending before
    the last one stays where it stands: `a.pdf.docx` is shown as just that.
    """
    last = re.split(r"[/\\]", name)[-1]
    plain = _FORBIDDEN.sub("_", clean(last, len(last))).strip(". ")
    if not plain:
        return "file"
    if _RESERVED.match(plain):
        plain = f"_{plain}"
    if len(plain) <= MAX_NAME:
        return plain
    ending = PurePath(plain).suffix
    ending = ending if len(ending) <= 20 else ""
    return plain[: MAX_NAME - len(ending)].rstrip(". ") + ending


def inspect(file: IO[bytes], name: str) -> str:
    """What is in a file that may be handed on: PICTURE for what core.pictures decodes, else one of SAFE_TYPES or OTHER.

    `name` is a cleaned one. Reads the beginning and, of archives, the directory at the end; the position moves.
    Raises RefusedFile.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(_HEAD)
    if not head:
        raise RefusedFile(_("The file is empty."))
    if _runs(file, head) or _is_active(head) or PurePath(name).suffix[1:].lower() in _RUN:
        raise RefusedFile(
            _(
                "Programs, scripts, web pages and SVG drawings cannot be sent. Send a document or a picture instead."
            )
        )
    if _is_picture(head):
        return PICTURE
    if head.startswith(b"PK"):
        _check_archive(file, size)
    found = filetype.guess_mime(head)
    return found if found in SAFE_TYPES else OTHER


def _is_picture(head: bytes) -> bool:
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")):
        return True
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return True
    # Words may begin with BM, too: the header that follows tells.
    return head[:2] == b"BM" and head[14:18] in {
        struct.pack("<I", n) for n in (12, 40, 52, 56, 64, 108, 124)
    }


def _runs(file: IO[bytes], head: bytes) -> bool:
    if head.startswith(_PROGRAMS):
        return True
    if head[:2] in (b"MZ", b"ZM") and b"\x00" in head[:512]:
        return True
    return head.startswith(_OLE) and _is_installer(file, head)


def _is_installer(file: IO[bytes], head: bytes) -> bool:
    """Whether the root of a compound file says that Windows Installer opens it."""
    shift, first = (
        struct.unpack_from("<H", head, 30)[0],
        struct.unpack_from("<I", head.ljust(512, b"\0"), 48)[0],
    )
    if shift not in (9, 12):
        return False
    file.seek(((first + 1) << shift) + 80)
    return file.read(16) == _INSTALLER


def _is_active(head: bytes) -> bool:
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    text = head.decode(encoding, "ignore").lstrip("\ufeff").lower()
    at = 0
    while found := _PROLOG.match(text, at):
        at = found.end()
    if text[at : at + 1] != "<":
        return False
    return bool(_ACTIVE.match(text, at)) or any(space in text for space in _ACTIVE_SPACES)


def _check_archive(file: IO[bytes], size: int) -> None:
    """Refuses what unpacks to many times its size, by what its directory says; nothing is unpacked."""
    file.seek(max(0, size - _END))
    tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22:
        return  # no archive that anything opens
    length, start = struct.unpack_from("<II", tail, end + 12)
    file.seek(min(start, size))
    directory = file.read(min(length, _MAX_DIRECTORY))
    unpacked, names = _members(directory)
    if length > _MAX_DIRECTORY or (unpacked > _RATIO_FREE and unpacked > _MAX_RATIO * size):
        raise RefusedFile(_("This archive would unpack to many times its size and cannot be sent."))
    if b"AndroidManifest.xml" in names or any(name.endswith(b".class") for name in names):
        raise RefusedFile(_("Programs cannot be sent."))


def _members(directory: bytes) -> tuple[int, set[bytes]]:
    """How large the members of an archive say they are together, and their names."""
    at, unpacked, names = 0, 0, set()
    while directory[at : at + 4] == b"PK\x01\x02" and len(directory) >= at + 46:
        unpacked += struct.unpack_from("<I", directory, at + 24)[0]
        lengths = struct.unpack_from("<HHH", directory, at + 28)
        names.add(directory[at + 46 : at + 46 + lengths[0]])
        at += 46 + sum(lengths)
    return unpacked, names
