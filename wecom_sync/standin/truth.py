"""What a complete pull must end with, told record by record in the ids that each upstream corp sees.

    {"upstreams": [{"corpid", "name", "agentid", "departments": […], "members": […],          # of the corp itself
       "chains": [{"chain_id", "name", "groups": [{"groupid", "name", "parentid", "order"}],
         "corps": [{"corpid" or "pending_corpid", "name", "custom_id", "groupid", "joined", "agentid" (0: not shared),
                    "plain": the corp's own id, by which the same one is known across upstream corps,
                    "departments": [{"id", "name", "parentid", "order"}],
                    "members": [{"userid", "name", "departments", "status"}]}],
         "rules": [{"rule_id", "owner_corp_range", "member_corp_range"}]}]}]}

Departments and members are those in the visible range; of members without a visible department `departments` is empty.
"""

from __future__ import annotations

from typing import Any

from wecom_sync.standin.world import Chain, Company, Link, Scope, Upstream, View, World


def truth(world: World) -> dict[str, Any]:
    """All of it."""
    return {"upstreams": [_upstream(one) for one in world.upstreams.values()]}


def _upstream(upstream: Upstream) -> dict[str, Any]:
    chains = [_chain(one) for one in upstream.chains.values()]
    own = _people(upstream.company, upstream.app.scope, None)
    return {
        "corpid": upstream.corpid, "name": upstream.company.name, "agentid": upstream.app.agentid,
        **own, "chains": chains,
    }  # fmt: skip


def _chain(chain: Chain) -> dict[str, Any]:
    groups = [
        {"groupid": one.id, "name": one.name, "parentid": one.parentid, "order": one.order}
        for one in chain.groups.values()
    ]
    rules = [{"rule_id": str(one.id), **one.body()} for one in chain.rules.values()]
    corps = [_corp(one) for one in chain.links]
    return {
        "chain_id": chain.id,
        "name": chain.name,
        "groups": groups,
        "corps": corps,
        "rules": rules,
    }


def _corp(link: Link) -> dict[str, Any]:
    view = link.view
    ids = {"corpid": view.corpid} if link.joined else {"pending_corpid": link.pending_corpid}
    seen = link.joined and view.shared
    people = _people(view.company, view.scope, view) if seen else {"departments": [], "members": []}
    return {
        **ids, "name": view.company.name, "custom_id": link.custom_id, "groupid": link.group,
        "joined": link.joined, "agentid": view.agentid if seen else 0, "plain": view.company.corpid, **people,
    }  # fmt: skip


def _people(company: Company, scope: Scope, view: View | None) -> dict[str, Any]:
    numbers, userids = company.visible(scope)
    visible = set(numbers)
    departments = [
        {"id": one.id, "name": one.name, "parentid": one.parentid, "order": one.order}
        for one in (company.departments[number] for number in numbers)
    ]
    members = [
        {
            "userid": view.id_of(one.userid) if view else one.userid,
            "name": one.name,
            "departments": [number for number in one.departments if number in visible],
            "status": one.status,
        }
        for one in (company.people[userid] for userid in userids)
    ]
    return {"departments": departments, "members": members}
