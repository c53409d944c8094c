"""Departments, people, the app itself and messages: what tokens of the own and of downstream corps can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from wecom_sync.gateway.answers import (
    Agent,
    Department,
    DepartmentNode,
    Member,
    Sent,
    Tag,
)
from wecom_sync.gateway.calling import Access, Call, Caller
from wecom_sync.gateway.cards import Card, text_of
from wecom_sync.gateway.reading import Fields, Foreign, Garbled, once

T = TypeVar("T")
MAX_RECEIVERS: Final = 1000
MAX_TEXT: Final = 2048


class Directory:
    """A corp as one token sees it; Gateway and Downstream are such."""

    def __init__(self, caller: Caller, access: Access, agentid: int) -> None:
        self._caller, self._access = caller, access
        self.corpid, self.agentid = access.corpid, agentid

    @property
    def calls(self) -> dict[str, int]:
        """How often each API was asked since this gateway was made; downstream clients count with it."""
        return self._caller.calls

    def agent(self) -> Agent:
        """The app and its visible range."""

        def read(answer: Fields) -> Agent:
            users, parties = answer.fields("allow_userinfos"), answer.fields("allow_partys")
            _same(answer.number("agentid", self.agentid), self.agentid)
            return Agent(
                id=self.agentid,
                name=answer.text("name"),
                closed=answer.flag("close", default=False),
                userids=tuple(one.id("userid") for one in users.each("user", needed=False)),
                departments=parties.numbers("partyid"),
                tags=answer.fields("allow_tags").numbers("tagid"),
            )

        return self._get("agent/get", read, agentid=self.agentid)

    def departments(self, below: int | None = None) -> tuple[Department, ...]:
        """Every visible department, or `below` and what is below it: one call, all levels."""
        params = {} if below is None else {"id": below}
        return self._get(
            "department/list",
            lambda answer: once(
                map(_department, answer.each("department")), lambda one: one.id, "department"
            ),
            **params,
        )

    def department_nodes(self, below: int | None = None) -> tuple[DepartmentNode, ...]:
        """The same without names: cheaper for WeCom."""
        params = {} if below is None else {"id": below}
        return self._get(
            "department/simplelist",
            lambda answer: once(
                map(_node, answer.each("department_id")), lambda one: one.id, "department_id"
            ),
            **params,
        )

    def department(self, number: int) -> Department:
        """One department. Not there or not visible: Permanent with reaction SKIP."""

        def read(answer: Fields) -> Department:
            found = _department(answer.fields("department"))
            _same(found.id, number)
            return found

        return self._get("department/get", read, id=number)

    def members(self, department: int) -> tuple[Member, ...]:
        """The people of a department itself, not of those below. Somebody may be in several: dedupe by userid."""

        def read(answer: Fields) -> tuple[Member, ...]:
            found = once(map(_member, answer.each("userlist")), lambda one: one.userid, "userlist")
            if any(department not in one.departments for one in found):
                raise Foreign
            return found

        return self._get("user/list", read, department_id=department)

    def member(self, userid: str) -> Member:
        """One person. Not there or not visible: Permanent with reaction SKIP."""

        def read(answer: Fields) -> Member:
            found = _member(answer)
            _same(found.userid.casefold(), userid.casefold())
            return found

        return self._get("user/get", read, userid=userid)

    def tag(self, number: int) -> Tag:
        """Who is in a tag. Whether a downstream token may ask is not known: a refusal means an unknown range."""
        return self._get(
            "tag/get",
            lambda answer: Tag(
                id=number,
                name=answer.text("tagname"),
                userids=tuple(one.id("userid") for one in answer.each("userlist", needed=False)),
                departments=answer.numbers("partylist"),
            ),
            tagid=number,
        )

    def send_text(self, userids: tuple[str, ...], text: str) -> Sent:
        """A text message to people of this corp; cut at 2,048 bytes. See send_card for what is raised."""
        return self._send(
            userids, {"msgtype": "text", "text": {"content": text_of(text, MAX_TEXT)}}
        )

    def send_card(self, userids: tuple[str, ...], card: Card) -> Sent:
        """A card with buttons. Raises Retryable with `uncertain` where it may have been delivered; the same task_id
        then answers 42014 if it was.
        """
        return self._send(userids, {"msgtype": "template_card", "template_card": card.body()})

    def update_card(
        self,
        response_code: str,
        userids: tuple[str, ...],
        *,
        done: str = "",
        card: Card | None = None,
    ) -> None:
        """Greys the buttons of a sent card with the word `done`, or puts another card in its place.

        The code works once, for 72 hours; it comes with the sent card and with each press.
        """
        body: dict[str, Any] = {
            "userids": _receivers(userids), "agentid": self.agentid, "response_code": response_code,
        }  # fmt: skip
        if card is None:
            body["button"] = {"replace_name": done}
        else:
            body["template_card"] = card.body() | ({"replace_text": done} if done else {})
        self._post("message/update_template_card", lambda _answer: None, body, once=True)

    def _send(self, userids: tuple[str, ...], content: dict[str, Any]) -> Sent:
        body = {"touser": "|".join(_receivers(userids)), "agentid": self.agentid, **content}

        def read(answer: Fields) -> Sent:
            # They come back in lower case: of two that differ in case alone both count as missed.
            named = [
                *answer.raw("invaliduser", "", longest=100_000).split("|"),
                *answer.raw("unlicenseduser", "", longest=100_000).split("|"),
            ]
            lost = {one.lower() for one in named if one}
            return Sent(
                msgid=answer.raw("msgid"),
                missed=tuple(one for one in userids if one.lower() in lost),
                response_code=answer.raw("response_code", ""),
            )

        return self._post("message/send", read, body, once=True)

    def _get(self, api: str, read: Callable[[Fields], T], **params: Any) -> T:
        return self._caller.ask(Call(api, params), self._access, read)

    def _post(
        self, api: str, read: Callable[[Fields], T], body: dict[str, Any], *, once: bool = False
    ) -> T:
        return self._caller.ask(Call(api, {}, body, once), self._access, read)


def _same(found: int | str, asked: int | str) -> None:
    if found != asked:
        raise Foreign


def _receivers(userids: tuple[str, ...]) -> list[str]:
    if not 0 < len(userids) <= MAX_RECEIVERS or any("|" in one or one == "@all" for one in userids):
        raise ValueError("1 to 1000 receivers, by id")
    return list(userids)


def _department(one: Fields) -> Department:
    return Department(
        id=one.number("id"),
        name=one.text("name"),
        parent=one.number("parentid", 0),
        order=one.number("order", 0),
        leaders=one.ids("department_leader"),
    )


def _node(one: Fields) -> DepartmentNode:
    return DepartmentNode(one.number("id"), one.number("parentid", 0), one.number("order", 0))


def _member(one: Fields) -> Member:
    userid, departments = one.id("userid"), one.numbers("department", needed=True)
    orders, leads = one.numbers("order"), one.numbers("is_leader_in_dept")
    if not userid:
        raise Garbled("userid")
    return Member(
        userid=userid,
        name=one.text("name") or userid,
        departments=departments,
        status=one.number("status", 0),
        main_department=one.number("main_department", 0) or None,
        orders=orders if len(orders) == len(departments) else (),
        leads=tuple(map(bool, leads)) if len(leads) == len(departments) else (),
        superiors=one.ids("direct_leader"),
        position=one.text("position"),
        alias=one.text("alias"),
        mobile=one.text("mobile", longest=32),
        telephone=one.text("telephone", longest=32),
        email=one.text("email", longest=254),
        biz_email=one.text("biz_mail", longest=254),
    )
