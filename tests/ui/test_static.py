"""Rules the styles, scripts and templates keep."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
OWN = [
    p
    for p in (ROOT / "static").rglob("*")
    if p.suffix in {".css", ".js"} and "vendor" not in p.parts
]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
TOKENS = (ROOT / "static/css/tokens.css").read_text(encoding="utf-8")
MODERN = ("light-dark(", "color-mix(", ":has(", "oklch(", "@layer", "@container")


@pytest.mark.parametrize("path", OWN, ids=lambda p: p.name)
def test_own_files_are_short_and_run_in_old_browsers(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    assert not [word for word in MODERN if word in text]


@pytest.mark.parametrize(
    "path", TEMPLATES, ids=lambda p: p.relative_to(ROOT / "templates").as_posix()
)
def test_templates_hold_nothing_inline(path: Path) -> None:
    text = re.sub(r"{#.*?#}|{%.*?%}", "", path.read_text(encoding="utf-8"))
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|hx-on|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"hx-vals=['\"]js:|hx-trigger=\"[^\"]*\[", text), (
        "trigger filters need eval"
    )
    assert not re.search(r"https?://", text.replace("http://www.w3.org", "")), "no foreign address"


def _block(start: str) -> str:
    begin = TOKENS.index(start) + len(start)
    return TOKENS[begin : TOKENS.index("}", begin)].strip()


def _values(block: str) -> dict[str, str]:
    return dict(re.findall(r"(--[\w-]+):([^;]+);", block))


LIGHT = _values(_block(":root,[data-bs-theme=light],[data-bs-theme=auto]{"))
DARK = _values(_block("\n[data-bs-theme=dark]{"))


def test_auto_is_dark_where_the_system_is_dark() -> None:
    assert _block("@media (prefers-color-scheme:dark){\n[data-bs-theme=auto]{") == _block(
        "\n[data-bs-theme=dark]{"
    )


def _luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(c * 2 for c in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


GROUNDS = ["--page", "--surface", "--surface-2", "--hover"]
PAIRS = [
    *[(text, ground) for text in ("--ink", "--ink-2", "--ink-3") for ground in GROUNDS],
    *[
        ("--brand", ground)
        for ground in ("--surface", "--surface-2", "--brand-soft", "--brand-softer", "--hover")
    ],
    *[
        (f"--{kind}", ground)
        for kind in ("ok", "warn", "bad")
        for ground in ("--surface", f"--{kind}-soft")
    ],
    ("--ink", "--mark"),
]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read(theme: str, text: str, ground: str) -> None:
    tokens = LIGHT if theme == "light" else {**LIGHT, **DARK}
    assert _contrast(tokens[text], tokens[ground]) >= 4.5
