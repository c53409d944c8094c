"""The tree of the address book: only branches that lead to somebody the viewer may see (SPEC VIS-2).

One query for a level, one more for all levels on the way to a node, whatever is visible and however many people there
are. Nodes, counts and the mark for children come from the same condition, so that none of them tells more (T09).
"""

from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from contacts.branches import NOBODYS, personal_ids
from contacts.permissions import Viewer
from orgs.models import Node

PAGE = 100
COUNT_CAP = 99_999


@dataclass(slots=True)
class Branch:
    """A node as the viewer's tree shows it. `count`: visible people at or below, COUNT_CAP + 1 for more than that."""

    id: int
    parent_id: int | None
    name: str
    kind: int
    sort_key: str
    live: bool
    count: int
    has_children: bool
    children: "Level | None" = None


@dataclass(slots=True)
class Level:
    """Some children of one node in display order; `next_offset` when there are more."""

    branches: list[Branch] = field(default_factory=list)
    next_offset: int | None = None


# "ORDER BY s.sort_key LIMIT 1" where EXISTS would do: it holds the planner to the index, also where one node has a
# large part of all rows and a scan of the whole table looks cheap.
# How a node is covered: 2 maintained (everything counts), 1 at or below a visible range (live people count), 0 only on
# the way to a range or to contacts that reach the viewer without a range.
COVER = """CASE WHEN %(everything)s OR {n}.dimension_id = ANY(%(maintained)s::bigint[]) THEN 2
    WHEN EXISTS (SELECT 1 FROM ranges r WHERE {n}.path LIKE r.path || '%%') THEN 1 ELSE 0 END"""
LEADS = """CASE {cover}
    WHEN 2 THEN (SELECT true FROM contacts_contactscope s WHERE s.node_id = {n}.id ORDER BY s.sort_key LIMIT 1)
    WHEN 1 THEN (SELECT true FROM contacts_contactscope s WHERE s.node_id = {n}.id AND s.live
                 ORDER BY s.sort_key LIMIT 1)
    ELSE {n}.id IN (SELECT node_id FROM on_the_way) END"""
LEVEL = """
WITH ranges(id, path) AS (SELECT * FROM unnest(%(ranges)s::bigint[], %(paths)s::text[])),
personal(id) AS MATERIALIZED ({personal}),
on_the_way(node_id) AS MATERIALIZED (
    SELECT a.id::bigint FROM ranges r CROSS JOIN LATERAL unnest(string_to_array(rtrim(r.path, '.'), '.')) AS a(id)
    WHERE (SELECT true FROM contacts_contactscope s WHERE s.node_id = r.id AND s.live ORDER BY s.sort_key LIMIT 1)
    UNION SELECT s.node_id FROM personal p JOIN contacts_contactscope s ON s.contact_id = p.id AND s.live)
SELECT n.id, n.parent_id, n.name, n.kind, n.sort_key, n.live,
    (SELECT count(*) FROM (
        (SELECT s.contact_id FROM contacts_contactscope s
         WHERE n.cover > 0 AND s.node_id = n.id AND (s.live OR n.cover = 2) ORDER BY s.sort_key LIMIT %(cap)s)
        UNION (SELECT s.contact_id FROM ranges r CROSS JOIN LATERAL (
            SELECT s.contact_id FROM contacts_contactscope s WHERE s.node_id = r.id AND s.live
            ORDER BY s.sort_key LIMIT %(cap)s) AS s
         WHERE n.cover = 0 AND r.path LIKE n.path || '%%' LIMIT %(cap)s)
        UNION (SELECT s.contact_id FROM personal p JOIN contacts_contactscope s
         ON s.contact_id = p.id AND s.node_id = n.id AND s.live WHERE n.cover = 0 LIMIT %(cap)s)
    ) AS people),
    EXISTS (SELECT 1 FROM orgs_node d WHERE d.parent_id = n.id AND {child_leads})
FROM unnest(%(parents)s::bigint[]) AS p(id) CROSS JOIN LATERAL (
    SELECT n.id, n.parent_id, n.name, n.kind, n.live, n.path, {cover} AS cover, n."order", n.sort_key
    FROM orgs_node n
    WHERE {place} AND {leads} AND n.id <> ALL(%(skip)s::bigint[])
    ORDER BY n."order", n.sort_key, n.id LIMIT %(limit)s OFFSET %(offset)s) AS n
ORDER BY n."order", n.sort_key, n.id
"""


