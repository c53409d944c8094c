"""One port for `make run`: live streams on raw ASGI, every page on Django's WSGI handler in threads.

Django's own ASGI handler costs five to ten times as much per page; the streams do not need it.
In production granian serves `config.wsgi` and uvicorn this module, the front proxy splits the path.
"""

import os
from typing import Any, cast

from a2wsgi import WSGIMiddleware
from a2wsgi.asgi_typing import HTTPScope, Receive, Scope, Send

from config.wsgi import application as pages

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

LIVE_PREFIX = "/live/"
# Below the ten connections of the database pool: a page never waits for one.
PAGE_THREADS = 8

wsgi_pages: Any = WSGIMiddleware(cast("Any", pages), workers=PAGE_THREADS)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Route one connection by kind and path."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000, "reason": ""})
    elif scope["path"].startswith(LIVE_PREFIX):
        await _not_found(send)
    else:
        await wsgi_pages(_without_lookalikes(scope), receive, send)


def _without_lookalikes(scope: HTTPScope) -> HTTPScope:
    """Drop headers with an underscore: WSGI cannot tell `X_Forwarded_For` from the real header."""
    scope["headers"] = [pair for pair in scope["headers"] if b"_" not in pair[0]]
    return scope


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _not_found(send: Send) -> None:
    """The prefix is reserved for the streams; no page may ever live below it."""
    headers = [(b"content-type", b"text/plain"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
