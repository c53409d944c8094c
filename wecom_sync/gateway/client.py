"""The two clients: Gateway for an upstream corp, Downstream for a corp that its app is shared with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from wecom_sync.gateway import codes
from wecom_sync.gateway.answers import (
    Agent,
    Chain,
    Corp,
    CorpDetail,
    Credentials,
    Group,
    Identity,
    Rule,
    Share,
    Token,
)
from wecom_sync.gateway.calling import Access, Call, Caller
from wecom_sync.gateway.directory import Directory
from wecom_sync.gateway.hosts import place
from wecom_sync.gateway.reading import Fields, Foreign, Garbled, once
from wecom_sync.gateway.shared import shared
from wecom_sync.gateway.tokens import name, token
from wecom_sync.gateway.transport import Patience

T = TypeVar("T")
# The largest page of get_chain_corpinfo_list is not documented; 100 is that of list_app_share_info.
PAGE: Final = 100
MAX_PAGES: Final = 10_000
CHAIN_BUSINESS: Final = 1
"""上下游; 0 would be 企业互联."""


def _token(answer: Fields) -> Token:
    return token(answer.raw("access_token"), answer.number("expires_in", 7200))


class Downstream(Directory):
    """A downstream corp, as far as it lets the shared app see. Made by Gateway.downstream."""


class Gateway(Directory):
    """An upstream corp: its own departments and people, its chains, and the way to its downstream corps.

    Raises ValueError where the address of the settings is not allowed. May be used by several threads.
    """

    def __init__(self, credentials: Credentials, *, patience: Patience | None = None) -> None:
        caller = Caller(credentials, place(), patience or Patience(), shared())
        own = ("token", caller.place.api, credentials.corpid, credentials.secret)
        access = Access(name(*own, credentials.agentid), credentials.corpid, self._fetch)
        super().__init__(caller, access, credentials.agentid)

    def _fetch(self) -> Token:
        given = self._caller.credentials
        asked = {"corpid": given.corpid, "corpsecret": given.secret}
        return self._caller.ask_openly(Call("gettoken", asked), given.corpid, _token)

    # --- the connection
    def check(self) -> Agent:
        """Tests the connection from the start: a token of now, then the app. Nothing that was kept is used."""
        for api in ("gettoken", "agent/get"):
            self._caller.breaker.close(api, self.corpid)
        self._caller.tokens.forget(self._access.key)
        agent = self.agent()
        if agent.closed:
            raise codes.error(codes.DISABLED, api="agent/get", corpid=self.corpid)
        return agent

    def downstream(self, share: Share) -> Downstream:
        """The client for a corp that the app is shared with; asks nothing yet."""

        def fetch() -> Token:
            body = {
                "corpid": share.corpid, "agentid": share.agentid, "business_type": CHAIN_BUSINESS,
            }  # fmt: skip
            return self._post("corpgroup/corp/gettoken", _token, body)

        key = name("downstream", self._access.key, share.corpid, share.agentid)
        access = Access(key, share.corpid, fetch, downstream=True)
        return Downstream(self._caller, access, share.agentid)

    # --- chains
    def chains(self) -> tuple[Chain, ...]:
        """The chains that the app may see."""
        return self._get("corpgroup/corp/get_chain_list", _chains)

    def groups(self, chain: str) -> tuple[Group, ...]:
        """All groups of a chain. How deep the API goes below one group is not documented, so it asks for all."""
        return self._post(
            "corpgroup/corp/get_chain_group",
            lambda answer: once(map(_group, answer.each("groups")), lambda one: one.id, "groups"),
            {"chain_id": chain},
        )

    def corps(self, chain: str, group: int, *, pending: bool = True) -> tuple[Corp, ...]:
        """The corps of one group itself, not of those below: joined, and waiting to join. All pages, or an error."""

        def read(answer: Fields) -> tuple[list[Corp], str]:
            found = [_corp(one) for one in answer.each("group_corps")]
            if any(one.group != group for one in found):
                raise Foreign
            return found, _next(answer, more=answer.flag("has_more"))

        asked = {"chain_id": chain, "groupid": group, "need_pending": pending, "limit": PAGE}
        api = "corpgroup/corp/get_chain_corpinfo_list"
        return self._pages(api, asked, read, lambda one: (one.corpid, one.pending_corpid))

    def corp(self, chain: str, *, corpid: str = "", pending_corpid: str = "") -> CorpDetail:
        """One corp of a chain: also a proof that it is still there, before it is taken for gone."""
        which = {"corpid": corpid} if corpid else {"pending_corpid": pending_corpid}
        return self._post(
            "corpgroup/corp/get_chain_corpinfo",
            lambda answer: CorpDetail(
                name=answer.text("corp_name", None),
                group=answer.number("groupid"),
                joined=answer.flag("is_joined"),
                custom_id=answer.id("custom_id", ""),
                qualification=answer.number("qualification_status", 0),
            ),
            {"chain_id": chain, **which},
        )

    def chains_of(self, corpid: str) -> tuple[Chain, ...]:
        """The chains that a downstream corp has joined."""
        return self._post("corpgroup/get_corp_shared_chain_list", _chains, {"corpid": corpid})

    def custom_id_of(self, chain: str, corpid: str, userid: str) -> str:
        """The number that the import gave a person; "" without one."""
        return self._post(
            "corpgroup/corp/get_chain_user_custom_id",
            lambda answer: answer.id("user_custom_id", ""),
            {"chain_id": chain, "corpid": corpid, "userid": userid},
        )

    def shares(self, corpid: str = "") -> tuple[Share, ...]:
        """The corps that the app is shared with and confirmed by, or the one asked for. All pages, or an error."""

        def read(answer: Fields) -> tuple[list[Share], str]:
            found = [_share(one) for one in answer.each("corp_list")]
            if corpid and any(one.corpid != corpid for one in found):
                raise Foreign
            return found, _next(answer, more=not answer.flag("ending"))

        asked: dict[str, Any] = {
            "agentid": self.agentid, "business_type": CHAIN_BUSINESS, "limit": PAGE,
        }  # fmt: skip
        asked |= {"corpid": corpid} if corpid else {}
        return self._pages(
            "corpgroup/corp/list_app_share_info", asked, read, lambda one: one.corpid
        )

    def rule_ids(self, chain: str) -> tuple[str, ...]:
        """The 对接规则 of a chain."""
        return self._post(
            "corpgroup/rule/list_ids", lambda answer: answer.ids("rule_ids"), {"chain_id": chain}
        )

    def rule(self, chain: str, rule: str) -> Rule:
        """Whom of this corp it lets meet whom of the chain."""

        def read(answer: Fields) -> Rule:
            told = answer.fields("rule_info")
            near, far = told.fields("owner_corp_range"), told.fields("member_corp_range")
            return Rule(
                id=rule,
                departments=near.numbers("departmentids"),
                userids=near.ids("userids"),
                groups=far.numbers("groupids"),
                corpids=far.ids("corpids"),
            )

        number = int(rule) if rule.isascii() and rule.isdigit() else rule
        return self._post(
            "corpgroup/rule/get_rule_info", read, {"chain_id": chain, "rule_id": number}
        )

    # --- login
    def authorize_url(self, back: str, state: str) -> str:
        """Where a browser inside WeCom is sent; also people of downstream corps come by the upstream corp's id."""
        asked = {
            "appid": self.corpid, "redirect_uri": back, "response_type": "code", "scope": "snsapi_base",
            "state": state, "agentid": self.agentid,
        }  # fmt: skip
        return f"{self._caller.place.authorize}?{urlencode(asked)}#wechat_redirect"

    def scan_url(self, back: str, state: str) -> str:
        """Where any other browser is sent to show a code for scanning."""
        asked = {
            "login_type": "CorpApp", "appid": self.corpid, "agentid": self.agentid, "redirect_uri": back,
            "state": state, "lang": "zh",
        }  # fmt: skip
        return f"{self._caller.place.scan}?{urlencode(asked)}"

    def identify(self, code: str) -> Identity:
        """Who came back with this code. Used up or too old: Permanent with reaction LOGIN."""
        return self._get("auth/getuserinfo", self._identity, code=code)

    def _identity(self, answer: Fields) -> Identity:
        named = answer.raw("userid", "", longest=160)
        corpid, slash, userid = named.partition("/")
        if not slash:
            corpid, userid = self.corpid, named
        if named and not (corpid and userid):
            raise Garbled("userid")
        return Identity(corpid if userid else "", userid, answer.raw("openid", ""))

    # --- pages
    def _pages(
        self, api: str, asked: dict[str, Any], read: Callable[[Fields], tuple[list[T], str]],
        key: Callable[[T], Any],
    ) -> tuple[T, ...]:  # fmt: skip
        """Every page of a listing. The same page or the same thing twice means that it cannot be trusted."""
        found: dict[Any, T] = {}
        cursors: set[str] = set()
        cursor = ""
        for _number in range(MAX_PAGES):
            page, cursor = self._post(api, read, asked | ({"cursor": cursor} if cursor else {}))
            fresh = {key(one): one for one in page}
            if len(fresh) < len(page) or fresh.keys() & found.keys() or cursor in cursors:
                break
            found |= fresh
            if not cursor:
                return tuple(found.values())
            cursors.add(cursor)
        raise codes.error("shifted", api=api, corpid=self.corpid)


