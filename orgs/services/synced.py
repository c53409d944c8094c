"""Organizations and departments that a synchronization keeps, many at once (SPEC WEC-3; SECURITY T70).

The same guards and locks as by hand, one audit row each. Siblings may have the same name here: what they are called is
decided elsewhere, and two that trade names would never pass one by one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from core import audit
from core.actors import Actor
from orgs import tree, tree_bulk
from orgs.models import Node, Source
from orgs.permissions import require_maintain
from orgs.services import fields, grants, nodes
from orgs.services.shared import locked

NAMED = """
UPDATE orgs_node n SET name = f.name, sort_key = f.sort_key, initials = f.initials, updated_at = now()
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS f(id, name, sort_key, initials) WHERE n.id = f.id
"""


@dataclass(frozen=True, slots=True)
class NewPlace:
    """`key` is the caller's word for it, `parent` the id of a node or the key of one before it; of siblings the least
    `order` stands first.
    """

    key: str
    parent: int | str
    kind: int
    name: str
    order: int = 0


@transaction.atomic
def create_many(
    *, by: Actor, dimension: Node, places: Sequence[NewPlace], kept: str
) -> dict[str, int]:
    """Adds places to one dimension and returns {key: id}; parents come before their children.

    Raises Hidden unless `by` maintains the dimension, tree.UnableToPlace for a wrong kind, KeyError for a parent that
    is not in this dimension (any more), Invalid for a name that cannot be stored.
    """
    if not places:
        return {}
    require_maintain(by=by, node=dimension)
    fixed = {"source": Source.WECOM.value, "synced_at": timezone.now(), "kept": kept}
    new = [
        tree.NewNode(
            one.key,
            one.parent,
            one.kind,
            fixed | _columns(one.kind, one.name) | {"order": one.order},
        )
        for one in places
    ]
    ids = tree_bulk.insert(dimension_id=dimension.pk, nodes=new)
    audit.record_many(
        action="node.create", model=Node, by=by,
        changes=[
            audit.Change(
                ids[one.key], one.name, after={"name": one.name, "source": "wecom"}, dimension_id=dimension.pk
            )
            for one in places
        ],
    )  # fmt: skip
    return ids


def _columns(kind: int, name: str) -> dict[str, str]:
    return fields.columns(fields.cleaned(kind, {"name": name}, new=True))


@transaction.atomic
def rename_many(*, by: Actor, names: Mapping[int, str]) -> int:
    """Gives nodes of any dimensions new names; returns how many changed. Those that are gone are passed over.

    Raises Hidden outside the maintained dimensions, Invalid for a name that cannot be stored.
    """
    rows = list(Node.objects.filter(pk__in=names))
    tree.lock(*{row.dimension_id for row in rows})
    changed = [row for row in Node.objects.filter(pk__in=names) if row.name != names[row.pk]]
    for dimension in Node.objects.filter(pk__in={row.dimension_id for row in changed}):
        require_maintain(by=by, node=dimension)
    values = [_columns(row.kind, names[row.pk]) for row in changed]
    with connection.cursor() as cursor:
        cursor.execute(NAMED, [
            [row.pk for row in changed],
            *([one[key] for one in values] for key in ("name", "sort_key", "initials")),
        ])  # fmt: skip
    audit.record_many(
        action="node.edit", model=Node, by=by,
        changes=[
            audit.Change(
                row.pk, one["name"], {"name": row.name}, {"name": one["name"]}, dimension_id=row.dimension_id
            )
            for row, one in zip(changed, values, strict=True)
        ],
    )  # fmt: skip
    return len(changed)


@transaction.atomic
def reorder_many(*, by: Actor, orders: Mapping[int, int]) -> None:
    """Gives nodes another place among their siblings. Those that are gone are passed over.

    Raises Hidden outside the maintained dimensions.
    """
    rows = list(Node.objects.filter(pk__in=orders).order_by("pk"))
    tree.lock(*{row.dimension_id for row in rows})
    for dimension in Node.objects.filter(pk__in={row.dimension_id for row in rows}):
        require_maintain(by=by, node=dimension)
    told = [
        audit.Change(
            row.pk, row.name, {"order": row.order}, {"order": orders[row.pk]}, dimension_id=row.dimension_id
        )
        for row in rows
    ]  # fmt: skip
    for row in rows:
        row.order, row.updated_at = orders[row.pk], timezone.now()
    Node.objects.bulk_update(rows, ["order", "updated_at"], batch_size=500)
    audit.record_many(action="node.edit", model=Node, by=by, changes=told)


@transaction.atomic
def move(*, by: Actor, node: Node, parent: Node) -> bool:
    """Puts a node with everything below it under `parent`, in another dimension too; False when it is there already.

    Raises Hidden outside the maintained dimensions, tree.UnableToPlace.
    """
    fresh, target = locked(node.pk, parent.pk)
    if fresh.parent_id == target.pk:
        return False
    require_maintain(by=by, node=fresh)
    require_maintain(by=by, node=target)
    nodes.put(by=by, node=fresh, parent=target)
    return True


@transaction.atomic
def keep(*, node_ids: Sequence[int], kept: str) -> None:
    """Says what of these nodes the synchronization keeps from now on."""
    Node.objects.filter(pk__in=node_ids).exclude(kept=kept).update(kept=kept)


@transaction.atomic
def give_range(*, by: Actor, node: Node, to: grants.Holder, source: str) -> bool:
    """A visible range in both directions by a rule of the synchronization (SPEC WEC-6): `to` sees who is at or below
    the node, and is seen by the external people there. What a person gave already stays his. Returns whether either
    is new.

    Raises Hidden outside the maintained dimensions, Invalid for external or inactive people.
    """
    (fresh,) = locked(node.pk)
    require_maintain(by=by, node=fresh)
    seen = grants.give_view(by=by, node=fresh, to=to, source=source)
    return grants.let_be_seen(by=by, node=fresh, to=to, source=source) or seen


@transaction.atomic
def take_range(*, by: Actor, node: Node, to: grants.Holder, source: str) -> bool:
    """Takes back what a rule gave; False when it gave nothing. Raises Hidden outside the maintained dimensions."""
    (fresh,) = locked(node.pk)
    require_maintain(by=by, node=fresh)
    return grants.take_given(by=by, node=fresh, to=to, source=source)
