"""Slow or periodic work of core as plain functions."""

import datetime

from django.db import connection
from django.utils import timezone

from core.models import Heartbeat


def heartbeat(*, name: str) -> None:
    """Notes that `name` is alive now."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now()})


def alive(*, name: str, within: datetime.timedelta) -> bool:
    """Whether `name` gave a sign of life not longer ago than `within`."""
    return Heartbeat.objects.filter(name=name, at__gte=timezone.now() - within).exists()


def make_audit_partitions(*, months_ahead: int = 3) -> list[str]:
    """Creates the monthly partitions of the audit trail from this month on; returns the names of new ones."""
    made = []
    first = timezone.now().date().replace(day=1)
    with connection.cursor() as cursor:
        for _ in range(months_ahead + 1):
            after = (first + datetime.timedelta(days=32)).replace(day=1)
            name = f"core_auditentry_{first:%Y%m}"
            cursor.execute("SELECT to_regclass(%s)", [name])
            row = cursor.fetchone()
            if row and row[0] is None:
                cursor.execute(
                    f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF core_auditentry FOR VALUES FROM (%s) TO (%s)",
                    [first.isoformat(), after.isoformat()],
                )
                made.append(name)
            first = after
    return made
