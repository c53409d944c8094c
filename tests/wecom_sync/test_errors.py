"""Whatever comes back: the class, the sentence and the number of calls of the table; and no secret in any of it."""

from __future__ import annotations

import logging
import re
import time
import traceback
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import translation

from tests.wecom_sync.conftest import Opened
from wecom_sync.gateway import (
    Downstream,
    Gateway,
    Patience,
    Permanent,
    Reaction,
    Retryable,
    WeComError,
    codes,
    shared,
)
from wecom_sync.standin.remote import StandIn
from wecom_sync.standin.server import APIS

LIST = "user/list"
FACTS = (
    "-1 6000 40001 40003 40013 40014 40029 40035 40056 40058 40063 40091 41001 41002 41004 41009 42001 42009 42014 "
    "43009 45009 45029 45033 48001 48002 48004 48005 48006 50001 50002 50003 60003 60011 60020 60021 60111 60123 81013 "
    "82001 84014 84015 92002 301002 301007 670001 670016"
)
CHINESE = re.compile(r"[一-鿿]")


@pytest.fixture
def anew(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """What one case left in Redis does not reach the next."""
    return lambda: monkeypatch.setattr(shared, "PREFIX", f"wl:wecom:{uuid.uuid4().hex}:")


def raised(act: Callable[[], object]) -> WeComError:
    with pytest.raises(WeComError) as caught:
        act()
    return caught.value


def test_every_code_of_the_fact_sheet_is_in_the_table() -> None:
    assert {int(one) for one in FACTS.split()} == set(codes.MEANINGS)


def test_the_document_tells_of_every_code_and_every_api() -> None:
    text = (Path(__file__).parents[2] / "docs" / "wecom.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    for code, meaning in codes.MEANINGS.items():
        told = [row for row in rows if meaning.reaction.name in row.split("|")[1]]
        assert [row for row in told if str(code) in re.findall(r"-?\d+", row.split("|")[2])], code
    apis = set(re.findall(r"`([a-z_]+(?:/[a-z_]+)*)`", " ".join(row.split("|")[1] for row in rows)))
    assert set(APIS) - {"user/list_id"} <= apis


def test_every_sentence_is_there_in_chinese() -> None:
    sentences = [m.sentence for m in (*codes.MEANINGS.values(), *codes.TROUBLE.values())]
    for one in [*sentences, codes.UNKNOWN, codes.REFUSED_THERE]:
        with translation.override("en"):
            english = str(one)
        with translation.override("zh-hans"):
            assert str(one) != english
            assert CHINESE.search(str(one))


def test_what_may_be_tried_again_says_who_does_it() -> None:
    """A page on which somebody waits promises nothing that does not happen."""
    tables: list[dict[int, codes.Meaning] | dict[str, codes.Meaning]] = [
        codes.MEANINGS,
        codes.TROUBLE,
    ]
    later = [
        code for table in tables for code, one in table.items() if one.reaction is Reaction.AGAIN
    ]
    with translation.override("zh-hans"):
        for code in later:
            error = codes.error(code, api=LIST)
            assert isinstance(error, Retryable)
            assert "自动" not in str(error)
            assert f"请稍后再试。 ({LIST}: {code})" in error.told(by_itself=False)
            assert f"稍后自动重试。 ({LIST}: {code})" in error.told(by_itself=True)
    assert len(later) == 11


def test_every_code_ends_as_the_table_says(
    standin: StandIn, opened: Opened, anew: Callable[[], None]
) -> None:
    for code, meaning in codes.MEANINGS.items():
        anew()
        standin.clear()
        standin.fault("code", api=LIST, code=code, times=0)
        gateway = opened()
        error = raised(lambda gateway=gateway: gateway.members(1))  # type: ignore[misc]
        assert (error.code, error.api, error.corpid) == (code, LIST, gateway.corpid)
        assert error.reaction is meaning.reaction
        assert isinstance(error, Retryable if meaning.reaction is Reaction.AGAIN else Permanent)
        tries = 3 if code in codes.BUSY else 2 if code in codes.TOKEN_REFUSED else 1
        tokens = 2 if code in codes.TOKEN_REFUSED else 1
        assert standin.calls() == {"gettoken": tokens, LIST: tries} == gateway.calls, code


def test_what_stops_the_own_corp_puts_a_downstream_corp_aside(
    standin: StandIn, opened: Opened, anew: Callable[[], None]
) -> None:
    """Nothing that is said of one corp is about the others, but for the trusted IPs; and nobody has left by it."""
    for code, meaning in codes.MEANINGS.items():
        anew()
        corp = opened().downstream(opened().shares()[0])
        standin.clear()
        standin.fault("code", api=LIST, code=code, times=0, corpid=corp.corpid)
        error = raised(lambda corp=corp: corp.members(1))  # type: ignore[misc]
        aside = meaning.reaction is Reaction.FIX and code != 60020
        assert error.reaction is (Reaction.OFFLINE if aside else meaning.reaction), code


def test_an_unknown_code_stops_and_is_named(standin: StandIn, gateway: Gateway) -> None:
    standin.fault("code", api="agent/get", code=670099)
    error = raised(gateway.agent)
    assert (error.reaction, error.code) == (Reaction.FIX, 670099)
    with translation.override("zh-hans"):
        assert "670099" in str(error.sentence)


def test_the_address_that_is_not_trusted_is_named(standin: StandIn, opened: Opened) -> None:
    standin.act("settings", trusted_ips=["203.0.113.9"])
    error = raised(opened().check)
    assert error.code == 60020
    assert "127.0.0.1" in str(error.sentence)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"secret": "x" * 43}, 40001),
        ({"corpid": "wwnobody"}, 40013),
        ({"agentid": 7}, 301002),
        ({"secret": "of the other"}, 40091),
    ],
)
def test_a_connection_says_what_is_wrong_with_it(
    standin: StandIn, opened: Opened, change: dict[str, str], code: int
) -> None:
    if code == 40091:
        change = {"secret": standin.connections()[1]["secret"]}
    opened().check()
    error = raised(opened(**change).check)
    assert (error.code, standin.calls()["gettoken"]) == (code, 2)


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("timeout", "timeout"), ("reset", "broken"), ("cut", "broken"), ("http", "http"), ("html", "garbled"),
        ("truncated", "garbled"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_tried_three_times_and_then_given_up_for_now(
    standin: StandIn, opened: Opened, kind: str, word: str
) -> None:
    gateway = opened(patience=Patience(connect=1, read=0.15, total=1, pause=0.01))
    departments = gateway.departments()
    standin.clear()
    standin.fault(kind, api="department/list", times=3)
    error = raised(gateway.departments)
    assert isinstance(error, Retryable)
    assert (error.code, error.after > 0, error.uncertain) == (word, True, False)
    assert standin.calls() == {"department/list": 3}
    assert gateway.departments() == departments
    standin.fault(kind, api="department/list", times=2)
    assert gateway.departments() == departments


def test_nobody_there(standin: StandIn, opened: Opened, settings: object) -> None:
    settings.WECOM_API_BASE = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    error = raised(opened().agent)
    assert (error.code, error.api) == ("unreachable", "gettoken")


@pytest.mark.parametrize("status", [301, 302, 307, 404, 500])
def test_only_200_is_an_answer_and_no_redirect_is_followed(
    standin: StandIn, gateway: Gateway, status: int
) -> None:
    standin.fault("http", api="agent/get", code=status, times=3)
    assert raised(gateway.agent).code == "http"
    assert standin.calls()["agent/get"] == 3


def test_an_answer_has_a_largest_size_and_a_longest_time(standin: StandIn, opened: Opened) -> None:
    assert raised(opened(patience=Patience(largest=20, pause=0)).agent).code == "garbled"
    assert raised(opened(patience=Patience(total=-1, pause=0)).agent).code == "timeout"
    standin.fault("slow", api="agent/get", seconds=0.2)
    began = time.monotonic()
    opened().agent()
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("api", [LIST, "user/get", "corpgroup/corp/get_chain_corpinfo_list"])
def test_an_answer_about_something_else_is_not_taken_over(
    standin: StandIn, gateway: Gateway, api: str
) -> None:
    chain = gateway.chains()[0].id
    corp = gateway.downstream(gateway.shares()[0])
    someone = corp.members(1)[0].userid
    acts: dict[str, Callable[[], object]] = {
        LIST: lambda: corp.members(1), "user/get": lambda: corp.member(someone),
        "corpgroup/corp/get_chain_corpinfo_list": lambda: gateway.corps(chain, 1),
    }  # fmt: skip
    standin.fault("foreign", api=api, times=0)
    error = raised(acts[api])
    assert (error.code, error.reaction) == ("foreign", Reaction.AGAIN)


def test_pages_that_come_twice_are_no_listing(standin: StandIn, opened: Opened) -> None:
    standin.act("reset", corps=230, people=230, upstreams=1, groups=1)
    gateway = opened()
    chain = gateway.chains()[0].id
    for api, act in (
        ("corpgroup/corp/get_chain_corpinfo_list", lambda: gateway.corps(chain, 1)),
        ("corpgroup/corp/list_app_share_info", gateway.shares),
    ):
        standin.fault("repeat", api=api, after=1)
        error = raised(act)
        assert (error.code, error.reaction) == ("shifted", Reaction.AGAIN)
    standin.fault("skip", api="corpgroup/corp/get_chain_corpinfo_list", after=1)
    corps = {one.corpid for one in gateway.corps(chain, 1)}
    missing = [one for one in gateway.shares() if one.corpid not in corps]
    assert missing, "what no listing can tell: a reader must ask for each corp before it is gone"
    assert all(gateway.corp(chain, corpid=one.corpid).joined for one in missing)


def test_unshared_is_not_left(standin: StandIn, gateway: Gateway) -> None:
    share = gateway.shares()[0]
    corp: Downstream = gateway.downstream(share)
    assert corp.members(1)
    standin.act("mutate", kind="unshare", corpid=share.corpid)
    error = raised(lambda: corp.members(1))
    assert (error.code, error.reaction) == (670001, Reaction.OFFLINE)
    assert share not in gateway.shares()


def test_secrets_stand_in_no_error_log_or_text(
    standin: StandIn, opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = standin.connections()[0]
    seen = []
    for kind in ("timeout", "reset", "html", "http", "code"):
        gateway = opened(patience=Patience(connect=1, read=0.1, total=1, pause=0.01))
        standin.fault(kind, api="gettoken", times=3, code=40013 if kind == "code" else 502)
        standin.fault(kind, api="agent/get", times=6, code=40014 if kind == "code" else 502)
        for act in (gateway.check, gateway.agent):
            with pytest.raises(WeComError) as caught:
                act()
            seen += [repr(caught.value), *traceback.format_exception(caught.value)]
            seen += [repr(gateway.__dict__), repr(caught.value.__context__)]
        standin.act("faults", clear=True)
    agent = opened()
    agent.agent()
    values = [one.value for one in agent._caller.tokens._held.values()]
    text = "".join(seen) + caplog.text + "".join(str(one.__dict__) for one in caplog.records)
    assert "corpsecret=***" in caplog.text
    assert "access_token=***" in caplog.text
    assert values
    assert told["secret"] not in text
    assert not [one for one in values if one in text]
