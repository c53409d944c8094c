"""What differs, as items of a plan: compared set by set inside the database (SPEC WEC-2 to WEC-4; SECURITY T71, T72).

Nobody and nothing is missing unless the list that it is missing from was read to its end: groups and corps where the
chains were listed, departments and members where their corp was read completely.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from wecom_sync.models import Chain, OwnPerson, PlanItem, PulledPlace, Run
from wecom_sync.sync import own_plan, sql
from wecom_sync.sync.world import unshared

Stage = PlanItem.Stage
PERCENT: Final = Chain._meta.get_field("brake_percent").default
PEOPLE: Final = Chain._meta.get_field("brake_people").default


@transaction.atomic
def make(*, run: Run) -> Run:
    """Writes the items of a run whose rows were pulled, with numbers and whether the brake holds it.

    Safe to run again: the items of an earlier try are replaced.
    """
    PlanItem.objects.filter(run=run).delete()
    parameters = {"run": run.pk, "connection": run.connection_id, "listed": not run.only_corps}
    with connection.cursor() as cursor:
        for statement in sql.PREPARE:
            cursor.execute(statement, parameters)
        for statement in sql.ITEMS:
            cursor.execute(sql.INTO + statement, parameters)
        own = own_plan.items(run)
        PlanItem.objects.bulk_create(own, batch_size=2000)
        counts = _counts(cursor, run)
        leaving = _leaving(cursor, run)
        for table in sql.TABLES:
            cursor.execute(f"DROP TABLE {table}")
    run.counts = counts | {"unread": _unread(run), "leaving": leaving}
    run.brake = braked(run.connection_id, leaving) or _staff_braked(run)
    run.planned_at = timezone.now()
    run.save(update_fields=["counts", "brake", "planned_at"])
    return run


def _counts(cursor: Any, run: Run) -> dict[str, int]:
    cursor.execute(
        "SELECT stage, count(*) FROM wecom_sync_planitem WHERE run_id = %s GROUP BY stage", [run.pk]
    )
    found = dict(cursor.fetchall())
    return {stage.name.lower(): found.get(stage.value, 0) for stage in Stage}


def _unread(run: Run) -> int:
    """Of how much nobody is missed: corps that could not be read to their end, the corp's own staff, its rules."""
    corps = PulledPlace.objects.filter(run=run, key__startswith="c:").exclude(message="")
    keys = corps.values("key").union(unshared(run).values("key"))
    own = run.connection if not run.only_corps else None
    staff, rules = own and own.sync_staff, own and own.sync_rules
    return keys.count() + bool(staff and not run.staff_read) + bool(rules and not run.rules_read)


def _leaving(cursor: Any, run: Run) -> dict[str, list[int]]:
    """Chain → how many leave of how many who are there."""
    cursor.execute(sql.LEAVING, {"run": run.pk, "connection": run.connection_id})
    return {str(chain): [leaving, present] for chain, leaving, present in cursor.fetchall()}


def _staff_braked(run: Run) -> bool:
    """The same for the corp's own people, with the shares that chains begin with."""
    gone = PlanItem.objects.filter(run=run, stage=Stage.STAFF_LEAVE).count()
    there = OwnPerson.objects.filter(connection=run.connection_id, gone_at=None).count()
    return bool(gone > PEOPLE and gone * 100 > PERCENT * there)


def braked(connection_id: int, leaving: Mapping[str, list[int]]) -> bool:
    """Whether more leave than a run may remove without a person (SPEC WEC-4): the share *and* the number."""
    chains = Chain.objects.filter(connection_id=connection_id).in_bulk()
    return any(
        gone > chains[int(pk)].brake_people and gone * 100 > chains[int(pk)].brake_percent * present
        for pk, (gone, present) in leaving.items()
    )
