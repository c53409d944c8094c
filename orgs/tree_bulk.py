"""Many new nodes at once: numbered in Python, written by one COPY and one UPDATE (part of the door of orgs/tree.py).

Inserting one by one is quadratic, in one transaction even cubic (research: data-model-perf, 2b).
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from orgs import tree
from orgs.models import Node

COLUMNS = (
    "id", "kind", "parent_id", "dimension_id", "path", "name", "name_en", "full_name", "sort_key", "initials", "code",
    "order", "remark", "enabled", "live", "builtin", "source", "remote_key", "synced_at", "kept",
    "created_at", "updated_at", "lft", "rght", "tree_id", "level",
)  # fmt: skip
DEFAULTS: dict[str, Any] = {
    "name_en": "", "full_name": "", "sort_key": "", "initials": "", "code": None, "order": 0, "remark": "",
    "enabled": True, "source": "manual", "remote_key": "", "synced_at": None, "kept": "",
}  # fmt: skip


def insert(*, dimension_id: int, nodes: Sequence[tree.NewNode]) -> dict[str, int]:
    """Adds `nodes` to one dimension and returns {key: id}. Parents must come before their children.

    Raises tree.UnableToPlace for a wrong kind and KeyError for an unknown parent; the caller's transaction rolls back.
    """
    if not nodes:
        return {}
    tree.lock(dimension_id)
    existing = {row["id"]: row for row in _rows(dimension_id)}
    ids = dict(zip([node.key for node in nodes], tree.new_ids(len(nodes)), strict=True))
    now = timezone.now()
    added = []
    for node in nodes:
        parent = existing[ids[node.parent] if isinstance(node.parent, str) else node.parent]
        tree.guard_kind(kind=node.kind, parent_kind=parent["kind"])
        row = DEFAULTS | node.values | {
            "id": ids[node.key], "kind": node.kind, "parent_id": parent["id"], "dimension_id": dimension_id,
            "path": f"{parent['path']}{ids[node.key]}.", "builtin": False, "created_at": now, "updated_at": now,
        }  # fmt: skip
        row["live"] = parent["live"] and row["enabled"]
        existing[row["id"]] = row
        added.append(row)
    _number(existing)
    _copy(added)
    _renumber([row for row in existing.values() if row["created_at"] is not now])
    return ids


def _rows(dimension_id: int) -> list[dict[str, Any]]:
    fields = ("id", "kind", "parent_id", "path", "live", "tree_id", "lft", "created_at")
    rows: Iterable[dict[str, Any]] = (
        Node.objects.filter(dimension_id=dimension_id).order_by("lft").values(*fields)
    )
    return list(rows)


def _number(rows: dict[int, dict[str, Any]]) -> None:
    """Walks the tree depth first and sets lft, rght, level and tree_id; children keep the order they stand in."""
    children: dict[int, list[int]] = {}
    root = 0
    for node_id, row in rows.items():
        if row["parent_id"] is None:
            root = node_id
        else:
            children.setdefault(row["parent_id"], []).append(node_id)
    tree_id, counter = rows[root]["tree_id"], 0
    stack: list[tuple[int, int, bool]] = [(root, 0, False)]
    while stack:
        node_id, level, leaving = stack.pop()
        counter += 1
        if leaving:
            rows[node_id]["rght"] = counter
            continue
        rows[node_id].update(lft=counter, level=level, tree_id=tree_id)
        stack.append((node_id, level, True))
        stack.extend((child, level + 1, False) for child in reversed(children.get(node_id, ())))


def _copy(rows: list[dict[str, Any]]) -> None:
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f"COPY orgs_node ({names}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row([row[name] for name in COLUMNS])


def _renumber(rows: list[dict[str, Any]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE renumbered (id bigint, lft int, rght int) ON COMMIT DROP")
        with cursor.cursor.copy("COPY renumbered FROM STDIN") as copy:
            for row in rows:
                copy.write_row([row["id"], row["lft"], row["rght"]])
        cursor.execute(
            "UPDATE orgs_node SET lft = r.lft, rght = r.rght FROM renumbered r "
            "WHERE orgs_node.id = r.id AND (orgs_node.lft, orgs_node.rght) <> (r.lft, r.rght)"
        )
        cursor.execute("DROP TABLE renumbered")
