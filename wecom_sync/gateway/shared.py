"""Small values that the processes of a site see alike, through Redis; while Redis is away, each process has its own.

Nothing depends on it: a lost value costs one more call of gettoken. Whoever waits for Redis waits shortly, and not
again for a second (as in core.live).
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
import time
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = logging.getLogger(__name__)

PREFIX: Final = "wl:wecom:"
TIMEOUT_SECONDS: Final = 0.3
PAUSE_SECONDS: Final = 1.0
POLL_SECONDS: Final = 0.05
AWAY: Final = object()


class Shared:
    """get, set, forget, and a lock. Keys are ours, made by name(): nothing of a secret can be read in them."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(
            url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS,
            decode_responses=True, retry=Retry(NoBackoff(), 1),
        )  # fmt: skip
        self._own: dict[str, tuple[str, float]] = {}
        self._guard = threading.Lock()
        self._asleep_until = 0.0
        self._lost = False

    def get(self, key: str) -> str | None:
        found = self._ask("get", PREFIX + key)
        if found is not AWAY:
            return None if found is None else str(found)
        with self._guard:
            value, ends = self._own.get(key, ("", 0.0))
        return value if ends > time.time() else None

    def set(self, key: str, value: str, seconds: float) -> None:
        with self._guard:
            self._own[key] = (value, time.time() + seconds)
        self._ask("set", PREFIX + key, value, px=max(1, int(seconds * 1000)))

    def forget(self, key: str) -> None:
        with self._guard:
            self._own.pop(key, None)
        self._ask("delete", PREFIX + key)

    @contextlib.contextmanager
    def lock(self, key: str, seconds: float) -> Iterator[None]:
        """One process at a time, as far as Redis is there; waits as long as the lock can last, then goes on.

        What it guards may happen twice: the lock only keeps many from doing it at once.
        """
        name, mine = f"{PREFIX}lock:{key}", secrets.token_hex(8)
        ends = time.monotonic() + seconds
        while not self._ask("set", name, mine, nx=True, px=int(seconds * 1000)):
            if time.monotonic() > ends:
                break
            time.sleep(POLL_SECONDS)
        try:
            yield
        finally:
            if self._ask("get", name) == mine:
                self._ask("delete", name)

    def _ask(self, command: str, *args: Any, **kwargs: Any) -> Any:
        """The answer of Redis, or AWAY (which is true, so that nobody waits for a lock)."""
        if time.monotonic() < self._asleep_until:
            return AWAY
        try:
            answer = getattr(self._client, command)(*args, **kwargs)
        except (RedisError, OSError) as error:
            if not self._lost:
                log.warning("wecom: tokens are not shared: %s", type(error).__name__)
            self._lost, self._asleep_until = True, time.monotonic() + PAUSE_SECONDS
            return AWAY
        self._lost = False
        return answer


@cache
def _of(url: str) -> Shared:
    return Shared(url)


def shared() -> Shared:
    """The one of this process."""
    return _of(settings.REDIS_URL)
