"""Tokens: one refresh however many ask, bounded; shared through Redis, unreadable there; without Redis, too."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from django.conf import settings
from pytest_django import Settings

from tests.wecom_sync.conftest import QUICK, Opened
from wecom_sync.gateway import Gateway, Patience, Permanent, Reaction, Retryable, codes, shared
from wecom_sync.gateway.breaker import Pace
from wecom_sync.gateway.shared import Shared
from wecom_sync.standin.remote import StandIn

SLOW = Patience(connect=2, read=5, total=5, pause=0.01, per_minute=0)


def worker(opened: Opened, **more: Any) -> Gateway:
    """A gateway as in another process: it shares nothing but Redis."""
    shared._of.cache_clear()
    return opened(patience=SLOW, **more)


def test_many_workers_fetch_one_token(standin: StandIn, opened: Opened) -> None:
    workers = [worker(opened) for _ in range(8)]
    standin.fault("slow", api="gettoken", seconds=0.3, times=0)
    with ThreadPoolExecutor(16) as pool:
        agents = list(pool.map(lambda number: workers[number % 8].agent(), range(32)))
    assert len(set(agents)) == 1
    assert standin.calls() == {"gettoken": 1, "agent/get": 32}


def test_a_refused_token_is_replaced_once_for_all_workers(standin: StandIn, opened: Opened) -> None:
    workers = [worker(opened) for _ in range(6)]
    for one in workers:
        one.agent()
    standin.act("settings", kill_tokens=True)
    standin.act("calls")
    standin.fault("slow", api="gettoken", seconds=0.2, times=0)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(Gateway.agent, workers))
    assert standin.calls() == {"gettoken": 1, "agent/get": 12}


def test_downstream_tokens_are_shared_and_replaced_alike(standin: StandIn, opened: Opened) -> None:
    share = opened().shares()[0]
    corps = [worker(opened).downstream(share) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda corp: corp.agent(), corps))
    assert standin.calls()["corpgroup/corp/gettoken"] == 1
    standin.act("settings", kill_tokens=True)
    standin.act("calls")
    assert corps[0].agent()
    # The upstream token that fetches the new one was dead, too.
    assert standin.calls() == {
        "agent/get": 2, "corpgroup/corp/gettoken": 2, "gettoken": 1,
    }  # fmt: skip


@pytest.mark.parametrize("code", sorted(codes.TOKEN_REFUSED))
def test_a_token_that_is_refused_for_good_is_asked_for_twice_only(
    standin: StandIn, gateway: Gateway, code: int
) -> None:
    standin.fault("code", api="agent/get", code=code, times=0)
    with pytest.raises(Permanent) as caught:
        gateway.agent()
    assert (caught.value.code, caught.value.reaction) == (code, Reaction.FIX)
    assert standin.calls() == {"gettoken": 2, "agent/get": 2}


def test_a_token_is_renewed_before_it_ends(standin: StandIn, opened: Opened) -> None:
    standin.act("settings", token_seconds=1)
    gateway = opened()
    gateway.agent()
    gateway.agent()
    assert standin.calls()["gettoken"] == 1
    time.sleep(1.05)
    gateway.agent()
    assert standin.calls() == {"gettoken": 2, "agent/get": 3}


def test_another_secret_meets_no_token_of_the_old_one(standin: StandIn, opened: Opened) -> None:
    opened().agent()
    with pytest.raises(Permanent) as caught:
        opened(secret="wrong").agent()
    assert caught.value.code == 40001
    assert opened().check().id == standin.connections()[0]["agentid"]
    assert standin.calls()["gettoken"] == 3, "a check never uses what was kept"


def test_nothing_of_a_secret_or_a_token_stands_in_redis(standin: StandIn, gateway: Gateway) -> None:
    gateway.downstream(gateway.shares()[0]).agent()
    client = redis.Redis.from_url(settings.REDIS_URL, decode_responses=True)
    stored = {key: client.get(key) for key in client.scan_iter(f"{shared.PREFIX}*")}
    assert len(stored) == 2
    assert all(0 < client.ttl(key) <= 7200 for key in stored)
    text, told = repr(stored), standin.connections()[0]
    tokens = [one.value for one in gateway._caller.tokens._held.values()]
    for secret in (told["secret"], told["secret"][:8], told["corpid"], *tokens):
        assert secret not in text


def test_without_redis_everything_works_in_one_process(
    standin: StandIn, opened: Opened, settings: Settings
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    began = time.monotonic()
    gateway = opened()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: gateway.agent(), range(8)))
    # A second one of the same process finds the token in memory.
    opened().agent()
    assert standin.calls() == {"gettoken": 1, "agent/get": 9}
    standin.act("settings", kill_tokens=True)
    gateway.agent()
    assert standin.calls()["gettoken"] == 2
    assert time.monotonic() - began < 3


def test_a_lock_whose_holder_died_ends_by_itself(standin: StandIn) -> None:
    first, second = Shared(settings.REDIS_URL), Shared(settings.REDIS_URL)
    first._ask("set", f"{shared.PREFIX}lock:x", "dead", nx=True, px=200)
    began = time.monotonic()
    with second.lock("x", 5.0):
        assert 0.1 < time.monotonic() - began < 2
        assert first._ask("get", f"{shared.PREFIX}lock:x") != "dead"
    assert first._ask("get", f"{shared.PREFIX}lock:x") is None


# --- breaker and pace
def test_a_limit_pauses_that_api_of_that_corp_for_all_workers(
    standin: StandIn, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, other = worker(opened), worker(opened), opened(1)
    first.agent()
    standin.fault("code", api="agent/get", code=45009)
    monkeypatch.setattr("wecom_sync.gateway.breaker.LOOK_SECONDS", 0.0)
    with pytest.raises(Retryable) as caught:
        first.agent()
    assert caught.value.after == 60
    standin.act("calls")
    for one in (first, second, first):
        with pytest.raises(Retryable) as caught:
            one.agent()
        assert 55 < caught.value.after <= 60
    assert standin.calls() == {}
    assert first.chains()
    assert other.agent()


def test_each_limit_in_a_row_waits_longer(
    standin: StandIn, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "LIMIT_WINDOWS", (0.05, 0.1, 0.15))
    gateway.agent()
    standin.fault("code", api="agent/get", code=45009, times=4)
    waits = []
    for _number in range(4):
        began = time.time()
        with pytest.raises(Retryable):
            gateway.agent()
        ((until, _code),) = gateway._caller.breaker._open.values()
        waits.append(until - began)
        time.sleep(max(0.0, until - time.time()))
    windows = zip((0.05, 0.1, 0.15, 0.15), waits, strict=True)
    assert all(window <= wait < window + 0.05 for window, wait in windows)
    assert gateway.agent()
    assert not gateway._caller.breaker._limits


def test_failures_in_a_row_open_it_and_a_check_closes_it(standin: StandIn, opened: Opened) -> None:
    """Also a wrong secret: the server would be blocked by thousands of faulty calls."""
    gateway = opened(secret="wrong")
    for _number in range(9):
        with pytest.raises(Permanent) as caught:
            gateway.chains()
        assert caught.value.code == 40001
    assert standin.calls() == {"gettoken": 5}
    with pytest.raises(Permanent):
        gateway.check()
    assert standin.calls() == {"gettoken": 6}


def test_calls_of_one_api_keep_a_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    now, slept = [1000.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr("wecom_sync.gateway.breaker.time.monotonic", lambda: now[0])
    monkeypatch.setattr("wecom_sync.gateway.breaker.time.sleep", sleep)
    pace = Pace(600)
    for _number in range(100):
        pace.wait("user/list")
    assert not slept, "a sixth of a minute's calls may come at once"
    for _number in range(600):
        pace.wait("user/list")
    assert 59 < sum(slept) <= 61
    pace.wait("agent/get")
    Pace(0).wait("user/list")
    assert len(slept) == 600


def test_the_same_patience_reads_an_answer_that_is_slow(standin: StandIn, opened: Opened) -> None:
    standin.fault("slow", api="agent/get", seconds=0.3)
    assert opened(patience=QUICK).agent()
    assert standin.calls()["agent/get"] == 1
