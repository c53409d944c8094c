"""Files of messages: what may be sent, how it is kept, and how it is called (SPEC IM-1, SECURITY T59 to T61)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import QueryDict
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from core import pictures, uploads
from im.models import Attachment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.core.files.uploadedfile import UploadedFile

    from accounts.models import User

FOLDER: Final = "messages"
MAX_EDGE: Final = 2560
PREVIEW_EDGE: Final = 480
# Fields and boundaries around the file in its request.
_AROUND: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """How much somebody may send: one file, all of his that are kept, and their number."""

    size: int
    quota: int
    count: int


def limits_of(user: User) -> Limits:
    """The limits of staff or of external people, from settings.IM_FILES."""
    return Limits(**settings.IM_FILES["external" if user.is_external else "staff"])


def check_size(size: int, limits: Limits) -> None:
    """Raises RefusedFile for a file that is larger than one may be."""
    if size > limits.size:
        raise uploads.RefusedFile(
            _("A file may have at most %(limit)s.") % {"limit": filesizeformat(limits.size)}
        )


class LimitedUpload(FileUploadHandler):
    """Stands before Django's handlers and ends an upload that is too large before it is on the disk.

    `check` says so afterwards: an exception of ours would leave what was read behind.
    """

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self.limits = limits
        self.taken = 0

    def handle_raw_input(
        self, input_data: Any, meta: Any, content_length: int, boundary: str, encoding: Any = None
    ) -> tuple[QueryDict, MultiValueDict[str, Any]] | None:
        if content_length <= self.limits.size + _AROUND:
            return None
        self.taken = content_length
        return QueryDict(), MultiValueDict()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.taken += len(raw_data)
        if self.taken > self.limits.size:
            raise StopUpload(connection_reset=True)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None

    def check(self) -> None:
        """Raises RefusedFile when the upload was ended."""
        check_size(self.taken, self.limits)


@dataclass(frozen=True, slots=True)
class Ready:
    """A file that was looked at and may be kept: what its row will say, and what is written."""

    row: dict[str, Any]
    content: File[bytes]
    preview: File[bytes] | None = None


def prepare(file: UploadedFile, name: str) -> Ready:  # type: ignore[type-arg]  # bytes in practice
    """Looks at a file that came in; pictures are written anew. Raises RefusedFile or InvalidPicture."""
    called = uploads.clean_name(name)
    kind = uploads.inspect(file, called)
    file.seek(0)
    if kind != uploads.PICTURE:
        row = {"kind": Attachment.Kind.FILE, "content_type": kind, "size": file.size}
        return Ready(row | {"name": called}, file)
    made = pictures.reencode(
        file,
        max_pixels=settings.IM_PICTURE_PIXELS,
        max_edge=MAX_EDGE,
        preview_edge=PREVIEW_EDGE,
    )
    row = {
        "kind": Attachment.Kind.PICTURE,
        "content_type": pictures.CONTENT_TYPE,
        "size": len(made.whole),
        "width": made.width,
        "height": made.height,
        "name": called,
    }
    return Ready(row, ContentFile(made.whole), ContentFile(made.preview))


def store(ready: Ready, *, owner: User) -> Attachment:
    """Writes the files; the row is not saved. Whoever does not save it must `discard` it."""
    place = f"{FOLDER}/{timezone.now():%Y/%m}/{uuid.uuid4().hex}"
    attachment = Attachment(owner=owner, **ready.row)
    try:
        attachment.file = default_storage.save(place, ready.content)
        if ready.preview:
            attachment.preview = default_storage.save(f"{place}-p", ready.preview)
    except BaseException:
        discard(attachment)
        raise
    return attachment


def names_of(attachment: Attachment) -> list[str]:
    """Where its files lie."""
    return [str(name) for name in (attachment.file.name, attachment.preview.name) if name]


def discard(attachment: Attachment) -> None:
    """Deletes the files of a row that was not saved."""
    delete(names_of(attachment))


def delete(names: Iterable[str]) -> None:
    """Deletes files of this app; those that are gone are gone."""
    for name in names:
        if name.startswith(f"{FOLDER}/"):
            default_storage.delete(name)


def download_name(attachment: Attachment) -> str:
    """The name under which a browser saves it: a picture has become WebP."""
    if attachment.kind == Attachment.Kind.PICTURE:
        return f"{PurePath(attachment.name).stem}.webp"
    return attachment.name
