"""Three corps of ours, sixty outside, twenty thousand people: DEEP=1 (SPEC WEC-2)."""

from __future__ import annotations

import os
import time

import pytest
from pytest_django import Settings

from tests.wecom_sync.equal import connect, full, ours, told
from wecom_sync.standin.remote import running

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(os.environ.get("DEEP") != "1", reason="DEEP=1"),
]
SIZES = {"upstreams": 3, "corps": 60, "people": 20_000, "seed": 5, "limit": 0}


def test_twenty_thousand_people(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(**SIZES) as standin:
        settings.WECOM_API_BASE, settings.WECOM_ALLOW_LOOPBACK = standin.base, True
        connections = connect(standin)
        began = time.monotonic()
        assert {full(one).status for one in connections} == {"done"}
        print(f"first runs {time.monotonic() - began:.1f} s")
        assert ours() == told(standin)
        standin.clear()
        began = time.monotonic()
        again = [full(one) for one in connections]
        print(
            f"second runs {time.monotonic() - began:.1f} s, calls {sum(standin.calls().values())}"
        )
        assert [run.items.exclude(stage=0).count() for run in again] == [0, 0, 0]
        for kind, count in {"join": 60, "rename": 60, "move": 60, "leave": 20}.items():
            standin.act("mutate", kind=kind, count=count)
        began = time.monotonic()
        changed = [full(one) for one in connections]
        print(f"one percent {time.monotonic() - began:.1f} s")
        assert 150 <= sum(run.items.exclude(stage=0).count() for run in changed) <= 200
        assert ours() == told(standin)
