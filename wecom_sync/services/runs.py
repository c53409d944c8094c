"""Starting, confirming and cancelling runs (SPEC WEC-3, WEC-4; matrix row 53)."""

from collections.abc import Sequence
from typing import Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core import audit, outbox
from core.actors import Actor
from core.errors import Conflict, Invalid
from wecom_sync import selectors, telling
from wecom_sync.models import Connection, LogLine, PlanItem, Run
from wecom_sync.permissions import require_run

Status = Run.Status
STOPPABLE: Final = (*Run.UNDER_WAY, Status.READY)


@transaction.atomic
def start(
    *, by: Actor, connection: Connection, dry: bool = False, trigger: str = Run.Trigger.MANUAL,
    only_corps: Sequence[str] = (),
) -> Run:  # fmt: skip
    """A new run; the worker begins when this is committed.

    Raises Denied, Conflict while another one of the connection is under way, Invalid for one that is switched off.
    """
    require_run(by)
    # Read anew: whoever switches it off meanwhile holds the row, and ends what is under way by then.
    if not Connection.objects.select_for_update(no_key=True).filter(pk=connection.pk, enabled=True):
        raise Invalid(_("This connection is switched off"))
    try:
        with transaction.atomic():
            run = Run.objects.create(
                connection=connection, trigger=trigger, dry=dry, only_corps=sorted(only_corps),
                owner=by if isinstance(by, User) else None,
            )  # fmt: skip
    except IntegrityError as error:
        raise under_way() from error
    audit.record(
        action="wecom.start",
        obj=connection,
        by=by,
        after={"run": run.pk, "dry": dry, "trigger": trigger},
    )
    outbox.enqueue(task="wecom_sync.run", run_id=run.pk)
    telling.show(run)
    return run


def under_way() -> Conflict:
    """Two at once would undo each other's work."""
    return Conflict(
        _("A run of this connection is under way. Wait for it or cancel it"), code="under_way"
    )


@transaction.atomic
def confirm(*, by: Actor, run: Run) -> Run:
    """Carries out exactly the plan of a run that waits for a person, or what is left of it.

    Raises Denied, Conflict when it does not wait (any more) or another one is under way, and when the plan is outdated:
    a day old, or another run was carried out since, or a policy was changed.
    """
    fresh = _claim(by, run)
    fresh.rest_first = False
    _begin_writing(fresh, by)
    audit.record(
        action="wecom.confirm", obj=fresh.connection, by=by,
        after={"run": fresh.pk, "leaving": fresh.counts.get("person_leave", 0), "brake": fresh.brake},
    )  # fmt: skip
    return fresh


@transaction.atomic
def confirm_rest(*, by: Actor, run: Run) -> Run:
    """Carries out the plan of a run that waits but for what leaves (PlanItem.LEAVING), which goes on waiting.

    Raises as `confirm`, and Conflict where there is nothing to part.
    """
    fresh = _claim(by, run)
    parts = PlanItem.objects.open().filter(run=fresh)
    waits = parts.filter(stage__in=PlanItem.LEAVING).count()
    if not waits or not parts.exclude(stage__in=PlanItem.LEAVING).exists():
        raise Conflict(_("Nothing is left that could be written before the rest"), code="whole")
    fresh.rest_first = True
    _begin_writing(fresh, by)
    audit.record(
        action="wecom.rest", obj=fresh.connection, by=by,
        after={"run": fresh.pk, "written": fresh.total, "waiting": waits},
    )  # fmt: skip
    return fresh


def _claim(by: Actor, run: Run) -> Run:
    """A run that waits, locked after its connection, as by whoever changes that. Raises Denied, Conflict."""
    require_run(by)
    Connection.objects.select_for_update(no_key=True).get(pk=run.connection_id)
    fresh = Run.objects.select_for_update(of=("self",)).select_related("connection").get(pk=run.pk)
    if fresh.status != Status.READY:
        raise Conflict(_("This run does not wait for a confirmation any more"), code="not_ready")
    if stale(fresh):
        raise Conflict(
            _("The plan is outdated. Start a new run and look at its plan"), code="stale"
        )
    return fresh


def _begin_writing(run: Run, by: Actor) -> None:
    """Takes the lease; the worker goes on. Raises Conflict."""
    run.status, run.confirmed_by_label = Status.APPLYING, by.actor_label[:200]
    if run.owner_id is None and isinstance(by, User):
        run.owner = by  # who hears of its end
    run.phase_at = run.applied_at = timezone.now()
    run.done = 0
    run.total = PlanItem.objects.to_write(run).count()
    fields = [
        "status", "owner", "confirmed_by_label", "phase_at", "applied_at", "done", "total", "rest_first",
    ]  # fmt: skip
    try:
        with transaction.atomic():
            run.save(update_fields=fields)
    except IntegrityError as error:
        raise under_way() from error
    text = _("%(who)s confirmed it: %(n)s items are written") % {
        "who": by.actor_label,
        "n": run.total,
    }
    LogLine.objects.create(run=run, text=text[:500])
    outbox.enqueue(task="wecom_sync.run", run_id=run.pk)
    telling.show(run)
    telling.recount()


def stale(run: Run) -> bool:
    """Whether what a plan that waits compared may have changed since: by time, another run, or another policy."""
    return not selectors.waiting().filter(pk=run.pk).exists()


def outdate(connection: Connection) -> None:
    """No plan that waits is carried out any more; inside the transaction that holds the connection."""
    waiting = connection.runs.filter(status=Status.READY)
    if waiting.update(status=Status.STALE, finished_at=timezone.now()):
        telling.recount()


def forget(connection: Connection) -> None:
    """What runs have found so far is about another corp from now on: neither plan nor hint of theirs is followed.

    As `outdate`. Raises Conflict while a run is under way.
    """
    if connection.runs.under_way().exists():
        raise under_way()
    outdate(connection)
    hints = PlanItem.objects.filter(run__connection=connection, stage=PlanItem.Stage.NOTICE)
    hints.filter(status=PlanItem.Status.OPEN).update(status=PlanItem.Status.SKIPPED)


@transaction.atomic
def cancel(*, by: Actor, run: Run) -> bool:
    """Ends a run; batches that were written stay, and the next run goes on. False when it has ended already."""
    require_run(by)
    open_ones = Run.objects.filter(pk=run.pk, status__in=STOPPABLE)
    if not open_ones.update(status=Status.CANCELLED, finished_at=timezone.now()):
        return False
    audit.record(action="wecom.cancel", obj=run.connection, by=by, after={"run": run.pk})
    telling.show(run)
    telling.recount()
    return True


@transaction.atomic
def note_export(*, by: Actor, run: Run, filters: str) -> None:
    """Writes down that somebody takes the plan of a run away as a file. Raises Denied."""
    require_run(by)
    audit.record(
        action="wecom.export", obj=run.connection, by=by, after={"run": run.pk, "filters": filters}
    )
