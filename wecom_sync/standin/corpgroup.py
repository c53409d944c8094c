"""Tokens and the APIs of 上下游 (doc 91039, 95813, 95816, 95820, 97441, 97442, 95631, 95633)."""

from __future__ import annotations

from wecom_sync.standin.asking import EITHER, NO_TOKEN, UPSTREAM, Answer, Ask, api, paged
from wecom_sync.standin.state import Refused
from wecom_sync.standin.world import ROOT, Link, View

PAGE = 100
CHAIN_BUSINESS = 1


@api("gettoken", NO_TOKEN)
def gettoken(ask: Ask) -> Answer:
    if not ask.query.get("corpid"):
        raise Refused(41002, "corpid missing")
    # Plain corp ids are compared without regard to case; encrypted ones never come here.
    wanted = ask.query["corpid"].lower()
    for upstream in ask.state.world.upstreams.values():
        if upstream.corpid.lower() == wanted:
            break
    else:
        raise Refused(40013, "invalid corpid")
    if not ask.query.get("corpsecret"):
        raise Refused(41004, "corpsecret missing")
    if ask.query["corpsecret"] != upstream.app.secret:
        others = ask.state.world.upstreams.values()
        known = any(one.app.secret == ask.query["corpsecret"] for one in others)
        raise Refused(40091 if known else 40001, "invalid credential")
    token, seconds = ask.state.give(upstream, None)
    return {"access_token": token, "expires_in": seconds}


@api("corpgroup/corp/gettoken", UPSTREAM)
def downstream_token(ask: Ask) -> Answer:
    view = ask.joined_view(ask.text("corpid"))
    if ask.number("business_type", 0) != CHAIN_BUSINESS or not view.shared:
        raise Refused(670001, "app not in share range")
    if ask.number("agentid") != view.agentid:
        raise Refused(40056, "invalid agentid")
    token, seconds = ask.state.give(ask.upstream, view)
    return {"access_token": token, "expires_in": seconds}


@api("corpgroup/corp/list_app_share_info", UPSTREAM)
def shares(ask: Ask) -> Answer:
    if ask.number("agentid") != ask.upstream.app.agentid:
        raise Refused(301002, "no privilege for the agentid")
    views = ask.upstream.open_views() if ask.number("business_type", 0) == CHAIN_BUSINESS else []
    only = ask.body.get("corpid")
    items: list[Answer] = [
        {"corpid": one.corpid, "corp_name": one.company.name, "agentid": one.agentid}
        for one in _shifted(ask, views)
        if not only or one.corpid == only or ask.strikes("foreign")
    ]
    page, cursor = paged(ask, items, PAGE)
    return {"ending": 0 if cursor else 1, "next_cursor": cursor, "corp_list": page}


def _shifted(ask: Ask, views: list[View]) -> list[View]:
    return views[1:] if ask.strikes("foreign") else views


@api("corpgroup/corp/get_chain_list", UPSTREAM)
def chains(ask: Ask) -> Answer:
    return {
        "chains": [
            {"chain_id": one.id, "chain_name": one.name} for one in ask.upstream.chains.values()
        ]
    }


@api("corpgroup/corp/get_chain_group", UPSTREAM)
def groups(ask: Ask) -> Answer:
    chain = ask.chain()
    top = ask.number("groupid", 0)
    if top and top not in chain.groups:
        raise Refused(40058, "groupid not found")
    found = [
        {"groupid": one.id, "group_name": one.name, "parentid": one.parentid, "order": one.order}
        for one in chain.groups.values()
        if not top or top in (one.id, one.parentid)
    ]
    return {"groups": found}


@api("corpgroup/corp/get_chain_corpinfo_list", UPSTREAM)
def corps(ask: Ask) -> Answer:
    chain, group = ask.chain(), ask.number("groupid", ROOT)
    if group not in chain.groups:
        raise Refused(40058, "groupid not found")
    if ask.strikes("foreign"):
        group = next(one for one in chain.groups if one != group)
    pending = bool(ask.body.get("need_pending"))
    links = [one for one in chain.links if one.group == group and (one.joined or pending)]
    page, cursor = paged(ask, [_listed(one, wide=ask.upstream.app.wide) for one in links], PAGE)
    return {"has_more": bool(cursor), "next_cursor": cursor, "group_corps": page}


def _listed(link: Link, *, wide: bool) -> Answer:
    """As the list tells it: is_joined a number, and only the id that applies."""
    told: Answer = {
        "groupid": link.group, "corp_name": link.view.company.name, "is_joined": int(link.joined),
    }  # fmt: skip
    told |= {"corpid": link.view.corpid} if link.joined else {"pending_corpid": link.pending_corpid}
    if link.custom_id:
        told["custom_id"] = link.custom_id
    if wide and not link.joined:
        told["invite_userid"] = "X00001"
    return told


@api("corpgroup/corp/get_chain_corpinfo", UPSTREAM)
def corp(ask: Ask) -> Answer:
    """One corp: is_joined is a bool here."""
    chain = ask.chain()
    corpid, pending = ask.body.get("corpid"), ask.body.get("pending_corpid")
    for link in chain.links:
        found = corpid == link.view.corpid if corpid else pending == link.pending_corpid
        if found and link.joined == bool(corpid):
            break
    else:
        raise Refused(40058, "corp not in chain")
    told = {
        "corp_name": link.view.company.name, "custom_id": link.custom_id, "groupid": link.group,
        "is_joined": link.joined,
    }  # fmt: skip
    return told | ({"qualification_status": 2} if link.joined else {})


@api("corpgroup/get_corp_shared_chain_list", UPSTREAM)
def chains_of(ask: Ask) -> Answer:
    view = ask.joined_view(ask.text("corpid"))
    return {
        "chains": [
            {"chain_id": one.id, "chain_name": one.name}
            for one in ask.upstream.chains.values()
            if any(link.view is view and link.joined for link in one.links)
        ]
    }


@api("corpgroup/corp/get_chain_user_custom_id", UPSTREAM)
def custom_id(ask: Ask) -> Answer:
    ask.chain()
    person = ask.joined_view(ask.text("corpid")).person(ask.text("userid"))
    if person is None:
        raise Refused(60111, "userid not found")
    return {"user_custom_id": person.custom_id}


@api("corpgroup/rule/list_ids", UPSTREAM)
def rule_ids(ask: Ask) -> Answer:
    _wide(ask)
    return {"rule_ids": list(ask.chain().rules)}


@api("corpgroup/rule/get_rule_info", UPSTREAM)
def rule(ask: Ask) -> Answer:
    _wide(ask)
    found = ask.chain().rules.get(ask.number("rule_id"))
    if found is None:
        raise Refused(40058, "rule_id not found")
    return {"rule_info": found.body()}


def _wide(ask: Ask) -> None:
    if not ask.upstream.app.wide:
        raise Refused(48002, "api forbidden")


@api("agent/get", EITHER)
def agent(ask: Ask) -> Answer:
    me = ask.me
    if ask.asked_number("agentid") != me.agentid:
        raise Refused(301002, "no privilege for the agentid")
    scope = me.scope
    singly = [one for one in scope.userids if one in me.company.people]
    return {
        "agentid": me.agentid, "name": me.upstream.app.name, "square_logo_url": "", "description": "",
        "close": int(me.upstream.app.closed),
        "allow_userinfos": {"user": [{"userid": me.id_of(one)} for one in singly]},
        "allow_partys": {"partyid": scope.departments}, "allow_tags": {"tagid": list(scope.tags)},
    }  # fmt: skip
