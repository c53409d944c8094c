"""Browsers of a bench: so many open streams on one event loop, and when each event arrived.

python -m bench._listen PORT COOKIE KEYS OUT    (KEYS: a JSON list of session keys; "open" is printed when all listen;
with the end of its input it writes [stream, monotonic seconds, kind, data] of all events to OUT and goes)
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

AT_ONCE = 40
Heard = list[tuple[int, float, str, str]]


class Stream(asyncio.Protocol):
    """One of them. Only whole events are noted."""

    def __init__(self, number: int, request: bytes, heard: Heard) -> None:
        self.number, self.request, self.heard = number, request, heard
        self.rest = b""
        self.ready = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(self.request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        *events, self.rest = (self.rest + data).split(b"\n\n")
        for event in events:
            kind, _, body = event.partition(b"event: ")[2].decode().partition("\ndata: ")
            if kind:
                self.heard.append((self.number, now, kind, body.split("\n")[0]))
            if kind == "ready" and not self.ready.done():
                self.ready.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        self.heard.append((self.number, time.monotonic(), "lost", "{}"))
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("no stream"))


async def main(port: str, cookie: str, keys: str, out: str) -> None:
    heard: Heard = []
    loop = asyncio.get_running_loop()
    gate = asyncio.Semaphore(AT_ONCE)

    async def listen(number: int, key: str) -> None:
        lines = (
            "GET /live/ HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            f"Cookie: {cookie}={key}",
            "",
            "",
        )
        request = "\r\n".join(lines).encode()
        async with gate:
            _, stream = await loop.create_connection(
                lambda: Stream(number, request, heard), "127.0.0.1", int(port)
            )
            await stream.ready

    wanted = json.loads(Path(keys).read_text())
    await asyncio.gather(*(listen(number, key) for number, key in enumerate(wanted)))
    sys.stdout.write("open\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    Path(out).write_text(json.dumps(heard))


if __name__ == "__main__":
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(main(*sys.argv[1:]))
