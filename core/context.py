"""What is known of the request or job under way: its id and where it came from."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Context:
    """Facts that every audit row and log line carries."""

    request_id: str = ""
    ip: str = ""
    user_agent: str = ""


_NONE = Context()
_current: ContextVar[Context] = ContextVar("wailian_context", default=_NONE)


def current() -> Context:
    """The context of the request or job under way; empty outside one."""
    return _current.get()


@contextlib.contextmanager
def use(context: Context) -> Iterator[None]:
    """Makes `context` the current one for the length of a with block."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)
