"""The tree as pages show it: level by level, a hundred at a time, with a constant number of queries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import connection
from django.db.models import Q

from orgs.models import Node

PAGE = 100
# Places are numbered over an index alone; the rows are read afterwards, a page of them.
NUMBERED = """
SELECT id, position, size FROM (
    SELECT id, row_number() OVER (PARTITION BY parent_id ORDER BY "order", sort_key, id) AS position,
           count(*) OVER (PARTITION BY parent_id) AS size
    FROM orgs_node WHERE parent_id = ANY(%(parents)s)) AS numbered
WHERE (position > %(after)s AND position <= %(upto)s) OR id = ANY(%(also)s)
"""


@dataclass(slots=True)
class Row:
    """One node on its level. `children` is None when they were not read.

    `after`: the position behind which further children stand, 0 when all are here; `skip`: the one of them that is here
    already, because the way to the current node goes through it.
    """

    node: Node
    position: int
    size: int
    children: "list[Row] | None" = None
    after: int = 0
    skip: int = 0

    @property
    def has_children(self) -> bool:
        """Whether anything stands below; from the interval, without a query."""
        return bool(self.node.rght - self.node.lft > 1)


def children(parent: Node, *, after: int = 0, skip: int = 0) -> Row:
    """`parent` with a page of its children, those behind position `after`, without `skip`; two queries."""
    found = _numbered([parent.pk], after=after)
    shown = [row for row in found if row.node.pk != skip]
    size = found[0].size if found else 0
    return Row(
        parent, 1, 1, children=shown, after=after + PAGE if size > after + PAGE else 0, skip=skip
    )


def matching(parent: Node, only: Q, *, after: int = 0) -> Row:
    """`parent` with a page of those children for which `only` holds; positions count these alone. Two queries."""
    level = Node.objects.filter(only, parent=parent)
    size = level.count()
    page = level.in_display_order()[after : after + PAGE]
    rows = [Row(node, position, size) for position, node in enumerate(page, after + 1)]
    return Row(parent, 1, 1, children=rows, after=after + PAGE if size > after + PAGE else 0)


def opened(current: Node) -> Row:
    """The tree of `current` as a full page shows it: every level on the way to it, and its own children.

    Of a long level the first page is read, and the node on the way where it comes later: five thousand siblings cost
    what a hundred cost. Three queries whatever the depth.
    """
    path = current.ancestor_ids
    below: dict[int, list[Row]] = {}
    for row in _numbered(path, also=path[1:]):
        below.setdefault(row.node.parent_id, []).append(row)
    root = Row(Node.objects.get(pk=path[0]), 1, 1)
    _hang(root, below, frozenset(path))
    return root


def _hang(row: Row, below: dict[int, list[Row]], path: frozenset[int]) -> None:
    if row.node.pk not in path:
        return
    row.children = below.get(row.node.pk, [])
    if row.children and row.children[0].size > len(row.children):
        last = row.children[-1]
        row.after = PAGE
        row.skip = last.node.pk if last.position > PAGE else 0
    for child in row.children:
        _hang(child, below, path)


def longest(root: Row) -> Row | None:
    """The deepest level of an opened tree that is not here as a whole; None when all are."""
    found = root if root.after else None
    for child in root.children or ():
        found = longest(child) or found
    return found


def _numbered(parents: Sequence[int], *, after: int = 0, also: Sequence[int] = ()) -> list[Row]:
    """A page of the children of each of these, and the nodes `also`, in display order; two queries."""
    values: dict[str, Any] = {
        "parents": list(parents),
        "after": after,
        "upto": after + PAGE,
        "also": list(also),
    }
    with connection.cursor() as cursor:
        cursor.execute(NUMBERED, values)
        places = {pk: (position, size) for pk, position, size in cursor.fetchall()}
    nodes = Node.objects.filter(pk__in=places).in_display_order()
    return [Row(node, *places[node.pk]) for node in nodes]


class Standing(Protocol):
    """A node, or what a page read of it."""

    @property
    def ancestor_ids(self) -> list[int]: ...


def names_above(nodes: Iterable[Standing]) -> dict[int, str]:
    """id → name of every node at or above these; one query. For breadcrumbs and for the place of a hit."""
    wanted = {node_id for node in nodes for node_id in node.ancestor_ids}
    return dict(Node.objects.filter(pk__in=wanted).values_list("pk", "name"))


def place(node: Node, names: dict[int, str]) -> str:
    """Where a node stands: the names above it, from the dimension down."""
    return " / ".join(names.get(node_id, "") for node_id in node.ancestor_ids[:-1])
