"""The single door for structural writes: lock, re-read, guard, write (SPEC ORG-10; research: data-model-perf, part 2).

django-mptt does no locking of its own and corrupts under two writers. Every function here runs in the caller's
transaction, takes the advisory lock of the tree (two locks in ascending order), and reads nodes only afterwards.
Rights and audit belong to the services that call it.
"""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from core import context
from core.errors import Conflict, Invalid
from orgs import events
from orgs.models import Node, Restructuring

LOCK_CLASS = 72_100  # advisory lock (LOCK_CLASS, dimension id); (LOCK_CLASS, 0) guards the list of dimensions

ALLOWED_PARENTS = {
    Node.Kind.ORGANIZATION: {Node.Kind.DIMENSION, Node.Kind.ORGANIZATION},
    Node.Kind.DEPARTMENT: {Node.Kind.ORGANIZATION, Node.Kind.DEPARTMENT},
}


class UnableToPlace(Invalid):
    """A node cannot stand where it was asked to; the message says why."""

    code = "place"


class Busy(Conflict):
    """The worker moves, disables or enables a large part of this tree."""

    code = "restructuring"

    def __init__(self) -> None:
        super().__init__(
            _("This dimension is being restructured at the moment. Try again in a few minutes")
        )


@dataclass(frozen=True, slots=True)
class NewNode:
    """One node of a bulk insert. `key` is the caller's own name for it; `parent` is an existing id or another key."""

    key: str
    parent: int | str
    kind: int
    values: dict[str, Any] = field(default_factory=dict)


def lock(*dimension_ids: int) -> None:
    """Takes the locks of these trees for the rest of the transaction; raises RuntimeError outside one.

    Whoever waits at a page is not made to wait for a restructuring that the worker carries out: raises Busy.
    """
    _take("", dimension_ids)


def share(*dimension_ids: int) -> None:
    """The same for changes that only need the trees to stay as they are; many may share, none may restructure."""
    _take("_shared", dimension_ids)


def _take(shared: str, dimension_ids: Iterable[int]) -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("tree locks need a transaction")
    with connection.cursor() as cursor:
        for dimension_id in sorted(set(dimension_ids)):
            key = [LOCK_CLASS, dimension_id]
            cursor.execute(f"SELECT pg_try_advisory_xact_lock{shared}(%s, %s)", key)
            if not cursor.fetchone()[0]:
                if context.current().ip and Restructuring.objects.under_way(dimension_id).exists():
                    raise Busy
                cursor.execute(f"SELECT pg_advisory_xact_lock{shared}(%s, %s)", key)


def dimension_of(node_id: int) -> int:
    """The dimension a node is in now; raises Node.DoesNotExist."""
    return int(Node.objects.values_list("dimension_id", flat=True).get(pk=node_id))


class _Moved(Exception):
    """A node went to another tree between finding its tree and getting the lock."""


def locked_all(*node_ids: int, also: tuple[int, ...] = ()) -> list[Node]:
    """Locks the trees of these nodes (and the trees `also`), then reads the nodes.

    When one moved to another tree meanwhile, the savepoint gives the locks back before they are taken anew: two
    writers that follow nodes while they hold locks would wait for each other. Raises Node.DoesNotExist.
    """
    while True:
        with contextlib.suppress(_Moved), transaction.atomic():
            dimensions = {*(dimension_of(node_id) for node_id in node_ids), *also}
            lock(*dimensions)
            nodes = [reread(node_id) for node_id in node_ids]
            if not dimensions.issuperset(node.dimension_id for node in nodes):
                raise _Moved
            return nodes


def locked(node_id: int, *more_dimension_ids: int) -> Node:
    """Locks the tree of a node (and further trees), then reads the node; follows it when it moved while waiting."""
    return locked_all(node_id, also=more_dimension_ids)[0]


def create_dimension(**values: Any) -> Node:
    """A new root."""
    lock(0)
    node = Node(kind=Node.Kind.DIMENSION, parent=None, **values)
    Node.objects.insert_node(node, None, position="last-child", save=True)
    Node.objects.filter(pk=node.pk).update(
        path=f"{node.pk}.", dimension_id=node.pk, live=node.enabled
    )
    return reread(node.pk)


def create(*, kind: int, parent_id: int, **values: Any) -> Node:
    """A new organization or department as a child of `parent_id`; raises UnableToPlace for a wrong kind."""
    return add(kind=kind, parent=locked(parent_id), **values)


def add(*, kind: int, parent: Node, **values: Any) -> Node:
    """The same below a parent that the caller read under the lock of its tree.

    The id is known before the row, so that the row with its path is written once: a second version would have to enter
    every index again.
    """
    guard_kind(kind=kind, parent_kind=parent.kind)
    (node_id,) = new_ids(1)
    node = Node(
        id=node_id,
        kind=kind,
        dimension_id=parent.dimension_id,
        path=f"{parent.path}{node_id}.",
        live=parent.live and values.get("enabled", True),
        **values,
    )
    Node.objects.insert_node(node, parent, allow_existing_pk=True, refresh_target=False)
    node.save_base(force_insert=True)
    return node


