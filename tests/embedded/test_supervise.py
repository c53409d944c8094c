"""`make run` as a whole: up, crash of a child, crash of everything, down in order."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.embedded import process, running
from core.embedded.home import CHECKOUT


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(happened: Callable[[], object], seconds: float = 60) -> object:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = happened()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


@dataclass
class Site:
    """A supervisor of its own, as somebody at a terminal would start it."""

    home: Path
    port: int
    popen: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        outside = {
            "DATABASE_URL",
            "REDIS_URL",
            "SECRET_KEY",
            "SECRETS_KEY",
            "DATABASE_POOL",
            "DATA_DIR",
        }
        env = {name: value for name, value in os.environ.items() if name not in outside}
        # Without DEMO nothing is seeded: this is about processes.
        env |= {"WAILIAN_HOME": str(self.home), "PORT": str(self.port), "DEMO": "0"}
        with (self.home / "out").open("wb") as out:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "core.embedded.supervise"],
                cwd=CHECKOUT,
                env=env,
                stdout=out,
                stderr=out,
            )
        wait_for(lambda: "Ctrl-C" in self.said() or self.popen.poll() is not None)
        assert self.popen.poll() is None, self.said()

    def said(self) -> str:
        return (self.home / "out").read_text()

    def children(self) -> dict[str, int]:
        """Name of the program (worker, beat, stand-in, uvicorn) to pid."""
        known = json.loads((self.home / "children.json").read_text())
        words = ("worker", "beat", "wecom_sync.standin", "uvicorn")
        return {
            next(word for word in words if f" {word} " in line): int(pid)
            for pid, line in known.items()
        }

    def status(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def everybody(self) -> list[int]:
        services = running(home=self.home)
        groups = [
            pid for leader in self.children().values() for pid in process.group_members(leader)
        ]
        return [*groups, *(services.pids.values() if services else [])]


@pytest.fixture
def site(open_folder: Path) -> Iterator[Site]:
    site = Site(open_folder, free_port())
    yield site
    if site.popen and site.popen.poll() is None:
        site.popen.terminate()
        site.popen.wait(60)


def test_a_site_survives_crashes_and_leaves_nothing_behind(site: Site) -> None:
    site.start()
    assert site.status("/healthz") == 200
    assert site.status("/live/anything") == 404
    assert "runs already" in second_supervisor(site)

    before = site.children()
    os.kill(before["uvicorn"], signal.SIGKILL)
    os.kill(running(home=site.home).pids["postgres"], signal.SIGKILL)
    wait_for(lambda: site.children()["uvicorn"] != before["uvicorn"])
    wait_for(lambda: "postgres was gone" in site.said())
    wait_for(lambda: site.status("/readyz") in {200, 503})

    # The supervisor, the broker and the head of the worker die; web, beat and the worker's own
    # children are left.
    left = site.everybody()
    site.popen.kill()
    site.popen.wait()
    os.kill(running(home=site.home).pids["valkey"], signal.SIGKILL)
    os.kill(site.children()["worker"], signal.SIGKILL)
    assert site.status("/healthz") == 200
    site.start()
    assert "an earlier run had left behind" in site.said()
    assert site.status("/healthz") == 200
    now = site.everybody()
    assert not any(process.command_line(pid) for pid in left if pid not in now)

    site.popen.terminate()
    assert site.popen.wait(60) == 0
    wait_for(lambda: not any(process.command_line(pid) for pid in now), 10)
    assert site.status("/healthz") == 0


def second_supervisor(site: Site) -> str:
    answer = subprocess.run(
        [sys.executable, "-m", "core.embedded.supervise"],
        cwd=CHECKOUT,
        env=os.environ | {"WAILIAN_HOME": str(site.home), "PORT": str(site.port)},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert answer.returncode == 1
    return answer.stderr
