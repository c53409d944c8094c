"""A stand-in of this worker's own, in its own process, and gateways that speak to it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from wecom_sync.gateway import Credentials, Gateway, Patience, shared
from wecom_sync.refusals import refusals
from wecom_sync.services import callbacks
from wecom_sync.standin.remote import StandIn, running

SIZES = {"upstreams": 2, "corps": 8, "people": 160, "twice": 1, "pending": 2, "seed": 7}
QUICK = Patience(connect=2, read=0.6, total=2, pause=0.01, per_minute=0)


@pytest.fixture(scope="session")
def process() -> Iterator[StandIn]:
    with running(limit=0, **SIZES) as standin:
        yield standin


@pytest.fixture(autouse=True)
def _as_after_a_start() -> None:
    """Nobody has been refused yet, and no key of another test is known."""
    refusals._seen.clear()
    callbacks._known.cache_clear()
    callbacks._keys.cache_clear()


@pytest.fixture
def standin(
    process: StandIn, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[StandIn]:
    """The world as it was at first, and a Redis without anything of other tests."""
    settings.WECOM_API_BASE, settings.WECOM_ALLOW_LOOPBACK = process.base, True
    monkeypatch.setattr(shared, "PREFIX", f"wl:wecom:{uuid.uuid4().hex}:")
    shared._of.cache_clear()
    process.act("reset")
    process.act("settings", limit=0, window=60, token_seconds=7200, trusted_ips=None)
    yield process
    shared._of.cache_clear()


Opened = Callable[..., Gateway]


@pytest.fixture
def opened(standin: StandIn) -> Opened:
    """opened() is a gateway to the first upstream corp; opened(1) to the second; more changes its credentials."""

    def of(number: int = 0, patience: Patience = QUICK, **more: Any) -> Gateway:
        told = standin.connections()[number]
        given = {"corpid": told["corpid"], "agentid": told["agentid"], "secret": told["secret"]}
        return Gateway(Credentials(**(given | more)), patience=patience)

    return of


@pytest.fixture
def gateway(opened: Opened) -> Gateway:
    return opened()
