"""What may be handed on, by its content, and what it may be called."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from core.uploads import MAX_NAME, OTHER, PICTURE, RefusedFile, clean_name, inspect

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
EXE = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00" + b"\x00" * 300 + b"PE\x00\x00"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def archive(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return out.getvalue()


def compound(clsid: bytes) -> bytes:
    """A compound file whose root says who opens it."""
    head = bytearray(512)
    head[:8] = OLE
    struct.pack_into("<H", head, 30, 9)
    struct.pack_into("<I", head, 48, 0)
    root = bytearray(128)
    root[80:96] = clsid
    return bytes(head + root) + b"\x00" * 384


def look(content: bytes, name: str = "文件.dat") -> str:
    return inspect(io.BytesIO(content), clean_name(name))


RUNS = {
    "svg": (SVG, "logo.png"),
    "svg after a prolog": (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- x -->\n' + SVG, "a.xml"),
    "svg with a prefix": (b'<x:g xmlns:x="http://www.w3.org/2000/svg"/>', "a.dat"),
    "html": (b"<!-- a --><!DOCTYPE html><html><script>1</script>", "报价.pdf"),
    "html in capitals": (b"\n\n  <HTML>", "a.txt"),
    "html in utf-16": ("<html><script>1</script>".encode("utf-16"), "a.txt"),
    "script": (b"<script>alert(1)</script>", "a.txt"),
    "picture tag": (b"<img src=x onerror=alert(1)>", "a.txt"),
    "xhtml": (
        b'<?xml version="1.0"?><r xmlns:h="http://www.w3.org/1999/xhtml"><h:x/></r>',
        "a.xml",
    ),
    "style sheet": (b'<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?><r/>', "a.xml"),
    "pdf behind html": (b"<script>alert(1)</script>" + PDF, "a.pdf"),
    "windows program": (EXE, "照片.jpg"),
    "linux program": (b"\x7fELF\x02\x01\x01" + b"\x00" * 60, "a.pdf"),
    "mac program": (b"\xcf\xfa\xed\xfe" + b"\x00" * 60, "a.pdf"),
    "java class": (b"\xca\xfe\xba\xbe\x00\x00\x00\x34", "a.pdf"),
    "shell script": (b"#!/bin/sh\nrm -rf /\n", "a.txt"),
    "shortcut": (b"\x4c\x00\x00\x00\x01\x14\x02\x00" + b"\x00" * 60, "a.txt"),
    "installer": (compound(bytes.fromhex("84100c0000000000c000000000000046")), "a.doc"),
    "android": (archive({"AndroidManifest.xml": b"x"}), "a.zip"),
    "jar": (archive({"a/B.class": b"x"}), "a.zip"),
    "by its name": (b"@echo off", "a.pdf.bat"),
    "by its name, hidden": (b"x", "a\u202egpj.exe"),
    "by its name, dots behind": (b"x", "a.hta. . "),
}


@pytest.mark.parametrize("case", RUNS)
def test_what_would_run_is_refused(case: str) -> None:
    content, name = RUNS[case]
    with pytest.raises(RefusedFile) as refused:
        look(content, name)
    assert refused.value.field == "file"


BOMB = archive({"word/document.xml": b"\x00" * 300_000_000})


def test_archives_that_unpack_to_too_much_are_refused_unread() -> None:
    assert len(BOMB) < 1_000_000
    with pytest.raises(RefusedFile, match=r"解压|unpack"):
        look(BOMB, "报价.docx")
    lying = bytearray(b"PK\x03\x04" + b"\x00" * 60)
    lying += b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, 2**31, 0, 0)
    with pytest.raises(RefusedFile):
        look(bytes(lying))


def test_nothing_is_refused_as_empty_only() -> None:
    with pytest.raises(RefusedFile, match=r"空|empty"):
        look(b"")


TAKEN = {
    "pdf": (PDF, "application/pdf"),
    "pdf with a page behind it": (PDF + b"<html><script>alert(1)</script>", "application/pdf"),
    "words": ("第 6 条：开票后 60 天".encode(), OTHER),
    "words beginning BM": ("BMW 报价".encode(), OTHER),
    "words beginning MZ": (b"MZ-500 drawing", OTHER),
    "invoice": (b'<?xml version="1.0"?><EInvoice xmlns="urn:x"><a>1</a></EInvoice>', OTHER),
    "json": (b'{"html": "<html>"}', OTHER),
    "zip": (archive({"a.txt": b"x" * 1000}), "application/zip"),
    "broken zip": (b"PK\x03\x04 and nothing", "application/zip"),
    "old document": (compound(b"\x00" * 16), OTHER),
    "document with macros": (
        archive({"word/vbaProject.bin": b"x", "word/document.xml": b"y"}),
        None,
    ),
    "jpeg": (b"\xff\xd8\xff\xe0", PICTURE),
    "gif and script": (b"GIF89a=1;alert(1)", PICTURE),
    "bmp": (b"BM" + b"\x00" * 12 + struct.pack("<I", 40), PICTURE),
}


@pytest.mark.parametrize("case", TAKEN)
def test_what_is_in_it_is_told_by_its_content(case: str) -> None:
    content, kind = TAKEN[case]
    assert look(content, "a.txt") == (kind or look(content))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("2027 框架采购协议（示例）.pdf", "2027 框架采购协议（示例）.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\报价.xlsx", "报价.xlsx"),
        ("a\x00b\r\n.pdf", "ab .pdf"),
        ("a\u202efdp.txt", "afdp.txt"),
        ("a\u200b\u2066b.txt", "ab.txt"),
        ("报价.pdf.docx", "报价.pdf.docx"),
        ("CON.txt", "_CON.txt"),
        ("lpt1", "_lpt1"),
        ("console.txt", "console.txt"),
        ('a<b>"c|d?.txt', "a_b__c_d_.txt"),
        (".htaccess", "htaccess"),
        ("a.txt. .", "a.txt"),
        ("", "file"),
        ("..", "file"),
        ("/", "file"),
        ("\u202e\x00", "file"),
    ],
)
def test_names(name: str, kept: str) -> None:
    assert clean_name(name) == kept


def test_long_names_keep_their_ending() -> None:
    name = clean_name("长" * 10_000 + ".xlsx")
    assert len(name) == MAX_NAME
    assert name.endswith("长.xlsx")
    assert len(clean_name("a." + "b" * 10_000)) == MAX_NAME
