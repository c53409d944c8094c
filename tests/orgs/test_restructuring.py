"""Large moves in the worker: all or nothing, once, with the rights of the moment (SPEC ORG-5, ORG-6, ORG-10)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse

from contacts import closure
from contacts.models import Contact, ContactScope
from core import context
from core.errors import Conflict, Denied, Hidden, Invalid
from core.models import AuditEntry, OutboxEntry
from im.models import Message
from orgs import tree, tree_check
from orgs.models import Node, NodeUserGrant, Restructuring
from orgs.services import nodes, restructuring
from tests.factories.contacts import make_contact
from tests.factories.orgs import (
    make_department,
    make_dimension,
    make_holder,
    make_maintainer,
    make_organization,
)
from tests.orgs.conftest import AS

pytestmark = pytest.mark.django_db(transaction=True)
Status = Restructuring.Status
Action = Restructuring.Action


class World:
    """One dimension; a department with seven people and another organization to move it to."""

    def __init__(self) -> None:
        self.dimension = make_dimension("供应商")
        self.first = make_organization(self.dimension, "恒拓")
        self.second = make_organization(self.dimension, "海川")
        self.department = make_department(self.first, "采购部")
        self.people = [make_contact(make_department(self.department)) for _ in range(7)]
        self.by = make_maintainer(self.dimension)

    def start(self, **how: Any) -> Restructuring:
        values = {"action": Action.MOVE, "parent": self.second, "by": self.by} | how
        return restructuring.start(node=self.department, **values)

    def moved(self) -> bool:
        return Node.objects.get(pk=self.department.pk).parent_id == self.second.pk


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(closure, "BATCH", 3)
    return World()


def sound() -> bool:
    return not tree_check.problems() and not closure.problems()


def audited(action: str) -> int:
    return AuditEntry.objects.filter(action=action).count()


def test_what_is_large_is_for_the_worker(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not restructuring.size(by=world.by, nodes=[world.department]).is_large
    monkeypatch.setattr(restructuring, "AT_ONCE", 8)
    fresh = Node.objects.get(pk=world.department.pk)
    assert not restructuring.size(by=world.by, nodes=[fresh]).is_large
    monkeypatch.setattr(restructuring, "AT_ONCE", 6)
    assert restructuring.size(by=world.by, nodes=[fresh]).is_large


def test_a_move_is_carried_out_once_and_told(world: World) -> None:
    job = world.start()
    assert OutboxEntry.objects.filter(
        task="orgs.restructure", arguments={"job_id": job.pk}
    ).exists()
    assert not world.moved()
    with pytest.raises(Conflict):
        world.start(action=Action.DISABLE, parent=None)

    restructuring.run(job_id=job.pk)
    restructuring.run(job_id=job.pk)

    job.refresh_from_db()
    assert (job.status, job.done, job.total, job.attempts) == (Status.SUCCEEDED, 7, 7, 1)
    assert world.moved()
    assert audited("node.move") == 1
    assert Message.objects.filter(card_kind="orgs.restructuring", card_ref=str(job.pk)).count() == 1
    assert ContactScope.objects.filter(node_id=world.second.pk).count() == 7
    assert sound()


def test_disabling_and_enabling_a_dimension(world: World) -> None:
    holder = make_holder()
    for action, live in ((Action.DISABLE, 0), (Action.ENABLE, 7)):
        job = restructuring.start(by=holder, node=world.dimension, action=action)
        with pytest.raises(Denied):
            restructuring.cancel(by=world.by, job=job)
        restructuring.run(job_id=job.pk)
        assert Contact.objects.filter(live=True).count() == live
    assert (audited("dimension.disable"), audited("dimension.enable")) == (1, 1)
    with pytest.raises(Denied):
        restructuring.start(by=world.by, node=world.dimension, action=Action.DISABLE)
    assert sound()


def test_what_cannot_be_is_refused_before_anything_waits(world: World) -> None:
    with pytest.raises(tree.UnableToPlace):
        world.start(parent=world.first)
    make_department(world.second, world.department.name)
    with pytest.raises(Invalid):
        world.start()
    with pytest.raises(Hidden):
        world.start(by=make_maintainer(make_dimension()))
    assert not Restructuring.objects.exists()


def test_a_right_taken_away_meanwhile_counts(world: World) -> None:
    job = world.start()
    NodeUserGrant.objects.filter(user=world.by).delete()
    restructuring.run(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == Status.FAILED
    assert job.message
    assert not world.moved()
    assert audited("node.move") == 0


def test_it_can_be_stopped_in_the_middle(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = world.start()
    after_each = restructuring._progress

    def stop_at_once(*given: Any) -> None:
        after_each(*given)
        thread = threading.Thread(target=stop)
        thread.start()
        thread.join()

    def stop() -> None:
        try:
            restructuring.cancel(by=world.by, job=restructuring.found(by=world.by, job_id=job.pk))
        finally:
            connection.close()

    monkeypatch.setattr(restructuring, "_progress", stop_at_once)
    restructuring.run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.done) == (Status.CANCELLED, 3)
    assert not world.moved()
    assert sound()
    assert AuditEntry.objects.get(action="node.cancel_move").object_id == str(world.department.pk)
    assert Message.objects.get(card_kind="orgs.restructuring").body == "移动已停止"
    with pytest.raises(Conflict):
        restructuring.cancel(by=world.by, job=job)


HALF_WAY = """
import sys, time, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[2]
from contacts import closure
from orgs.services import restructuring
closure.BATCH = 3
def wait(*given):
    print("half way", flush=True)
    time.sleep(60)
