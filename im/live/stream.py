"""/live/ as a bare ASGI application: the door, then one open answer per tab (SPEC IM-3; SECURITY T56, T57).

A browser that is refused does not come back by itself; HEAD tells it why without a stream: 401 log in, 403 something
comes first or the request came from elsewhere, 503 nobody can say now.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import Error as DatabaseError
from django.http import HttpRequest, parse_cookie

from accounts.services.login import from_this_machine
from core import context
from core.middleware import client_ip
from im.live import events
from im.live.hub import TOTAL, Connection, Hub

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Receive = Callable[[], Awaitable[Mapping[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]

log = logging.getLogger(__name__)

PATH: Final = "/live/"
HEARTBEAT_SECONDS: Final = 15.0
# A browser that takes nothing for so long is gone, or will ask for everything when it comes back.
WRITE_SECONDS: Final = 30.0
CLOSE_SECONDS: Final = 1.0
RETRY_MS: Final = (1_000, 4_000)  # spread, so that not all come back in the same moment
FIRST_SECONDS: Final = 2.0
PLAIN: Final = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"vary", b"Cookie"),
]
STREAM: Final = [
    *PLAIN,
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),
]


class Refused(Exception):
    """No stream, with this status."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


class Live:
    """The application. One per process, on one event loop."""

    def __init__(self) -> None:
        self.hub = Hub()

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answers one request."""
        request = _request(scope)
        try:
            connection = await self._let_in(request)
        except Refused as refused:
            await _answer(send, refused.status)
            return
        if request.method == "HEAD":
            await _answer(send, HTTPStatus.OK)
            return
        self.hub.start()
        self.hub.add(connection)
        try:
            await self._serve(connection, request, receive, send)
        finally:
            self.hub.remove(connection)

    async def _let_in(self, request: HttpRequest) -> Connection:
        """The stream that this request may open; raises Refused."""
        _check_form(request)
        if self.hub.stopping or self.hub.count >= TOTAL:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE)
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        if not (key.isascii() and key.isalnum()):
            raise Refused(HTTPStatus.UNAUTHORIZED)
        try:
            asked, standing = await self.hub.standing(key)
        except (DatabaseError, OSError) as error:
            log.warning("no stream can be opened: %s", type(error).__name__)
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE) from error
        if standing is None or (standing.demo and not _from_this_machine(request)):
            raise Refused(HTTPStatus.UNAUTHORIZED)
        if standing.due:
            raise Refused(HTTPStatus.FORBIDDEN)
        return Connection(key, standing, asked)

    async def _serve(
        self, connection: Connection, request: HttpRequest, receive: Receive, send: Send
    ) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": STREAM})
        writer = asyncio.create_task(self._write(connection, request, send))
        gone = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait((writer, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (writer, gone):
                task.cancel()
            found = await asyncio.gather(writer, gone, return_exceptions=True)
        for error in found:
            # Whoever takes nothing is let go; anything else is a fault of ours.
            if error is not None and not isinstance(error, asyncio.CancelledError | TimeoutError):
                raise error

    async def _write(self, connection: Connection, request: HttpRequest, send: Send) -> None:
        await _body(send, events.retry(random.randint(*RETRY_MS)))  # noqa: S311  spreads load, no secret
        await _body(send, await self._first(connection, request))
        while not connection.closed:
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await connection.wake.wait()
            except TimeoutError:
                await _body(send, events.HEARTBEAT)
            else:
                if connection.waiting and not connection.closed:
                    await _body(send, connection.take())
        await _body(send, connection.take(), last=True)

    async def _first(self, connection: Connection, request: HttpRequest) -> bytes:
        """What a page is told first: conversations that went on since its last position, and that it may listen now."""
        told: list[bytes] = []
        position = events.position(request.headers.get("Last-Event-ID", ""))
        if position is not None:
            try:
                missed = await self.hub.missed(connection.standing.party, position)
            except (DatabaseError, OSError) as error:
                log.warning("what was missed is not known: %s", type(error).__name__)
                missed = None
            for pk, seq in missed or ():
                data = {"conversation": pk, "seq": seq, "what": "message"}
                told.append(events.event("conversation", data))
            if missed is None:
                told.append(events.event("resync"))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_SECONDS):
                await self.hub.subscribed.wait()
        if not self.hub.subscribed.is_set():
            self.hub.lost = True  # whoever is told so now is told when it is over
        told.append(events.event("down" if self.hub.lost else "ready"))
        return b"".join(told)


def _request(scope: Mapping[str, Any]) -> HttpRequest:
    """As much of a request as Django's own questions about host, cookies and source need."""
    request = HttpRequest()
    request.method, request.path = scope["method"], scope["path"]
    client, server = scope.get("client") or ("", 0), scope.get("server") or ("", 0)
    request.META = {
        "REMOTE_ADDR": client[0],
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or 80),
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        # One with an underscore would pose as another (SECURITY T49).
        if "_" not in name:
            request.META[f"HTTP_{name.upper().replace('-', '_')}"] = value
    request.COOKIES = parse_cookie(request.META.get("HTTP_COOKIE", ""))
    return request


def _check_form(request: HttpRequest) -> None:
    """Right address, method and host, and asked for by a page of ours; raises Refused."""
    if request.path != PATH:
        raise Refused(HTTPStatus.NOT_FOUND)
    if request.method not in ("GET", "HEAD"):
        raise Refused(HTTPStatus.METHOD_NOT_ALLOWED)
    try:
        host = request.get_host()
    except DisallowedHost as error:
        raise Refused(HTTPStatus.BAD_REQUEST) from error
    origin = request.headers.get("Origin")
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin" or (
        origin is not None and urlsplit(origin).netloc != host
    ):
        raise Refused(HTTPStatus.FORBIDDEN)


def _from_this_machine(request: HttpRequest) -> bool:
    with context.use(context.Context(ip=client_ip(request))):
        return from_this_machine(request)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(send: Send, chunk: bytes, *, last: bool = False) -> None:
    async with asyncio.timeout(CLOSE_SECONDS if last else WRITE_SECONDS):
        await send({"type": "http.response.body", "body": chunk, "more_body": not last})


async def _answer(send: Send, status: HTTPStatus) -> None:
    await send({"type": "http.response.start", "status": status.value, "headers": PLAIN})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
