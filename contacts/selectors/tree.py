"""The tree of the address book: only branches that lead to somebody the viewer may see (SPEC VIS-2).

One query for a level, one more for all levels on the way to a node, whatever is visible and however many people there
are. Nodes, counts and the mark for children come from the same condition, so that none of them tells more (T09).
"""

import re
from dataclasses import dataclass, field
from typing import Any

from contacts.branches import NOBODYS, personal_ids
from contacts.counts import NUMBER
from contacts.permissions import Viewer
from core.fetching import fetch
from core.text import fold, simplified
from orgs.models import Node

PAGE = 100
ROOTS_SHOWN = 500  # no page asks for further dimensions
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


# How a node is covered: 2 maintained (everything counts), 1 at or below a visible range (live people count), 0 only on
# the way to a range or to contacts that reach the viewer without one. What lies below a covered node is covered alike;
# below one that is not, only a range itself is: ranges are disjoint.
COVER = """CASE WHEN p.cover > 0 THEN p.cover
    WHEN %(everything)s OR {n}.dimension_id = ANY(%(maintained)s::bigint[]) THEN 2
    WHEN {n}.id = ANY(%(ranges)s::bigint[]) THEN 1 ELSE 0 END"""
# "ORDER BY s.sort_key LIMIT 1" where EXISTS would do: it holds the planner to the index, also where one node has a
# large part of all rows and a scan of the whole table looks cheap. OFFSET 0 in `reached` does the same for contacts.
LEADS = """CASE {cover}
    WHEN 2 THEN (SELECT true FROM contacts_contactscope s WHERE s.node_id = {n}.id ORDER BY s.sort_key LIMIT 1)
    WHEN 1 THEN (SELECT true FROM contacts_contactscope s WHERE s.node_id = {n}.id AND s.live
                 ORDER BY s.sort_key LIMIT 1)
    ELSE {n}.id IN (SELECT node_id FROM on_the_way) END"""
LEVEL = """
WITH ranges(id, path) AS (SELECT * FROM unnest(%(ranges)s::bigint[], %(paths)s::text[])),
personal(id) AS MATERIALIZED ({personal}),
reached(node_id, contact_id) AS MATERIALIZED (
    SELECT s.node_id, s.contact_id FROM personal p CROSS JOIN LATERAL (
        SELECT s.node_id, s.contact_id FROM contacts_contactscope s WHERE s.contact_id = p.id AND s.live OFFSET 0) s),
on_the_way(node_id) AS MATERIALIZED (
    SELECT a.id::bigint FROM ranges r CROSS JOIN LATERAL unnest(string_to_array(rtrim(r.path, '.'), '.')) AS a(id)
    WHERE (SELECT true FROM contacts_contactscope s WHERE s.node_id = r.id AND s.live ORDER BY s.sort_key LIMIT 1)
    UNION SELECT node_id FROM reached)
SELECT n.id, n.parent_id, n.name, n.kind, n.sort_key, n.live,
    least(%(cap)s, CASE n.cover WHEN 2 THEN {every} WHEN 1 THEN {live} ELSE (SELECT count(*) FROM (
        SELECT s.contact_id FROM ranges r JOIN contacts_contactscope s ON s.node_id = r.id AND s.live
        WHERE r.path LIKE n.path || '%%'
        UNION SELECT contact_id FROM reached WHERE node_id = n.id) AS people) END),
    EXISTS (SELECT 1 FROM orgs_node d CROSS JOIN (SELECT n.cover) AS p WHERE d.parent_id = n.id AND {child_leads})
FROM unnest(%(parents)s::bigint[], %(covers)s::int[]) AS p(id, cover) CROSS JOIN LATERAL (
    SELECT n.id, n.parent_id, n.name, n.kind, n.live, n.path, {cover} AS cover, n."order", n.sort_key
    FROM orgs_node n
    WHERE {place} AND {leads} AND n.id <> ALL(%(skip)s::bigint[])
    ORDER BY n."order", n.sort_key, n.id LIMIT %(limit)s OFFSET %(offset)s) AS n
ORDER BY n."order", n.sort_key, n.id
"""
NAMED = " AND (n.name ILIKE %(like)s OR n.sort_key LIKE %(key)s OR n.initials LIKE %(key)s)"
CHILDREN, ROOTS, ITSELF = "n.parent_id = p.id", "n.parent_id IS NULL", "n.id = p.id"


def tree_level(
    viewer: Viewer,
    parent: Node | None,
    *,
    limit: int = PAGE,
    offset: int = 0,
    skip: int = 0,
    q: str = "",
) -> Level:
    """The children of `parent` (None: the dimensions) that lead to somebody `viewer` sees; one query.

    `skip` leaves one node out: the one a page has shown already. With `q` only those with it in the name, or whose
    pinyin or initials begin with it.
    """
    place, above = (
        (CHILDREN, [(parent.pk, _cover(viewer, parent.path))]) if parent else (ROOTS, [(0, 0)])
    )
    found = _levels(viewer, place, above, limit=limit, offset=offset, skip=skip, q=q.strip())
    return next(iter(found.values()), Level())


