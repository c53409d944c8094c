"""Guards of the one door to the tree, the rules in the database, the checker (SPEC ORG-1, 2, 5, 6, 10)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from core.errors import Invalid
from orgs import events, tree, tree_bulk, tree_check
from orgs.models import Node
from tests.factories.orgs import make_department, make_dimension, make_organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> dict[str, Node]:
    """One dimension, two organizations, departments two deep."""
    dimension = make_dimension("供应商")
    first = make_organization(dimension, "恒拓")
    second = make_organization(dimension, "海川")
    buying = make_department(first, "采购部")
    group = make_department(buying, "采购一组")
    return {
        "dimension": dimension,
        "first": first,
        "second": second,
        "buying": buying,
        "group": group,
    }


def test_a_fresh_database_has_the_builtin_dimension() -> None:
    builtin = Node.objects.get(builtin=True)
    assert (builtin.kind, builtin.name, builtin.path, builtin.dimension_id) == (
        0,
        "外部联系人",
        f"{builtin.pk}.",
        builtin.pk,
    )
    assert tree_check.problems() == []


@pytest.mark.parametrize(
    ("kind", "parent", "sentence"),
    [
        (Node.Kind.DEPARTMENT, "dimension", "department"),
        (Node.Kind.ORGANIZATION, "buying", "organization"),
        (Node.Kind.DIMENSION, "dimension", "dimension"),
    ],
)
def test_wrong_kind_is_refused_with_a_reason(
    world: dict[str, Node], kind: int, parent: str, sentence: str
) -> None:
    with pytest.raises(tree.UnableToPlace) as refusal:
        tree.create(kind=kind, parent_id=world[parent].pk, name="x")
    assert str(refusal.value)
    assert refusal.value.code == "place"


@pytest.mark.parametrize(
    ("node", "parent"),
    [
        ("first", "first"),
        ("first", "buying"),
        ("buying", "group"),
        ("buying", "first"),
        ("buying", "dimension"),
        ("dimension", "first"),
        ("second", "buying"),
    ],
)
def test_moves_that_break_the_tree_are_refused(
    world: dict[str, Node], node: str, parent: str
) -> None:
    with pytest.raises(tree.UnableToPlace):
        tree.move(node_id=world[node].pk, parent_id=world[parent].pk)
    assert tree_check.problems() == []


def test_a_move_takes_everything_below_along(world: dict[str, Node]) -> None:
    heard: list[events.SubtreeChanged] = []
    events.subtree_changed.connect(
        lambda event, **_: heard.append(event), weak=False, dispatch_uid="test"
    )
    try:
        moved, former = tree.move(node_id=world["buying"].pk, parent_id=world["second"].pk)
    finally:
        events.subtree_changed.disconnect(dispatch_uid="test")
    group = Node.objects.get(pk=world["group"].pk)
    assert former == world["first"].pk
    assert group.path == f"{moved.path}{group.pk}."
    assert heard == [events.SubtreeChanged(node_id=moved.pk, path=moved.path)]
    assert tree_check.problems() == []


def test_a_subtree_is_compared_by_whole_elements() -> None:
    dimension = make_dimension()
    nodes = [make_organization(dimension) for _ in range(12)]
    for node in nodes:
        assert list(Node.objects.below(node)) == [node]


def test_disabled_above_means_not_live_below_and_comes_back(world: dict[str, Node]) -> None:
    tree.set_enabled(node_id=world["group"].pk, enabled=False)
    tree.set_enabled(node_id=world["first"].pk, enabled=False)
    live = dict(Node.objects.values_list("pk", "live"))
    assert [live[world[name].pk] for name in ("first", "buying", "group", "second")] == [
        False,
        False,
        False,
        True,
    ]
    tree.set_enabled(node_id=world["first"].pk, enabled=True)
    live = dict(Node.objects.values_list("pk", "live"))
    assert [live[world[name].pk] for name in ("first", "buying", "group")] == [True, True, False]
    late = make_department(Node.objects.get(pk=world["group"].pk))
    assert not late.live


def test_the_builtin_dimension_stays() -> None:
    builtin = Node.objects.get(builtin=True)
    with pytest.raises(Invalid):
        tree.set_enabled(node_id=builtin.pk, enabled=False)
    with pytest.raises(Invalid):
        tree.delete(node_id=builtin.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Node.objects.filter(pk=builtin.pk).update(enabled=False)


def test_delete_says_what_is_below(world: dict[str, Node]) -> None:
    with pytest.raises(Invalid, match="恒拓"):
        tree.delete(node_id=world["first"].pk)
    tree.delete(node_id=world["group"].pk)
    assert tree_check.problems() == []


def test_a_protected_delete_that_is_caught_leaves_the_tree_whole(
    world: dict[str, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    def protected(*_: Any, **__: Any) -> None:
        raise ProtectedError("in use", set())

    monkeypatch.setattr("django.db.models.base.Model.delete", protected)
    with pytest.raises(ProtectedError):
        tree.delete(node_id=world["group"].pk)
    assert tree_check.problems() == []


def test_reorder_wants_exactly_the_children(world: dict[str, Node]) -> None:
    parent, first, second = (world[name].pk for name in ("dimension", "first", "second"))
    tree.reorder(parent_id=parent, ordered_ids=[second, first])
    assert list(
        Node.objects.filter(parent_id=parent).in_display_order().values_list("pk", flat=True)
    ) == [second, first]
    for wrong in ([first], [first, first], [first, second, world["group"].pk]):
        with pytest.raises(Invalid):
            tree.reorder(parent_id=parent, ordered_ids=wrong)


# --- Rules in the database -----------------------------------------------------------------------------------------


def at_once(**values: Any) -> None:
    """Changes one node behind the door and asks for the deferred rule now."""
    node = values.pop("node")
    with transaction.atomic(), connection.cursor() as cursor:
        Node.objects.filter(pk=node.pk).update(**values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(("node", "kind"), [("group", 1), ("first", 2), ("group", 0)])
def test_the_database_knows_the_kinds(world: dict[str, Node], node: str, kind: int) -> None:
    with pytest.raises(IntegrityError):
        at_once(node=world[node], kind=kind)


def test_the_database_knows_the_kinds_below(world: dict[str, Node]) -> None:
    inner = make_organization(world["first"])
    make_organization(inner)
    with pytest.raises(IntegrityError):
        at_once(node=inner, kind=2)
    with pytest.raises(IntegrityError):
        at_once(node=world["first"], kind=0, parent=None)
    at_once(node=world["buying"], kind=1)


@pytest.mark.parametrize(
    "values",
    [{"name": ""}, {"lft": 9, "rght": 3}, {"kind": 1, "parent_id": None}, {"code": "builtin"}],
)
def test_the_database_refuses(world: dict[str, Node], values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Node.objects.filter(pk=world["first"].pk).update(**values)


def test_nobody_is_his_own_parent(world: dict[str, Node]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Node.objects.filter(pk=world["first"].pk).update(parent=world["first"].pk)


# --- Bulk ----------------------------------------------------------------------------------------------------------


def test_bulk_takes_keys_and_ids_as_parents(world: dict[str, Node]) -> None:
    rows = [
        tree.NewNode("o", world["dimension"].pk, 1, {"name": "新组织", "remote_key": "c1"}),
        tree.NewNode("d", "o", 2, {"name": "一部"}),
        tree.NewNode("e", world["group"].pk, 2, {"name": "二部", "enabled": False}),
        tree.NewNode("f", "e", 2, {"name": "三部"}),
    ]
    ids = tree_bulk.insert(dimension_id=world["dimension"].pk, nodes=rows)
    assert tree_check.problems() == []
    last = Node.objects.get(pk=ids["f"])
    assert last.parent_id == ids["e"]
    assert not last.live
    assert tree_bulk.insert(dimension_id=world["dimension"].pk, nodes=[]) == {}


def test_bulk_of_a_wrong_kind_writes_nothing(world: dict[str, Node]) -> None:
    before = Node.objects.count()
    rows = [
        tree.NewNode("a", world["first"].pk, 2, {"name": "a"}),
        tree.NewNode("b", "a", 1, {"name": "b"}),
    ]
    with pytest.raises(tree.UnableToPlace), transaction.atomic():
        tree_bulk.insert(dimension_id=world["dimension"].pk, nodes=rows)
    assert Node.objects.count() == before


def test_bulk_into_an_empty_dimension_counts_from_one() -> None:
    dimension = make_dimension()
    rows = [tree.NewNode(str(i), dimension.pk, 1, {"name": f"组织{i}"}) for i in range(300)]
    tree_bulk.insert(dimension_id=dimension.pk, nodes=rows)
    dimension.refresh_from_db()
    assert (dimension.lft, dimension.rght) == (1, 602)
    assert tree_check.problems() == []


# --- Checker -------------------------------------------------------------------------------------------------------

DAMAGE: dict[str, tuple[str, dict[str, Any]]] = {
    "path": ("group", {"path": "1.2."}),
    "dimension": ("group", {"dimension_id": None}),
    "level": ("buying", {"level": 7}),
    "live": ("buying", {"live": False}),
    "outside the parent": ("group", {"lft": 900, "rght": 901}),
    "same end": ("second", {"lft": 2}),
    "too wide": ("group", {"rght": 500}),
    "hole": ("dimension", {"rght": 800}),
    "tree number": ("dimension", {"tree_id": 1}),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_the_checker_finds_and_mends(world: dict[str, Node], kind: str) -> None:
    name, values = DAMAGE[kind]
    Node.objects.filter(pk=world[name].pk).update(**values)
    found = tree_check.problems()
    assert found
    assert all(sentence.startswith("tree: node ") for sentence in found)
    assert tree_check.repair() > 0
    assert tree_check.problems() == []
    assert tree_check.repair() == 0


def test_crossing_siblings_are_found() -> None:
    """All ends distinct and inside the parent: only the width tells."""
    dimension = make_dimension()
    ends = [(2, 5), (3, 6), (4, 7)]
    nodes = [make_organization(dimension) for _ in ends]
    for node, (lft, rght) in zip(nodes, ends, strict=True):
        Node.objects.filter(pk=node.pk).update(lft=lft, rght=rght)
    Node.objects.filter(pk=dimension.pk).update(lft=1, rght=8)
    assert {sentence.split(" ", 3)[3] for sentence in tree_check.problems()} == {
        "covers more or less than what is below it"
    }
    tree_check.repair()
    assert tree_check.problems() == []


def test_a_cycle_is_named_and_left_alone(world: dict[str, Node]) -> None:
    Node.objects.filter(pk=world["buying"].pk).update(parent=world["group"].pk)
    found = tree_check.problems()
    assert any("cycle" in sentence and str(world["buying"].pk) in sentence for sentence in found)
    tree_check.repair()
    assert any("cycle" in sentence for sentence in tree_check.problems())


def test_a_wrong_kind_is_found(world: dict[str, Node]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE orgs_node DISABLE TRIGGER orgs_node_kind_rule")
    Node.objects.filter(pk=world["first"].pk).update(kind=2)
    assert tree_check.problems() == [
        f"tree: node {world['first'].pk} stands under a parent of the wrong kind"
    ]
