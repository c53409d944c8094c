"""A full pull through the gateway equals what the stand-in says of itself, with the calls of the documented walk."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wecom_sync.conftest import Opened
from wecom_sync.gateway import Corp, Directory, Gateway, Member, Reaction, WeComError
from wecom_sync.standin.remote import StandIn


def people_of(corp: Directory) -> dict[str, Any]:
    """Departments and members in the stand-in's own words."""
    agent, departments = corp.agent(), corp.departments()
    members = {one.userid: one for d in departments for one in corp.members(d.id)}
    members |= {one: corp.member(one) for one in agent.userids if one not in members}
    told = [
        {"userid": m.userid, "name": m.name, "departments": list(m.departments), "status": m.status}
        for m in members.values()
    ]
    return {
        "departments": sorted(
            ({"id": d.id, "name": d.name, "parentid": d.parent, "order": d.order} for d in departments),
            key=lambda one: one["id"],
        ),
        "members": sorted(told, key=lambda one: one["userid"]),
    }  # fmt: skip


def people_in(corp: Directory) -> list[Member]:
    return [one for d in corp.departments() for one in corp.members(d.id)]


def corp_of(gateway: Gateway, corp: Corp, agentids: dict[str, Any]) -> dict[str, Any]:
    ids = {"corpid": corp.corpid} if corp.joined else {"pending_corpid": corp.pending_corpid}
    share = agentids.get(corp.corpid)
    people = people_of(gateway.downstream(share)) if share else {"departments": [], "members": []}
    return {
        **ids, "name": corp.name, "custom_id": corp.custom_id, "groupid": corp.group, "joined": corp.joined,
        "agentid": share.agentid if share else 0, **people,
    }  # fmt: skip


def pulled(gateway: Gateway) -> dict[str, Any]:
    """Everything that there is to read, as truth() tells it."""
    shares = {one.corpid: one for one in gateway.shares()}
    chains = []
    for chain in gateway.chains():
        groups = gateway.groups(chain.id)
        corps = [
            corp_of(gateway, corp, shares) for g in groups for corp in gateway.corps(chain.id, g.id)
        ]
        rules = [gateway.rule(chain.id, one) for one in gateway.rule_ids(chain.id)]
        chains.append({
            "chain_id": chain.id, "name": chain.name,
            "groups": [
                {"groupid": g.id, "name": g.name, "parentid": g.parent, "order": g.order} for g in groups
            ],
            "corps": sorted(corps, key=by_id),
            "rules": [
                {
                    "rule_id": r.id,
                    "owner_corp_range": {"departmentids": list(r.departments), "userids": list(r.userids)},
                    "member_corp_range": {"groupids": list(r.groups), "corpids": list(r.corpids)},
                }
                for r in rules
            ],
        })  # fmt: skip
    return {
        "corpid": gateway.corpid,
        "agentid": gateway.agentid,
        **people_of(gateway),
        "chains": chains,
    }


def by_id(corp: dict[str, Any]) -> str:
    return str(corp.get("corpid") or corp.get("pending_corpid"))


def settled(truth: dict[str, Any]) -> dict[str, Any]:
    """Its lists in the same order, without what no API tells."""
    for one in (truth, *(corp for chain in truth["chains"] for corp in chain["corps"])):
        one["departments"].sort(key=lambda d: d["id"])
        one["members"].sort(key=lambda m: m["userid"])
        one.pop("plain", None)
    truth.pop("name")
    for chain in truth["chains"]:
        chain["corps"].sort(key=by_id)
    return truth


@pytest.mark.parametrize("number", [0, 1])
def test_a_pull_ends_with_the_truth(standin: StandIn, opened: Opened, number: int) -> None:
    assert pulled(opened(number)) == settled(standin.truth()["upstreams"][number])


def test_the_world_has_what_makes_naive_readers_fail(standin: StandIn) -> None:
    truth = standin.truth()["upstreams"]
    corps = [c for up in truth for chain in up["chains"] for c in chain["corps"]]
    ids = [c["corpid"] for c in corps if c["joined"]]
    assert len({one.lower() for one in ids}) < len(set(ids)), "ids that differ in case alone"
    twice = [c for c in corps if [d["plain"] for d in corps].count(c["plain"]) == 2]
    assert len({c["corpid"] for c in twice}) == 2, "one corp, seen by two under two ids"
    people = [m["userid"] for c in corps for m in c["members"]]
    assert len(set(people)) < len(people), "one user id in two corps"
    forest = [c for c in corps if c["departments"] and c["departments"][0]["id"] != 1]
    assert forest
    assert [m for c in forest for m in c["members"] if not m["departments"]], (
        "people allowed singly"
    )
    assert [c for c in corps if c["joined"] and not c["agentid"]], "joined, not shared"
    assert [c for c in corps if not c["joined"] and c["custom_id"]], "pending"


