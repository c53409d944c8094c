"""Pictures from outside."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from core.pictures import InvalidPicture, reencode_avatar


def encoded(picture: Image.Image, kind: str, **options: object) -> io.BytesIO:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return io.BytesIO(out.getvalue())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
def test_pictures_become_a_square_webp(kind: str) -> None:
    data = reencode_avatar(encoded(Image.new("RGB", (600, 400), "red"), kind))
    picture = Image.open(io.BytesIO(data))
    assert (picture.format, picture.size) == ("WEBP", (256, 256))
    red, green, _blue = picture.convert("RGB").getpixel((128, 128))
    assert red > 240
    assert green < 20


def test_metadata_is_gone_and_the_picture_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    exif[0x010F] = "SECRETCAMERA"
    source = Image.new("RGB", (400, 400), "red")
    source.paste("blue", (0, 0, 400, 200))  # the upper half, which the camera says is the right
    data = reencode_avatar(encoded(source, "JPEG", exif=exif.tobytes(), comment=b"SECRETCOMMENT"))
    assert b"SECRET" not in data
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    assert not picture.getexif()
    assert picture.getpixel((250, 128))[2] > 200
    assert picture.getpixel((5, 128))[0] > 200


def test_transparency_stays() -> None:
    data = reencode_avatar(encoded(Image.new("RGBA", (300, 300), (0, 0, 0, 0)), "PNG"))
    assert Image.open(io.BytesIO(data)).mode == "RGBA"


def test_only_the_first_frame_of_an_animation() -> None:
    frames = [Image.new("RGB", (300, 300), color) for color in ("red", "blue")]
    source = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)
    picture = Image.open(io.BytesIO(reencode_avatar(source)))
    assert getattr(picture, "n_frames", 1) == 1
    assert picture.convert("RGB").getpixel((10, 10))[0] > 200


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pixel_flood() -> bytes:
    """A PNG of a few hundred bytes that claims 40,000 × 40,000 pixels."""
    head = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\x00" * 100_000))
        + chunk(b"IEND", b"")
    )


HOSTILE = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "empty": b"",
    "pdf": b"%PDF-1.7\n",
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    "flood": pixel_flood(),
    "text": "不是图片".encode(),
    "tiff": b"II*\x00\x08\x00\x00\x00\x00\x00",
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_other_files_are_refused(name: str) -> None:
    with pytest.raises(InvalidPicture) as caught:
        reencode_avatar(io.BytesIO(HOSTILE[name]))
    assert str(caught.value)


def test_a_cut_picture_is_refused() -> None:
    whole = encoded(Image.effect_noise((300, 300), 90).convert("RGB"), "PNG").getvalue()
    with pytest.raises(InvalidPicture):
        reencode_avatar(io.BytesIO(whole[: len(whole) // 2]))


def test_limits() -> None:
    with pytest.raises(InvalidPicture, match="MB"):
        reencode_avatar(io.BytesIO(b"\xff" * 2_000_001), max_bytes=2_000_000)
    with pytest.raises(InvalidPicture):
        reencode_avatar(encoded(Image.new("RGB", (101, 100)), "PNG"), max_pixels=10_000)


def test_what_is_appended_does_not_survive() -> None:
    source = encoded(Image.new("RGB", (300, 300)), "PNG").getvalue() + b"<script>PAYLOAD</script>"
    assert b"PAYLOAD" not in reencode_avatar(io.BytesIO(source))
