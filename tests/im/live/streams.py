"""A server of the streams in a process of its own, and a browser that listens to one."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.models import User

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 40
WAIT_SECONDS = 5.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def own_database_url() -> str:
    """The database of this worker, as another process reaches it."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))


def wait_for(happened: Callable[[], Any], seconds: float = WAIT_SECONDS) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := happened():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"it did not happen within {seconds} s")


@dataclass
class Server:
    """`uvicorn <module>` on a free port of the loopback."""

    module: str
    port: int = 0
    more: dict[str, str] = field(default_factory=dict)
    popen: subprocess.Popen[bytes] | None = None
    log: IO[bytes] = field(default_factory=tempfile.TemporaryFile)

    def start(self) -> Server:
        self.port = self.port or free_port()
        env = os.environ | {
            "DATABASE_URL": own_database_url(), "SECRET_KEY": settings.SECRET_KEY, "SECRETS_KEY": settings.SECRETS_KEY,
            "DJANGO_SETTINGS_MODULE": "config.settings", "LOG_JSON": "0",
        } | self.more  # fmt: skip
        command = [
            sys.executable,
            "-m",
            "uvicorn",
            f"{self.module}:application",
            "--port",
            str(self.port),
        ]
        quiet = [
            "--no-proxy-headers",
            "--no-access-log",
            "--lifespan",
            "on",
            "--timeout-graceful-shutdown",
            "5",
        ]
        self.popen = subprocess.Popen([*command, *quiet], cwd=ROOT, env=env, stderr=self.log)
        wait_for(self._answers, START_SECONDS)
        return self

    def _answers(self) -> bool:
        assert self.popen is not None
        assert self.popen.poll() is None, f"{self.module} ended with {self.popen.returncode}"
        with contextlib.suppress(OSError):
            return self.ask(path="/healthz").status == 200
        return False

    def complaints(self) -> str:
        """The end of what it wrote to its log."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace")[-3000:]

    def stop(self) -> float:
        """Ends it in order; returns how long that took."""
        began = time.monotonic()
        if self.popen is not None:
            self.popen.terminate()
            self.popen.wait(20)
        return time.monotonic() - began

    def ask(
        self, key: str = "", *, path: str = "/live/", method: str = "GET", **headers: str
    ) -> Stream:
        return Stream(self.port, key, path, method, headers)


class Stream:
    """One request; what arrives is read in a thread."""

    def __init__(
        self, port: int, key: str, path: str, method: str, headers: dict[str, str]
    ) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
        if key:
            lines.append(f"Cookie: {settings.SESSION_COOKIE_NAME}={key}")
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self.raw = b""
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.ids: list[int] = []
        self.ended_at: float | None = None
        self.heard = threading.Condition()
        self.file = self.socket.makefile("rb")
        self.status = int((self.file.readline() or b"HTTP/1.1 0").split()[1])
        self.headers = dict(self._headers())
        threading.Thread(target=self._read, daemon=True).start()

    def _headers(self) -> Any:
        while line := self.file.readline().strip().decode():
            name, _, value = line.partition(":")
            yield name.lower(), value.strip()

    def _read(self) -> None:
        kind = ""
        with contextlib.suppress(OSError, ValueError):
            while self.headers.get("transfer-encoding") == "chunked":
                size = int(self.file.readline() or b"0", 16)
                chunk = self.file.read(size) if size else b""
                self.file.readline()
                if not size:
                    break
                self.raw += chunk
                for line in chunk.decode().splitlines():
                    name, _, value = line.partition(": ")
                    if name == "event":
                        kind = value
                    elif name == "id":
                        self.ids.append(int(value))
                    elif name == "data":
                        self.events.append((kind, json.loads(value)))
        self.ended_at = time.monotonic()
        self.socket.close()

    def kinds(self) -> list[str]:
        return [kind for kind, _data in self.events]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [data for name, data in self.events if name == kind]

    def wait(
        self, kind: str, count: int = 1, seconds: float = WAIT_SECONDS
    ) -> list[dict[str, Any]]:
        return wait_for(lambda: len(found := self.of(kind)) >= count and found, seconds)

    def wait_end(self, seconds: float = WAIT_SECONDS) -> None:
        wait_for(lambda: self.ended_at is not None, seconds)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)


def session_of(user: User) -> str:
    """The key of a fresh session."""
    client = Client()
    client.force_login(user, backend="accounts.backends.LoginBackend")
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)
