"""A run from its first to its last step, in the worker (SPEC WEC-3; SECURITY T72, T73).

Each step takes the run by its status and may be started twice; whoever is killed goes on where he was. What a person
must do ends the run with a sentence, what will pass is tried again.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from core import audit, outbox
from core.errors import UserError
from wecom_sync import telling
from wecom_sync.access import gateway_of
from wecom_sync.gateway import Gateway, Retryable, WeComError
from wecom_sync.models import Connection, LogLine, PlanItem, Run
from wecom_sync.sync import apply, plan, pull
from wecom_sync.sync.world import ACTOR

log = logging.getLogger(__name__)

Status = Run.Status
TRIES: Final = 3
# A task lets go long before its limit and goes on as a new one.
SLICE_SECONDS: Final = 600


class Stopped(Exception):
    """A person cancelled the run; batches that were written stay."""


class Pause(Exception):
    """The slice of this task is over."""


def go(*, run_id: int) -> None:
    """Leads a run as far as it goes without a person."""
    run = Run.objects.select_related("connection", "owner").filter(pk=run_id).first()
    if run is None or not run.under_way:
        return
    language = run.owner.language if run.owner else settings.LANGUAGE_CODE
    with translation.override(language), _endings(run):
        _steps(run, time.monotonic() + SLICE_SECONDS)


def _steps(run: Run, until: float) -> None:
    if run.status in (Status.QUEUED, Status.PULLING):
        _enter(run, Status.PULLING)
        gateway = gateway_of(run.connection)
        try:
            pull.run(
                run=run,
                gateway=gateway,
                report=lambda done, total: _report(run, done, total, until),
            )
        finally:
            _count(run, gateway)
        _well(run.connection)
        _enter(run, Status.PLANNING)
    if run.status == Status.PLANNING:
        plan.make(run=run)
        if run.dry or run.brake:
            _wait(run)
            return
        _enter(run, Status.APPLYING)
    apply.run(run=run, report=lambda count: _did(run, count), between=lambda: _within(until))
    if run.rest_first:
        _wait_again(run)
    else:
        _finish(run)


@transaction.atomic
def _wait(run: Run) -> None:
    """For a person. Raises Stopped."""
    _enter(run, Status.READY)
    if not run.only_corps:  # of two plans of everything only the newer one says what is so
        older = Run.objects.filter(connection=run.connection, status=Status.READY, pk__lt=run.pk)
        older.update(status=Status.STALE, finished_at=timezone.now())
    text = _("The dry run is finished; nothing was written")
    if run.brake:
        text = _("More people would leave than a run may remove: somebody has to confirm it")
    _say(run, text, LogLine.Level.WARNING if run.brake else LogLine.Level.INFO)
    telling.recount()
    telling.ended(run)


@transaction.atomic
def _wait_again(run: Run) -> None:
    """All but what leaves is written; a person confirms that, or the plan becomes outdated. Raises Stopped."""
    _enter(run, Status.READY)
    n = PlanItem.objects.open().filter(run=run).count()
    _say(run, _("All else is written; %(n)s items that leave wait for a confirmation") % {"n": n})
    telling.recount()
    telling.ended(run)


@transaction.atomic
def _enter(run: Run, status: str) -> None:
    """The next phase, unless a person cancelled meanwhile. Raises Stopped."""
    values = {"status": status, "phase_at": timezone.now(), "done": 0, "total": 0}
    if status == Status.APPLYING:
        values |= {
            "total": PlanItem.objects.to_write(run).count(),
            "applied_at": timezone.now(),
        }
    if run.status == status:  # it goes on
        values = {"status": status}
    if not Run.objects.filter(pk=run.pk, status=run.status).update(**values):
        raise Stopped
    run.refresh_from_db()
    telling.show(run)
    if status == Status.APPLYING:
        telling.recount()  # plans that wait are outdated by it


def _report(run: Run, done: int, total: int, until: float) -> None:
    still = Run.objects.filter(pk=run.pk, status=Status.PULLING)
    if not still.update(done=done, total=total):
        raise Stopped
    telling.show(run)
    if done < total:
        _within(until)


def _did(run: Run, count: int) -> None:
    """Inside the transaction of a batch: what was written and what is counted are one."""
    if not Run.objects.filter(pk=run.pk, status=Status.APPLYING).update(done=F("done") + count):
        raise Stopped
    telling.show(run)


def _within(until: float) -> None:
    if time.monotonic() > until:
        raise Pause


@transaction.atomic
def _finish(run: Run) -> None:
    failed = PlanItem.objects.filter(run=run, status=PlanItem.Status.FAILED).count()
    if not Run.objects.filter(pk=run.pk, status=Status.APPLYING).update(
        status=Status.DONE, finished_at=timezone.now(), counts=run.counts | {"failed": failed}
    ):
        raise Stopped
    run.refresh_from_db()
    counts = {key: value for key, value in run.counts.items() if key != "leaving"}
    audit.record(action="wecom.run", obj=run.connection, by=ACTOR, after={"run": run.pk, **counts})
    _say(run, _("The synchronization is finished"))
    telling.show(run)
    telling.ended(run)


@contextmanager
def _endings(run: Run) -> Iterator[None]:
    """What the person can understand ends the run; a database that is away goes up, and the outbox starts it again."""
    try:
        yield
    except Stopped:
        log.info("run %s was cancelled", run.pk)
    except Pause:
        outbox.enqueue(task="wecom_sync.run", run_id=run.pk)
    except Retryable as error:
        _later(run, error)
    except WeComError as error:
        fail(run, str(error), code=error.code if isinstance(error.code, int) else -1)
    except UserError as error:
        fail(run, str(error))
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("run %s failed", run.pk)
        fail(
            run,
            _(
                "A fault of this system ended the run. Its log has the details; nothing is half written"
            ),
        )


def _later(run: Run, error: Retryable) -> None:
    if run.tries + 1 >= TRIES:
        code = error.code if isinstance(error.code, int) else -1
        fail(run, error.told(by_itself=False), code=code)
        return
    with transaction.atomic():
        Run.objects.filter(pk=run.pk).update(tries=F("tries") + 1)
        _say(run, error.told(by_itself=True), LogLine.Level.WARNING)
        outbox.enqueue(task="wecom_sync.run", delay=timedelta(seconds=error.after), run_id=run.pk)


@transaction.atomic
def fail(run: Run, sentence: str, *, code: int | None = None) -> None:
    """Ends a run that is under way with a sentence; `code` is WeCom's, where it was WeCom."""
    # First the connection, like whoever switches it off.
    Connection.objects.select_for_update(no_key=True).filter(pk=run.connection_id).first()
    still = Run.objects.filter(pk=run.pk, status__in=Run.UNDER_WAY)
    if not still.update(
        status=Status.FAILED, finished_at=timezone.now(), message=sentence[:500], error_code=code
    ):
        return
    if code is not None:
        Connection.objects.filter(pk=run.connection_id).update(
            checked_at=timezone.now(), error_code=code, error=sentence[:500]
        )
    run.refresh_from_db()
    _say(run, sentence, LogLine.Level.ERROR)
    telling.show(run)
    telling.ended(run)


def _well(connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(
        checked_at=timezone.now(), error_code=0, error=""
    )


def _count(run: Run, gateway: Gateway) -> None:
    Run.objects.filter(pk=run.pk).update(calls=F("calls") + sum(gateway.calls.values()))


def _say(run: Run, text: str, level: int = LogLine.Level.INFO) -> None:
    LogLine.objects.create(run=run, level=level, text=text[:500])
