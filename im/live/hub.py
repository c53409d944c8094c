"""One subscription of the process, fanned out to the open streams; and the look at all of them every few seconds."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import redis.asyncio
from django.conf import settings
from django.db import Error as DatabaseError
from redis.exceptions import RedisError

from core import live
from im.live import checks, events
from im.live.checks import Standing
from im.reach import Party

log = logging.getLogger(__name__)
T = TypeVar("T")
Answer = asyncio.Future[tuple[float, Standing | None]]

PER_PERSON: Final = 8
TOTAL: Final = 5_000
QUEUE: Final = 64
# A stream ends within 5 s of whatever ended its right, also when no signal arrives (SECURITY T57).
CHECK_SECONDS: Final = 2.0
CHECK_LIMIT: Final = 4.4
ASK_SECONDS: Final = 2.0
IDLE_SECONDS: Final = 5.0
# After Redis came back publishers keep away from it for a moment (core.live.PAUSE_SECONDS): what they lose until then
# is caught up with what was lost before.
SETTLED_SECONDS: Final = 1.6


class Connection:
    """An open stream: what waits to be written, and whose it is."""

    __slots__ = ("checked", "closed", "key", "mark", "standing", "waiting", "wake")

    def __init__(self, key: str, standing: Standing, checked: float) -> None:
        self.key, self.mark = key, live.session_mark(key)
        self.standing, self.checked = standing, checked
        self.waiting: deque[bytes] = deque()
        self.wake = asyncio.Event()
        self.closed = False

    def push(self, chunk: bytes) -> None:
        """Queues an event. A browser that does not keep up is told once to ask for everything instead."""
        if len(self.waiting) >= QUEUE:
            self.waiting.clear()
            chunk = events.event(live.RESYNC)
        self.waiting.append(chunk)
        self.wake.set()

    def take(self) -> bytes:
        """Everything that waits."""
        chunk = b"".join(self.waiting)
        self.waiting.clear()
        self.wake.clear()
        return chunk

    def close(self, last: bytes = b"") -> None:
        """Ends the stream, whatever waits: at most `last` is written still."""
        self.waiting.clear()
        if last:
            self.waiting.append(last)
        self.closed = True
        self.wake.set()


class Hub:
    """The open streams of this process. Lives on one event loop and starts with the first stream."""

    def __init__(self) -> None:
        self.by_user: dict[int, dict[Connection, None]] = {}
        self.by_session: dict[str, dict[Connection, None]] = {}
        self.count = 0
        self.subscribed = asyncio.Event()
        self.lost = False
        self.settling: asyncio.TimerHandle | None = None
        # Apart, so that a crowd that comes back and asks what it missed keeps nobody from being looked at.
        self.checking = ThreadPoolExecutor(2, thread_name_prefix="live-check")
        self.catching_up = ThreadPoolExecutor(1, thread_name_prefix="live-missed")
        self.asked: list[tuple[str, Answer]] = []
        self.answering: asyncio.Task[None] | None = None
        self.tasks: list[asyncio.Task[None]] = []
        self.stopping = False

    def start(self) -> None:
        """Begins to listen and to look; nothing when it does already."""
        if not self.tasks:
            work = (self._listen, self._look, self._expire)
            self.tasks = [asyncio.create_task(_forever(one)) for one in work]

    def stop(self) -> None:
        """Ends every stream: browsers come back to whoever serves them next."""
        self.stopping = True
        self._close(self._all())
        for task in self.tasks:
            task.cancel()

    # --- what the database says

    async def missed(self, party: Party, position: int) -> list[tuple[int, int]] | None:
        """As checks.missed. Raises TimeoutError, DatabaseError."""
        return await _ask(self.catching_up, checks.missed, party, position)

    async def standing(self, key: str) -> tuple[float, Standing | None]:
        """How a session stands, and when that was asked. Those who come while one question runs share the next.

        Raises TimeoutError, DatabaseError.
        """
        answer: Answer = asyncio.get_running_loop().create_future()
        self.asked.append((key, answer))
        if self.answering is None or self.answering.done():
            self.answering = asyncio.create_task(self._answer())
        async with asyncio.timeout(2 * ASK_SECONDS):
            return await answer

    async def _answer(self) -> None:
        while self.asked:
            asked, self.asked = self.asked, []
            began = time.monotonic()
            try:
                found = await _ask(self.checking, checks.standings, {key for key, _ in asked})
            except (DatabaseError, OSError) as error:
                for _key, answer in asked:
                    if not answer.done():  # whoever asked may have gone
                        answer.set_exception(error)
            else:
                for key, answer in asked:
                    if not answer.done():
                        answer.set_result((began, found.get(key)))

    async def _look(self) -> None:
        """Looks at every session of every stream. While that fails `_expire` counts."""
        failed = False
        while True:
            await asyncio.sleep(CHECK_SECONDS / 2 if failed else CHECK_SECONDS)
            began = time.monotonic()
            known = {key: next(iter(own)).standing.proof for key, own in self.by_session.items()}
            try:
                found = await _ask(self.checking, _still, known) if known else {}
            except (DatabaseError, OSError) as error:
                if not failed:
                    log.warning("streams cannot be looked at: %s", type(error).__name__)
                failed = True
            else:
                failed = False
                self._looked(known, found, began)

    def _looked(self, known: Iterable[str], found: dict[str, Standing], began: float) -> None:
        for key in known:
            standing = found.get(key)
            for connection in list(self.by_session.get(key, ())):
                if (
                    connection.checked > began
                ):  # let in meanwhile, on an answer that is newer than this one
                    continue
                before = connection.standing
                if standing is None or standing.due or standing.user_id != before.user_id:
                    self._close([connection])
                    continue
                connection.standing, connection.checked = standing, began
                if standing.identity_id != before.identity_id:
                    connection.push(events.event(live.RESYNC))

    async def _expire(self) -> None:
        """Ends what could not be looked at in time: without the database nobody has a right to anything."""
        while True:
            await asyncio.sleep(CHECK_SECONDS / 4)
            oldest = time.monotonic() - CHECK_LIMIT
            self._close(one for one in self._all() if one.checked < oldest)

    # --- who is there

    def add(self, connection: Connection) -> None:
        """Lets a stream in. One too many of a person ends his oldest, which polls from then on."""
        own = self.by_user.setdefault(connection.standing.user_id, {})
        own[connection] = None
        if len(own) > PER_PERSON:
            oldest = next(iter(own))
            oldest.close(events.event("full"))
            self.remove(oldest)
        self.by_session.setdefault(connection.key, {})[connection] = None
        self.count += 1

    def remove(self, connection: Connection) -> None:
        """Forgets a stream that ends; nothing when that was done."""
        own = self.by_user.get(connection.standing.user_id, {})
        if connection not in own:
            return
        del own[connection]
        if not own:
            del self.by_user[connection.standing.user_id]
        same = self.by_session[connection.key]
        del same[connection]
        if not same:
            del self.by_session[connection.key]
        self.count -= 1

    def _all(self) -> list[Connection]:
        return [connection for own in self.by_user.values() for connection in own]

    def _close(self, connections: Iterable[Connection]) -> None:
        for connection in list(connections):
            connection.close()
            self.remove(connection)

    def _push_all(self, kind: str) -> None:
        chunk = events.event(kind)
        for connection in self._all():
            connection.push(chunk)

    # --- what Redis says

    async def _listen(self) -> None:
        pause = 0.2
        while True:
            client = redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2)
            try:
                async with client.pubsub() as source:
                    await source.subscribe(live.channel())
                    pause = 0.2
                    await self._receive(source)
            except (RedisError, OSError) as error:
                self._lose(error)
            finally:
                await client.aclose()
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)

    async def _receive(self, source: Any) -> None:
        """Hands on what arrives. A source that does not answer for two idle periods is dead."""
        asked = False
        while True:
            message = await source.get_message(timeout=IDLE_SECONDS)
            kind = message["type"] if message else ""
            if kind == "message":
                self._deliver(message["data"])
            elif kind == "subscribe":
                wait = SETTLED_SECONDS if self.lost else 0
                self.settling = asyncio.get_running_loop().call_later(wait, self._settled)
            elif not kind and asked:
                raise TimeoutError("no answer")
            elif not kind:
                await source.ping()
            asked = not kind

    def _lose(self, error: Exception) -> None:
        if not self.lost:
            log.warning("live events do not arrive: %s", type(error).__name__)
            self._push_all("down")
        self.lost = True
        self.subscribed.clear()
        if self.settling is not None:
            self.settling.cancel()

    def _settled(self) -> None:
        self.subscribed.set()
        if self.lost:
            self._push_all(live.RESYNC)
        self.lost = False

    def _deliver(self, data: bytes) -> None:
        for message in json.loads(data):
            kind = message.get("e")
            if kind == live.REVOKE:
                self._revoke(set(message["users"]), set(message["sessions"]))
            elif kind == live.RESYNC:
                self._push_all(live.RESYNC)
            elif kind in events.KINDS:
                chunk = events.told(message)
                for user_id, identity in message["to"]:
                    for connection in self.by_user.get(user_id, ()):
                        if identity in (0, connection.standing.identity_id):
                            connection.push(chunk)

    def _revoke(self, users: set[int], sessions: set[str]) -> None:
        for user_id in users:
            self._close(self.by_user.get(user_id, ()))
        if sessions:
            self._close(one for one in self._all() if one.mark in sessions)


async def _forever(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """A fault in one round must not leave every stream silent, or unlooked at."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("the hub of the live streams starts again")
            await asyncio.sleep(1)


async def _ask(pool: ThreadPoolExecutor, question: Callable[..., T], *arguments: Any) -> T:
    """A question to the database, in a thread that gives its connection back. Raises TimeoutError, DatabaseError."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(ASK_SECONDS):
        return await loop.run_in_executor(pool, checks.alone, question, *arguments)


def _still(known: dict[str, str]) -> dict[str, Standing]:
    return checks.standings(known, known=known)
