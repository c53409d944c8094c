"""The hub without a network: who gets what, what a slow browser gets, and what a round with a fault leaves behind."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError

from core import live
from im.live import checks, events, hub
from im.live.checks import Standing
from im.live.hub import Connection, Hub


def connection(
    user_id: int, identity_id: int | None = None, *, key: str = "", checked: float = 1e12
) -> Connection:
    standing = Standing(user_id, identity_id, demo=False, due=False, proof="p")
    return Connection(key or f"session{user_id}", standing, checked)


def kinds(one: Connection) -> list[str]:
    return re.findall(r"event: (\w+)", b"".join(one.waiting).decode())


def inside(act: Callable[[Hub], Any]) -> Any:
    """Runs `act` beside a hub on an event loop; a coroutine is awaited."""

    async def main() -> Any:
        found = act(Hub())
        return await found if asyncio.iscoroutine(found) else found

    return asyncio.run(main())


def deliver(one: Hub, **message: Any) -> None:
    one._deliver(json.dumps([message]).encode())


def test_an_event_goes_to_its_people_and_to_the_identity_that_it_names() -> None:
    def act(one: Hub) -> None:
        staff, first, second = connection(1), connection(2, 20), connection(2, 21, key="other")
        for each in (staff, first, second):
            one.add(each)
        deliver(one, e="conversation", to=[[1, 0], [2, 21]], conversation=7, seq=3)
        deliver(one, e="badge", to=[[2, 0]])
        deliver(one, e="anything", to=[[1, 0]])
        assert [kinds(each) for each in (staff, first, second)] == [
            ["conversation"], ["badge"], ["conversation", "badge"],
        ]  # fmt: skip
        assert b'data: {"conversation":7,"seq":3}\n' in staff.take()

    inside(act)


def test_who_does_not_keep_up_is_told_once_to_ask_for_everything() -> None:
    def act(one: Hub) -> None:
        slow = connection(1)
        one.add(slow)
        for _ in range(hub.QUEUE + 3):
            deliver(one, e="badge", to=[[1, 0]])
        assert kinds(slow) == ["resync", "badge", "badge"]

    inside(act)


def test_revoking_ends_people_and_sessions_and_nobody_else() -> None:
    def act(one: Hub) -> None:
        streams = {name: connection(number, key=name) for number, name in enumerate("abc")}
        for each in streams.values():
            one.add(each)
        deliver(one, e=live.REVOKE, users=[0], sessions=[live.session_mark("b")])
        assert [each.closed for each in streams.values()] == [True, True, False]
        assert one.count == 1
        one.remove(streams["a"])
        assert one.count == 1

    inside(act)


def test_another_identity_asks_for_everything_and_a_lost_one_ends() -> None:
    def act(one: Hub) -> None:
        changed, lost, young = connection(1, 10), connection(2, 20), connection(3)
        changed.checked = lost.checked = 5.0
        for each in (changed, lost, young):
            one.add(each)
        found = {"session1": Standing(1, 11, demo=False, due=False, proof="p")}
        one._looked(["session1", "session2", "session3"], found, began=6.0)
        assert kinds(changed) == ["resync"]
        assert lost.closed
        assert not young.closed, "it was let in on a newer answer"

    inside(act)


def test_a_fault_reaches_everybody_who_waits_at_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(checks, "alone", broken)

    async def act(one: Hub) -> list[Any]:
        return await asyncio.gather(*(one.standing(key) for key in "abc"), return_exceptions=True)

    assert [type(found) for found in inside(act)] == [OperationalError] * 3


def test_those_who_come_together_are_one_question(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[set[str]] = []

    def alone(_question: object, keys: set[str]) -> dict[str, Standing]:
        asked.append(set(keys))
        return {"a": Standing(1, None, demo=False, due=False, proof="p")}

    monkeypatch.setattr(checks, "alone", alone)

    async def act(one: Hub) -> list[Any]:
        return await asyncio.gather(*(one.standing(key) for key in "abca"))

    assert [standing and standing.user_id for _, standing in inside(act)] == [1, None, None, 1]
    assert len(asked) <= 2


def test_streams_that_could_not_be_looked_at_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "CHECK_SECONDS", 0.04)

    async def act(one: Hub) -> list[bool]:
        streams = [connection(1, checked=-hub.CHECK_LIMIT - 1), connection(2)]
        for each in streams:
            one.add(each)
        task = asyncio.create_task(one._expire())
        await asyncio.sleep(0.1)
        task.cancel()
        return [each.closed for each in streams]

    assert inside(act) == [True, False]


def test_positions() -> None:
    now = events.now_ms()
    assert events.position(str(now)) == now
    assert events.position("0") == 0
    for nonsense in ("", "-1", "1.5", "9" * 15, "9" * 99, "１２", str(now + 120_000)):
        assert events.position(nonsense) is None
