"""Pictures from outside: looked at, decoded within limits and written anew (SECURITY T59)."""

from __future__ import annotations

import io
import warnings
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
    picture = _decoded(data, max_pixels, size)
    square = ImageOps.fit(picture, (size, size), Image.Resampling.LANCZOS)
    # A new image holds pixels only: no EXIF, ICC, XMP or comments travel along.
    bare = Image.new(square.mode, square.size)
    bare.paste(square)
    out = io.BytesIO()
    bare.save(out, "WEBP", quality=_QUALITY, method=4)
    return out.getvalue()


def _decoded(data: bytes, max_pixels: int, size: int) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # Our own limit below is the one that counts, and is tested before any pixel is decoded.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=_FORMATS)
            _check_size(picture, max_pixels)
            picture.draft("RGB", (size * 2, size * 2))
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            return upright.convert("RGBA" if _is_transparent(upright) else "RGB")
    except InvalidPicture:
        raise
    except UnidentifiedImageError:
        raise InvalidPicture(_("Choose a picture: JPEG, PNG, WebP, GIF or BMP")) from None
    except Exception:  # noqa: BLE001 - decoders raise about anything for a broken file
        raise InvalidPicture(_("The picture is damaged and cannot be read")) from None


def _check_size(picture: Image.Image, max_pixels: int) -> None:
    width, height = picture.size
    if width * height > max_pixels or width < 1 or height < 1:
        raise InvalidPicture(
            _("The picture has more than %(count)s million pixels")
            % {"count": max_pixels // 1_000_000}
        )


def _is_transparent(picture: Image.Image) -> bool:
    return picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info
