"""How files stand in threads and lists."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from im.models import Attachment

if TYPE_CHECKING:
    from collections.abc import Mapping

# The box of a picture in a thread, in pixels.
MAX_WIDTH: Final = 240
MAX_HEIGHT: Final = 320
MIN_EDGE: Final = 40

# By the ending of the name, for the eye only: what a file is was told by its content.
_ICONS: Final[Mapping[str, str]] = {
    ending: icon
    for icon, endings in {
        "file-type-pdf": "pdf ofd",
        "file-spreadsheet": "xls xlsx xlsm csv et ods",
        "file-text": "doc docx docm txt md rtf wps odt ppt pptx dps odp",
        "file-zip": "zip rar 7z gz tar",
        "movie": "mp4 mov avi mkv mp3 wav m4a",
    }.items()
    for ending in endings.split()
}


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file in a thread. A picture has the size in which it is shown: the page keeps its place before it is there."""

    name: str
    stem: str
    ending: str
    """Always in sight, however long the name: `report.pdf.docx` must not look like a PDF."""
    size: str
    icon: str
    is_picture: bool
    width: int = 0
    height: int = 0


def line_of(attachment: Attachment | None) -> FileLine | None:
    """What a thread shows of a file."""
    if attachment is None:
        return None
    shown = attachment.kind == Attachment.Kind.PICTURE
    width, height = _fitted(attachment.width or 1, attachment.height or 1) if shown else (0, 0)
    path, size = PurePath(attachment.name), filesizeformat(attachment.size)
    icon = _ICONS.get(path.suffix[1:].lower(), "file")
    return FileLine(attachment.name, path.stem, path.suffix, size, icon, shown, width, height)


def _fitted(width: int, height: int) -> tuple[int, int]:
    by = min(1, MAX_WIDTH / width, MAX_HEIGHT / height)
    return max(MIN_EDGE, round(width * by)), max(MIN_EDGE, round(height * by))


def in_short(attachment: Attachment) -> str:
    """One line of a list: [图片], or [文件] and the name."""
    if attachment.kind == Attachment.Kind.PICTURE:
        return _("[Picture]")
    return _("[File] %(name)s") % {"name": attachment.name}
