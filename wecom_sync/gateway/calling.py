"""One call of an API, from the token to a typed answer: counted, paced, repeated where that helps."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from wecom_sync.gateway import codes
from wecom_sync.gateway.answers import Credentials, Token
from wecom_sync.gateway.breaker import Breaker, Pace
from wecom_sync.gateway.errors import Permanent, Retryable, WeComError
from wecom_sync.gateway.hosts import Place
from wecom_sync.gateway.reading import Fields, Foreign, Garbled
from wecom_sync.gateway.shared import Shared
from wecom_sync.gateway.tokens import Tokens
from wecom_sync.gateway.transport import Patience, Transport, Trouble

T = TypeVar("T")
# Said before anything was done: even a message may be sent again at once.
NOT_DONE: Final = frozenset({6000, 45033})


@dataclass(frozen=True, slots=True)
class Access:
    """Whose token a call carries, and how a new one is had."""

    key: str
    corpid: str
    fetch: Callable[[], Token]
    downstream: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One API with what it is asked. `once`: doing it twice would be seen by people."""

    api: str
    params: dict[str, Any]
    body: Any = None
    once: bool = False


class Caller:
    """All calls that start from one app of one upstream corp; its downstream clients share it."""

    def __init__(
        self, credentials: Credentials, place: Place, patience: Patience, shared: Shared
    ) -> None:
        self.credentials, self.place, self.patience = credentials, place, patience
        self.tokens = Tokens(shared)
        self.breaker = Breaker(shared, credentials.corpid)
        self._pace = Pace(patience.per_minute)
        self._transport = Transport(place, patience)
        self._calls: Counter[str] = Counter()
        self._guard = threading.Lock()

    @property
    def calls(self) -> dict[str, int]:
        """How often each API was asked, repetitions included."""
        with self._guard:
            return dict(self._calls)

    def ask(self, call: Call, access: Access, read: Callable[[Fields], T]) -> T:
        """What `read` makes of the answer. A refused token is replaced once, then it is an error."""
        self.breaker.check(call.api, access.corpid)
        value = self.tokens.get(access.key, access.fetch)
        try:
            return self._with(value, call, access, read)
        except Permanent as error:
            if error.code not in codes.TOKEN_REFUSED:
                raise
        value = self.tokens.get(access.key, access.fetch, refused=value)
        return self._with(value, call, access, read)

    def ask_openly(self, call: Call, corpid: str, read: Callable[[Fields], T]) -> T:
        """The same without a token: what gives one."""
        self.breaker.check(call.api, corpid)
        return self._tried(call, corpid, read, downstream=False)

    def _with(self, value: str, call: Call, access: Access, read: Callable[[Fields], T]) -> T:
        bearing = Call(call.api, {"access_token": value, **call.params}, call.body, call.once)
        return self._tried(bearing, access.corpid, read, downstream=access.downstream)

    def _tried(
        self, call: Call, corpid: str, read: Callable[[Fields], T], *, downstream: bool
    ) -> T:
        pause, tries = self.patience.pause, self.patience.tries
        while True:
            tries -= 1
            found = self._asked(call, corpid, read, downstream=downstream)
            if not isinstance(found, WeComError):
                self.breaker.went_well(call.api, corpid)
                return found
            if not tries or not _at_once(found, call):
                raise self.breaker.failed(found)
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  # spreads workers, hides nothing
            pause *= 2

    def _asked(
        self, call: Call, corpid: str, read: Callable[[Fields], T], *, downstream: bool
    ) -> T | WeComError:
        """One exchange. Nothing is raised here, so that no exception carries another with an address in it."""
        self._pace.wait(call.api)
        with self._guard:
            self._calls[call.api] += 1
        answer = self._transport.exchange(call.api, call.params, call.body, alone=call.once)
        about: dict[str, Any] = {"api": call.api, "corpid": corpid}
        if isinstance(answer, Trouble):
            return codes.error(answer.word, **about, uncertain=call.once and answer.sent)
        code = answer["errcode"]
        if code:
            text = str(answer.get("errmsg", ""))
            unsure = call.once and code not in NOT_DONE | {codes.LIMIT}
            return codes.error(code, **about, text=text, uncertain=unsure, downstream=downstream)
        try:
            return read(Fields(answer, call.api))
        except Garbled:
            word = "garbled"
        except Foreign:
            word = "foreign"
        return codes.error(word, **about, uncertain=call.once)


def _at_once(error: WeComError, call: Call) -> bool:
    """Whether the call is repeated within a moment."""
    if not isinstance(error, Retryable) or error.code == codes.LIMIT:
        return False
    return not (call.once and error.uncertain)
