"""Messages, cards, and logins (doc 90236, 94888, 91023)."""

from __future__ import annotations

import re
import secrets
import time
from typing import Any

from wecom_sync.standin.asking import EITHER, UPSTREAM, Answer, Ask, api
from wecom_sync.standin.state import Message, Refused

TASK_ID = re.compile(r"[0-9a-zA-Z_@-]{1,128}")
MAX_RECEIVERS = 1000


@api("message/send", EITHER)
def send(ask: Ask) -> Answer:
    """Only to people of the token's own corp who are in range: a downstream id with the upstream token is nobody."""
    me = ask.me
    if ask.number("agentid") != me.agentid:
        raise Refused(301002, "no privilege for the agentid")
    wanted = [one for one in str(ask.body.get("touser", "")).split("|") if one]
    if not wanted or len(wanted) > MAX_RECEIVERS:
        raise Refused(82001 if not wanted else 40058, "touser")
    there = _visible(ask)
    reached = [one for one in wanted if one in there]
    if not reached:
        raise Refused(81013, "user & party & tag all invalid")
    kind, content = _content(ask)
    message = Message(
        secrets.token_urlsafe(18), me.upstream.corpid, me.corpid, me.agentid, reached, kind, content,
        secrets.token_urlsafe(32) if kind == "template_card" else "",
    )  # fmt: skip
    ask.state.messages[message.msgid] = message
    lost = "|".join(one.lower() for one in wanted if one not in there)
    answer = {"invaliduser": lost, "msgid": message.msgid}
    if message.code:
        ask.state.card_codes[message.code] = message.msgid
        answer["response_code"] = message.code
    return answer


def _visible(ask: Ask) -> set[str]:
    me = ask.me
    return {me.id_of(one) for one in me.company.visible(me.scope)[1]}


def _content(ask: Ask) -> tuple[str, dict[str, Any]]:
    kind = ask.text("msgtype")
    content = ask.body.get(kind)
    if kind not in ("text", "textcard", "markdown", "template_card") or not isinstance(
        content, dict
    ):
        raise Refused(40058, "msgtype")
    if kind == "text" and len(str(content.get("content", "")).encode()) > 2048:
        raise Refused(40058, "content too long")
    if kind == "template_card":
        _check_card(content)
        key = (ask.upstream.corpid, ask.me.agentid, content["task_id"])
        if key in ask.state.task_ids:
            raise Refused(42014, "task_id duplicate")
        ask.state.task_ids.add(key)
    return kind, content


def _check_card(card: dict[str, Any]) -> None:
    """The rules of a button_interaction."""
    buttons = card.get("button_list", [])
    keys = [one.get("key") for one in buttons if one.get("type", 0) == 0]
    if not TASK_ID.fullmatch(str(card.get("task_id", ""))):
        raise Refused(42014, "task_id")
    sound = [
        card.get("card_type") == "button_interaction",
        bool(card.get("main_title")),
        1 <= len(buttons) <= 6,
        len(set(keys)) == len(keys) and all(keys),
        all(len(str(one.get("text", ""))) <= 10 for one in buttons),
        len(card.get("horizontal_content_list", [])) <= 6,
    ]
    if not all(sound):
        raise Refused(40058, "template_card")


@api("message/update_template_card", EITHER)
def update_card(ask: Ask) -> Answer:
    """Each code works once."""
    me = ask.me
    if ask.number("agentid") != me.agentid:
        raise Refused(301002, "no privilege for the agentid")
    message = ask.state.messages.get(ask.state.card_codes.get(ask.text("response_code"), ""))
    if message is None or message.agentid != me.agentid:
        raise Refused(40058, "response_code")
    del ask.state.card_codes[ask.text("response_code")]
    given = ask.body.get("userids") or []
    change: Answer = {one: ask.body[one] for one in ("button", "template_card") if one in ask.body}
    message.updates.append({"userids": given} | change)
    lost = [one.lower() for one in given if one not in message.to]
    return {"invaliduser": lost}


@api("auth/getuserinfo", UPSTREAM)
def who(ask: Ask) -> Answer:
    code = ask.state.codes.pop(ask.query.get("code", ""), None)
    if code is None or code.ends < time.time() or code.upstream != ask.upstream.corpid:
        raise Refused(40029, "invalid code")
    return dict(code.answer)
