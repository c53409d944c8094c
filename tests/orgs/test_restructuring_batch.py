"""Several large changes asked for together: one after the other, each for itself (SPEC ORG-5, ORG-6, ORG-10)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.urls import reverse

from core.errors import Conflict, Denied, Invalid
from core.models import AuditEntry, OutboxEntry
from im.models import Message
from orgs.models import Node, Restructuring, RestructuringBatch
from orgs.services import nodes, restructuring
from tests.factories.contacts import make_contact
from tests.factories.orgs import make_dimension, make_holder, make_maintainer, make_organization
from tests.orgs.conftest import AS

pytestmark = pytest.mark.django_db
Action, Status = Restructuring.Action, Restructuring.Status
HX = {"HX-Request": "true"}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Three organizations of one person each, and one to move them to; more than two people are large."""
    monkeypatch.setattr(restructuring, "AT_ONCE", 2)
    # The test sees its own transaction only.
    monkeypatch.setattr(restructuring, "_progress", lambda *given: None)
    dimension = make_dimension("供应商")
    three = [make_organization(dimension, name) for name in ("海川", "立衡", "明远")]
    for node in three:
        make_contact(node)
    return SimpleNamespace(
        dimension=dimension, three=three, ids=[node.pk for node in three], by=make_maintainer(dimension),
        target=make_organization(dimension, "恒拓"),
    )  # fmt: skip


def start(world: SimpleNamespace, **how: object) -> RestructuringBatch:
    values = {"by": world.by, "nodes": world.three, "action": Action.MOVE, "parent": world.target}
    return restructuring.start_many(**(values | how))


def work(batch: RestructuringBatch) -> int:
    """What the worker does: each entry of the outbox once; returns how many there were."""
    seen: set[int] = set()
    while True:
        rows = OutboxEntry.objects.filter(task="orgs.restructure_batch").exclude(pk__in=seen)
        entry = rows.order_by("pk").first()
        if entry is None:
            return len(seen)
        seen.add(entry.pk)
        restructuring.run_batch(**entry.arguments)


def states(batch: RestructuringBatch) -> list[str]:
    return list(batch.restructurings.order_by("pk").values_list("status", flat=True))


def test_each_for_itself_and_told_once(world: SimpleNamespace) -> None:
    batch = start(world)
    assert OutboxEntry.objects.filter(task="orgs.restructure_batch").count() == 1
    make_organization(world.target, "立衡")  # meanwhile the name is taken
    assert work(batch) == 3
    assert states(batch) == [Status.SUCCEEDED, Status.FAILED, Status.SUCCEEDED]
    parents = [Node.objects.get(pk=pk).parent_id for pk in world.ids]
    assert parents == [world.target.pk, world.dimension.pk, world.target.pk]
    assert "立衡" in batch.restructurings.get(status=Status.FAILED).message
    assert AuditEntry.objects.filter(action="node.move").count() == 2
    message = Message.objects.get(card_kind="orgs.restructuring_batch")
    assert (message.card_ref, message.body) == (str(batch.pk), "3 项大型变更中已完成 2 项")
    restructuring.run_batch(batch_id=batch.pk)
    assert Message.objects.count() == 1


def test_one_that_cannot_or_is_busy_begins_none(world: SimpleNamespace) -> None:
    make_organization(world.target, "立衡")
    with pytest.raises(Invalid, match="立衡"):
        start(world)
    assert not RestructuringBatch.objects.exists()
    start(world, nodes=world.three[:1], action=Action.DISABLE, parent=None)
    with pytest.raises(Conflict, match="海川"):
        start(world, action=Action.DISABLE, parent=None)
    with pytest.raises(Invalid, match="自己"):
        start(world, nodes=[world.target])


def test_stopped_in_between_and_a_node_that_is_gone(world: SimpleNamespace) -> None:
    batch = start(world, action=Action.DISABLE, parent=None)
    restructuring.run_batch(batch_id=batch.pk)
    restructuring.cancel_many(by=world.by, batch=batch)
    assert work(batch) == 2
    assert states(batch) == [Status.SUCCEEDED, Status.CANCELLED, Status.CANCELLED]
    assert AuditEntry.objects.filter(action="node.cancel_disable").count() == 2
    assert Message.objects.get(card_kind="orgs.restructuring_batch").card_ref == str(batch.pk)
    with pytest.raises(Conflict):
        restructuring.cancel_many(by=world.by, batch=batch)

    empty = make_organization(world.dimension, "空")
    batch = start(world, nodes=[empty, *world.three[1:]])
    nodes.delete(by=world.by, node=empty)
    first = batch.restructurings.order_by("pk")[0]
    restructuring.cancel(by=world.by, job=first)  # one of them: the others go on
    work(batch)
    assert states(batch) == [Status.CANCELLED, Status.SUCCEEDED]


def test_a_maintainer_stops_no_move_to_another_dimension(world: SimpleNamespace) -> None:
    there = make_organization(make_dimension("经销商"), "万通")
    batch = start(world, by=make_holder(), parent=there)
    with pytest.raises(Denied):
        restructuring.cancel_many(by=world.by, batch=batch)


def test_pages(world: SimpleNamespace, as_: AS) -> None:
    client, where = as_(world.by), reverse("orgs:node-bulk", args=[world.dimension.pk])
    chooser = client.post(where, {"action": "move", "ids": world.ids}, headers=HX)
    picker = client.get(chooser.headers["Location"], headers=HX).content.decode()
    assert "共 3 人，将在后台执行" in picker
    asked = {"action": "move", "ids": world.ids, "node": world.target.pk}
    question = client.post(where, asked, headers=HX).content.decode()
    assert "共 3 人，将在后台执行" in question
    assert "全部移动，或全部不移动" not in question
    done = client.post(where, asked | {"confirmed": "1"})
    batch = RestructuringBatch.objects.get()
    page = reverse("orgs:restructuring-batch", args=[batch.pk])
    assert done.headers["Location"] == page
    body = client.get(page).content.decode()
    assert "把 3 个组织移动到“恒拓”下" in body
    assert "data-poll" in body
    work(batch)
    body = client.get(page, headers=HX).content.decode()
    assert "data-poll" not in body
    card = reverse("orgs:restructuring-batch-card", args=[batch.pk])
    assert client.get(card).headers["Location"] == page
    assert "恒拓" in client.get(card, headers=HX).content.decode()
    assert client.post(f"{page}cancel/").status_code == 409
    assert as_(make_maintainer(make_dimension())).get(page).status_code == 404

    single = reverse("orgs:node-move", args=[world.target.pk])
    other = make_organization(world.dimension, "另一个")
    assert "将在后台执行" in client.get(f"{single}?parent={other.pk}", headers=HX).content.decode()
    disabling = {"action": "disable", "ids": [world.target.pk, other.pk]}
    assert "将在后台执行" in client.post(where, disabling, headers=HX).content.decode()
    assert client.post(where, disabling | {"confirmed": "1"}).headers["Location"] != where
