"""Proof that the derived columns of the tree equal what `parent` says, and their repair (SPEC ORG-10, invariant I1)."""

from typing import Any

from django.db import connection, transaction

from orgs import tree
from orgs.models import Node

# Every node as the walk from its root over `parent` finds it.
WALK = """
WITH RECURSIVE walk AS (
    SELECT id, id AS root, id || '.' AS path, 0 AS level, enabled AS live FROM orgs_node WHERE parent_id IS NULL
    UNION ALL
    SELECT c.id, w.root, w.path || c.id || '.', w.level + 1, w.live AND c.enabled
    FROM orgs_node c JOIN walk w ON c.parent_id = w.id
)
"""
CHECKS = {
    "is not reached from a dimension (a cycle, or a missing parent)": WALK
    + "SELECT n.id FROM orgs_node n LEFT JOIN walk w ON w.id = n.id WHERE w.id IS NULL",
    "has a wrong path, dimension, level or live mark": WALK
    + "SELECT n.id FROM orgs_node n JOIN walk w ON w.id = n.id WHERE n.path <> w.path"
    " OR n.dimension_id IS DISTINCT FROM w.root OR n.level <> w.level OR n.live <> w.live",
    "lies outside the interval of its parent": "SELECT n.id FROM orgs_node n JOIN orgs_node p ON p.id = n.parent_id"
    " WHERE n.tree_id <> p.tree_id OR n.lft <= p.lft OR n.rght >= p.rght",
    "covers more or less than what is below it": WALK
    + ", sizes AS (SELECT above::bigint AS id, count(*) AS n"
    " FROM walk, unnest(string_to_array(rtrim(path, '.'), '.')) AS above GROUP BY above)"
    " SELECT n.id FROM orgs_node n JOIN sizes s ON s.id = n.id WHERE n.rght - n.lft + 1 <> 2 * s.n",
    "shares an end of its interval with another node": "SELECT min(id) FROM ("
    " SELECT id, tree_id, lft AS edge FROM orgs_node UNION ALL SELECT id, tree_id, rght FROM orgs_node) e"
    " GROUP BY tree_id, edge HAVING count(*) > 1",
    "is the root of a tree whose numbers have holes": "SELECT min(id) FROM orgs_node GROUP BY tree_id"
    " HAVING min(lft) <> 1 OR max(rght) <> 2 * count(*)",
    "shares its tree number with another dimension": "SELECT max(id) FROM orgs_node WHERE parent_id IS NULL"
    " GROUP BY tree_id HAVING count(*) > 1",
    "stands under a parent of the wrong kind": "SELECT n.id FROM orgs_node n JOIN orgs_node p ON p.id = n.parent_id"
    " WHERE (n.kind = 1 AND p.kind NOT IN (0, 1)) OR (n.kind = 2 AND p.kind NOT IN (1, 2)) OR n.kind = 0",
}


def problems(*, limit: int = 20) -> list[str]:
    """Sentences naming damaged nodes; empty when the tree is sound. Reads only."""
    found = []
    with connection.cursor() as cursor:
        for sentence, query in CHECKS.items():
            cursor.execute(f"{query} LIMIT {int(limit)}")
            found += [f"tree: node {row[0]} {sentence}" for row in cursor.fetchall()]
    return found


@transaction.atomic
def repair() -> int:
    """Rebuilds every derived column from `parent` under the locks of all trees; returns how many nodes it changed.

    A cycle is not repaired: which parent is right is for a person to say.
    """
    tree.lock(0)  # from here on no dimension comes or goes
    roots = list(
        Node.objects.filter(parent__isnull=True).order_by("pk").values_list("pk", flat=True)
    )
    tree.lock(*roots)
    rows = list(
        Node.objects.order_by("tree_id", "lft", "id").values(
            "id",
            "parent_id",
            "tree_id",
            "lft",
            "rght",
            "level",
            "path",
            "dimension_id",
            "enabled",
            "live",
        )
    )
    children: dict[int | None, list[int]] = {}
    for row in rows:
        children.setdefault(row["parent_id"], []).append(row["id"])
    by_id = {row["id"]: row for row in rows}
    changed = [
        values
        for number, root in enumerate(roots, start=1)
        for values in _walk(root, number, by_id, children)
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE orgs_node SET lft=%s, rght=%s, level=%s, tree_id=%s, path=%s, dimension_id=%s, live=%s WHERE id=%s",
            changed,
        )
    return len(changed)


def _walk(
    root: int,
    tree_id: int,
    rows: dict[int, dict[str, Any]],
    children: dict[int | None, list[int]],
) -> list[tuple[Any, ...]]:
    """Right values of every node of one tree that has a wrong one now."""
    counter = 0
    done: list[tuple[Any, ...]] = []
    open_nodes: dict[int, tuple[int, str, bool]] = {}
    stack: list[tuple[int, int, str, bool, bool]] = [(root, 0, "", True, False)]
    while stack:
        node_id, level, above, live_above, leaving = stack.pop()
        counter += 1
        row = rows[node_id]
        if leaving:
            lft, path, live = open_nodes.pop(node_id)
            right = (lft, counter, level, tree_id, path, root, live)
            if right != tuple(
                row[k] for k in ("lft", "rght", "level", "tree_id", "path", "dimension_id", "live")
            ):
                done.append((*right, node_id))
            continue
        path, live = f"{above}{node_id}.", live_above and bool(row["enabled"])
        open_nodes[node_id] = (counter, path, live)
        stack.append((node_id, level, above, live_above, True))
        stack.extend(
            (child, level + 1, path, live, False) for child in reversed(children.get(node_id, []))
        )
    return done