def tree_level(
    viewer: Viewer, parent: Node | None, *, limit: int = PAGE, offset: int = 0, skip: int = 0
) -> Level:
    """The children of `parent` (None: the dimensions) that lead to somebody `viewer` sees; one query.

    `skip` leaves one node out: the one a page has shown already.
    """
    parents = [parent.pk] if parent else None
    found = _levels(viewer, parents, limit=limit, offset=offset, skip=skip)
    return next(iter(found.values()), Level())


def opened(viewer: Viewer, current: Node | None) -> Level:
    """The dimensions, with every level opened on the way to `current`; three queries whatever the depth.

    A node of the way that comes after the first hundred of its level is put behind them.
    """
    roots = tree_level(viewer, None)
    if current is None:
        return roots
    way = current.ancestor_ids
    levels = _levels(viewer, way, limit=PAGE, offset=0, skip=0, also=way)
    level = roots
    for node_id in way:
        branch = next((one for one in level.branches if one.id == node_id), None)
        if branch is None:
            break
        branch.children = levels.get(node_id, Level())
        level = branch.children
    return roots


def leads_to_somebody(viewer: Viewer, node: Node) -> bool:
    """Whether the viewer's tree has this node; else its address answers as a missing one (matrix row 9). One query."""
    sql = _sql(viewer, place="n.id = p.id")
    return bool(_fetch(sql, _parameters(viewer, [node.pk], limit=1, offset=0, skip=0)))


def _levels(
    viewer: Viewer,
    parents: list[int] | None,
    *,
    limit: int,
    offset: int,
    skip: int,
    also: list[int] | None = None,
) -> dict[int | None, Level]:
    """Parent id → its level. Nodes of `also` are in it wherever they stand."""
    if viewer.nothing or viewer.identity_id is not None:
        return {}
    place = "n.parent_id = p.id" if parents is not None else "n.parent_id IS NULL"
    sql = _sql(viewer, place=place)
    parameters = _parameters(viewer, parents or [0], limit=limit + 1, offset=offset, skip=skip)
    found = _branches(sql, parameters)
    levels: dict[int | None, Level] = {}
    for branch in found:
        level = levels.setdefault(branch.parent_id, Level())
        if len(level.branches) == limit:
            level.next_offset = offset + limit
        else:
            level.branches.append(branch)
    _put_behind(viewer, levels, set(also or ()) - {branch.id for branch in found})
    return levels


def _put_behind(viewer: Viewer, levels: dict[int | None, Level], missing: set[int]) -> None:
    """Nodes of the way that were not among the first of their level stand behind them."""
    if not missing:
        return
    parameters = _parameters(viewer, sorted(missing), limit=1, offset=0, skip=0)
    for branch in _branches(_sql(viewer, place="n.id = p.id"), parameters):
        level = levels.get(branch.parent_id)
        if level is None or branch.parent_id is None:
            continue
        if branch.id not in {one.id for one in level.branches}:
            level.branches.append(branch)


def _branches(sql: str, parameters: dict[str, Any]) -> list[Branch]:
    return [Branch(*row) for row in _fetch(sql, parameters)]


def _sql(viewer: Viewer, *, place: str) -> str:
    cover = COVER.format(n="n")
    return LEVEL.format(
        personal=NOBODYS if viewer.everything else personal_ids(viewer),
        place=place,
        cover=cover,
        leads=LEADS.format(n="n", cover=cover),
        child_leads=LEADS.format(n="d", cover=COVER.format(n="d")),
    )


def _parameters(
    viewer: Viewer, parents: list[int], *, limit: int, offset: int, skip: int
) -> dict[str, Any]:
    return {
        "everything": viewer.everything, "maintained": list(viewer.scope.maintained),
        "ranges": list(viewer.scope.ranges), "paths": list(viewer.scope.paths), "user": viewer.user_id,
        "groups": list(viewer.groups), "parents": parents, "skip": [skip], "cap": COUNT_CAP + 1,
        "limit": limit, "offset": offset,
    }  # fmt: skip


def _fetch(sql: str, parameters: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
