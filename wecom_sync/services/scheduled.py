"""What is done by the clock."""

import datetime
import logging

from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import UserError
from core.models import OutboxEntry
from wecom_sync import selectors
from wecom_sync.models import Connection, PulledPerson, PulledPlace, Run
from wecom_sync.services import runs
from wecom_sync.sync import work
from wecom_sync.sync.world import ACTOR

log = logging.getLogger(__name__)

KEEP_PULLED = datetime.timedelta(days=2)
KEEP_RUNS = datetime.timedelta(days=90)
ENDED = (Run.Status.DONE, Run.Status.FAILED, Run.Status.CANCELLED, Run.Status.STALE)


def compare_all() -> int:
    """Starts a full run of every connection that is switched on (SPEC WEC-5); returns how many."""
    started = 0
    for connection in Connection.objects.filter(enabled=True):
        try:
            runs.start(by=ACTOR, connection=connection, trigger=Run.Trigger.SCHEDULE)
        except UserError as error:
            log.info("connection %s is not compared: %s", connection.pk, error.code)
        else:
            started += 1
    return started


def end_forsaken() -> int:
    """Runs that hold the lease while nothing leads them any more, because their task failed for good, end with a word;
    returns how many.
    """
    ended = 0
    for run in Run.objects.under_way():
        led = OutboxEntry.objects.filter(
            task="wecom_sync.run", arguments__run_id=run.pk, done_at=None, failed_at=None
        )
        if not led.exists():
            work.fail(run, _("The run could not be carried on. Start a new one"))
            ended += 1
    return ended


def purge() -> int:
    """What runs have read goes after two days, their items and lines after ninety; returns how many rows
    of these.

    A plan that nobody confirmed in a day is outdated.
    """
    now = timezone.now()
    waiting = Run.objects.filter(
        status=Run.Status.READY, planned_at__lt=now - datetime.timedelta(hours=selectors.PLAN_HOURS)
    )
    waiting.update(status=Run.Status.STALE, finished_at=now)
    read = Run.objects.filter(finished_at__lt=now - KEEP_PULLED, status__in=ENDED)
    PulledPerson.objects.filter(run__in=read).delete()
    PulledPlace.objects.filter(run__in=read).delete()
    old = Run.objects.filter(finished_at__lt=now - KEEP_RUNS, status__in=ENDED)
    return old.delete()[0]
