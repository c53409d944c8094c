"""Carrying a plan out: item by item in its order, in batches that are done once however often they are begun.

What an item wants is computed anew under the locks, so that a batch that was killed, or a directory that changed since
the plan was made, ends in the same state (SECURITY T73). Written by the services of orgs and contacts.
"""

from collections.abc import Callable, Sequence
from typing import Final

from django.db import transaction

from contacts import closure
from core.errors import UserError
from wecom_sync.models import Connection, OwnPerson, PlanItem, RemotePerson, RemotePlace, Run
from wecom_sync.sync import kept, own_apply, people, places
from wecom_sync.sync.world import World

PEOPLE: Final = 1000
PLACES: Final = 5000
SINGLE: Final = 50

Stage = PlanItem.Stage
Report = Callable[[int], None]
"""Told inside the transaction of each batch how many items it finished; may raise to stop."""


def run(*, run: Run, report: Report, between: Callable[[], None]) -> None:
    """Does every open item that may be written. Running it again goes on where it ended.

    `between` is called after each batch. Raises what the two raise; whatever else goes wrong with one item is written
    on it, and the others go on.
    """
    kept.refresh(run.connection)
    _leave_to_people(run.connection)
    todo = PlanItem.objects.to_write(run)
    while (stage := todo.values_list("stage", flat=True).first()) is not None:
        _batch(run, Stage(stage), list(todo.filter(stage=stage)[: _SIZES[Stage(stage)]]), report)
        between()
    closure.settle()


def _leave_to_people(connection: Connection) -> None:
    """Whom a person has enabled since a run disabled him: if he is disabled again, no return undoes it."""
    # Of every corp: a return to one undoes what the run of another has done.
    OwnPerson.objects.filter(put_off=True, user__is_active=True).update(put_off=False)
    RemotePerson.objects.filter(put_off=True, contact__enabled=True).update(put_off=False)
    places_off = RemotePlace.objects.filter(chain__connection=connection, put_off=True)
    places_off.filter(node__enabled=True).update(put_off=False)


def _batch(run: Run, stage: PlanItem.Stage, items: Sequence[PlanItem], report: Report) -> None:
    """All at once; where one is refused, one by one, so that each has its own answer."""
    try:
        _atomic(run, stage, items, report)
    except UserError as error:
        if len(items) == 1:
            _refused(items[0], error, report)
            return
        for one in items:
            _batch(run, stage, [one], report)


@transaction.atomic
def _atomic(run: Run, stage: PlanItem.Stage, items: Sequence[PlanItem], report: Report) -> None:
    skipped = set(_DO[stage](World.of(run), items))
    for status, chosen in (
        ("done", [one.pk for one in items if one.pk not in skipped]),
        ("skipped", [one.pk for one in items if one.pk in skipped]),
    ):
        if chosen:
            PlanItem.objects.filter(pk__in=chosen).update(status=status)
    report(len(items))


@transaction.atomic
def _refused(item: PlanItem, error: UserError, report: Report) -> None:
    item.status, item.message = PlanItem.Status.FAILED, str(error)[:300]
    item.save(update_fields=["status", "message"])
    report(1)


_DO: dict[int, Callable[[World, Sequence[PlanItem]], list[int]]] = {
    Stage.PLACE_JOIN: places.join, Stage.PLACE_ADD: places.add,
    Stage.PLACE_CHANGE: places.change, Stage.PERSON_ADD: people.add, Stage.PERSON_CHANGE: people.change,
    Stage.PERSON_LEAVE: people.leave, Stage.PLACE_LEAVE: places.leave,
    Stage.DEPARTMENT_ADD: own_apply.add_departments, Stage.DEPARTMENT_CHANGE: own_apply.change_departments,
    Stage.STAFF_ADD: own_apply.add_staff, Stage.STAFF_CHANGE: own_apply.change_staff,
    Stage.STAFF_LEAVE: own_apply.leave_staff, Stage.RANGE_ADD: own_apply.add_ranges,
    Stage.RANGE_REMOVE: own_apply.remove_ranges,
}  # fmt: skip
# How many items are one transaction; what is written one by one waits for few others.
_SIZES: dict[PlanItem.Stage, int] = dict.fromkeys(Stage, SINGLE) | {
    Stage.PLACE_ADD: PLACES, Stage.PERSON_ADD: PEOPLE, Stage.PERSON_CHANGE: PEOPLE,
    Stage.PERSON_LEAVE: PEOPLE, Stage.STAFF_ADD: PEOPLE, Stage.STAFF_CHANGE: PEOPLE,
}  # fmt: skip
