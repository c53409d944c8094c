"""Whatever stands in an answer, it becomes typed values or one of two errors; what is taken over can be stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wecom_sync.gateway import Credentials, Gateway, Patience, Retryable, Share, WeComError
from wecom_sync.gateway.reading import Fields, Garbled
from wecom_sync.gateway.transport import Trouble, _read

KEYS = (
    "access_token expires_in agentid name close allow_userinfos user userid allow_partys partyid "
    "allow_tags tagid department department_id id parentid order department_leader userlist status "
    "main_department is_leader_in_dept direct_leader mobile position tagname partylist chains chain_id "
    "chain_name groups groupid group_name group_corps corp_name is_joined corpid pending_corpid custom_id "
    "has_more next_cursor ending corp_list rule_ids rule_info owner_corp_range departmentids userids "
    "member_corp_range groupids corpids user_custom_id openid msgid invaliduser response_code "
    "qualification_status "
).split()
LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=12)
    | st.sampled_from(["", "1", "01", "ww/x", "/", "wp" * 40, "\x00", "\u202e李", "\ud800", "true", "１"])
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
    ),
    max_leaves=20,
)
SHARE = Share("wpX", "甲", 5)
ACTS: list[Callable[[Gateway], Any]] = [
    Gateway.agent, Gateway.departments, Gateway.department_nodes, lambda g: g.department(1), lambda g: g.members(1),
    lambda g: g.member("a"), lambda g: g.tag(1), Gateway.chains, lambda g: g.groups("wc"), lambda g: g.corps("wc", 1),
    lambda g: g.corp("wc", corpid="wpX"), lambda g: g.chains_of("wpX"), lambda g: g.custom_id_of("wc", "wpX", "a"),
    Gateway.shares, lambda g: g.rule_ids("wc"), lambda g: g.rule("wc", "1"), lambda g: g.identify("c"),
    lambda g: g.send_text(("a",), "x"), lambda g: g.downstream(SHARE).agent(),
]  # fmt: skip


def texts(value: Any) -> Iterator[str]:
    """Every text in typed values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from texts(one)
    elif is_dataclass(value):
        for field in fields(value):
            if field.repr:  # what is not shown is not stored either
                yield from texts(getattr(value, field.name))


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(act=st.sampled_from(ACTS), told=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8))
def test_any_answer_is_read_or_refused(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[Gateway], Any], told: dict[str, Any]
) -> None:
    gateway = Gateway(Credentials("wwa", 5, "s"), patience=Patience(tries=1, per_minute=0))
    tokens = {"gettoken": {"access_token": "t", "expires_in": 7200}}
    monkeypatch.setattr(
        gateway._caller._transport, "exchange",
        lambda api, *_args, **_more: {"errcode": 0, **tokens.get(api, told)},
    )  # fmt: skip
    try:
        found = act(gateway)
    except WeComError as error:
        code = error.code
    else:
        code = ""
        _check_texts(found)
    assert code in ("", "garbled", "foreign", "shifted")


def _check_texts(found: Any) -> None:
    for text in texts(found):
        assert text.isprintable()
        text.encode()


@pytest.mark.parametrize(
    ("value", "flag"),
    [(1, True), (0, False), (True, True), ("1", True), ("False", False), ("true", True)],
)
def test_the_same_thing_comes_in_several_types(value: object, flag: bool) -> None:
    read = Fields({"is_joined": value, "rule_id": 7, "rule": "7", "n": "12"})
    assert read.flag("is_joined") is flag
    assert (read.id("rule_id"), read.id("rule"), read.number("n")) == ("7", "7", 12)
    for wrong in (2, "yes", [], {}, 1.5):
        with pytest.raises(Garbled):
            Fields({"is_joined": wrong}).flag("is_joined")


def test_ids_keep_their_letters_and_names_lose_what_cannot_be_seen() -> None:
    read = Fields({"id": "wpAb-_", "name": " 李\u202e四\x00 \u200b " + "长" * 500})
    assert read.id("id") == "wpAb-_"
    assert read.text("name").startswith("李四 长")
    assert len(read.text("name")) == 128
    for wrong in ("a" * 65, "é" * 33, "a\n", " a", "\u202ea", [], None, True):
        with pytest.raises(Garbled):
            Fields({"id": wrong}).id("id")


@pytest.mark.parametrize(
    ("userid", "corpid", "known"),
    [
        ("li", "wwc", "li"), ("wpA/woB", "wpA", "woB"), ("wpA/woB/c", "wpA", "woB/c"), ("", "", ""), (None, "", ""),
        ("/", None, None), ("wpA/", None, None), ("/woB", None, None), ("li\x00", None, None), ("x" * 161, None, None),
        (7, None, None),
    ],
)  # fmt: skip
def test_who_comes_is_named_whole_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, userid: Any, corpid: str | None, known: str | None
) -> None:
    gateway = Gateway(Credentials("wwc", 5, "s"), patience=Patience(tries=1, per_minute=0))
    told = {"errcode": 0, "access_token": "t", "userid": userid, "UserId": "legacy"}
    monkeypatch.setattr(gateway._caller._transport, "exchange", lambda *_a, **_k: dict(told))
    if corpid is None:
        with pytest.raises(Retryable):
            gateway.identify("code")
    else:
        found = gateway.identify("code")
        assert (found.corpid, found.userid, found.known) == (corpid, known, bool(known))


class Body:
    """A response with this body."""

    status_code = 200

    def __init__(self, body: bytes) -> None:
        self.body = body

    def __enter__(self) -> Body:
        return self

    def __exit__(self, *_args: object) -> None:
        """Nothing to close."""

    def iter_content(self, size: int) -> Iterator[bytes]:
        yield from (self.body[at : at + size] for at in range(0, len(self.body), size))


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"[]", b'"x"', b"{}", b'{"errcode": null}', b'{"errcode": "x"}', b'{"errcode": []}',
        b'{"errcode": 1e999}', b'{"errcode": NaN}', b'{"errcode": 0', b"[" * 100_000,
        b'{"errcode": ' + b"9" * 5000 + b"}",
        b'{"errcode": 0, "x": "\xff"}', b"\xef\xbb\xbf<html>",
    ],
)  # fmt: skip
def test_what_is_no_json_object_with_a_code_is_no_answer(body: bytes) -> None:
    assert _read(Body(body), Patience()) == Trouble("garbled")  # type: ignore[arg-type]


def test_a_code_may_be_a_text() -> None:
    body = Body(b'{"errcode": "0", "x": 1}')
    assert _read(body, Patience()) == {"errcode": 0, "x": 1}  # type: ignore[arg-type]


def test_a_token_that_lasts_for_ever_lasts_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = Gateway(Credentials("wwb", 5, "s"), patience=Patience(tries=1, per_minute=0))
    told = {"errcode": 0, "access_token": "t", "expires_in": 2**62, "agentid": 5}
    monkeypatch.setattr(gateway._caller._transport, "exchange", lambda *_a, **_k: dict(told))
    assert gateway.agent().id == 5
    told["expires_in"] = "soon"
    with pytest.raises(Retryable) as caught:
        gateway.check()
    assert (caught.value.code, caught.value.api) == ("garbled", "gettoken")
