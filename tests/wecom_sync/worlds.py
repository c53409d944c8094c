"""A WeCom of three lines: chains with groups, corps, departments and people, and what a run pulls of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from contacts.models import Contact
from orgs.models import Node
from tests.factories.orgs import make_dimension
from wecom_sync.models import (
    Chain,
    Connection,
    PlanItem,
    PulledPerson,
    PulledPlace,
    RemotePerson,
    Run,
)
from wecom_sync.sync import apply, plan

Stage = PlanItem.Stage


@dataclass
class Corp:
    """`departments`: id → (name, parent id, 0 the corp itself). `people`: id → (name, department ids, main first)."""

    name: str
    group: str = ""
    departments: dict[int, tuple[str, int]] = field(default_factory=dict)
    people: dict[str, tuple[str, list[int]]] = field(default_factory=dict)
    custom_id: str = ""
    share: str = "shared"
    complete: bool = True
    message: str = ""


def connection(name: str = "总部企业微信", corp_id: str = "ww1", **values: object) -> Chain:
    """A connected corp with one chain that lands in a dimension of its own."""
    one = Connection(name=name, corp_id=corp_id, agent_id=1)
    one.keep_secret("s" * 43)
    one.save()
    defaults = {"owned": list(Chain.KEEPS), "target": make_dimension(f"{name}的上下游")}
    return Chain.objects.create(
        connection=one, chain_id="chain", name="供应链", **(defaults | values)
    )


def pulled(
    chain: Chain, corps: dict[str, Corp], groups: dict[str, tuple[str, str]] | None = None, *,
    only: list[str] | None = None,
) -> Run:  # fmt: skip
    """A run that has read this. `groups`: id → (name, id of the parent, "" the chain)."""
    run = Run.objects.create(
        connection=chain.connection, trigger="manual", status="planning", only_corps=only or []
    )
    places = [
        PulledPlace(
            run=run,
            chain=chain,
            key=f"g:{pk}",
            parent=f"g:{up}" if up else "",
            depth=1 + bool(up),
            name=name,
        )
        for pk, (name, up) in (groups or {}).items()
    ]
    for corp_id, corp in corps.items():
        places.append(PulledPlace(
            run=run, chain=chain, key=f"c:{corp_id}", parent=f"g:{corp.group}" if corp.group else "", depth=5,
            name=corp.name, custom_id=corp.custom_id, share=corp.share, complete=corp.complete, message=corp.message,
        ))  # fmt: skip
        if not corp.complete:
            continue
        places += [
            PulledPlace(
                run=run, chain=chain, key=f"d:{corp_id}/{pk}", depth=6 + bool(up), name=name,
                parent=f"d:{corp_id}/{up}" if up else f"c:{corp_id}",
            )
            for pk, (name, up) in corp.departments.items()
        ]  # fmt: skip
        PulledPerson.objects.bulk_create(
            PulledPerson(
                run=run, corp_id=corp_id, user_id=user_id, name=name,
                places=[f"d:{corp_id}/{pk}" if pk else f"c:{corp_id}" for pk in where],
            )
            for user_id, (name, where) in corp.people.items()
        )  # fmt: skip
    PulledPlace.objects.bulk_create(places)
    return run


def planned(*args: object, **more: object) -> Run:
    """The same, compared."""
    run = pulled(*args, **more)  # type: ignore[arg-type]
    plan.make(run=run)
    Run.objects.filter(pk=run.pk).update(status="ready")
    return run


def applied(*args: object, **more: object) -> Run:
    """The same, carried out."""
    run = planned(*args, **more)
    apply.run(run=run, report=lambda _count: None, between=lambda: None)
    assert not PlanItem.objects.filter(run=run, stage__gt=0).exclude(status="done").exists()
    Run.objects.filter(pk=run.pk).update(status="done")
    return run


def items(run: Run) -> list[tuple[str, str]]:
    """Stage and name of every item."""
    rows = PlanItem.objects.filter(run=run).order_by("stage", "pk")
    return [(Stage(one.stage).name.lower(), one.name) for one in rows]


def person(user_id: str, corp_id: str = "wpA") -> Contact:
    return Contact.objects.get(remote_people__corp_id=corp_id, remote_people__user_id=user_id)


def remote(user_id: str, corp_id: str = "wpA") -> RemotePerson:
    return RemotePerson.objects.get(corp_id=corp_id, user_id=user_id)


def standing(contact: Contact) -> list[str]:
    """Where somebody stands, the main place first, from the dimension down."""
    rows = contact.memberships.order_by("-is_main", "node__path").select_related("node")
    return [path(row.node) for row in rows]


def path(node: Node) -> str:
    names = Node.objects.in_bulk(node.ancestor_ids)
    return "/".join(names[pk].name for pk in node.ancestor_ids[1:])
