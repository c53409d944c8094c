"""Access tokens: kept under keys of ours until they end, fetched by one worker at a time, dropped when refused.

wechatpy's own keys hold the beginning of the secret and know no expiry; ours are a keyed digest of corp, app and
secret, so that a changed secret never meets the token of the old one. What stands in Redis is encrypted (I11).
"""

from __future__ import annotations

import datetime
import json
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Final

from django.utils import timezone
from django.utils.crypto import salted_hmac

from core import secrets
from wecom_sync.gateway.answers import Token
from wecom_sync.gateway.shared import Shared

LOCK_SECONDS: Final = 15.0
# A token is not used in its last minute, or in the last tenth of a shorter life.
MARGIN_SECONDS: Final = 60
LONGEST_SECONDS: Final = 24 * 3600


def name(*parts: str | int) -> str:
    """A key that tells nothing of what it is made of."""
    return salted_hmac("wecom_sync.gateway", json.dumps(parts), algorithm="sha256").hexdigest()


def token(value: str, expires_in: int) -> Token:
    """A token that was given now for so many seconds."""
    told = min(expires_in, LONGEST_SECONDS)
    life = max(1, told - min(MARGIN_SECONDS, told // 10))
    return Token(value=value, ends=timezone.now() + datetime.timedelta(seconds=life))


class Tokens:
    """The tokens that one gateway uses."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._held: dict[str, Token] = {}
        self._mutexes: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def get(self, key: str, fetch: Callable[[], Token], *, refused: str = "") -> str:
        """A token that lives and is not the refused one; fetched if need be, by one at a time."""
        held = self._held.get(key)
        if held is None or not _good(held, refused):
            held = self._found(key, fetch, refused)
            self._held[key] = held
        return held.value

    def forget(self, key: str) -> None:
        """The next one is fetched, whatever is kept."""
        self._held.pop(key, None)
        self._shared.forget(key)

    def _found(self, key: str, fetch: Callable[[], Token], refused: str) -> Token:
        kept = self._kept(key)
        if kept is not None and _good(kept, refused):
            return kept
        with self._mutexes[key], self._shared.lock(key, LOCK_SECONDS):
            kept = self._held.get(key)
            if kept is None or not _good(kept, refused):
                kept = self._kept(key)
            if kept is not None and _good(kept, refused):
                return kept
            fresh = fetch()
            self._keep(key, fresh)
            self._held[key] = fresh
            return fresh

    def _kept(self, key: str) -> Token | None:
        text = self._shared.get(key)
        if text is None:
            return None
        try:
            value, ends = json.loads(secrets.decrypt(text.encode()))
            return Token(value=value, ends=datetime.datetime.fromisoformat(ends))
        except (secrets.Unreadable, ValueError, TypeError):
            return None

    def _keep(self, key: str, fresh: Token) -> None:
        text = secrets.encrypt(json.dumps([fresh.value, fresh.ends.isoformat()])).decode()
        self._shared.set(key, text, (fresh.ends - timezone.now()).total_seconds())


def _good(one: Token, refused: str) -> bool:
    return one.value != refused and one.ends > timezone.now()
