"""The tree under random operations equals a model of a few lines of plain Python (SPEC ORG-1, ORG-10)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import Invalid
from orgs import tree, tree_bulk, tree_check
from orgs.models import Node

DEEP = os.environ.get("DEEP") == "1"
ALLOWED = {(1, 0), (1, 1), (2, 1), (2, 2)}


@dataclass
class Plain:
    kind: int
    parent: int | None
    enabled: bool = True


class Model:
    """What the tree should be: a mapping of ids, nothing derived is kept."""

    def __init__(self) -> None:
        self.nodes: dict[int, Plain] = {}

    def path(self, node_id: int) -> list[int]:
        parent = self.nodes[node_id].parent
        return [*(self.path(parent) if parent else []), node_id]

    def may_stand(self, kind: int, parent: int) -> bool:
        return (kind, self.nodes[parent].kind) in ALLOWED

    def may_move(self, node_id: int, parent: int) -> bool:
        node = self.nodes[node_id]
        return (
            node.kind != 0
            and node_id not in self.path(parent)
            and node.parent != parent
            and self.may_stand(node.kind, parent)
        )

    def children(self, node_id: int) -> list[int]:
        return [key for key, node in self.nodes.items() if node.parent == node_id]


@contextmanager
def undone() -> Iterator[None]:
    """One example leaves nothing behind for the next."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def refused(call: object, **arguments: object) -> bool:
    try:
        with transaction.atomic():
            call(**arguments)  # type: ignore[operator]
    except Invalid:
        return True
    return False


class Player:
    """Carries out one random operation on the database and on the model, and compares the refusals."""

    def __init__(self) -> None:
        self.model = Model()
        for node in Node.objects.all():
            self.model.nodes[node.pk] = Plain(node.kind, node.parent_id, node.enabled)

    def pick(self, seed: int) -> int:
        ids = list(self.model.nodes)
        return ids[seed % len(ids)]

    def play(self, what: str, a: int, b: int) -> None:
        getattr(self, f"do_{what}")(a, b)

    def do_dimension(self, a: int, b: int) -> None:
        node = tree.create_dimension(name=f"d{a}")
        self.model.nodes[node.pk] = Plain(0, None)

    def do_create(self, a: int, b: int) -> None:
        parent, kind = self.pick(a), 1 + b % 2
        values = {"kind": kind, "parent_id": parent, "name": f"n{a}"}
        if not self.model.may_stand(kind, parent):
            assert refused(tree.create, **values)
            return
        self.model.nodes[tree.create(**values).pk] = Plain(kind, parent)

    def do_move(self, a: int, b: int) -> None:
        node, parent = self.pick(a), self.pick(b)
        if not self.model.may_move(node, parent):
            assert refused(tree.move, node_id=node, parent_id=parent)
            return
        _moved, former = tree.move(node_id=node, parent_id=parent)
        assert former == self.model.nodes[node].parent
        self.model.nodes[node].parent = parent

    def do_enabled(self, a: int, b: int) -> None:
        node_id, enabled = self.pick(a), bool(b % 2)
        plain, builtin = self.model.nodes[node_id], Node.objects.get(pk=node_id).builtin
        if builtin and not enabled:
            assert refused(tree.set_enabled, node_id=node_id, enabled=enabled)
            return
        assert tree.set_enabled(node_id=node_id, enabled=enabled) is (plain.enabled != enabled)
        plain.enabled = enabled

    def do_delete(self, a: int, b: int) -> None:
        node = self.pick(a)
        if self.model.children(node) or Node.objects.get(pk=node).builtin:
            assert refused(tree.delete, node_id=node)
            return
        tree.delete(node_id=node)
        del self.model.nodes[node]

    def do_reorder(self, a: int, b: int) -> None:
        parent = self.pick(a)
        children = self.model.children(parent)
        turn = b % (len(children) or 1)
        wanted = children[turn:] + children[:turn]
        tree.reorder(parent_id=parent, ordered_ids=wanted)
        stored = (
            Node.objects.filter(parent_id=parent).in_display_order().values_list("pk", flat=True)
        )
        assert list(stored) == wanted

    def do_bulk(self, a: int, b: int) -> None:
        dimension = self.model.path(self.pick(a))[0]
        inside = [key for key in self.model.nodes if self.model.path(key)[0] == dimension]
        parent = inside[b % len(inside)]
        kind = 2 if self.model.nodes[parent].kind else 1
        rows = [tree.NewNode("top", parent, kind, {"name": "top", "enabled": b % 3 != 0})]
        for number in range(5):
            above = f"k{number - 1}" if number and number % 2 == 0 else "top"
            rows.append(tree.NewNode(f"k{number}", above, 2, {"name": f"k{number}"}))
        ids = tree_bulk.insert(dimension_id=dimension, nodes=rows)
        for row in rows:
            above = ids[row.parent] if isinstance(row.parent, str) else row.parent
            self.model.nodes[ids[row.key]] = Plain(
                row.kind, above, bool(row.values.get("enabled", True))
            )

    def compare(self) -> None:
        assert tree_check.problems() == []
        stored = {node.pk: node for node in Node.objects.all()}
        assert set(stored) == set(self.model.nodes)
        for key, plain in self.model.nodes.items():
            node, path = stored[key], self.model.path(key)
            assert (node.kind, node.parent_id, node.enabled) == (
                plain.kind,
                plain.parent,
                plain.enabled,
            )
            assert node.ancestor_ids == path
            assert (node.dimension_id, node.level) == (path[0], len(path) - 1)
            assert node.live == all(self.model.nodes[above].enabled for above in path)
            below = {other for other in self.model.nodes if key in self.model.path(other)}
            assert set(Node.objects.below(node).values_list("pk", flat=True)) == below
            assert node.rght - node.lft == 2 * len(below) - 1


OPERATION = st.tuples(
    st.sampled_from(
        [
            "dimension",
            "create",
            "create",
            "create",
            "move",
            "move",
            "move",
            "enabled",
            "delete",
            "reorder",
            "bulk",
        ]
    ),
    st.integers(0, 60),
    st.integers(0, 60),
)


@pytest.mark.django_db
@settings(
    max_examples=400 if DEEP else 25,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(operations=st.lists(OPERATION, min_size=5, max_size=60 if DEEP else 25))
def test_random_operations_equal_the_model(operations: list[tuple[str, int, int]]) -> None:
    with undone():
        player = Player()
        for operation in operations:
            player.play(*operation)
        player.compare()