def _next(answer: Fields, *, more: bool) -> str:
    """Where the next page begins; "" at the end. A listing that goes on must say where."""
    cursor = answer.raw("next_cursor", "") if more else ""
    if more and not cursor:
        raise Garbled("next_cursor")
    return cursor


def _chains(answer: Fields) -> tuple[Chain, ...]:
    found = [Chain(one.id("chain_id"), one.text("chain_name")) for one in answer.each("chains")]
    return once(found, lambda one: one.id, "chains")


def _group(one: Fields) -> Group:
    return Group(
        id=one.number("groupid"),
        name=one.text("group_name"),
        parent=one.number("parentid", 0),
        order=one.number("order", 0),
    )


def _corp(one: Fields) -> Corp:
    joined = one.flag("is_joined")
    corpid, pending = one.id("corpid", ""), one.id("pending_corpid", "")
    if not (corpid if joined else pending):
        raise Garbled("corpid")
    return Corp(
        name=one.text("corp_name", None),
        group=one.number("groupid"),
        joined=joined,
        corpid=corpid if joined else "",
        pending_corpid="" if joined else pending,
        custom_id=one.id("custom_id", ""),
        inviter=one.id("invite_userid", ""),
    )


def _share(one: Fields) -> Share:
    return Share(one.id("corpid"), one.text("corp_name"), one.number("agentid"))
