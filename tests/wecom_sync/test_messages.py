"""Messages, cards and logins: the right token, nobody reached twice, and who it is that comes."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.wecom_sync.conftest import Opened
from tests.wecom_sync.test_callbacks import receiver
from wecom_sync.gateway import (
    Button,
    CallbackKey,
    Card,
    CardPressed,
    Directory,
    Gateway,
    Identity,
    Member,
    Permanent,
    Reaction,
    Retryable,
    WeComError,
)
from wecom_sync.standin.remote import StandIn

YES, NO = Button("同意", "yes"), Button("驳回", "no", style=3)


def card(task: str = "task-1", **more: Any) -> Card:
    given: dict[str, Any] = {
        "title": "苏禾 申请账号",
        "buttons": (YES, NO),
        "lines": (("所属", "东海"),),
    }
    return Card(task, **(given | more))


def somebody(corp: Directory, number: int = 0) -> Member:
    people = {one.userid: one for d in corp.departments() for one in corp.members(d.id)}
    return list(people.values())[number]


def test_downstream_people_are_reached_by_the_token_of_their_corp_alone(
    standin: StandIn, gateway: Gateway
) -> None:
    share = gateway.shares()[0]
    corp = gateway.downstream(share)
    person = somebody(corp)
    for receivers in ((person.userid,), (f"{share.corpid}/{person.userid}",)):
        with pytest.raises(Permanent) as caught:
            gateway.send_text(receivers, "您好")
        assert (caught.value.code, caught.value.reaction) == (81013, Reaction.SKIP)
    sent = corp.send_text((person.userid,), "您好" * 2000)
    (message,) = standin.read("messages")["messages"]
    assert (message["msgid"], message["corpid"], message["to"]) == (
        sent.msgid,
        share.corpid,
        [person.userid],
    )
    assert message["content"]["content"] == "您好" * 341


def test_who_was_missed_is_named_as_it_was_given(standin: StandIn, gateway: Gateway) -> None:
    """WeCom names them in lower case."""
    person = somebody(gateway)
    sent = gateway.send_text(("NoBody", person.userid, "Other"), "x")
    assert sent.missed == ("NoBody", "Other")
    assert gateway.send_text((person.userid,), "x").missed == ()
    for wrong in ((), ("a",) * 1001, ("a|b",), ("@all",)):
        with pytest.raises(ValueError, match="receivers"):
            gateway.send_text(wrong, "x")


def test_a_card_is_sent_pressed_and_updated_once(standin: StandIn, gateway: Gateway) -> None:
    told = standin.connections()[0]
    corp = gateway.downstream(gateway.shares()[0])
    person = somebody(corp)
    sent = corp.send_card((person.userid,), card(link=("查看", "https://example.com/a")))
    with receiver(CallbackKey(told["token"], told["aes_key"]), told["corpid"]) as (url, got):
        standin.act("callback", corpid=told["corpid"], url=url)
        assert (
            standin.act("press", msgid=sent.msgid, userid=person.userid, key="yes")["status"] == 200
        )
    (pressed,) = got
    assert isinstance(pressed, CardPressed)
    assert (pressed.corpid, pressed.sender, pressed.task_id, pressed.key) == (
        corp.corpid, person.userid, "task-1", "yes",
    )  # fmt: skip
    corp.update_card(pressed.response_code, (person.userid,), done="已同意")
    corp.update_card(sent.response_code, (person.userid,), card=card("task-1"), done="已处理")
    with pytest.raises(Permanent):
        corp.update_card(sent.response_code, (person.userid,), done="再次")
    with pytest.raises(Permanent):
        gateway.update_card(pressed.response_code, (person.userid,), done="再次")
    (message,) = standin.read("messages")["messages"]
    assert [one.get("button") for one in message["updates"]] == [{"replace_name": "已同意"}, None]
    assert message["updates"][1]["template_card"]["replace_text"] == "已处理"
    with pytest.raises(Permanent) as caught:
        corp.send_card((person.userid,), card())
    assert caught.value.code == 42014


def test_a_card_keeps_the_documented_limits() -> None:
    body = card(
        title="长" * 50, description="述" * 60, source="源" * 30, text="文" * 200,
        lines=(("很长的名称一", "值" * 40),) * 8, buttons=(Button("很长的按钮文字一二三四五", "k"),),
    ).body()  # fmt: skip
    assert (len(body["main_title"]["title"]), len(body["main_title"]["desc"])) == (36, 44)
    assert (len(body["source"]["desc"]), len(body["sub_title_text"])) == (20, 160)
    assert [len(body["horizontal_content_list"]), len(body["button_list"][0]["text"])] == [6, 10]
    assert body["horizontal_content_list"][0] == {"keyname": "很长的名称", "value": "值" * 30}
    for wrong in (
        {"task_id": "a b"}, {"task_id": ""}, {"task_id": "x" * 129}, {"buttons": ()}, {"buttons": (YES,) * 2},
        {"buttons": tuple(Button("x", str(n)) for n in range(7))}, {"buttons": (Button("x", ""),)},
        {"buttons": (Button("x", "k" * 1025),)}, {"link": ("x", "javascript:alert(1)")},
    ):  # fmt: skip
        task = wrong.pop("task_id", "t")
        with pytest.raises(ValueError, match=r"task_id|buttons|link"):
            card(str(task), **wrong)


@pytest.mark.parametrize("kind", ["cut", "truncated", "reset", "http", "html", "timeout"])
def test_a_message_that_may_have_arrived_is_not_sent_again(
    standin: StandIn, gateway: Gateway, kind: str
) -> None:
    """All of these strike after the message was taken; nobody outside can tell."""
    person = somebody(gateway)
    standin.clear()
    standin.fault(kind, api="message/send", times=0)
    with pytest.raises(Retryable) as caught:
        gateway.send_card((person.userid,), card())
    assert (caught.value.uncertain, standin.calls()["message/send"]) == (True, 1)
    standin.clear()
    with pytest.raises(Permanent) as again:
        gateway.send_card((person.userid,), card())
    assert again.value.code == 42014, "the same number says that it was delivered"


@pytest.mark.parametrize(
    ("code", "calls", "uncertain"),
    [(45033, 3, False), (6000, 3, False), (-1, 1, True), (45009, 1, False)],
)
def test_a_refusal_before_anything_was_done_is_repeated(
    standin: StandIn, gateway: Gateway, code: int, calls: int, uncertain: bool
) -> None:
    person = somebody(gateway)
    standin.clear()
    standin.fault("code", api="message/send", code=code, times=0)
    with pytest.raises(Retryable) as caught:
        gateway.send_text((person.userid,), "x")
    assert (caught.value.uncertain, standin.calls()["message/send"]) == (uncertain, calls)
    assert not standin.read("messages")["messages"]


# --- login
def test_staff_downstream_people_and_strangers_are_told_apart(
    standin: StandIn, gateway: Gateway, opened: Opened
) -> None:
    share = gateway.shares()[0]
    staff, guest = somebody(gateway), somebody(gateway.downstream(share))

    def coming(who: str) -> Identity:
        return gateway.identify(standin.act("code", corpid=gateway.corpid, who=who)["code"])

    assert coming(staff.userid) == Identity(gateway.corpid, staff.userid)
    assert coming(f"{share.corpid}/{guest.userid}") == Identity(share.corpid, guest.userid)
    stranger = coming("")
    assert not stranger.known
    assert (stranger.corpid, stranger.userid, bool(stranger.openid)) == ("", "", True)
    code = standin.act("code", corpid=gateway.corpid, who=staff.userid)["code"]
    assert gateway.identify(code).known
    other = standin.act("code", corpid=gateway.corpid, who=staff.userid)["code"]
    for who, used in ((gateway, code), (gateway, "made-up"), (opened(1), other)):
        with pytest.raises(WeComError) as caught:
            who.identify(used)
        assert (caught.value.code, caught.value.reaction) == (40029, Reaction.LOGIN)


def got(url: str) -> tuple[int, str, str]:
    """Status, where it leads, text."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=5)
    connection.request("GET", f"{parts.path}?{parts.query}")
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers.get("Location", ""), text


