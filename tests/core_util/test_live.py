"""Telling open pages: with the commit, by ids, and without harm when Redis is away."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import transaction
from pytest_django import Settings

from core import live

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def heard() -> Any:
    """A function that gives what was published since."""
    with redis.Redis.from_url(settings.REDIS_URL).pubsub() as source:
        source.subscribe(live.channel())
        source.get_message(timeout=1)

        def messages(seconds: float = 0.2) -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = []
            while message := source.get_message(ignore_subscribe_messages=True, timeout=seconds):
                found += json.loads(message["data"])
            return found

        yield messages


def test_nothing_leaves_before_the_commit_or_after_a_rollback(heard: Any) -> None:
    with transaction.atomic():
        live.tell([3, (4, None), (5, 50), 3], "conversation", conversation=7, seq=2)
        live.tell([], "badge")
        assert heard(0.05) == []
    assert heard() == [
        {"e": "conversation", "to": [[3, 0], [4, 0], [5, 50]], "conversation": 7, "seq": 2}
    ]
    with transaction.atomic():
        live.tell([3], "badge")
        transaction.set_rollback(True)
    assert heard(0.05) == []


def test_a_session_is_named_without_its_key(heard: Any) -> None:
    live.revoke(user_ids=[2, 1], session_keys=["secret-key", None])
    live.revoke()
    told = heard()
    assert told == [{"e": "revoke", "users": [1, 2], "sessions": [live.session_mark("secret-key")]}]
    assert "secret" not in json.dumps(told)


def test_a_lost_redis_costs_no_page_and_is_made_up_for(
    settings: Settings,
    heard: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "PAUSE_SECONDS", 0.2)
    there, settings.REDIS_URL = settings.REDIS_URL, "unix:///nowhere/valkey.sock"
    began = time.monotonic()
    for _ in range(100):
        live.tell([1], "badge")
    assert time.monotonic() - began < 0.5
    assert len([line for line in caplog.messages if "live events" in line]) == 1
    # The same publisher, once its Redis is back: nobody need say anything for pages to catch up.
    live._publisher(settings.REDIS_URL).client = redis.Redis.from_url(there)
    assert [event["e"] for event in heard(1.0)] == ["resync"]
    live.tell([1], "badge")
    assert [event["e"] for event in heard()] == ["badge"]
