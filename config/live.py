"""The process of the live streams in production: /live/ and its probe. `config.asgi` serves pages beside it."""

import asyncio
import os
import resource
import signal
import threading
from types import FrameType
from typing import Any

import django
from a2wsgi.asgi_typing import Receive, Scope, Send
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

PREFIX = "/live/"
# Knows models, so it can be imported only now.
streams: Any = import_string("im.live.stream.Live")()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Route one connection by kind and path."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000, "reason": ""})
    elif scope["path"].startswith(PREFIX):
        await streams(scope, receive, send)
    else:
        await _answer(send, 200 if scope["path"] == "/healthz" else 404)


async def lifespan(receive: Receive, send: Send) -> None:
    """Streams end before the server waits for its connections, which would otherwise take it to its limit."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            _allow_many_files()
            _end_streams_first()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return


def _allow_many_files() -> None:
    """Each stream is an open file; the usual limit of 1,024 would be the first to be met."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 16_384 if hard == resource.RLIM_INFINITY else min(hard, 16_384)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _end_streams_first() -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        servers_own = signal.getsignal(signum)

        def on_signal(number: int, frame: FrameType | None, then: Any = servers_own) -> None:
            loop.call_soon_threadsafe(streams.hub.stop)
            if callable(then):
                then(number, frame)

        signal.signal(signum, on_signal)


async def _answer(send: Send, status: int) -> None:
    headers = [(b"content-type", b"text/plain"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