@pytest.mark.parametrize("way", ["authorize_url", "scan_url"])
def test_the_login_pages_send_back_a_code(standin: StandIn, gateway: Gateway, way: str) -> None:
    back = "http://127.0.0.1:8000/back/"
    page = getattr(gateway, way)(back, "st4te").partition("#")[0]
    person = somebody(gateway)
    assert person.name in got(page)[2]
    status, where, _text = got(f"{page}&{urlencode({'as': person.userid})}")
    values = parse_qs(urlsplit(where).query)
    assert (status, where.partition("?")[0], values["state"]) == (302, back, ["st4te"])
    assert gateway.identify(values["code"][0]).userid == person.userid
    assert "code=" not in got(f"{page}&as=refuse")[1]
    for elsewhere in (
        "https://evil.example/",
        "javascript:alert(1)",
        "http://127.0.0.1.evil.example/",
    ):
        status, where, text = got(getattr(gateway, way)(elsewhere, "s").partition("#")[0])
        assert (where, text[:5]) == ("", "50001")


def test_the_real_login_pages_are_those_of_wecom(settings: Any, gateway: Gateway) -> None:
    settings.WECOM_API_BASE, settings.WECOM_ALLOW_LOOPBACK = "https://qyapi.weixin.qq.com", False
    real = Gateway(gateway._caller.credentials)
    url = real.authorize_url("https://wailian.example.com/back/", "s")
    assert url.startswith("https://open.weixin.qq.com/connect/oauth2/authorize?appid=ww")
    assert url.endswith("#wechat_redirect")
    assert f"agentid={gateway.agentid}" in url
    assert real.scan_url("x", "s").startswith(
        "https://login.work.weixin.qq.com/wwlogin/sso/login?login_type=CorpApp"
    )
