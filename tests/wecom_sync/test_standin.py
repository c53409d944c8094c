"""The stand-in itself: repeatable worlds, every kind of change, tokens at the wrong door, control from here alone."""

from __future__ import annotations

import http.client
import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from tests.wecom_sync.conftest import SIZES, Opened
from tests.wecom_sync.test_pull import pulled, settled
from wecom_sync.checks import address_is_allowed
from wecom_sync.gateway import Gateway, Permanent, codes, hosts
from wecom_sync.standin import mutations
from wecom_sync.standin.generate import Sizes, world
from wecom_sync.standin.remote import StandIn
from wecom_sync.standin.truth import truth

KINDS = sorted(mutations.KINDS)


def test_the_same_seed_gives_the_same_world_and_another_one_another() -> None:
    sizes = Sizes(**{key: value for key, value in SIZES.items() if key != "seed"})
    first = truth(world(7, sizes))
    assert truth(world(7, sizes)) == first
    assert truth(world(8, sizes)) != first
    corps = [c for up in first["upstreams"] for chain in up["chains"] for c in chain["corps"]]
    assert sum(c["joined"] for c in corps) == SIZES["corps"] + SIZES["twice"]
    assert sum(not c["joined"] for c in corps) == SIZES["pending"] * SIZES["upstreams"]
    large = world(1, replace(sizes, people=5000, corps=60, twice=0))
    companies = {
        id(v.company): v.company
        for u in large.upstreams.values()
        for v in u.views.values()
        if u.joined(v)
    }
    assert sum(len(one.people) for one in companies.values()) == 5000


@pytest.mark.parametrize("kind", KINDS)
def test_every_change_shows_in_the_truth_and_in_a_pull(
    standin: StandIn, opened: Opened, kind: str
) -> None:
    before = standin.truth()
    if kind == "rejoin":
        left = standin.act("mutate", kind="leave")["changed"][0]
        back = standin.act("mutate", kind=kind, corpid=left["corpid"])["changed"]
        assert [one["userid"] for one in back] == [left["userid"]]
        assert settled_all(standin.truth()) == settled_all(before), "who comes back has the same id"
        return
    changed = standin.act("mutate", kind=kind, count=2)["changed"]
    assert changed
    after = standin.truth()
    assert after != before
    for number in (0, 1):
        assert pulled(opened(number)) == settled(after["upstreams"][number])