def new_ids(count: int) -> list[int]:
    """Ids of rows that are about to be written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('orgs_node', 'id')) FROM generate_series(1, %s)",
            [count],
        )
        return [row[0] for row in cursor.fetchall()]


def reread(node_id: int) -> Node:
    """The node as it stands in the database; instances are never kept across two writes."""
    node: Node = Node.objects.get(pk=node_id)
    return node


def guard_kind(*, kind: int, parent_kind: int) -> None:
    """Raises UnableToPlace unless a node of `kind` may stand directly below one of `parent_kind` (SPEC ORG-1)."""
    if parent_kind in ALLOWED_PARENTS.get(Node.Kind(kind), set()):
        return
    if kind == Node.Kind.DEPARTMENT:
        raise UnableToPlace(_("A department belongs under an organization or another department."))
    if kind == Node.Kind.ORGANIZATION:
        raise UnableToPlace(_("An organization belongs under a dimension or another organization."))
    raise UnableToPlace(_("A dimension stands on its own."))


def move(*, node_id: int, parent_id: int, report: events.Report | None = None) -> tuple[Node, int]:
    """Puts a node with everything below it under another parent; returns (node, id of the former parent).

    Raises UnableToPlace for a dimension, itself, its own subtree, a wrong kind, or the place where it is already.
    """
    node, parent = locked_all(node_id, parent_id)
    guard_move(node=node, parent=parent)
    former_id, old_path = int(node.parent_id), node.path
    Node.objects.move_node(node, parent, position="last-child")
    new_path = f"{parent.path}{node.pk}."
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE orgs_node SET path = %s || substr(path, %s), dimension_id = %s WHERE path LIKE %s",
            [new_path, len(old_path) + 1, parent.dimension_id, f"{old_path}%"],
        )
    refresh_live(node_id)
    events.announce(node_id=node_id, path=new_path, report=report)
    return reread(node_id), former_id


def guard_move(*, node: Node, parent: Node) -> None:
    """Raises UnableToPlace with the reason why `node` cannot go under `parent`."""
    if node.kind == Node.Kind.DIMENSION:
        raise UnableToPlace(_("A dimension cannot be moved."))
    if parent.path.startswith(node.path):
        raise UnableToPlace(
            _("“%(name)s” cannot be moved into itself or below itself.") % {"name": node.name}
        )
    if node.parent_id == parent.pk:
        raise UnableToPlace(_("“%(name)s” is already there.") % {"name": node.name})
    guard_kind(kind=node.kind, parent_kind=parent.kind)


def set_enabled(*, node_id: int, enabled: bool, report: events.Report | None = None) -> bool:
    """Enables or disables a node; everything below follows through `live`. False when it was so already."""
    node = locked(node_id)
    if node.enabled == enabled:
        return False
    if node.builtin:
        raise Invalid(_("The built-in dimension can be neither deleted nor disabled."))
    Node.objects.filter(pk=node_id).update(enabled=enabled)
    refresh_live(node_id)
    events.announce(node_id=node_id, path=node.path, report=report)
    return True


def reorder(*, parent_id: int, ordered_ids: list[int]) -> None:
    """Gives the children of `parent_id` this order; raises Invalid unless exactly its children are listed."""
    parent = locked(parent_id)
    children = set(Node.objects.filter(parent_id=parent.pk).values_list("pk", flat=True))
    if children != set(ordered_ids) or len(children) != len(ordered_ids):
        raise Invalid(_("The list has changed meanwhile. Reload the page and order it again."))
    with connection.cursor() as cursor:
        cursor.execute(
            'UPDATE orgs_node SET "order" = o.place FROM unnest(%s::bigint[]) WITH ORDINALITY AS o(id, place) '
            'WHERE orgs_node.id = o.id AND orgs_node."order" <> o.place',
            [ordered_ids],
        )


def delete(*, node_id: int) -> Node:
    """Removes a node without children; raises Invalid for the built-in dimension or when something hangs on it.

    Contacts are protected by their own foreign keys: the caller turns ProtectedError into a sentence.
    """
    if Node.objects.filter(pk=node_id, parent__isnull=True).exists():
        lock(0)  # before the tree of its own: locks are taken in ascending order
    node = locked(node_id)
    if node.builtin:
        raise Invalid(_("The built-in dimension can be neither deleted nor disabled."))
    children = Node.objects.filter(parent_id=node_id).count()
    if children:
        raise Invalid(
            _("“%(name)s” still has %(count)s below it. Move or delete these first.")
            % {"name": node.name, "count": children}
        )
    # django-mptt closes the gap before Django finds out what protects the row: without a savepoint a caller that
    # catches ProtectedError would commit a closed gap around a living node.
    with transaction.atomic():
        Node.objects.filter(pk=node_id, parent__isnull=True).update(dimension=None)
        node.delete()
    return node


def refresh_live(node_id: int) -> None:
    """Recomputes `live` of a node and everything below it from `enabled` and `parent`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE below AS (
                SELECT n.id, n.enabled AND coalesce(p.live, true) AS live
                FROM orgs_node n LEFT JOIN orgs_node p ON p.id = n.parent_id WHERE n.id = %s
                UNION ALL
                SELECT c.id, b.live AND c.enabled FROM orgs_node c JOIN below b ON c.parent_id = b.id
            )
            UPDATE orgs_node SET live = below.live FROM below
            WHERE orgs_node.id = below.id AND orgs_node.live <> below.live
            """,
            [node_id],
        )
