"""The embedded Valkey on a Unix socket: broker, cache and fan-out, never the truth."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from core.embedded import binaries, process
from core.embedded.errors import DidNotStart
from core.embedded.home import Home, Place

START_SECONDS = 20.0
STOP_SIGNALS = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


@dataclass(frozen=True, slots=True)
class Valkey:
    """One server of one home."""

    home: Home
    place: Place
    kind: str
    name: ClassVar[str] = "valkey"

    @property
    def socket(self) -> Path:
        return self.place.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        """redis-py's form; for kombu settings change `unix://` to `redis+socket://` and nothing else.

        It names no numbered database: the two spell that differently (`db`, `virtual_host`).
        """
        return f"unix://{quote(str(self.socket))}"

    def pid(self) -> int:
        """The running server behind the socket, 0 when nobody answers there."""
        try:
            pid = int((self.place.sockets / "valkey.pid").read_text())
        except (OSError, ValueError):
            return 0
        if not process.is_ours(pid, marker=str(self.socket)):
            return 0
        return pid

    def start(self) -> int:
        """Start the server, or find the one that runs; returns its pid. Raises EmbeddedError."""
        child = None if self.pid() else self._launch()
        self._wait_ready(child)
        return self.pid()

    def stop(self) -> None:
        pid = self.pid()
        if pid:
            process.stop(pid, marker=str(self.socket), signals=STOP_SIGNALS)

    def _launch(self) -> subprocess.Popen[bytes]:
        data = self.place.data / "valkey"
        data.mkdir(exist_ok=True, mode=0o700)
        self.place.account.own(data)
        pid_file = self.place.sockets / "valkey.pid"
        pid_file.unlink(missing_ok=True)
        self.socket.unlink(missing_ok=True)
        command = [
            binaries.valkey(self.place.account),
            *("--unixsocket", self.socket, "--unixsocketperm", "700", "--port", "0"),
            *("--dir", data, "--pidfile", pid_file, "--databases", "16"),
            # Any eviction would drop queued jobs (SECURITY M11): a full server refuses instead.
            *("--maxmemory", "256mb", "--maxmemory-policy", "noeviction"),
            *("--save", "", "--appendonly", "no" if self.kind == "test" else "yes"),
            # We know it by its command line, which must not change under our eyes.
            *("--set-proc-title", "no"),
            # A file cut off by a kill is read up to the cut.
            *("--aof-load-truncated", "yes", "--loglevel", "warning"),
        ]
        with self.home.log("valkey").open("ab") as log:
            return process.spawn(command, account=self.place.account, log=log, cwd=data)

    def _wait_ready(self, child: subprocess.Popen[bytes] | None) -> None:
        """`child` is the one just launched: right after its start a process has no command line yet."""
        deadline = time.monotonic() + START_SECONDS
        while not (self._answers() and self.pid()):
            gone = child.poll() is not None if child else not self.pid()
            if gone or time.monotonic() > deadline:
                raise DidNotStart(
                    server="Valkey",
                    reason="it ended" if gone else f"no answer within {START_SECONDS:.0f} s",
                    log_tail=process.log_tail(self.home.log("valkey")),
                )
            time.sleep(process.POLL_SECONDS)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(2)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False
