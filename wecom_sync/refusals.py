"""Refused callbacks by source, counted in each process: neither the database nor Redis is asked (SECURITY T66).

The throttle of log-ins counts in the database, which whoever floods an open address would keep busy. And it locks a
source out; here a limited one only loses the benefit of the doubt, so that nobody silences WeCom by failing beside it.
"""

import logging
import threading
import time
from collections import OrderedDict
from typing import Final

log = logging.getLogger(__name__)

ALLOWED: Final = 20
WINDOW_SECONDS: Final = 60.0
# More sources than this are not remembered; the one that was refused longest ago is forgotten first.
SOURCES: Final = 10_000


class Refusals:
    """How often each source was refused since its window began."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._guard = threading.Lock()

    def limited(self, source: str) -> bool:
        """Whether nothing of this source is looked into that is not signed; for the rest of its window."""
        began, count = self._seen.get(source, (0.0, 0))
        return count >= ALLOWED and time.monotonic() - began < WINDOW_SECONDS

    def count(self, source: str) -> None:
        """Notes that something of this source was looked into and refused."""
        now = time.monotonic()
        with self._guard:
            began, count = self._seen.pop(source, (now, 0))
            if now - began >= WINDOW_SECONDS:
                began, count = now, 0
            self._seen[source] = (began, count + 1)
            if len(self._seen) > SOURCES:
                self._seen.popitem(last=False)
        if count + 1 == ALLOWED:
            log.warning("callbacks of %s are refused unread for a while", source)


refusals = Refusals()
