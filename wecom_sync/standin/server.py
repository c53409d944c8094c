"""The stand-in as an HTTP server on this machine: APIs, control, login pages, and answers that go wrong."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from wecom_sync.standin import corpgroup, directory, faults, login, messages
from wecom_sync.standin.asking import APIS, NO_TOKEN, UPSTREAM, Ask
from wecom_sync.standin.control import Control
from wecom_sync.standin.faults import Fault
from wecom_sync.standin.state import Refused, State

PARTS = (corpgroup, directory, messages)
MAX_BODY = 4 * 1024 * 1024
TIMEOUT_SECONDS = 120.0
HINT = ", hint: [1764000000000000000000000], from ip: {ip}, more info at devtool/query?e={code}"
HTML = b"<!doctype html><html><title>502</title><body>Please log in to the network</body></html>"
POLICY = "default-src 'none'; frame-ancestors 'none'"
JSON = "application/json; charset=UTF-8"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 600
    server: Server

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(size) if 0 <= size <= MAX_BODY else b""
        try:
            body = json.loads(raw or b"{}")
        except ValueError:
            body = None
        self._answer(body if isinstance(body, dict) else None)

    def _answer(self, body: dict[str, Any] | None) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if parts.path.startswith("/cgi-bin/"):
            self._api(parts.path.removeprefix("/cgi-bin/"), query, body)
        elif parts.path.startswith("/standin/"):
            self._control(parts.path.removeprefix("/standin/"), body)
        elif parts.path in login.PATHS:
            self._login(query)
        else:
            self._send(404, b"{}")

    # --- APIs
    def _api(self, path: str, query: dict[str, str], body: dict[str, Any] | None) -> None:
        state, ip = self.server.state, self.client_address[0]
        with state.lock:
            ask = Ask(state, query, body or {}, ip)
            answer = _worked_out(ask, path, sound=body is not None)
        fault = ask.fault
        if fault is not None and self._before(fault):
            return
        text = json.dumps(answer, ensure_ascii=False).encode()
        if fault is not None and fault.kind == "truncated":
            text = text[: len(text) * 2 // 3]
        self._send(200, text, cut=fault is not None and fault.kind == "cut")

    def _before(self, fault: Fault) -> bool:
        """Goes wrong before an answer; True where there is none."""
        if fault.kind == "slow":
            time.sleep(fault.seconds)
        elif fault.kind == "html":
            self._send(200, HTML, kind="text/html")
        elif fault.kind == "http":
            status = fault.code if 300 <= fault.code < 600 else 502
            self._send(status, HTML, kind="text/html", more=f"Location: {self.path}\r\n")
        elif fault.kind in ("timeout", "reset"):
            if fault.kind == "timeout":
                self.server.ending.wait(TIMEOUT_SECONDS)
            # Closing with unsent data thrown away makes the other side see a reset.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
        else:
            return False
        return fault.kind != "slow"

    # --- control and pages
    def _control(self, name: str, body: dict[str, Any] | None) -> None:
        """From programs on this machine: a page in a browser can neither set this type nor come by another name."""
        host = (self.headers.get("Host") or "").rpartition(":")[0]
        kind = (self.headers.get("Content-Type") or "").partition(";")[0]
        if host not in ("127.0.0.1", "localhost", "[::1]") or (
            self.command == "POST" and kind != "application/json"
        ):
            self._send(403, b"{}")
            return
        try:
            if self.command == "GET":
                answer = self.server.control.read(name)
            else:
                answer = self.server.control.act(name, body or {})
        except (LookupError, ValueError, TypeError, Refused) as error:
            self._send(400, json.dumps({"ok": False, "why": repr(error)}).encode())
            return
        self._send(200, json.dumps(answer, ensure_ascii=False).encode())

    def _login(self, query: dict[str, str]) -> None:
        state = self.server.state
        try:
            with state.lock:
                target, text = login.page(state, query)
        except Refused as error:
            self._send(200, f"{error.code} {error.text}".encode(), kind="text/plain; charset=UTF-8")
            return
        if target:
            self._send(302, b"", more=f"Location: {target}\r\n")
        else:
            self._send(200, text.encode(), kind="text/html; charset=UTF-8")

    def _send(
        self, status: int, body: bytes, *, kind: str = JSON, cut: bool = False, more: str = ""
    ) -> None:
        """Head and body in one write: two would wait for each other's acknowledgement."""
        head = (
            f"HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            f"Content-Security-Policy: {POLICY}\r\nX-Content-Type-Options: nosniff\r\n{more}\r\n"
        )
        self.wfile.write(head.encode() + (body[: len(body) // 2] if cut else body))
        if cut:
            self.close_connection = True

    def log_message(self, *_arguments: Any) -> None:
        """Addresses hold secrets; nothing is written."""


class Server(ThreadingHTTPServer):
    """On 127.0.0.1 alone."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, state: State) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.state, self.control = state, Control(state)
        self.ending = threading.Event()

    def handle_error(self, *_arguments: Any) -> None:
        """A client that has gone away is nobody's fault."""


def _worked_out(ask: Ask, path: str, *, sound: bool) -> dict[str, Any]:
    """The answer with errcode and errmsg; the fault that strikes is left in `ask`."""
    api = APIS.get(path)
    try:
        if api is None:
            raise Refused(40035, "unknown api")
        _open(ask, path, needs=api.token)
        if ask.fault and ask.fault.kind == "code":
            raise Refused(ask.fault.code, "as told")
        if not sound:
            raise Refused(40058, "Warning: wrong json format.")
        answer = api.answer(ask)
    except Refused as error:
        text = error.text + HINT.format(ip=ask.ip, code=error.code)
        return {"errcode": error.code, "errmsg": text}
    if ask.strikes("empty"):
        answer = faults.emptied(answer)
    return {"errcode": 0, "errmsg": "ok", **answer}


def _open(ask: Ask, path: str, *, needs: str) -> None:
    """Token, count, fault, address, limit, and whether the token's kind may ask this."""
    state = ask.state
    if needs == NO_TOKEN:
        corpid = ask.query.get("corpid", "")
        state.count(path, corpid)
        ask.fault = faults.take(state.faults, path, corpid)
        return
    token = ask.query.get("access_token", "")
    known = state.bearers.get(token)
    state.count(path, known.corpid if known else "")
    ask.fault = faults.take(state.faults, path, known.corpid if known else "")
    ask.bearer = state.bearer(token)
    state.check_address(ask.upstream.app, ask.ip)
    state.check_limit(path, ask.upstream)
    if needs == UPSTREAM and ask.me.view is not None:
        raise Refused(48002, "api forbidden for a downstream token")
