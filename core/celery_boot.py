"""Database pools and Celery's forked workers: a pool's threads do not survive a fork.

Checks that run while the worker starts may open the pool in the parent. It is closed there before
the children are made; each child opens its own at its first query and closes it when it ends.
Importing this module (config.celery does) connects the receivers.
"""

from typing import Any

from celery import signals
from django.db import connections


def close_pools(**_: Any) -> None:
    """Close every connection of this process together with its pool."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        close_pool = getattr(connection, "close_pool", None)
        if close_pool is not None:
            close_pool()


signals.worker_init.connect(close_pools, dispatch_uid="core.celery_boot.parent")
signals.worker_process_shutdown.connect(close_pools, dispatch_uid="core.celery_boot.child")
