"""The tree as pages show it: level by level, a hundred at a time, with a constant number of queries."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db import connection
from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber

from orgs.models import Node

PAGE = 100
POSITIONS = """
SELECT id, position FROM (
    SELECT id, row_number() OVER (PARTITION BY parent_id ORDER BY "order", sort_key, id) AS position
    FROM orgs_node WHERE parent_id = ANY(%s)) AS numbered
WHERE id = ANY(%s)
"""
_BY_PARENT = [F("parent_id")]
_ORDER = [F("order").asc(), F("sort_key").asc(), F("id").asc()]


@dataclass(slots=True)
class Row:
    """One node on its level. `children` is None when they were not read; `more` when there are further ones."""

    node: Node
    position: int
    size: int
    children: "list[Row] | None" = None
    more: bool = False

    @property
    def has_children(self) -> bool:
        """Whether anything stands below; from the interval, without a query."""
        return bool(self.node.rght - self.node.lft > 1)


@dataclass(slots=True)
class Level:
    """Some children of one node, in display order."""

    rows: list[Row] = field(default_factory=list)
    more: bool = False


def children(parent: Node, *, after: int = 0, limit: int = PAGE) -> Level:
    """The children of `parent` behind position `after`; one query."""
    rows = [_row(node) for node in _numbered([parent.pk]).filter(position__gt=after)[: limit + 1]]
    return Level(rows[:limit], more=len(rows) > limit)


def opened(current: Node) -> Row:
    """The tree of `current` as a full page shows it: every level on the way to it, and its own children.

    A level that is longer than a page is read as far as the way goes. Three queries whatever the depth.
    """
    path = current.ancestor_ids
    places = _positions(path)
    wanted = Q()
    limits: dict[int, int] = {}
    for parent_id, child_id in zip(path, [*path[1:], 0], strict=True):
        limit = max(PAGE, -(-places.get(child_id, 0) // PAGE) * PAGE)
        limits[parent_id] = limit
        wanted |= Q(parent_id=parent_id, position__lte=limit)
    below: dict[int, list[Row]] = {}
    for node in _numbered(path).filter(wanted):
        below.setdefault(node.parent_id, []).append(_row(node))
    root = Row(Node.objects.get(pk=path[0]), 1, 1)
    _hang(root, below, limits)
    return root


def _positions(node_ids: Sequence[int]) -> dict[int, int]:
    """Where each of these nodes stands among its siblings. (A filter would reach the rows before they are numbered.)"""
    with connection.cursor() as cursor:
        cursor.execute(POSITIONS, [list(node_ids), list(node_ids)])
        return dict(cursor.fetchall())


def _hang(row: Row, below: dict[int, list[Row]], limits: dict[int, int]) -> None:
    if row.node.pk not in limits:
        return
    row.children = below.get(row.node.pk, [])
    row.more = bool(row.children) and row.children[0].size > limits[row.node.pk]
    for child in row.children:
        _hang(child, below, limits)


def _numbered(parent_ids: Sequence[int]) -> Any:
    return (
        Node.objects.filter(parent_id__in=parent_ids)
        .annotate(
            position=Window(RowNumber(), partition_by=_BY_PARENT, order_by=_ORDER),
            size=Window(Count("*"), partition_by=_BY_PARENT),
        )
        .order_by("order", "sort_key", "id")
    )


def _row(node: Node) -> Row:
    return Row(node, node.position, node.size)


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
