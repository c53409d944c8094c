"""One port for `make run`: live streams on raw ASGI, every page on Django's WSGI handler in threads.

Django's own ASGI handler costs five to ten times as much per page; the streams do not need it.
In production granian serves `config.wsgi` and uvicorn `config.live`, the front proxy splits the path.
"""

import os
from typing import Any, cast

from a2wsgi import WSGIMiddleware
from a2wsgi.asgi_typing import HTTPScope, Receive, Scope, Send

from config import live
from config.wsgi import application as pages

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# With the threads of the streams below the ten connections of the database pool: a page hardly ever waits for one.
PAGE_THREADS = 8

wsgi_pages: Any = WSGIMiddleware(cast("Any", pages), workers=PAGE_THREADS)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Route one connection by kind and path."""
    if scope["type"] != "http" or scope["path"].startswith(live.PREFIX):
        await live.application(scope, receive, send)
    else:
        await wsgi_pages(_without_lookalikes(scope), receive, send)


def _without_lookalikes(scope: HTTPScope) -> HTTPScope:
    """Drop headers with an underscore: WSGI cannot tell `X_Forwarded_For` from the real header."""
    scope["headers"] = [pair for pair in scope["headers"] if b"_" not in pair[0]]
    return scope
