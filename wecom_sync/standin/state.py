"""What the running stand-in keeps: the world, tokens, counters, faults that wait, messages, login codes."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from wecom_sync.standin.faults import Fault
from wecom_sync.standin.generate import Sizes, world
from wecom_sync.standin.world import App, Company, Scope, Upstream, View, World

CODE_SECONDS = 300


class Refused(Exception):
    """An answer with an error code. The text is as talkative as WeCom's, so that nobody relies on it."""

    def __init__(self, code: int, text: str = "") -> None:
        super().__init__(code)
        self.code, self.text = code, text or "refused"


@dataclass(slots=True)
class Bearer:
    """Whose token it is: of an upstream corp's app, or of that app in a downstream corp."""

    token: str
    upstream: Upstream
    view: View | None
    ends: float

    @property
    def corpid(self) -> str:
        return self.view.corpid if self.view else self.upstream.corpid

    @property
    def company(self) -> Company:
        return self.view.company if self.view else self.upstream.company

    @property
    def scope(self) -> Scope:
        return self.view.scope if self.view else self.upstream.app.scope

    @property
    def agentid(self) -> int:
        return self.view.agentid if self.view else self.upstream.app.agentid

    def id_of(self, userid: str) -> str:
        return self.view.id_of(userid) if self.view else userid


@dataclass(slots=True)
class Message:
    """A message that was sent."""

    msgid: str
    upstream: str
    corpid: str
    agentid: int
    to: list[str]
    kind: str
    content: dict[str, Any]
    code: str
    updates: list[dict[str, Any]] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        return {
            "msgid": self.msgid, "upstream": self.upstream, "corpid": self.corpid, "agentid": self.agentid,
            "to": self.to, "msgtype": self.kind, "content": self.content, "updates": self.updates,
        }  # fmt: skip


@dataclass(slots=True)
class Code:
    """A login code: for which upstream corp, and who came."""

    upstream: str
    answer: dict[str, str]
    ends: float


@dataclass(slots=True)
class Limits:
    """limit: calls of one API by one corp in a window, 0 for none."""

    limit: int = 10_000
    window: float = 60.0
    token_seconds: int = 7200


class State:
    """All of it; `lock` is held while an answer is worked out."""

    def __init__(self, seed: int, sizes: Sizes, limits: Limits | None = None) -> None:
        self.lock = threading.RLock()
        self.limits = limits or Limits()
        self.first = (seed, sizes)
        self.begin(seed, sizes)

    def begin(self, seed: int, sizes: Sizes) -> None:
        """Another world; everything of the old one is gone."""
        self.world: World = world(seed, sizes)
        self.bearers: dict[str, Bearer] = {}
        self.given: dict[tuple[str, str], str] = {}
        self.calls: Counter[tuple[str, str]] = Counter()
        self.faults: list[Fault] = []
        self.messages: dict[str, Message] = {}
        self.card_codes: dict[str, str] = {}
        self.task_ids: set[tuple[str, int, str]] = set()
        self.codes: dict[str, Code] = {}
        self._windows: defaultdict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0])

    # --- tokens
    def give(self, upstream: Upstream, view: View | None) -> tuple[str, int]:
        """The token that lives, or a new one, and for how many seconds it is good."""
        key = (upstream.corpid, view.corpid if view else "")
        bearer = self.bearers.get(self.given.get(key, ""))
        if bearer is None or bearer.ends <= time.time():
            ends = time.time() + self.limits.token_seconds
            bearer = Bearer(secrets.token_urlsafe(96), upstream, view, ends)
            self.bearers[bearer.token] = bearer
            self.given[key] = bearer.token
        return bearer.token, max(1, round(bearer.ends - time.time()))

    def bearer(self, token: str) -> Bearer:
        """Whose it is. A token of a corp without the share any more is like one that never was."""
        found = self.bearers.get(token)
        if not token:
            raise Refused(41001, "access_token missing")
        if found is None or (found.view and found.view not in found.upstream.open_views()):
            raise Refused(40014, "invalid access_token")
        if found.ends <= time.time():
            raise Refused(42001, "access_token expired")
        return found

    def kill_tokens(self) -> None:
        """As WeCom may do before their time."""
        self.bearers.clear()

    # --- limits
    def count(self, api: str, corpid: str) -> None:
        self.calls[api, corpid] += 1

    def check_limit(self, api: str, upstream: Upstream) -> None:
        """A window that is full stays closed to its end."""
        window = self._windows[upstream.corpid, api]
        now = time.monotonic()
        if now - window[0] >= self.limits.window:
            window[0], window[1] = now, 0
        window[1] += 1
        if self.limits.limit and window[1] > self.limits.limit:
            raise Refused(45009, "api freq out of limit")

    @staticmethod
    def check_address(app: App, ip: str) -> None:
        if app.trusted_ips is not None and ip not in app.trusted_ips:
            raise Refused(60020, f"not allow to access from your ip, from ip: {ip}")

    # --- login
    def code(self, upstream: Upstream, answer: dict[str, str]) -> str:
        code = secrets.token_urlsafe(24)
        self.codes[code] = Code(upstream.corpid, answer, time.time() + CODE_SECONDS)
        return code
