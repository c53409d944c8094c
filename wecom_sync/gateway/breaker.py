"""What keeps the gateway from hammering: a breaker per corp and API that all workers share, and a pace of its own.

A limit (45009) opens it for a whole window; failures in a row open it for half a minute, a wrong secret too: more than
2,000 faulty calls of gettoken within an hour are said to block the server. Open means: the same error, no call.
"""

from __future__ import annotations

import json
import threading
import time
from typing import Final

from wecom_sync.gateway import codes
from wecom_sync.gateway.errors import Reaction, Retryable, WeComError
from wecom_sync.gateway.shared import Shared
from wecom_sync.gateway.tokens import name

FAILURES: Final = 5
PAUSE_SECONDS: Final = 30.0
# How long another worker's breaker may go unseen.
LOOK_SECONDS: Final = 1.0
COUNTED: Final = frozenset({Reaction.AGAIN, Reaction.FIX})


class Breaker:
    """Of one upstream corp."""

    def __init__(self, shared: Shared, corpid: str) -> None:
        self._shared, self._corpid = shared, corpid
        self._open: dict[str, tuple[float, int | str]] = {}
        self._looked: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._limits: dict[str, int] = {}

    def check(self, api: str, corpid: str) -> None:
        """Raises what opened the breaker while it is open."""
        key = self._key(api, corpid)
        self._look(key)
        until, code = self._open.get(key, (0.0, ""))
        left = until - time.time()
        if left > 0:
            there = corpid != self._corpid
            raise codes.error(code, api=api, corpid=corpid, after=left, downstream=there)
        self._open.pop(key, None)

    def went_well(self, api: str, corpid: str) -> None:
        key = self._key(api, corpid)
        self._failures.pop(key, None)
        self._limits.pop(key, None)

    def failed(self, error: WeComError) -> WeComError:
        """Counts a failure, and returns it with the time that is to pass where the breaker opens."""
        key = self._key(error.api, error.corpid)
        if error.code == codes.LIMIT:
            number = self._limits.get(key, 0)
            self._limits[key] = number + 1
            seconds = codes.LIMIT_WINDOWS[min(number, len(codes.LIMIT_WINDOWS) - 1)]
        elif error.reaction in COUNTED:
            self._failures[key] = self._failures.get(key, 0) + 1
            if self._failures[key] < FAILURES:
                return error
            seconds = PAUSE_SECONDS
        else:
            return error
        self._failures.pop(key, None)
        self._open[key] = (time.time() + seconds, error.code)
        self._shared.set(key, json.dumps(self._open[key]), seconds)
        if isinstance(error, Retryable):
            error.after = max(error.after, seconds)
        return error

    def close(self, api: str, corpid: str) -> None:
        """A person has changed something and tries again."""
        key = self._key(api, corpid)
        self._open.pop(key, None)
        self._shared.forget(key)

    def _look(self, key: str) -> None:
        now = time.monotonic()
        if now - self._looked.get(key, -LOOK_SECONDS) < LOOK_SECONDS:
            return
        self._looked[key] = now
        if text := self._shared.get(key):
            until, code = json.loads(text)
            self._open[key] = (float(until), code)

    def _key(self, api: str, corpid: str) -> str:
        return name("breaker", self._corpid, corpid, api)


class Pace:
    """At most so many calls a minute of one API, evenly, with a sixth of them at once."""

    def __init__(self, per_minute: int) -> None:
        self._step = 60 / per_minute if per_minute else 0.0
        self._next: dict[str, float] = {}
        self._guard = threading.Lock()

    def wait(self, api: str) -> None:
        """Returns when it is this call's turn."""
        if not self._step:
            return
        with self._guard:
            now = time.monotonic()
            due = max(self._next.get(api, 0.0), now - 10.0)
            self._next[api] = due + self._step
        if due > now:
            time.sleep(due - now)
