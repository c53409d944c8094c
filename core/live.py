"""Telling open pages that something changed, and open streams that they must end. Fan-out only, never the truth.

Usable from every layer; it knows ids, no models. Both leave with the commit as one PUBLISH and are lost with Redis:
what they announce stands in PostgreSQL, pages catch up by sequence or poll, and streams are looked at every few
seconds whatever was signalled (ADR 12). No text, name or content ever travels here (SECURITY T56).
"""

import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final

import redis
from django.conf import settings
from django.db import connection, transaction
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

log = logging.getLogger(__name__)

# A login, or a login as one of its identities: (34, 56) reaches streams of login 34 that act as identity 56.
Recipient = int | tuple[int, int | None]

REVOKE: Final = "revoke"
RESYNC: Final = "resync"
# How long a page waits for Redis at most, and how long nobody asks it again after that.
TIMEOUT_SECONDS: Final = 0.3
PAUSE_SECONDS: Final = 1.0


def tell(to: Iterable[Recipient], kind: str, **ids: int | str) -> None:
    """Says `kind` with `ids` to the open pages of these people, once the transaction commits.

    The caller names members or deciders only: what is told goes to their browsers as it is. Never raises, never waits
    for more than TIMEOUT_SECONDS. Kinds that pages know are written in static/js/live.js.
    """
    tell_each([(to, ids)], kind)


def tell_each(
    told: Iterable[tuple[Iterable[Recipient], Mapping[str, int | str]]], kind: str
) -> None:
    """As `tell`, with ids of their own for each group of recipients; one message for all of them."""
    _after_commit(_events(told, kind))


def tell_now(to: Iterable[Recipient], kind: str, **ids: int | str) -> None:
    """As `tell`, without waiting for the commit: how far something is that is one long transaction."""
    _publisher(settings.REDIS_URL).publish(_events([(to, ids)], kind))


def revoke(*, user_ids: Iterable[int] = (), session_keys: Iterable[str | None] = ()) -> None:
    """Ends the streams of these people and sessions at once; those that may stay open one anew (SECURITY T45, T57)."""
    users = sorted(set(user_ids))
    sessions = [session_mark(key) for key in session_keys if key]
    if users or sessions:
        _after_commit([{"e": REVOKE, "users": users, "sessions": sessions}])


def session_mark(key: str) -> str:
    """Names a session on its way through Redis without being usable as one."""
    return hashlib.sha256(f"core.live:{key}".encode()).hexdigest()[:32]


def channel() -> str:
    """The channel of this site: sites with databases of their own may share a Redis."""
    return f"wl:live:{connection.settings_dict['NAME']}"


def _events(
    told: Iterable[tuple[Iterable[Recipient], Mapping[str, int | str]]], kind: str
) -> list[dict[str, Any]]:
    events = [{"e": kind, "to": sorted(_pairs(to)), **ids} for to, ids in told]
    return [event for event in events if event["to"]]


def _pairs(to: Iterable[Recipient]) -> set[tuple[int, int]]:
    """0 stands for whatever identity: ids of contacts start at 1."""
    pairs = (one if isinstance(one, tuple) else (one, None) for one in to)
    return {(user, identity or 0) for user, identity in pairs}


def _after_commit(events: list[dict[str, Any]]) -> None:
    if events:
        transaction.on_commit(lambda: _publisher(settings.REDIS_URL).publish(events))


class _Publisher:
    """The connection of a process to Redis, with a fuse: a lost Redis costs one short wait a second, not one a page.

    Whoever listens has missed what was not delivered, so once Redis answers again pages are told to ask for everything
    they show, whether or not this process has anything to say by then.
    """

    def __init__(self, url: str) -> None:
        self.client = redis.Redis.from_url(
            url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        )  # fmt: skip
        self.lock = threading.Lock()
        self.lost = self.returning = False

    def publish(self, events: list[dict[str, Any]]) -> None:
        if self.lost:
            return
        try:
            self._send(events)
        except (RedisError, OSError) as error:
            self._lose(error)

    def _send(self, events: list[dict[str, Any]]) -> None:
        self.client.publish(channel(), json.dumps(events, separators=(",", ":")))

    def _lose(self, error: Exception) -> None:
        with self.lock:
            self.lost = True
            if self.returning:
                return
            self.returning = True
        log.warning("live events are not delivered: %s", type(error).__name__)
        threading.Thread(target=self._return, name="live-return", daemon=True).start()

    def _return(self) -> None:
        while self.returning:
            time.sleep(PAUSE_SECONDS)
            self.lost = (
                False  # first: what is committed after the word to ask must be told by itself
            )
            try:
                self._send([{"e": RESYNC}])
            except (RedisError, OSError):
                self.lost = True
            with self.lock:
                self.returning = self.lost


@cache
def _publisher(url: str) -> _Publisher:
    return _Publisher(url)


# A child has no thread of its parent that would bring a lost Redis back.
os.register_at_fork(after_in_child=_publisher.cache_clear)