def opened(viewer: Viewer, current: Node | None) -> Level:
    """The dimensions, with every level opened on the way to `current`; three queries at most, whatever the depth.

    A node of the way that comes after the first hundred of its level is put behind them.
    """
    roots = tree_level(viewer, None, limit=ROOTS_SHOWN)
    if current is None:
        return roots
    way = current.ancestor_ids
    paths = [".".join(map(str, way[: depth + 1])) + "." for depth in range(len(way))]
    covers = dict(zip(way, (_cover(viewer, path) for path in paths), strict=True))
    levels = _levels(viewer, CHILDREN, list(covers.items()), limit=PAGE)
    _put_behind(viewer, levels, dict(zip(way[1:], covers.values(), strict=False)))
    level = roots
    for node_id in way:
        branch = next((one for one in level.branches if one.id == node_id), None)
        if branch is None:
            break
        branch.children = levels.get(node_id, Level())
        level = branch.children
    return roots


def longest(roots: Level) -> Branch | None:
    """The deepest opened node of which more children are to come; None when all are there."""
    found = None
    for branch in roots.branches:
        below = branch.children
        if below is not None:
            found = longest(below) or (branch if below.next_offset else found)
    return found


def leads_to_somebody(viewer: Viewer, node: Node) -> bool:
    """Whether the viewer's tree has this node; else its address answers as a missing one (matrix row 9). One query."""
    above = node.path.removesuffix(f"{node.pk}.")
    return bool(_levels(viewer, ITSELF, [(node.pk, _cover(viewer, above))], limit=1))


def _cover(viewer: Viewer, path: str) -> int:
    """How the node with this path is covered (see COVER); "" is above the dimensions."""
    if not path:
        return 0
    if viewer.scope.maintains(int(path.split(".", 1)[0])):
        return 2
    return int(viewer.scope.ranges_over(path))


def _levels(
    viewer: Viewer,
    place: str,
    above: list[tuple[int, int]],
    *,
    limit: int,
    offset: int = 0,
    skip: int = 0,
    q: str = "",
) -> dict[int | None, Level]:
    """Parent id → its level, for the nodes at `place` of these (id, cover of what is above)."""
    if viewer.nothing or viewer.identity_id is not None:
        return {}
    levels: dict[int | None, Level] = {}
    asked = {"limit": limit + 1, "offset": offset, "skip": [skip], **_named(q)}
    for branch in _branches(viewer, place + (NAMED if q else ""), above, asked):
        level = levels.setdefault(branch.parent_id, Level())
        if len(level.branches) == limit:
            level.next_offset = offset + limit
        else:
            level.branches.append(branch)
    return levels


def _named(q: str) -> dict[str, str]:
    """Parameters of NAMED."""
    key = "".join(character for character in fold(q) if character.isalnum())
    inside = re.sub(r"([\\%_])", r"\\\1", simplified(q))
    return {"like": f"%{inside}%", "key": f"{key}%" if key else "?"} if q else {}


def _put_behind(viewer: Viewer, levels: dict[int | None, Level], way: dict[int, int]) -> None:
    """Nodes of the way (id → cover of what is above) that were not among the first of their level stand behind them."""
    shown = {branch.id for level in levels.values() for branch in level.branches}
    missing = [(node_id, cover) for node_id, cover in way.items() if node_id not in shown]
    if not missing:
        return
    for branch in _branches(viewer, ITSELF, missing, {"limit": 1, "offset": 0, "skip": [0]}):
        level = levels.get(branch.parent_id)
        if level is not None:
            level.branches.append(branch)


def _branches(
    viewer: Viewer, place: str, above: list[tuple[int, int]], asked: dict[str, Any]
) -> list[Branch]:
    if viewer.within is not None:
        place += " AND n.dimension_id = ANY(%(within)s::bigint[])"
    cover = COVER.format(n="n")
    sql = LEVEL.format(
        personal=NOBODYS if viewer.everything else personal_ids(viewer),
        place=place,
        cover=cover,
        leads=LEADS.format(n="n", cover=cover),
        child_leads=LEADS.format(n="d", cover=COVER.format(n="d")),
        every=NUMBER.format(which="every", node="n.id"),
        live=NUMBER.format(which="live", node="n.id"),
    )
    parameters: dict[str, Any] = {
        "everything": viewer.everything, "maintained": list(viewer.scope.maintained),
        "ranges": list(viewer.scope.ranges), "paths": list(viewer.scope.paths), "user": viewer.user_id,
        "groups": list(viewer.groups), "parents": [pk for pk, _cover in above],
        "covers": [cover for _pk, cover in above], "cap": COUNT_CAP + 1, "within": list(viewer.within or ()),
        **asked,
    }  # fmt: skip
    return [Branch(*row) for row in fetch(sql, parameters)]
