"""One request as the APIs see it, which token may call which API, and pages."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wecom_sync.standin.faults import Fault
from wecom_sync.standin.state import Bearer, Refused, State
from wecom_sync.standin.world import Chain, Upstream, View

Answer = dict[str, Any]
NO_TOKEN, UPSTREAM, EITHER = "none", "upstream", "either"


@dataclass(slots=True)
class Ask:
    """A call with what came along."""

    state: State
    query: dict[str, str]
    body: dict[str, Any]
    ip: str
    fault: Fault | None = None
    bearer: Bearer | None = None

    @property
    def me(self) -> Bearer:
        if self.bearer is None:
            raise Refused(41001)
        return self.bearer

    @property
    def upstream(self) -> Upstream:
        return self.me.upstream

    def strikes(self, kind: str) -> bool:
        return self.fault is not None and self.fault.kind == kind

    def text(self, key: str) -> str:
        """A needed text of the body."""
        value = self.body.get(key)
        if not isinstance(value, str) or not value:
            raise Refused(40058, f"invalid Request Parameter: {key}")
        return value

    def number(self, key: str, default: int | None = None) -> int:
        value = self.body.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise Refused(40058, f"invalid Request Parameter: {key}")
        return value

    def asked_number(self, key: str) -> int:
        """A needed number of the address."""
        value = self.query.get(key, "")
        if not value.isascii() or not value.isdigit():
            raise Refused(40035, f"invalid parameter: {key}")
        return int(value)

    def chain(self) -> Chain:
        found = self.upstream.chains.get(self.text("chain_id"))
        if found is None:
            raise Refused(40058, "chain_id not found")
        return found

    def joined_view(self, corpid: Any) -> View:
        view = self.upstream.views.get(corpid) if isinstance(corpid, str) else None
        if view is None or not self.upstream.joined(view):
            raise Refused(40058, "corpid not found")
        return view


@dataclass(frozen=True, slots=True)
class Api:
    """Who may call it, and what answers."""

    token: str
    answer: Callable[[Ask], Answer]


APIS: dict[str, Api] = {}


def api(path: str, token: str) -> Callable[[Callable[[Ask], Answer]], Callable[[Ask], Answer]]:
    """Registers the answer to /cgi-bin/<path>."""

    def register(answer: Callable[[Ask], Answer]) -> Callable[[Ask], Answer]:
        APIS[path] = Api(token, answer)
        return answer

    return register


def paged(ask: Ask, items: list[Answer], largest: int) -> tuple[list[Answer], str]:
    """A page and where the next one begins. Without a limit everything comes at once (doc 95820)."""
    limit = ask.number("limit", 0)
    if limit > largest:
        raise Refused(40058, "limit too large")
    begin = _offset(ask.body.get("cursor", ""))
    if not limit:
        return items[begin:], ""
    if ask.strikes("skip"):
        begin += limit
    end = begin + limit
    page = items[:limit] if ask.strikes("repeat") and begin else items[begin:end]
    return page, _cursor(end) if end < len(items) else ""


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f"at:{offset}".encode()).decode()


def _offset(cursor: Any) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.urlsafe_b64decode(cursor).decode().removeprefix("at:"))
    except (ValueError, TypeError, AttributeError):
        raise Refused(40035, "invalid cursor") from None
