"""A real Celery worker beside the test, with a queue of its own on the broker that the other tests share."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from celery.contrib.testing.worker import start_worker
from celery.signals import task_postrun
from django.db import connections

from config.celery import app
from core.models import OutboxEntry


@contextmanager
def working() -> Iterator[None]:
    """In a thread of this process, ended with the block; it silences the log of the process, which is undone."""
    level = logging.root.level
    queue = f"test-{uuid.uuid4().hex}"
    former, app.conf.task_default_queue = app.conf.task_default_queue, queue
    app.loader.import_default_modules()

    def close(**_: object) -> None:
        connections.close_all()

    task_postrun.connect(close)
    try:
        with start_worker(app, pool="solo", perform_ping_check=False, queues=[queue]):
            yield
    finally:
        task_postrun.disconnect(close)
        logging.root.setLevel(level)
        app.conf.task_default_queue = former


def wait_until_done(seconds: float = 60) -> None:
    """Until nothing is left in the outbox."""
    until = time.monotonic() + seconds
    while OutboxEntry.objects.filter(done_at=None).exists():
        assert time.monotonic() < until, list(OutboxEntry.objects.filter(done_at=None).values())
        time.sleep(0.05)
