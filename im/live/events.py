"""What goes over the wire: server-sent events of ids, each with the position that a browser gives back after a gap."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# What a page is told about. Anything else that arrives through Redis is dropped.
KINDS: Final = frozenset({"conversation", "card", "badge", "job"})
HEARTBEAT: Final = b":\n\n"
# What was said a little before the last event may have been committed a little after it.
SLACK_MS: Final = 60_000


def now_ms() -> int:
    """The position of this moment: milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def event(kind: str, data: Mapping[str, Any] | None = None) -> bytes:
    """One event, with its position."""
    text = json.dumps(data or {}, separators=(",", ":"))
    return f"id: {now_ms()}\nevent: {kind}\ndata: {text}\n\n".encode()


def told(message: Mapping[str, Any]) -> bytes:
    """The event of a message of core.live, without the names of those who get it."""
    return event(message["e"], {key: message[key] for key in message if key not in ("e", "to")})


def retry(milliseconds: int) -> bytes:
    """How long the browser waits before it comes back."""
    return f"retry: {milliseconds}\n\n".encode()


def position(text: str) -> int | None:
    """The moment that a Last-Event-ID names; None for none, for nonsense and for the future."""
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        return None
    moment = int(text)
    return moment if moment <= now_ms() + SLACK_MS else None
