"""A stand-in in a process of its own, for tests and benches.

with running(corps=3, people=60, seed=7) as standin:
    settings.WECOM_API_BASE = standin.base
    standin.fault("code", api="user/list", code=45009)
    standin.act("mutate", kind="rename", count=5)
    standin.truth()["upstreams"][0]["chains"]
"""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
END_SECONDS = 5


class StandIn:
    """One that runs at `base`; it may be used by several threads."""

    def __init__(self, base: str) -> None:
        self.base = base

    def read(self, name: str) -> dict[str, Any]:
        """GET /standin/<name>."""
        return self._ask("GET", name, None)

    def act(self, _name: str, /, **given: Any) -> dict[str, Any]:
        """POST /standin/<name>. Raises ValueError with what was wrong."""
        return self._ask("POST", _name, given)

    def fault(self, kind: str, **given: Any) -> None:
        self.act("faults", kind=kind, **given)

    def clear(self) -> None:
        """No faults wait, and calls are counted from zero."""
        self.act("faults", clear=True)
        self.act("calls")

    def truth(self) -> dict[str, Any]:
        return self.read("truth")

    def connections(self) -> list[dict[str, Any]]:
        return list(self.read("connections")["upstreams"])

    def calls(self) -> dict[str, int]:
        """How often each API was asked."""
        return dict(self.read("calls")["calls"])

    def _ask(self, method: str, name: str, given: dict[str, Any] | None) -> dict[str, Any]:
        connection = http.client.HTTPConnection(urlsplit(self.base).netloc, timeout=60)
        try:
            body = None if given is None else json.dumps(given)
            connection.request(
                method, f"/standin/{name}", body, {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            told: dict[str, Any] = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise ValueError(told.get("why", answer.status))
        return told


@contextlib.contextmanager
def running(port: int = 0, **options: int) -> Iterator[StandIn]:
    """Starts one, with the options of the command; ends it afterwards."""
    words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
    command = [sys.executable, "-m", "wecom_sync.standin", "--port", str(port), *words]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith("ready "):
            raise RuntimeError("the stand-in did not start")
        yield StandIn(line.split()[1])
    finally:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()
