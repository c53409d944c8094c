"""Vendored files are what VENDOR.md says, and hold every icon in use."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from pytest_django import Settings

ROOT = Path(settings.BASE_DIR)
ROWS = re.findall(
    r"^\| (\S+) \| \S+ \| (\S+) \| (\S+) \| `([0-9a-f]{64})` \|$",
    (ROOT / "static/vendor/VENDOR.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)
SPRITE = (ROOT / "static/vendor/tabler-icons-3.51.0/icons.svg").read_text(encoding="utf-8")
ICONS = set(re.findall(r'<symbol id="([^"]+)"', SPRITE))
USED = [
    re.compile(r'{%\s*(?:icon|avatar_icon) "([a-z0-9-]+)"'),
    re.compile(r'icon(?:_name)?=["\']([a-z0-9-]+)["\']'),
    re.compile(r'Word\("[a-z]*", "([a-z0-9-]+)"'),
    re.compile(r'NavItem\(\s*"[^"]+",\s*_?\(?"[^"]+"\)?,\s*[^,]+(?:\([^)]*\))?,\s*"([a-z0-9-]+)"'),
]


@pytest.mark.parametrize(("path", "digest"), [(row[0], row[3]) for row in ROWS])
def test_file_is_as_listed(path: str, digest: str) -> None:
    assert hashlib.sha256((ROOT / path).read_bytes()).hexdigest() == digest


def test_every_vendored_file_is_listed() -> None:
    folders = [ROOT / "static/vendor", ROOT / "tests/vendor"]
    found = {
        p.relative_to(ROOT).as_posix()
        for folder in folders
        for p in folder.rglob("*")
        if p.is_file()
    }
    assert found - {"static/vendor/VENDOR.md"} == {row[0] for row in ROWS}


def _sources() -> list[Path]:
    python = [p for app in ROOT.glob("*/nav.py") for p in [app]]
    more = [
        *(ROOT / "templates").rglob("*.html"),
        *(ROOT / "core").glob("*.py"),
        *ROOT.glob("*/views/*.py"),
    ]
    return [*python, *more, *ROOT.glob("*/tables.py"), *ROOT.glob("*/views.py")]


def test_every_icon_in_use_is_in_the_sprite() -> None:
    missing = {
        (name, path.relative_to(ROOT).as_posix())
        for path in _sources()
        for pattern in USED
        for name in pattern.findall(path.read_text(encoding="utf-8"))
        if name not in ICONS
    }
    assert not missing


def test_no_source_maps_and_no_foreign_addresses() -> None:
    for path in (ROOT / "static").rglob("*"):
        if path.suffix not in {".css", ".js"}:
            continue
        text = path.read_text(encoding="utf-8")
        assert "sourceMappingURL" not in text, path
        if "vendor" not in path.parts:
            assert not re.findall(r"https?://(?!www\.w3\.org)", text), path


def test_files_can_be_collected_under_hashed_names(tmp_path: Path, settings: Settings) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "core.staticfiles.HashedStorage"},
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    (entry,) = tmp_path.glob("app.*.js")
    names = re.findall(r'import"\./(js/[^"]+)"', entry.read_text(encoding="utf-8"))
    assert len(names) == len(
        re.findall(r"^import '", (ROOT / "static/app.js").read_text(), re.MULTILINE)
    )
    assert all(
        re.search(r"\.[0-9a-f]{12}\.js$", name) and (tmp_path / name).is_file() for name in names
    )
