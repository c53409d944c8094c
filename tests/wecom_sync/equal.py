"""Our directory against the stand-in's own word of what a complete run must end with, record by record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection as database

from tests.factories.orgs import make_dimension
from wecom_sync.models import Chain, Connection, Run
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


PLACES = """
SELECT h.chain_id, p.key, n.name, CASE WHEN n.parent_id = h.target_id THEN '' ELSE coalesce(above.key, '?') END
FROM wecom_sync_remoteplace p JOIN wecom_sync_chain h ON h.id = p.chain_id JOIN orgs_node n ON n.id = p.node_id
LEFT JOIN wecom_sync_remoteplace above ON above.node_id = n.parent_id AND above.chain_id = p.chain_id
WHERE p.gone_at IS NULL AND n.enabled
"""
PEOPLE = """
SELECT o.corp_id, r.corp_id, r.user_id, c.name, array_agg(h.chain_id || ' ' || p.key)
FROM wecom_sync_remoteperson r JOIN wecom_sync_connection o ON o.id = r.connection_id
JOIN contacts_contact c ON c.id = r.contact_id JOIN contacts_membership m ON m.contact_id = c.id
JOIN wecom_sync_remoteplace p ON p.node_id = m.node_id JOIN wecom_sync_chain h ON h.id = p.chain_id
WHERE r.gone_at IS NULL AND c.live AND c.deleted_at IS NULL AND h.connection_id = r.connection_id
GROUP BY o.corp_id, r.corp_id, r.user_id, c.name
"""


def asked(sql: str) -> list[Any]:
    with database.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def ours(ask: Callable[[str], list[Any]] = asked) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """The same of our directory, as far as it is there and enabled; of another site with an `ask` of its own."""
    places = {(chain, key): (name, above) for chain, key, name, above in ask(PLACES)}
    people = {
        (mine, corp, user): (name, {tuple(one.split(" ", 1)) for one in where})
        for mine, corp, user, name, where in ask(PEOPLE)
    }
    return places, people
