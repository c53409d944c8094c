"""Fetch the pinned front-end files again and write their hashes (a developer's tool, never run in production).

    python scripts/vendor_assets.py            # needs npm on the path

The files themselves are committed: the product is built and served without this script. To add an icon, put its
name into ICONS, run the script and commit what changed.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static" / "vendor"
TESTS = ROOT / "tests" / "vendor"
SOURCE_MAP = re.compile(rb"\n?(/\*|//)# sourceMappingURL=[^\n]*\n?")

ICONS = """
address-book adjustments affiliate alert-triangle apps arrow-back-up arrow-down arrow-left arrow-right arrow-up
arrows-left-right arrows-move arrows-right-left at ban bell bell-off books brand-wechat briefcase building
building-community building-factory-2 building-store bulb calendar camera cash chart-bar check checkbox checklist checks
chevron-down chevron-left chevron-right chevron-up circle-check circle-dashed circle-minus circle-x clipboard-check
clock cloud-off contract copy copy-plus corner-left-up currency-yuan database-off device-desktop device-mobile dots
download external-link eye eye-off file file-certificate file-import file-invoice file-plus file-spreadsheet file-text
file-type-pdf file-zip filter fingerprint folder folder-plus folder-symlink forms git-merge hand-stop help-circle
history home hourglass id info-circle key language layout-kanban layout-sidebar link list-check lock lock-open login
logout mail message-circle message-plus mood-smile moon movie package paperclip pencil phone photo pin plug-connected
plus point refresh report-money rotate route search send settings share shield-check shield-lock shopping-cart sitemap
speakerphone star sun tag tags trash upload user user-check user-circle user-minus user-off user-plus user-search
user-share users users-group volume-off world x
""".split()


@dataclass(frozen=True)
class Package:
    """One pinned package; ``files`` are the paths inside it that are kept."""

    name: str
    version: str
    licence: str
    files: tuple[str, ...]
    into: Path = STATIC

    @property
    def folder(self) -> Path:
        short = {"@tabler/icons": "tabler-icons", "htmx.org": "htmx"}.get(self.name, self.name)
        return self.into / f"{short}-{self.version}"


PACKAGES = (
    Package("bootstrap", "5.3.9", "MIT", ("dist/css/bootstrap.min.css", "LICENSE")),
    Package("htmx.org", "2.0.11", "0BSD", ("dist/htmx.min.js", "LICENSE")),
    Package("htmx-ext-sse", "2.2.4", "0BSD", ("dist/sse.min.js", "LICENSE")),
    Package("@tabler/icons", "3.51.0", "MIT", ("LICENSE",)),
    Package("axe-core", "4.14.1", "MPL-2.0", ("axe.min.js", "LICENSE"), TESTS),
)

HEAD = """# Vendored front-end files

Written by `python scripts/vendor_assets.py`; `tests/ui/test_vendor.py` compares the hashes. Lines that name a source
map are cut from the minified files (the maps are not shipped), everything else is as published.

"""


def unpack(package: Package, folder: Path) -> Path:
    """Download one package with npm and return the folder it was unpacked to."""
    command = ["npm", "pack", f"{package.name}@{package.version}", "--silent"]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    target = folder / package.folder.name
    with tarfile.open(folder / done.stdout.strip().splitlines()[-1]) as archive:
        archive.extractall(target, filter="data")
    return target / "package"


def sprite(outline: Path) -> bytes:
    """All icons in use as one SVG file of symbols, to be shown with ``<use href="…#name">``."""
    symbols = []
    for name in sorted(set(ICONS)):
        text = (outline / f"{name}.svg").read_text(encoding="utf-8")
        body = re.sub(r"<path stroke=\"none\" d=\"M0 0h24v24H0z\" fill=\"none\" />", "", text)
        body = re.sub(r"\s*\n\s*", "", body[body.index(">") + 1 : body.rindex("</svg>")])
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" '
            f'stroke-linecap="round" stroke-linejoin="round">{body}</symbol>'
        )
    inner = "\n".join(symbols)
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{inner}\n</svg>\n'.encode()


def main() -> None:
    """Refresh every pinned file and the list of hashes beside them."""
    rows = ["| file | package | version | licence | SHA-256 |", "|---|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as temporary:
        for package in PACKAGES:
            source = unpack(package, Path(temporary))
            package.folder.mkdir(parents=True, exist_ok=True)
            kept = {Path(name).name: (source / name).read_bytes() for name in package.files}
            if package.name == "@tabler/icons":
                kept["icons.svg"] = sprite(source / "icons" / "outline")
            for name, content in kept.items():
                data = content if name == "LICENSE" else SOURCE_MAP.sub(b"\n", content)
                path = package.folder / name
                path.write_bytes(data)
                digest = hashlib.sha256(data).hexdigest()
                shown = path.relative_to(ROOT).as_posix()
                rows.append(
                    f"| {shown} | {package.name} | {package.version} | {package.licence} | `{digest}` |"
                )
    (STATIC / "VENDOR.md").write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
