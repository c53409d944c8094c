"""Periodic work of the portal."""

import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from portal.models import PushedTodo

BATCH: Final = 1000


def purge_todos() -> int:
    """Deletes items of other systems that are done for settings.TODO_DAYS, a batch in each transaction; returns how
    many. Safe late and twice. A system that puts an item again that is gone makes a new one.
    """
    before = timezone.now() - datetime.timedelta(days=settings.TODO_DAYS)
    gone = 0
    while found := _purge_some(before):
        gone += found
        if found < BATCH:
            break
    return gone


@transaction.atomic
def _purge_some(before: datetime.datetime) -> int:
    rows = PushedTodo.objects.filter(done=True, updated_at__lt=before).order_by("updated_at")
    ids = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
    return PushedTodo.objects.filter(pk__in=ids).delete()[0]