def settled_all(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [settled(one) for one in told["upstreams"]]


def test_a_share_of_a_corp_disappears(standin: StandIn, gateway: Gateway) -> None:
    share = gateway.shares()[0]
    before = sum(len(pairs) for pairs in [people(standin, share.corpid)])
    gone = standin.act("mutate", kind="disappear", corpid=share.corpid, share=0.3)["changed"]
    assert len(gone) == round(before * 0.3)
    assert len(people(standin, share.corpid)) == before - len(gone)
    with pytest.raises(ValueError, match="not known"):
        standin.act("mutate", kind="leave", corpid="wwnobody")


def people(standin: StandIn, corpid: str) -> list[Any]:
    corps = [
        c for u in standin.truth()["upstreams"] for chain in u["chains"] for c in chain["corps"]
    ]
    return next(list(c["members"]) for c in corps if c.get("corpid") == corpid)


# --- doors
def test_a_token_opens_only_its_own_door(
    standin: StandIn, opened: Opened, gateway: Gateway
) -> None:
    mine, share = gateway.downstream(gateway.shares()[0]), gateway.shares()[0]
    theirs = opened(1).shares()[0]
    cases = (
        (lambda: mine._get("corpgroup/corp/get_chain_list", lambda _a: None), 48002),
        (lambda: mine._get("auth/getuserinfo", lambda _a: None, code="x"), 48002),
        (lambda: mine._post("user/list_id", lambda _a: None, {}), 48002),
        (lambda: mine._get("agent/get", lambda _a: None, agentid=gateway.agentid), 301002),
        (lambda: gateway.downstream(theirs).agent(), 40058),
        (lambda: gateway.downstream(replace(share, agentid=1)).agent(), 40056),
        (lambda: gateway.downstream(replace(share, corpid=share.corpid.lower())).agent(), 40058),
        (lambda: gateway.groups("wcUnknown"), 40058),
        (lambda: gateway.members(99999), 60003),
    )
    for act, code in cases:
        with pytest.raises(Permanent) as caught:
            act()
        assert caught.value.code == code


def test_the_range_of_the_app_hides_the_rest(standin: StandIn, opened: Opened) -> None:
    gateway = opened(1)
    for corp in map(gateway.downstream, gateway.shares()):
        agent = corp.agent()
        if agent.userids:
            break
    visible = {one.id for one in corp.departments()}
    hidden = next(number for number in range(1, 50) if number not in visible)
    for act in (corp.members, corp.department):
        with pytest.raises(Permanent) as caught:
            act(hidden)
        assert caught.value.code in (60011, 60003)
    assert corp.member(agent.userids[0]).departments == ()


def asked(standin: StandIn, path: str, **headers: str) -> int:
    connection = http.client.HTTPConnection(urlsplit(standin.base).netloc, timeout=5)
    connection.request(
        "POST" if "calls" in path else "GET", path, "{}" if "calls" in path else None, headers
    )
    answer = connection.getresponse()
    json.loads(answer.read())
    connection.close()
    return answer.status


def test_control_answers_programs_of_this_machine_alone(standin: StandIn) -> None:
    assert asked(standin, "/standin/truth") == 200
    assert asked(standin, "/standin/truth", Host="evil.example:80") == 403
    assert asked(standin, "/standin/calls") == 403
    assert asked(standin, "/standin/calls", **{"Content-Type": "text/plain"}) == 403
    assert asked(standin, "/standin/calls", **{"Content-Type": "application/json"}) == 200
    assert asked(standin, "/standin/nothing") == 400
    assert asked(standin, "/elsewhere") == 404
    with pytest.raises(ValueError, match="this machine only"):
        standin.act("callback", url="http://192.0.2.1/x")
    with pytest.raises(ValueError, match="kind"):
        standin.fault("nonsense")


# --- where the gateway may speak to
@pytest.mark.parametrize(
    ("base", "loopback", "fine"),
    [
        ("https://qyapi.weixin.qq.com", False, True), ("https://qyapi.weixin.qq.com:443", False, True),
        ("http://127.0.0.1:8800", True, True), ("http://[::1]:8800", True, True),
        ("http://127.0.0.1:8800", False, False), ("http://qyapi.weixin.qq.com", True, False),
        ("https://qyapi.weixin.qq.com:8443", True, False), ("https://qyapi.weixin.qq.com.evil.example", True, False),
        ("https://evil.example", True, False), ("https://127.0.0.1:8800", True, False),
        ("https://u:p@qyapi.weixin.qq.com", True, False), ("https://qyapi.weixin.qq.com/x", True, False),
        ("https://qyapi.weixin.qq.com?x=1", True, False), ("http://localhost:8800", True, False),
        ("http://127.1:80", True, False), ("http://2130706433:80", True, False), ("http://0x7f000001:80", True, False),
        ("http://10.0.0.1:80", True, False), ("http://169.254.169.254:80", True, False), ("http://[::]:80", 1, False),
        ("http://127.0.0.1", True, False), ("http://127.0.0.1:99999", True, False), ("file:///etc/passwd", True, False),
        ("", True, False),
    ],
)  # fmt: skip
def test_only_wecom_or_a_stand_in_here(
    settings: Settings, base: str, loopback: bool, fine: bool
) -> None:
    settings.WECOM_API_BASE, settings.WECOM_ALLOW_LOOPBACK = base, loopback
    assert (not hosts.problem(base, loopback=loopback)) is fine
    assert (not address_is_allowed()) is fine
    if not fine:
        with pytest.raises(ValueError, match="WECOM_"):
            hosts.place()


def test_the_address_is_among_the_system_checks(settings: Settings) -> None:
    settings.WECOM_API_BASE = "http://127.0.0.1:8800"
    assert [one.id for one in run_checks() if one.id == "wecom_sync.E001"]


def test_the_address_is_a_setting_of_the_right_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    from config.env import Environment

    monkeypatch.setenv("WECOM_API_BASE", "qyapi.weixin.qq.com")
    with pytest.raises(ImproperlyConfigured, match="WECOM_API_BASE"):
        Environment().url("WECOM_API_BASE", default="")


def test_the_stand_in_limits_as_documented(standin: StandIn, opened: Opened) -> None:
    standin.act("settings", limit=3, window=600)
    gateway = opened()
    for _number in range(3):
        gateway.agent()
    with pytest.raises(Exception, match="45009"):
        gateway.agent()
    assert gateway.chains()
    assert codes.LIMIT == 45009
