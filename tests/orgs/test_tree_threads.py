"""Many writers at once: locks keep every tree whole, and nobody deadlocks (SPEC ORG-10, SECURITY T22, M16)."""

from __future__ import annotations

import os
import random
import threading

import pytest
from django.db import connection, transaction

from core.errors import UserError
from orgs import tree, tree_check
from orgs.models import Node
from tests.factories.orgs import make_department, make_dimension, make_organization

THREADS = 8
STEPS = 150 if os.environ.get("DEEP") == "1" else 25

pytestmark = pytest.mark.django_db(transaction=True)


def run_threads(*targets: object) -> list[BaseException]:
    """Starts all at the same moment; returns what they raised."""
    raised: list[BaseException] = []
    gate = threading.Barrier(len(targets))

    def body(target: object) -> None:
        try:
            gate.wait()
            target()  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001 - the test wants to see everything
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=body, args=(target,)) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def writer(seed: int) -> None:
    dice = random.Random(seed)
    for step in range(STEPS):
        nodes = list(Node.objects.values_list("pk", "kind"))
        node, kind = dice.choice(nodes)
        try:
            with transaction.atomic():
                if dice.random() < 0.5:
                    tree.create(kind=1 if kind == 0 else 2, parent_id=node, name=f"{seed}-{step}")
                elif dice.random() < 0.85:
                    tree.move(node_id=node, parent_id=dice.choice(nodes)[0])
                elif kind:
                    tree.set_enabled(node_id=node, enabled=dice.random() < 0.5)
        except (UserError, Node.DoesNotExist):
            continue


def test_eight_writers_leave_every_tree_whole() -> None:
    for dimension in (make_dimension(), make_dimension(), make_dimension()):
        make_department(make_organization(make_organization(dimension)))

    raised = run_threads(*[lambda seed=seed: writer(seed) for seed in range(THREADS)])

    assert raised == []
    assert Node.objects.count() > 20
    assert tree_check.problems() == []


def test_cross_moves_never_make_a_cycle() -> None:
    dimension = make_dimension()
    left, right = make_organization(dimension), make_organization(dimension)
    refusals: list[str] = []

    def put(node: Node, parent: Node) -> None:
        try:
            with transaction.atomic():
                tree.move(node_id=node.pk, parent_id=parent.pk)
        except tree.UnableToPlace as error:
            refusals.append(str(error))

    raised = run_threads(lambda: put(left, right), lambda: put(right, left))

    assert raised == []
    assert len(refusals) == 1
    assert tree_check.problems() == []


def test_a_node_that_moves_while_another_writer_waits_is_followed() -> None:
    here, there = make_dimension(), make_dimension()
    organization, target = make_organization(here), make_organization(there)
    locked, go_on = threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            tree.move(node_id=organization.pk, parent_id=target.pk)
            locked.set()
            go_on.wait(5)

    def second() -> None:
        locked.wait(5)
        threading.Timer(0.2, go_on.set).start()
        with transaction.atomic():
            tree.create(kind=2, parent_id=organization.pk, name="late")

    assert run_threads(first, second) == []
    late = Node.objects.get(name="late")
    assert late.dimension_id == there.pk
    assert late.ancestor_ids == [there.pk, target.pk, organization.pk, late.pk]
    assert tree_check.problems() == []


def test_deleting_a_dimension_and_repairing_do_not_deadlock() -> None:
    dimensions = [make_dimension() for _ in range(4)]

    def remove() -> None:
        for dimension in dimensions:
            with transaction.atomic():
                tree.delete(node_id=dimension.pk)

    def mend() -> None:
        for _ in range(10):
            tree_check.repair()

    assert run_threads(remove, mend, mend) == []
    assert Node.objects.count() == 1


def test_locks_need_a_transaction() -> None:
    with pytest.raises(RuntimeError):
        tree.lock(1)
