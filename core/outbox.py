"""Effects after commit. A service enqueues by registered name; nothing is lost with a worker or broker (T82, T83)."""

import contextlib
import datetime
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from celery import current_app
from django.db import connection, models, transaction
from django.db.models import F, Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from core import context
from core.models import OutboxEntry

log = logging.getLogger(__name__)

LEASE = datetime.timedelta(minutes=35)  # longer than the hard limit of a task
# Whoever runs an entry holds this advisory lock plus its id; the database takes it back from a process that was killed.
LOCK_BASE = 72_300 << 40
MAX_ATTEMPTS = 8
# A broker that did not answer is left alone for so long: it costs one wait, not one for each effect of each page.
PAUSE_SECONDS = 5.0


def enqueue(
    *,
    task: str,
    dedupe_key: str | None = None,
    delay: datetime.timedelta | None = None,
    **arguments: int | str,
) -> OutboxEntry:
    """Asks for `task` to run with `arguments` (ids only) once the current transaction commits.

    With `dedupe_key` the effect happens once for that key however often it is asked for.
    """
    now = timezone.now()
    values = {
        "task": task,
        "arguments": arguments,
        "available_at": now + (delay or datetime.timedelta()),
        "request_id": context.current().request_id,
    }
    if dedupe_key:
        entry, created = OutboxEntry.objects.get_or_create(dedupe_key=dedupe_key, defaults=values)
        if not created:
            return entry
    else:
        entry = OutboxEntry.objects.create(**values)
    if delay is None:
        transaction.on_commit(lambda: publish(entry_id=entry.pk, task=task))
    return entry


@dataclass
class _Broker:
    """What this process knows of it."""

    away_until: float = 0.0


_broker = _Broker()


def publish(*, entry_id: int, task: str) -> bool:
    """Hands one entry to the broker. False when the broker is away: the sweep publishes it again."""
    if time.monotonic() < _broker.away_until:
        return False
    try:
        current_app.send_task(task, kwargs={"entry_id": entry_id}, ignore_result=True, retry=False)
    except (OperationalError, OSError) as error:
        _broker.away_until = time.monotonic() + PAUSE_SECONDS
        log.warning("outbox entry %s waits for the broker: %s", entry_id, type(error).__name__)
        return False
    return True


def run(*, entry_id: int, action: Callable[..., None]) -> bool:
    """Claims the entry, runs `action(**arguments)`, marks it done. False when it was already done or is being run."""
    with _alone(entry_id) as mine:
        entry = claim(entry_id) if mine else None
        if entry is None:
            return False
        with context.use(context.Context(request_id=entry.request_id or f"job-{entry.pk}")):
            try:
                action(**entry.arguments)
            except Exception as error:
                fail(entry, error)
                raise
        OutboxEntry.objects.filter(pk=entry.pk).update(done_at=timezone.now(), lease_until=None)
        return True


@contextlib.contextmanager
def _alone(entry_id: int) -> Iterator[bool]:
    """Whether this process alone runs the entry, for the length of a with block."""
    key = [LOCK_BASE + entry_id]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", key)
        row = cursor.fetchone()
    mine = bool(row and row[0])
    try:
        yield mine
    finally:
        # After a lost connection there is nothing left to give back.
        if mine and connection.connection is not None and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", key)


def claim(entry_id: int) -> OutboxEntry | None:
    """Takes the entry by conditional update; None when it is done. The caller is alone: a lease is a dead one's."""
    now = timezone.now()
    claimed = OutboxEntry.objects.filter(
        pk=entry_id, done_at__isnull=True, failed_at__isnull=True, available_at__lte=now
    ).update(lease_until=now + LEASE, attempts=F("attempts") + 1)
    return OutboxEntry.objects.get(pk=entry_id) if claimed else None


@transaction.atomic
def free_orphans(*, limit: int = 200) -> int:
    """Gives back entries whose process was killed in the middle, so that they go on at once; returns how many."""
    leased = OutboxEntry.objects.filter(
        lease_until__gt=timezone.now(), done_at__isnull=True, failed_at__isnull=True
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM unnest(%s::bigint[]) AS entry(id) WHERE pg_try_advisory_xact_lock(%s + id)",
            [list(leased.values_list("pk", flat=True)[:limit]), LOCK_BASE],
        )
        orphans = [row[0] for row in cursor.fetchall()]
    return OutboxEntry.objects.filter(pk__in=orphans).update(lease_until=None)


def fail(entry: OutboxEntry, error: Exception) -> None:
    """Puts the entry back with a growing delay, or marks it failed after MAX_ATTEMPTS (an alarm, never silence)."""
    now = timezone.now()
    values: dict[str, Any] = {
        "lease_until": None,
        "last_error": f"{type(error).__name__}: {error}"[:500],
    }
    if entry.attempts >= MAX_ATTEMPTS:
        log.error("outbox entry %s (%s) failed for good", entry.pk, entry.task)
        values["failed_at"] = now
    else:
        values["available_at"] = now + datetime.timedelta(seconds=min(600, 2**entry.attempts))
    OutboxEntry.objects.filter(pk=entry.pk).update(**values)


def waiting(*, older_than: datetime.timedelta) -> "models.QuerySet[OutboxEntry]":
    """Entries that should have been carried out by now."""
    now = timezone.now()
    return OutboxEntry.objects.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lt=now),
        done_at__isnull=True,
        failed_at__isnull=True,
        available_at__lte=now - older_than,
    )


def sweep(*, limit: int = 200) -> int:
    """Publishes again what the broker or a killed worker lost. Safe to run at any time and twice."""
    free_orphans()
    entries = (
        waiting(older_than=datetime.timedelta(seconds=5))
        .order_by("available_at")
        .values_list("pk", "task")
    )
    return sum(publish(entry_id=pk, task=task) for pk, task in entries[:limit])
