"""A broker that is away costs a page one short wait, whatever it asks for, and nothing is lost (SECURITY T84, I15)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.utils import timezone

from config.celery import app
from core import outbox
from core.models import OutboxEntry

pytestmark = pytest.mark.django_db
TASK = "accounts.clear_expired"
NOWHERE = "redis+socket:///nowhere/valkey.sock"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often which broker was asked; the address of the first may be put before it."""
    brokers, send = [app.conf.broker_url], current_app.send_task
    monkeypatch.setattr(outbox, "_broker", outbox._Broker())
    monkeypatch.setattr(outbox, "PAUSE_SECONDS", 0.2)

    def at(name: str, **how: Any) -> object:
        brokers.append(brokers[0])
        options = app.conf.broker_transport_options
        with app.connection_for_write(brokers[0], transport_options=options) as connection:
            return send(name, connection=connection, queue="outbox-test", **how)

    monkeypatch.setattr(current_app, "send_task", at)
    return brokers


def test_a_lost_broker_costs_one_short_wait_and_is_made_up_for(
    asked: list[str], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    there, asked[0] = asked[0], NOWHERE
    began = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(20):
            outbox.enqueue(task=TASK)
    assert time.monotonic() - began < 1
    assert asked[1:] == [NOWHERE]
    asked[0] = there
    OutboxEntry.objects.update(available_at=timezone.now() - timedelta(seconds=6))
    assert outbox.sweep() == 0
    time.sleep(0.2)
    assert outbox.sweep() == 20
    assert asked[1:] == [NOWHERE] + [there] * 20
