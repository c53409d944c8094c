"""An import whose worker is killed at random moments ends in the state of an undisturbed one (SPEC CON-6, T76, T82)."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest
from django.db import connection, connections, transaction
from pytest_django import Settings

from accounts.models import User
from contacts import closure, import_jobs
from contacts.imports import apply
from contacts.imports.plan import chunks
from contacts.models import Contact, ImportJob
from contacts.services import imports
from contacts.services.import_choices import choose
from core import outbox
from core.models import OutboxEntry
from orgs import tree_check
from orgs.models import Node
from tests.contacts.imports.conftest import directory
from tests.contacts.imports.test_jobs import upload
from tests.factories.contacts import make_contact
from tests.factories.orgs import make_dimension, make_maintainer, make_organization

pytestmark = pytest.mark.django_db(transaction=True)
DEEP = os.environ.get("DEEP") == "1"
MOMENTS, ROWS, CHUNK = (50, 2000, 100) if DEEP else (3, 80, 10)
# Seconds; a lease is half an hour.
NOTICED = 20
PEOPLE = "组织,部门,姓名,编码,手机,标签\n" + "".join(
    f"公司{n % 7},{'采购部' if n % 3 else ''},人{n},P{n},154{n:08d},{'重点' if n % 5 else ''}\n"
    for n in range(ROWS)
)


def confirmed(by: User, dimension: Node) -> tuple[ImportJob, OutboxEntry]:
    """A confirmed import about whose rows something was chosen: one is somebody who is there, two are not."""
    there = make_organization(dimension, "公司1")
    same = make_contact(there, "人1", mobile="")
    make_contact(there, "人8", mobile="+8613800000008")
    taken = make_contact(there, "人15", code="X15", mobile="+8615400000015")
    job = upload(by, dimension, PEOPLE)
    import_jobs.check(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.counts["alike"]) == ("refused", 3)
    choose(by=by, job=job, answers={1 + 2: str(same.pk), 8 + 2: "0", 15 + 2: "0"})
    assert job.choices == {"3": same.pk, "17": [taken.pk]}
    import_jobs.check(job_id=job.pk)
    imports.confirm(by=by, job=job)
    return job, OutboxEntry.objects.get(task="contacts.run_import", arguments={"job_id": job.pk})


def killed(entry: OutboxEntry, after: float) -> bool:
    """Runs the entry in a process of its own that is killed after so many seconds; False when it had ended."""
    connections.close_all()  # the child must not speak through the connection of the parent
    pid = os.fork()
    if not pid:
        try:
            outbox.run(entry_id=entry.pk, action=import_jobs.run)
        finally:
            os._exit(0)
    time.sleep(after)
    os.kill(pid, signal.SIGKILL)
    _pid, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)


def taken_back(entry: OutboxEntry) -> bool:
    """Whether the next sweeps free the entry. The database ends the statement of the dead before it misses him."""
    leased = OutboxEntry.objects.filter(pk=entry.pk, lease_until__isnull=False)
    until = time.monotonic() + NOTICED
    while time.monotonic() < until:
        assert outbox.free_orphans() <= 1
        if not leased.exists():
            return True
        time.sleep(0.1)
    return False


def emptied() -> None:
    """The directory as it was before the import."""
    with connection.cursor() as cursor:
        for table in ("contactscope", "contactsearch"):
            cursor.execute(f"DELETE FROM contacts_{table}")  # not TRUNCATE: stored numbers follow
        cursor.execute("TRUNCATE contacts_contact CASCADE")
        cursor.execute("TRUNCATE orgs_organizationdetail CASCADE")
        cursor.execute("DELETE FROM core_auditentry")
        for kind in (2, 1):
            cursor.execute("DELETE FROM orgs_node WHERE kind = %s", [kind])


def test_killed_at_random_moments(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr(apply, "chunks", lambda rows: chunks(rows, CHUNK))
    dimension = make_dimension("打断")
    by = make_maintainer(dimension)
    with transaction.atomic():
        job, _entry = confirmed(by, dimension)
        began = time.perf_counter()
        import_jobs.run(job_id=job.pk)
        seconds = time.perf_counter() - began
        undisturbed = directory()
        transaction.set_rollback(True)
    in_the_middle = 0
    for _moment in range(MOMENTS):
        job, entry = confirmed(by, dimension)
        after = random.uniform(0, 1.2 * seconds)
        if killed(entry, after):
            in_the_middle += 1
            # Nobody has to wait until the lease of the dead is over: it is taken back, and it can be run.
            assert taken_back(entry), after
            assert outbox.run(entry_id=entry.pk, action=import_jobs.run), after
        job.refresh_from_db()
        done = job.counts["done"]
        known = done["updated"] + done["joined"]
        assert (job.status, job.done, done["created"], known) == ("done", ROWS, ROWS - 1, 1), after
        assert directory() == undisturbed, after
        assert not closure.problems()
        assert not tree_check.problems()
        emptied()
    assert in_the_middle
    assert not Contact.objects.exists()


def test_an_entry_is_run_by_one_process_at_a_time() -> None:
    entry = outbox.enqueue(task="contacts.run_import", job_id=1)
    seen = []

    def action(**_arguments: int) -> None:
        connections["default"].ensure_connection()
        other = connection.copy()
        try:
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", [outbox.LOCK_BASE + entry.pk])
                seen.append(cursor.fetchone()[0])
        finally:
            other.close()

    assert outbox.run(entry_id=entry.pk, action=action)
    assert seen == [False]
    assert not outbox.run(entry_id=entry.pk, action=action)
