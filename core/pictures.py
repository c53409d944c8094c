"""Pictures from outside: looked at, decoded within limits and written anew (SECURITY T59)."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import IO, Final

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

from core.errors import Invalid

MAX_BYTES: Final = 5 * 1024 * 1024
MAX_PIXELS: Final = 40_000_000
AVATAR_SIZE: Final = 256
CONTENT_TYPE: Final = "image/webp"

# Decoders with a small surface only; everything else (SVG, PDF, PostScript, TIFF, ...) is refused
# unread.
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
_QUALITY: Final = 86


class InvalidPicture(Invalid):
    """The file is no picture that we take; the message can be shown to the user."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture written anew, whole and small, both WebP; the size in pixels is that of the whole."""

    whole: bytes
    preview: bytes
    width: int
    height: int


def reencode(
    file: IO[bytes], *, max_pixels: int = MAX_PIXELS, max_edge: int, preview_edge: int
) -> Picture:
    """The picture with nothing of the original but its pixels, no edge longer than `max_edge`.

    Its first frame, turned upright; metadata, profiles, later frames and appended data are gone. The file is read as
    far as decoding needs it. Raises InvalidPicture.
    """
    picture = _decoded(file, max_pixels, draft=max_edge, edge=max_edge)
    small = picture.copy()
    small.thumbnail((preview_edge, preview_edge), Image.Resampling.LANCZOS)
    return Picture(_webp(picture), _webp(small), *picture.size)


def reencode_avatar(
    file: IO[bytes],
    *,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
    size: int = AVATAR_SIZE,
) -> bytes:
    """A square WebP of `size` × `size` pixels with nothing of the original but its pixels.

    The middle of the first frame, turned upright; metadata, profiles, later frames and appended
    data are gone. Raises InvalidPicture.
    """
    data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise InvalidPicture(
            _("The picture is larger than %(size)s MB") % {"size": max_bytes // (1024 * 1024)}
        )
    picture = _decoded(io.BytesIO(data), max_pixels, draft=size * 2)
    return _webp(ImageOps.fit(picture, (size, size), Image.Resampling.LANCZOS))


def _webp(picture: Image.Image) -> bytes:
    # A new image holds pixels only: no EXIF, ICC, XMP or comments travel along.
    bare = Image.new(picture.mode, picture.size)
    bare.paste(picture)
    out = io.BytesIO()
    bare.save(out, "WEBP", quality=_QUALITY, method=4)
    return out.getvalue()


def _decoded(
    file: IO[bytes], max_pixels: int, *, draft: int, edge: int | None = None
) -> Image.Image:
    """Upright, RGB or RGBA; with `edge` shrunk to it, before turning takes memory a second time."""
    try:
        with warnings.catch_warnings():
            # Our own limit below is the one that counts, and is tested before any pixel is decoded.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture: Image.Image = Image.open(file, formats=_FORMATS)
            _check_size(picture, max_pixels)
            picture.draft("RGB", (draft, draft))
            picture.load()
            mode = "RGBA" if _is_transparent(picture) else "RGB"
            if picture.mode != mode:
                picture = picture.convert(mode)
            if edge:
                picture.thumbnail((edge, edge), Image.Resampling.LANCZOS, reducing_gap=3.0)
            return ImageOps.exif_transpose(picture)
    except InvalidPicture:
        raise
    except Image.DecompressionBombError:
        raise _too_many_pixels(max_pixels) from None
    except UnidentifiedImageError:
        raise InvalidPicture(_("Choose a picture: JPEG, PNG, WebP, GIF or BMP")) from None
    except Exception:  # noqa: BLE001 - decoders raise about anything for a broken file
        raise InvalidPicture(_("The picture is damaged and cannot be read")) from None


def _check_size(picture: Image.Image, max_pixels: int) -> None:
    width, height = picture.size
    if width * height > max_pixels or width < 1 or height < 1:
        raise _too_many_pixels(max_pixels)


def _too_many_pixels(limit: int) -> InvalidPicture:
    return InvalidPicture(
        _("The picture has more than %(count)s million pixels") % {"count": limit // 1_000_000}
    )


def _is_transparent(picture: Image.Image) -> bool:
    return picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info