def test_the_calls_of_a_pull_are_those_of_the_walk(standin: StandIn, opened: Opened) -> None:
    """Once: token, shares. By chain: groups. By group: corps. By shared corp: token, agent, departments, members."""
    gateway = opened(1)
    told = pulled(gateway)
    corps = [corp for chain in told["chains"] for corp in chain["corps"] if corp["agentid"]]
    groups = sum(len(chain["groups"]) for chain in told["chains"])
    rules = sum(len(chain["rules"]) for chain in told["chains"])
    expected = {
        "gettoken": 1, "corpgroup/corp/get_chain_list": 1, "corpgroup/corp/get_chain_group": len(told["chains"]),
        "corpgroup/corp/get_chain_corpinfo_list": groups, "corpgroup/corp/list_app_share_info": 1,
        "corpgroup/rule/list_ids": len(told["chains"]), "corpgroup/rule/get_rule_info": rules,
        "corpgroup/corp/gettoken": len(corps), "agent/get": len(corps) + 1, "department/list": len(corps) + 1,
        "user/list": sum(len(one["departments"]) for one in [*corps, told]),
        "user/get": sum(not m["departments"] for one in corps for m in one["members"]),
    }  # fmt: skip
    assert gateway.calls == expected
    assert standin.calls() == expected


def test_what_is_withheld_of_downstream_people_does_not_arrive(gateway: Gateway) -> None:
    near = people_in(gateway)
    assert any(one.position for one in near)
    far = people_in(gateway.downstream(gateway.shares()[0]))
    assert far
    assert not [
        one
        for one in far
        if one.mobile or one.position or one.email or any(one.leads) or one.superiors
    ]
    assert not [one for one in near if one.mobile]


def test_pages_are_followed_to_their_end(standin: StandIn, opened: Opened) -> None:
    standin.act("reset", corps=230, people=230, upstreams=1, groups=1, unshared=10, pending=3)
    gateway = opened()
    chain = gateway.chains()[0]
    corps = gateway.corps(chain.id, 1)
    assert [len(corps), len(gateway.shares()), len(gateway.corps(chain.id, 1, pending=False))] == [
        233, 220, 230,
    ]  # fmt: skip
    assert gateway.calls["corpgroup/corp/get_chain_corpinfo_list"] == 6
    assert gateway.calls["corpgroup/corp/list_app_share_info"] == 3


def test_single_reads(standin: StandIn, gateway: Gateway) -> None:
    chain = gateway.chains()[0]
    corps = [one for g in gateway.groups(chain.id) for one in gateway.corps(chain.id, g.id)]
    joined = next(one for one in corps if one.joined)
    pending = next(one for one in corps if not one.joined)
    assert gateway.corp(chain.id, corpid=joined.corpid).joined
    assert gateway.corp(chain.id, corpid=joined.corpid).qualification == 2
    assert (
        gateway.corp(chain.id, pending_corpid=pending.pending_corpid).custom_id == pending.custom_id
    )
    assert gateway.chains_of(joined.corpid) == (chain,)
    share = gateway.shares()[0]
    assert gateway.shares(share.corpid) == (share,)
    corp = gateway.downstream(share)
    nodes, departments = corp.department_nodes(), corp.departments()
    assert [(n.id, n.parent) for n in nodes] == [(d.id, d.parent) for d in departments]
    assert corp.department(departments[-1].id) == departments[-1]
    member = corp.members(departments[0].id)[0]
    assert corp.member(member.userid) == member
    numbers = {gateway.custom_id_of(chain.id, share.corpid, m.userid) for m in people_in(corp)}
    assert "" in numbers
    assert any(one.isdigit() for one in numbers)
    with pytest.raises(WeComError) as error:
        corp.member("woNobody")
    assert error.value.reaction is Reaction.SKIP
    changed = standin.act("mutate", kind="corp_joins", corpid=gateway.corpid)["changed"][0]
    assert gateway.corp(chain.id, corpid=changed["corpid"]).custom_id == changed["custom_id"]
