"""An action on more than a few is done by the worker: on whom is asked while it runs; killed anywhere (T06, T82)."""

from types import SimpleNamespace

import pytest

from contacts import bulk_work
from contacts.models import BulkJob, Contact, ContactUserGrant
from contacts.selection import Selection
from contacts.services import bulk, bulk_jobs, places
from core.errors import Conflict, Denied, Hidden, UserError
from core.models import AuditEntry, OutboxEntry
from im.models import Message
from tests.factories import orgs as org
from tests.factories.contacts import make_contact, make_many

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowd(monkeypatch):
    """Twenty-three people, two of whom are only guests here; five are few enough to be done at once."""
    monkeypatch.setattr(bulk_jobs, "AT_ONCE", 5)
    monkeypatch.setattr(bulk_work, "BATCH", 7)
    suppliers, channels = org.make_dimension("供应商"), org.make_dimension("渠道")
    node = org.make_organization(suppliers, "恒拓精密")
    guests = [make_contact(channels, f"客人{n}", places=[node]).pk for n in range(2)]
    by = org.make_maintainer(suppliers)

    def start(action="disable", **options) -> BulkJob:
        every = Selection(everything=True, node_id=node.pk)
        found = bulk_jobs.start(by=by, node=node, selection=every, action=action, options=options)
        assert isinstance(found, BulkJob)
        return found

    return SimpleNamespace(
        node=node, target=org.make_organization(suppliers, "海川电子"), channels=channels, by=by, start=start,
        ids=make_many(node, 21), guests=guests,
    )  # fmt: skip


def test_each_has_its_own_answer(crowd) -> None:
    job = crowd.start()
    assert job.total == 23
    assert OutboxEntry.objects.get(task="contacts.run_bulk").arguments == {"job_id": job.pk}
    assert not Contact.objects.filter(enabled=False).exists()
    late = make_contact(crowd.node, "后来的人")  # it is computed while it runs
    bulk_work.run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.done, job.changed, job.refused) == ("done", 24, 22, 2)
    assert set(Contact.objects.filter(enabled=False).values_list("pk", flat=True)) == {
        *crowd.ids,
        late.pk,
    }
    assert {one["id"] for one in job.problems} == set(crowd.guests)
    assert AuditEntry.objects.filter(action="contact.disable").count() == 22
    assert AuditEntry.objects.get(action="bulk.run").after["refused"] == 2
    message = Message.objects.get(card_kind="contacts.bulk")
    assert message.card_ref == str(job.pk)
    bulk_work.run(job_id=job.pk)  # a second start changes nothing
    assert AuditEntry.objects.filter(action="contact.disable").count() == 22


def test_killed_anywhere_it_ends_like_an_undisturbed_run(crowd, monkeypatch) -> None:
    """The worker dies with every batch once, before or after what it wrote."""
    job, calls, perform = crowd.start("tag", tags="重点"), [], bulk.perform

    class Killed(BaseException):
        pass

    def dying(**what) -> int:
        calls.append(1)
        if len(calls) % 2:
            raise Killed
        done = perform(**what)
        if len(calls) % 4 == 0:
            raise Killed  # written, not yet committed
        return done

    monkeypatch.setattr(bulk, "perform", dying)
    for _ in range(40):
        try:
            bulk_work.run(job_id=job.pk)
        except Killed:
            continue
        break
    job.refresh_from_db()
    assert (job.status, job.done, job.changed, job.refused) == ("done", 23, 23, 0)
    assert Contact.objects.filter(tags__name="重点").count() == 23
    assert AuditEntry.objects.filter(action="contact.tag").count() == 23


def test_rights_that_are_gone_end_it(crowd, monkeypatch) -> None:
    job, note, seen = crowd.start("move", node=crowd.target.pk), bulk_work._note, []

    def then(*given, **more) -> None:
        note(*given, **more)
        seen.append(1)
        if len(seen) == 1:
            crowd.by.is_active = False
            crowd.by.save(update_fields=["is_active"])

    monkeypatch.setattr(bulk_work, "_note", then)
    bulk_work.run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.done) == ("failed", 7)
    assert job.message
    moved = Contact.objects.filter(main_node=crowd.target).count()
    assert 1 <= moved == job.changed <= 7


