"""A small client on the loopback: one request, or as many as come through in a second."""

from __future__ import annotations

import re
import socket
import threading
import time
from typing import NamedTuple

TOKENS = re.compile(r"[A-Za-z0-9]{64}")


class Page(NamedTuple):
    """An address, the session that asks, and what htmx would say it wants ("" for a whole page)."""

    url: str
    session: str
    target: str = ""

    @property
    def request(self) -> bytes:
        lines = [
            f"GET {self.url} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Cookie: wl-session={self.session}",
        ]
        if self.target:
            lines += ["HX-Request: true", f"HX-Target: {self.target}", "HX-Trigger: search"]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Connection:
    """One kept-alive connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> bytes:
        """The body of the answer; ends the bench for any status but 200."""
        self.socket.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _blank, body = data.partition(b"\r\n\r\n")
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise SystemExit(head.decode(errors="replace"))
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        parts, got = [body], len(body)
        while got < length:
            parts.append(self._more())
            got += len(parts[-1])
        return b"".join(parts)

    def _more(self) -> bytes:
        found = self.socket.recv(262_144)
        if not found:
            raise SystemExit("the server closed the connection")
        return found


def ask(port: int, page: Page) -> str:
    """The body of one answer."""
    return Connection(port).ask(page.request).decode()


def timed(port: int, page: Page) -> float:
    """Milliseconds of one request over a fresh connection, which is not counted."""
    connection = Connection(port)
    began = time.perf_counter()
    connection.ask(page.request)
    return (time.perf_counter() - began) * 1000


def rate(port: int, page: Page, concurrency: int, seconds: float) -> float:
    """Requests a second over so many connections."""
    counts = [0] * concurrency
    until = time.perf_counter() + seconds

    def work(number: int) -> None:
        connection, request = Connection(port), page.request
        while time.perf_counter() < until:
            connection.ask(request)
            counts[number] += 1

    began = time.perf_counter()
    threads = [threading.Thread(target=work, args=(number,)) for number in range(concurrency)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - began)


def comparable(html: str) -> str:
    """The HTML without tokens and blanks between tags: what must be the same."""
    return re.sub(r">\s+<", "><", TOKENS.sub("", html)).strip()