restructuring._progress = wait
restructuring.run(job_id=int(sys.argv[1]))
"""


def test_a_kill_in_the_middle_loses_nothing(world: World) -> None:
    job = world.start()
    name = str(connection.settings_dict["NAME"])
    with subprocess.Popen(
        [sys.executable, "-c", HALF_WAY, str(job.pk), name],
        cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"},
    ) as worker:  # fmt: skip
        assert worker.stdout is not None
        assert worker.stdout.readline() == "half way\n"
        restructuring.run(job_id=job.pk)  # somebody is at it: nothing happens
        assert not world.moved()
        busy_at_a_page(world)
        worker.send_signal(signal.SIGKILL)
    assert not world.moved()
    wait_until_free(job)
    restructuring.run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempts) == (Status.SUCCEEDED, 2)
    assert world.moved()
    assert audited("node.move") == 1
    assert sound()


def busy_at_a_page(world: World) -> None:
    """Whoever waits at a page reads why; the worker waits its turn."""
    with context.use(context.Context(ip="192.0.2.1")):
        with pytest.raises(tree.Busy):
            nodes.create(by=world.by, parent=world.first, kind=2, fields={"name": "新"})
        with pytest.raises(tree.Busy), transaction.atomic():
            closure.lock(contact_ids=[world.people[0].pk])


def wait_until_free(job: Restructuring) -> None:
    """The server notices the death of the connection."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [restructuring.CLAIM, job.pk])


def test_what_is_interrupted_again_and_again_ends(world: World) -> None:
    job = world.start()
    Restructuring.objects.update(attempts=restructuring.MAX_ATTEMPTS, status=Status.RUNNING)
    restructuring.run(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == Status.FAILED
    assert not world.moved()


def test_two_movers(world: World) -> None:
    """One job in two workers, while a page moves another department: once each, nothing broken."""
    job = world.start()
    other = make_department(world.first)
    gate = threading.Barrier(3)
    raised: list[BaseException] = []

    def body(act: Any) -> None:
        try:
            gate.wait(20)
            act()
        except BaseException as error:  # noqa: BLE001 - the test wants to see everything
            raised.append(error)
        finally:
            connection.close()

    acts = [lambda: restructuring.run(job_id=job.pk)] * 2
    acts.append(lambda: nodes.move(by=world.by, node=other, parent=world.second))
    threads = [threading.Thread(target=body, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raised == []
    assert world.moved()
    assert audited("node.move") == 2
    assert sound()


def test_pages(world: World, as_: AS, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restructuring, "AT_ONCE", 6)
    client, url = as_(world.by), reverse("orgs:node", args=[world.department.pk])
    asked = {"parent": world.second.pk, "confirmed": "1"}
    answer = client.post(f"{url}move/", asked)
    job = Restructuring.objects.get()
    page = reverse("orgs:restructuring", args=[job.pk])
    assert answer.headers["Location"] == page
    assert "等待后台处理" in client.get(page).content.decode()
    assert page in client.get(url).content.decode()
    assert client.post(f"{url}disable/").status_code == 409

    Restructuring.objects.update(status=Status.RUNNING, done=3)
    body = client.get(page, headers={"HX-Request": "true"}).content.decode()
    assert 'value="3" max="7"' in body
    assert "data-poll" in body
    card = reverse("orgs:restructuring-card", args=[job.pk])
    assert client.get(card).headers["Location"] == page
    shown = client.get(card, headers={"HX-Request": "true"}).content.decode()
    assert "把“采购部”移动到“海川”下" in shown

    restructuring.run(job_id=job.pk)
    body = client.get(page, headers={"HX-Request": "true"}).content.decode()
    assert "已重新计算 7 名联系人的可见范围" in body
    assert "data-poll" not in body
    assert page not in client.get(url).content.decode()
    late = client.post(f"{page}cancel/")
    assert (late.status_code, "该操作已经结束" in late.content.decode()) == (409, True)
    assert client.post(f"{url}disable/").headers["Location"] != url
    other = as_(make_maintainer(make_dimension()))
    assert other.get(page).status_code == 404
