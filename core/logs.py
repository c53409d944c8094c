"""Log processors: every line carries the request id, and neither control characters nor addresses that open something
(SECURITY T37, T79).
"""

import re
from typing import Any

from core import context

CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")

# As long as a token, and no word: the part of an address that whoever knows it can use.
TOKEN = re.compile(r"(?<=/)(?=[\w-]*[A-Z\d])[\w-]{32,}")


def add_request_id(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Adds the id of the request or job under way, if any."""
    current = context.current()
    if current.request_id:
        event["request_id"] = current.request_id
    return event


def hide_tokens(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Leaves tokens out of paths: a refused activation is logged with its address, and the link is alive."""
    for name in ("event", "exception"):
        if isinstance(event.get(name), str):
            event[name] = TOKEN.sub("…", event[name])
    return event


def escape_control(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Escapes line breaks, bidi and terminal codes in the message so that no log line can be forged."""
    message = event.get("event")
    if isinstance(message, str):
        event["event"] = CONTROL.sub(lambda hit: f"\\x{ord(hit.group()):02x}", message)
    return event