def test_stopped_where_it_is(crowd, monkeypatch) -> None:
    job, following = crowd.start(), bulk_work._next

    def meanwhile(running: BulkJob):
        page = following(running)
        bulk_jobs.cancel(by=crowd.by, job=job)
        return page

    monkeypatch.setattr(bulk_work, "_next", meanwhile)
    bulk_work.run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.done) == ("cancelled", 0)
    assert not Contact.objects.filter(enabled=False).exists()
    with pytest.raises(Conflict):
        bulk_jobs.cancel(by=crowd.by, job=job)


def test_few_are_done_at_once_and_all_or_none(crowd) -> None:
    few = {"by": crowd.by, "node": crowd.node, "action": "disable", "options": {}}
    assert bulk_jobs.start(selection=Selection.named(crowd.ids[:3]), **few) == 3
    with pytest.raises(Denied):
        bulk_jobs.start(selection=Selection.named([crowd.ids[4], crowd.guests[0]]), **few)
    assert Contact.objects.filter(enabled=False).count() == 3
    for _ in range(bulk_jobs.MAX_UNDER_WAY):
        crowd.start()
    with pytest.raises(Conflict):
        crowd.start()
    with pytest.raises(Hidden):
        bulk_jobs.start(**{**few, "by": org.make_person()}, selection=Selection.named(crowd.ids))


def test_every_action_by_name(crowd) -> None:
    """What a job keeps is enough for each of them, and what is gone is refused before anything is done."""
    staff, ids = org.make_person("员工"), crowd.ids[:2]
    for action, options in (
        ("move", {"node": crowd.target.pk}), ("tag", {"tags": "甲"}), ("untag", {"tags": "甲"}),
        ("share", {"holders": [f"p{staff.pk}"], "level": "view"}),
        ("unshare", {"holders": [f"p{staff.pk}"]}), ("follower", {"user": staff.pk}),
        ("disable", {}), ("enable", {}), ("delete", {}),
    ):  # fmt: skip
        assert bulk.perform(by=crowd.by, action=action, contact_ids=ids, options=options) == 2, (
            action
        )
    assert set(bulk.ACTIONS) == set(BulkJob.Action.values)
    for action, options in (
        ("move", {"node": crowd.channels.pk}),
        ("share", {"holders": ["p999999"], "level": "view"}),
    ):
        with pytest.raises(UserError) as refused:
            bulk.perform(by=crowd.by, action=action, contact_ids=crowd.ids, options=options)
        assert refused.value.status in (404, 422)
    assert bulk.restore(by=crowd.by, contact_ids=ids) == 2
    assert (
        places.set_enabled(
            by=crowd.by, contact=Contact.objects.get(pk=ids[0]), enabled=False
        ).deleted_at
        is None
    )


def test_shares_are_taken_back_from_each(crowd) -> None:
    """The guests' own dimension does not matter: who may edit them may share them and take it back."""
    staff, other = org.make_person("员工"), org.make_person("同事")
    bulk.share(by=crowd.by, contact_ids=crowd.ids[:9], to=[staff, other], level="edit")
    job = crowd.start("unshare", holders=[f"p{staff.pk}"])
    bulk_work.run(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.done, job.changed, job.refused) == ("done", 23, 9, 0)
    assert not ContactUserGrant.objects.filter(user=staff).exists()
    assert ContactUserGrant.objects.filter(user=other).count() == 9
    assert AuditEntry.objects.filter(action="share.remove").count() == 9
    own = crowd.start("unshare", holders=[f"p{crowd.by.pk}"])
    bulk_work.run(job_id=own.pk)
    own.refresh_from_db()
    assert (own.changed, own.refused) == (0, 23)
    assert len(own.problems) == 23
