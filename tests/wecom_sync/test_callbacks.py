"""Callbacks: what WeCom signs is opened, everything else is refused in one way (SECURITY T63 to T66, M12, M13)."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from os import urandom
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wechatpy.enterprise.crypto import WeChatCrypto

from wecom_sync.gateway import (
    CallbackKey,
    CallbackRefused,
    CardPressed,
    ChainChanged,
    ContactChanged,
    Event,
    JobDone,
    RangeChanged,
    ShareChanged,
    Signed,
    open_echo,
    open_event,
)
from wecom_sync.standin import callbacks
from wecom_sync.standin.callbacks import Push
from wecom_sync.standin.remote import StandIn
from wecom_sync.standin.world import App

CORP = "wwf123456789abcdef"
APP = App(
    1000002,
    "s",
    "外联通",
    token="QDG6eKtoken",
    aes_key="jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
)
KEY = CallbackKey(APP.token, APP.aes_key)
NOW = 1_764_000_000


def opening(
    one: Push, *, key: CallbackKey = KEY, receivers: Any = (CORP,), now: float = NOW
) -> Event:
    return open_event(
        key, receivers, Signed(one.signature, one.timestamp, one.nonce), one.body, now=now
    )


def pushed(fields: dict[str, Any], **more: Any) -> Push:
    text = callbacks.event({"ToUserName": CORP, **fields}, now=NOW)
    return callbacks.push(APP, CORP, text, timestamp=NOW, **more)


PRESS = {"Event": "template_card_event", "EventKey": "yes", "TaskId": "t1", "ResponseCode": "r1",
         "CardType": "button_interaction", "FromUserName": "woPerson"}  # fmt: skip


def test_the_sample_of_the_documentation_is_opened() -> None:
    """The published sample of the address check: token, key and ciphertext as they stand there."""
    echo = (
        "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
    )
    signed = Signed("5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3", "1409659589", "263014780")
    key = CallbackKey("QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C")
    assert (
        open_echo(key, ["wx5823bf96d3bd56c7"], signed, echo, now=1409659589)
        == "1616140317555161061"
    )
    for receivers, now in ((["wx5823BF96d3bd56c7"], 1409659589), (["wx5823bf96d3bd56c7"], NOW)):
        with pytest.raises(CallbackRefused):
            open_echo(key, receivers, signed, echo, now=now)


def test_what_the_library_encrypts_is_opened() -> None:
    text = callbacks.event({"ToUserName": CORP, **PRESS}, now=NOW).decode()
    xml = WeChatCrypto(APP.token, APP.aes_key, CORP).encrypt_message(text, "77", str(NOW))
    signature = xml.partition("<MsgSignature><![CDATA[")[2].partition("]")[0]
    event = open_event(KEY, [CORP], Signed(signature, str(NOW), "77"), xml.encode(), now=NOW)
    assert isinstance(event, CardPressed)
    assert (event.task_id, event.key, event.response_code, event.sender) == (
        "t1",
        "yes",
        "r1",
        "woPerson",
    )


@pytest.mark.parametrize(
    ("fields", "kind", "values"),
    [
        (
            {"Event": "change_contact", "ChangeType": "update_user", "UserID": "woA", "NewUserID": "woB",
             "Department": "1,7"},
            ContactChanged, {"change": "update_user", "userid": "woA", "new_userid": "woB", "departments": (1, 7)},
        ),
        (
            {"Event": "change_contact", "ChangeType": "delete_party", "Id": 9},
            ContactChanged, {"change": "delete_party", "departments": (9,), "userid": ""},
        ),
        (
            {"Event": "change_chain", "ChangeType": "corp_join", "ChainId": "![CDATA[wc1]]",
             "GroupIds": [("GroupId", 2)], "CorpIds": [("CorpId", "wpA"), ("CorpId", "wpa")]},
            ChainChanged, {"change": "corp_join", "chain": "wc1", "groups": (2,), "corpids": ("wpA", "wpa")},
        ),
        ({"Event": "share_chain_change", "AgentID": 1}, ShareChanged, {"sender": "sys"}),
        ({"Event": "subscribe", "FromUserName": "woA"}, RangeChanged, {"entered": True, "sender": "woA"}),
        ({"Event": "unsubscribe", "FromUserName": "woA"}, RangeChanged, {"entered": False}),
        (
            {**PRESS, "SelectedItems": [("SelectedItem", {
                "QuestionKey": "q", "OpitonIds": [("OpitonId", "a"), ("OpitonId", "b")]})]},
            CardPressed, {"chosen": (("q", ("a", "b")),)},
        ),
        (
            {"Event": "batch_job_result", "BatchJob": {"JobId": "j", "JobType": "import_chain_contact", "ErrCode": 0}},
            JobDone, {"job": "j", "job_type": "import_chain_contact", "code": 0},
        ),
        ({"Event": "Enter_Agent"}, Event, {"kind": "enter_agent", "corpid": CORP, "at": NOW}),
    ],
)  # fmt: skip
def test_events_are_typed(
    fields: dict[str, Any], kind: type[Event], values: dict[str, Any]
) -> None:
    event = opening(pushed(fields))
    assert type(event) is kind
    assert {name: getattr(event, name) for name in values} == values


def test_a_receiver_is_one_of_those_known_and_the_event_says_whose_it_is() -> None:
    down = "wpAbCd"
    text = callbacks.event({"ToUserName": down, **PRESS}, now=NOW)
    for receiver in (CORP, down):
        one = callbacks.push(APP, CORP, text, receiver=receiver, timestamp=NOW)
        assert opening(one, receivers={CORP, down}).corpid == down
    for receiver in ("wpabcd", "", "wpAbCdE"):
        one = callbacks.push(APP, CORP, text, receiver=receiver or " ", timestamp=NOW)
        with pytest.raises(CallbackRefused):
            opening(one, receivers={CORP, down, ""})


def test_freshness_and_digits() -> None:
    one = pushed(PRESS)
    for now in (NOW - 300, NOW, NOW + 300):
        assert opening(one, now=now)
    for now in (NOW - 301, NOW + 301):
        with pytest.raises(CallbackRefused):
            opening(one, now=now)
    for timestamp in (
        f"0{NOW}",
        f"{NOW} ",
        f"+{NOW}"[:10],
        "１" + str(NOW)[1:],
        str(NOW)[:9],
        "",
        "-1",
    ):
        forged = replace(
            one, timestamp=timestamp, signature=callbacks.signature(APP.token, timestamp, one.nonce, one.encrypted),
        )  # fmt: skip
        with pytest.raises(CallbackRefused):
            opening(forged)


def test_no_other_split_of_the_marks_gives_another_replay_key() -> None:
    """The parts are signed without separators, so other marks can carry the same signature: the ciphertext cannot."""
    text = callbacks.event({"ToUserName": CORP, **PRESS}, now=NOW)
    one, again = callbacks.resplit(APP, CORP, text, NOW)
    first = opening(one)
    assert again.signature == one.signature
    assert opening(again).replay == first.replay
    joined = "".join(sorted([APP.token, one.timestamp, one.nonce, one.encrypted]))
    middle = joined.replace(APP.token, "", 1)
    signed = accepted = 0
    for start in range(len(middle) - 10):
        timestamp, rest = middle[start : start + 10], middle[:start] + middle[start + 10 :]
        for cut in range(1, len(rest)):
            parts = [rest[:cut], rest[cut:]]
            for nonce, encrypted in (parts, reversed(parts)):
                if "".join(sorted([APP.token, timestamp, nonce, encrypted])) != joined:
                    continue
                signed += 1
                changed = replace(one, timestamp=timestamp, nonce=nonce, encrypted=encrypted)
                with suppress(CallbackRefused):
                    assert opening(changed).replay == first.replay
                    accepted += 1
    assert signed > accepted >= 2, "the signature alone would let them in"


def test_the_mark_is_of_the_contents_and_the_replay_key_of_the_ciphertext() -> None:
    first, second = opening(pushed(PRESS)), opening(pushed(PRESS))
    assert first.mark == second.mark
    assert first.replay != second.replay
    assert opening(pushed({**PRESS, "EventKey": "no"})).mark != first.mark


HOSTILE = [
    b"", b"<xml/>", b"<xml><Encrypt/></xml>", b"garbage", b"<xml><Encrypt>@@@</Encrypt></xml>", b"\xff\xfe\x00",
    b'<!DOCTYPE x [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>', b"<xml>" * 3000, b"<xml>" + b"a" * 70_000,
]  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE)
def test_hostile_bodies_are_refused_even_when_signed(body: bytes) -> None:
    for encrypted in ("", "@@@", base64.b64encode(b"x" * 32).decode()):
        signature = callbacks.signature(APP.token, str(NOW), "1", encrypted)
        with pytest.raises(CallbackRefused):
            open_event(KEY, [CORP], Signed(signature, str(NOW), "1"), body, now=NOW)


@given(plain=st.binary(max_size=200), pad=st.booleans())
def test_signed_garbage_is_refused(plain: bytes, pad: bool) -> None:
    """Whoever knows the token but not the contents: every plaintext that is no event."""
    bare = base64.b64encode(plain).decode()
    encrypted = callbacks.encrypt(APP.aes_key, plain, CORP) if pad else bare
    signature = callbacks.signature(APP.token, str(NOW), "1", encrypted)
    body = f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode()
    with pytest.raises(CallbackRefused):
        open_event(KEY, [CORP], Signed(signature, str(NOW), "1"), body, now=NOW)


@given(data=st.data())
def test_a_changed_push_is_refused_or_the_same_event(data: st.DataObject) -> None:
    one = pushed(PRESS)
    whole = opening(one)
    part = data.draw(st.sampled_from(["timestamp", "nonce", "encrypted", "signature"]))
    text = getattr(one, part)
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="<&]"))
    changed = replace(one, **{part: text[:at] + other + text[at + 1 :]})
    try:
        event = opening(changed)
    except CallbackRefused:
        return
    assert event == whole
    assert changed == one


@settings(max_examples=30)
@given(texts=st.lists(st.text(max_size=40), min_size=3, max_size=3))
def test_texts_come_back_as_they_were_written(texts: list[str]) -> None:
    """XML cannot carry control characters, and reads any line end as one."""
    sound = [
        "".join(c for c in one if c.isprintable() and not 0xD800 <= ord(c) < 0xE000).strip()
        for one in texts
    ]
    event = opening(
        pushed({**PRESS, "EventKey": sound[0], "TaskId": sound[1], "ResponseCode": sound[2]})
    )
    assert isinstance(event, CardPressed)
    taken = [event.key, event.task_id, event.response_code]
    assert taken == [callbacks_plain(one) for one in sound]


def callbacks_plain(text: str) -> str:
    return text[8:-2] if text.startswith("![CDATA[") and text.endswith("]]") else text


def sealed(plain: bytes, nonce: str = "1") -> Push:
    """Signed, with a plaintext that is taken as it is."""
    encrypted = callbacks._ciphered(base64.b64decode(APP.aes_key + "="), plain)
    signature = callbacks.signature(APP.token, str(NOW), nonce, encrypted)
    return Push(str(NOW), nonce, encrypted, signature, APP.agentid, CORP)


def inside(text: bytes, receiver: bytes = CORP.encode()) -> bytes:
    return len(text).to_bytes(4, "big") + text + receiver


def padded(plain: bytes) -> bytes:
    padding = 32 - len(plain) % 32
    return plain + bytes([padding]) * padding


def test_padding_and_length_must_add_up() -> None:
    text = callbacks.event({"ToUserName": CORP, **PRESS}, now=NOW)
    whole = bytes(16) + inside(text)
    assert opening(sealed(padded(whole))).corpid == CORP
    rest = 32 - len(whole) % 32
    odd = whole + bytes(rest - 1) + bytes([rest])
    long = padded(whole)[:-1] + b"\x28"
    for plain in (
        odd, long, whole + bytes(rest), padded(bytes(16) + inside(text)[1:]), padded(bytes(16)), padded(b""),
        padded(bytes(16) + b"\xff\xff\xff\xff" + text + CORP.encode()), padded(whole + b"x"),
    ):  # fmt: skip
        with pytest.raises(CallbackRefused):
            opening(sealed(plain))


def test_blocks_cannot_move_into_the_nonce() -> None:
    """A text within a genuine event, cut free by moving whole blocks of ciphertext into the nonce, is no event."""
    text = callbacks.event({"ToUserName": CORP, **PRESS}, now=NOW)
    while True:
        one = sealed(padded(urandom(96) + bytes(16) + inside(text)), nonce="9")
        moved = replace(one, nonce=one.nonce + one.encrypted[:128], encrypted=one.encrypted[128:])
        if (
            callbacks.signature(APP.token, moved.timestamp, moved.nonce, moved.encrypted)
            == one.signature
        ):
            break
    alone = replace(
        moved, nonce="9", signature=callbacks.signature(APP.token, str(NOW), "9", moved.encrypted)
    )
    assert opening(alone).corpid == CORP, "but for the nonce it would be taken"
    with pytest.raises(CallbackRefused):
        opening(moved)


def test_a_key_that_cannot_be_one_is_refused_and_never_shown() -> None:
    assert APP.token not in repr(KEY)
    assert APP.aes_key not in repr(KEY)
    for token, aes_key in (("", APP.aes_key), (APP.token, APP.aes_key[:-1]), ("a b", APP.aes_key)):
        with pytest.raises(ValueError, match="letters and digits"):
            CallbackKey(token, aes_key)


# --- the stand-in as sender
@contextmanager
def receiver(key: CallbackKey, corpid: str) -> Iterator[tuple[str, list[Event]]]:
    """An address that opens what comes with the gateway, and refuses what it has seen."""
    got: list[Event] = []

    class Address(BaseHTTPRequestHandler):
        def answer(self, status: int, text: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def signed(self) -> tuple[Signed, dict[str, str]]:
            query = dict(parse_qsl(urlsplit(self.path).query))
            return Signed(query["msg_signature"], query["timestamp"], query["nonce"]), query

        def do_GET(self) -> None:
            signed, query = self.signed()
            self.answer(200, open_echo(key, [corpid], signed, query["echostr"]))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                event = open_event(key, [corpid], self.signed()[0], body)
                if event.replay in {one.replay for one in got}:
                    raise CallbackRefused
            except CallbackRefused:
                self.answer(403)
                return
            got.append(event)
            self.answer(200)

        def log_message(self, *_arguments: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Address) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/wecom", got
        server.shutdown()


def test_the_stand_in_sends_what_is_opened_and_what_is_refused(standin: StandIn) -> None:
    told = standin.connections()[0]
    key = CallbackKey(told["token"], told["aes_key"])
    with receiver(key, told["corpid"]) as (url, got):
        assert standin.act("callback", corpid=told["corpid"], url=url)["verified"]
        about = {"Event": "share_chain_change", "AgentID": told["agentid"]}
        expected = {
            "plain": [200], "replay": [200, 403], "resplit": [200, 403], "old": [403], "forged": [403],
            "receiver": [403], "garbage": [403], "doctype": [403],
        }  # fmt: skip
        found = {
            one: standin.act("event", corpid=told["corpid"], variant=one, about=about)["statuses"]
            for one in expected
        }
        assert found == expected
        assert [type(one) for one in got] == [ShareChanged] * 3
        got.clear()
        corp = next(
            c for c in standin.truth()["upstreams"][0]["chains"][0]["corps"] if c["agentid"]
        )
        for kind in ("join", "rename", "move", "leave", "new_department", "corp_leaves"):
            standin.act("mutate", kind=kind, corpid=corp["corpid"], tell=True)
        deadline = time.monotonic() + 5
        while len(got) < 7 and time.monotonic() < deadline:
            time.sleep(0.01)
    kinds = [getattr(one, "change", one.kind) for one in got]
    assert kinds == [
        "create_user", "update_user", "update_user", "delete_user", "create_party", "remove_corp", "share_chain_change",
    ]  # fmt: skip
    assert {one.corpid for one in got[:5]} == {corp["corpid"]}
    assert {one.corpid for one in got[5:]} == {told["corpid"]}
