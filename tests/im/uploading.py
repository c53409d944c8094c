"""Files as people and attackers send them."""

from __future__ import annotations

import io
import struct
import zlib

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
ALERT = b"<script>document.title='ran'</script>"
# Starts as a picture that no decoder takes, ends as a script.
GIF_SCRIPT = b"GIF89a/*" + b"\x00" * 40 + b"*/=1;document.title='ran'//" + ALERT
PDF_PAGE = PDF + b"<html><body>" + ALERT


def encoded(size: tuple[int, int] = (800, 600), kind: str = "JPEG", **options: object) -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **options)
    return out.getvalue()


def flood(width: int = 60_000, height: int = 60_000) -> bytes:
    """A small PNG that says it has 3.6 thousand million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\x00" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def upload(
    content: bytes = PDF, name: str = "报价.pdf", kind: str = "text/html"
) -> SimpleUploadedFile:
    """A file of a request; its type is what a liar says."""
    return SimpleUploadedFile(name, content, kind)
