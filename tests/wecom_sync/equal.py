"""Our directory against the stand-in's own word of what a complete run must end with, record by record."""

from __future__ import annotations

from typing import Any

from contacts.models import Membership
from orgs.models import Node
from tests.factories.orgs import make_dimension
from wecom_sync.models import Chain, Connection, RemotePerson, RemotePlace, Run
from wecom_sync.services import runs
from wecom_sync.standin.remote import StandIn
from wecom_sync.sync import work
from wecom_sync.sync.world import ACTOR


def connect(standin: StandIn) -> list[Connection]:
    """Every upstream corp of the stand-in, each of its chains in a dimension of its own."""
    found = []
    for told in standin.connections():
        one = Connection(name=told["name"], corp_id=told["corpid"], agent_id=told["agentid"])
        one.keep_secret(told["secret"])
        one.save()
        found.append(one)
    for upstream in standin.truth()["upstreams"]:
        connection = Connection.objects.get(corp_id=upstream["corpid"])
        for chain in upstream["chains"]:
            target = make_dimension(f"{connection.name} {chain['name']}")
            Chain.objects.create(
                connection=connection, chain_id=chain["chain_id"], name=chain["name"], target=target,
                owned=list(Chain.KEEPS),
            )  # fmt: skip
    return found


def full(connection: Connection, **more: Any) -> Run:
    """A whole run, as the worker leads it."""
    run = runs.start(by=ACTOR, connection=connection, **more)
    work.go(run_id=run.pk)
    run.refresh_from_db()
    return run


def told(standin: StandIn) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """(chain, key) → (name, key above), and (corp of ours, corp, user) → (name, places), as WeCom has them."""
    places: dict[Any, Any] = {}
    people: dict[Any, Any] = {}
    for upstream in standin.truth()["upstreams"]:
        for chain in upstream["chains"]:
            for group in chain["groups"]:
                if group["groupid"] != 1:
                    places[chain["chain_id"], f"g:{group['groupid']}"] = (
                        group["name"],
                        _group(group["parentid"]),
                    )
            for corp in chain["corps"]:
                _corp(upstream["corpid"], chain["chain_id"], corp, places, people)
    return places, people


def _group(number: int) -> str:
    return "" if number == 1 else f"g:{number}"


def _corp(ours: str, chain: str, corp: dict[str, Any], places: Any, people: Any) -> None:
    corpid = corp.get("corpid") or corp["pending_corpid"]
    places[chain, f"c:{corpid}"] = (corp["name"], _group(corp["groupid"]))
    seen = {one["id"] for one in corp["departments"]} - {1}

    def key(number: int) -> str:
        return f"d:{corpid}/{number}" if number in seen else f"c:{corpid}"

    for one in corp["departments"]:
        if one["id"] != 1:
            places[chain, key(one["id"])] = (one["name"], key(one["parentid"]))
    for one in corp["members"]:
        if one["status"] not in (2, 5):
            _name, where = people.setdefault((ours, corpid, one["userid"]), (one["name"], set()))
            where |= {(chain, key(number)) for number in one["departments"]} or {
                (chain, f"c:{corpid}")
            }


def ours() -> tuple[dict[Any, Any], dict[Any, Any]]:
    """The same of our directory, as far as it is there and enabled."""
    rows = RemotePlace.objects.filter(gone_at=None).select_related("chain", "node")
    by_node = {row.node_id: row for row in rows}
    targets = dict(Chain.objects.values_list("target_id", "chain_id"))
    places = {
        (row.chain.chain_id, row.key): (row.node.name, _above(row.node, by_node, targets))
        for row in rows
    }
    people: dict[Any, Any] = {}
    for one in RemotePerson.objects.select_related("contact", "connection"):
        if one.contact.live and one.gone_at is None:
            key = (one.connection.corp_id, one.corp_id, one.user_id)
            people[key] = (one.contact.name, set())
    for contact, node in Membership.objects.values_list("contact_id", "node_id"):
        row = by_node.get(node)
        for one in RemotePerson.objects.filter(contact=contact, gone_at=None) if row else ():
            key = (one.connection.corp_id, one.corp_id, one.user_id)
            if key in people and row is not None:
                people[key][1].add((row.chain.chain_id, row.key))
    return places, people


def _above(node: Node, by_node: dict[int, RemotePlace], targets: dict[int, str]) -> str:
    if node.parent_id in targets:
        return ""
    return by_node[node.parent_id].key
