"""Workers that are killed, and several at once."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
from django.db import connections
from django.utils import timezone

from accounts.models import User
from im import reminder_jobs as jobs
from im.models import Reminder
from tests.im import world
from tests.im.reminders.conftest import Mailbox
from tests.im.reminders.test_due import addressed, notify

pytestmark = pytest.mark.django_db(transaction=True)


def make_due(**values: object) -> None:
    Reminder.objects.update(**({"due_at": timezone.now()} | values))


def killed(box: Mailbox) -> None:
    """A worker that dies after the server has taken its mail and before it knows."""
    connections.close_all()
    pid = os.fork()
    if not pid:
        try:
            jobs.send_reminders()
        finally:
            os._exit(0)
    deadline = time.monotonic() + 10
    while not box.raw and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    assert os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def test_what_a_killed_worker_sent_is_repeated_as_the_same_mail(box: Mailbox, zhou: User) -> None:
    addressed(zhou)
    notify(zhou)
    make_due()
    box.pause = 2.0
    killed(box)
    box.pause = 0.0
    row = Reminder.objects.get()
    assert row.told_until is None
    notify(zhou, key="meanwhile")
    assert jobs.send_reminders() == 0  # the lease of the dead one
    make_due(due_at=Reminder.objects.get().due_at, lease_until=timezone.now())
    assert jobs.send_reminders() == 1
    first, second = box.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Message-ID"].startswith("<reminder-")
    # What came meanwhile is told by itself.
    make_due()
    assert jobs.send_reminders() == 1
    assert box.mails[2]["Message-ID"] != first["Message-ID"]


def test_several_workers_tell_each_person_once(box: Mailbox) -> None:
    people = [world.staff(f"p{n}") for n in range(12)]
    addressed(*people)
    notify(*people)
    make_due()

    def work() -> None:
        try:
            jobs.send_reminders()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(to for (to,) in box.to) == sorted(f"p{n}@example.com" for n in range(12))
