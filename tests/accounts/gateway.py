"""A gateway for text messages as a server on this machine: it keeps what it was sent and answers as it is told."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "gateway-token-for-tests-0123456789"


class Gateway(ThreadingHTTPServer):
    """`answers` are statuses for the next requests, 0 for one that comes too late; then 202 for each.

    Between `open.clear()` and `open.set()` nobody is answered; what was sent meanwhile stands in `got` all the same.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[dict[str, Any]] = []
        self.answers: list[int] = []
        self.open = threading.Event()
        self.open.set()

    @property
    def settings(self) -> dict[str, Any]:
        """settings.SMS for it."""
        url = f"http://127.0.0.1:{self.server_port}/send"
        return {"url": url, "token": TOKEN, "loopback": True}


class _Handler(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(
            {"path": self.path, "headers": dict(self.headers), "body": json.loads(body)}
        )
        self.server.open.wait(30)
        status = self.server.answers.pop(0) if self.server.answers else 202
        if not status:
            time.sleep(0.5)
            return
        with contextlib.suppress(BrokenPipeError):  # whoever asked may be gone
            self._answer(status)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Its own log is nobody's concern."""


@contextmanager
def running() -> Iterator[Gateway]:
    """The gateway, ended at the end of the block."""
    with Gateway() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
