"""Writing an import of staff: departments first, then people in batches (SPEC ACC-3, ACC-6; SECURITY T06, T76).

Every batch is decided again under locks, so that an import that was killed or cancelled anywhere is finished by running
it again, and nothing happens twice.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction

from accounts import permissions
from accounts.imports import plan as planning
from accounts.imports.plan import Decision, StaffPlan, known_places
from accounts.imports.table import StaffRow
from accounts.models import Department, User
from accounts.services import access, credentials, departments, people
from core.errors import Invalid
from core.importing.jobs import ChangedMeanwhile
from core.importing.rows import row_error

BATCH = 50

Report = Callable[[Mapping[str, int], int], None]
"""Told inside the transaction of each batch what it did and how many rows are done; may raise to stop."""


def issue_key(job_id: int, user_id: int | str = "") -> str:
    """Names the first credentials of a person that an import made; without a person what all of them begin with."""
    return f"staff_import:{job_id}:{user_id}"


def run(*, plan: StaffPlan, job_id: int, by: User, report: Report) -> None:
    """Writes a plan without problems; everything is read anew under locks.

    Raises Denied when `by` is no administrator any more, ChangedMeanwhile when a row cannot be taken any more, and
    whatever `report` raises. Batches that were written stay; running again goes on after them.
    """
    _departments(plan, by=by, report=report)
    for number, rows in enumerate(planning.chunks(plan.people, BATCH)):
        done = number * BATCH + len(rows)
        with transaction.atomic():
            report(_batch(rows, job_id=job_id, by=_as_now(by)), done)


def _as_now(by: User) -> User:
    """The administrator as he is in this moment (SPEC VIS-5)."""
    person: User = User.objects.get(pk=by.pk)
    permissions.require_admin(person)
    return person


@transaction.atomic
def _departments(plan: StaffPlan, *, by: User, report: Report) -> None:
    if not plan.new_departments:
        return
    departments.lock()
    places, made, by = known_places(), 0, _as_now(by)
    for path in plan.new_departments:
        if "/".join(path) not in places:
            above = places.get("/".join(path[:-1]), 0)
            parent = Department.objects.filter(pk=above).first()
            new = departments.create(by=by, name=path[-1], parent=parent)
            places["/".join(path)] = new.pk
            made += 1
    report({"departments": made}, 0)


def _batch(rows: Sequence[StaffRow], *, job_id: int, by: User) -> Counter[str]:
    """One batch: locks, decides again, writes. Returns what was done."""
    if any(row.departments for row in rows):
        departments.lock()
    places = known_places()
    guess, _errors = planning.decide(rows, by=by, places=places, creating=False)
    ids = sorted(one.user.pk for one in guess if one.user)
    list(User.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
    decisions, errors = planning.decide(rows, by=by, places=places, creating=False)
    if errors:
        raise ChangedMeanwhile(errors)
    done: Counter[str] = Counter()
    for decision in decisions:
        try:
            _write(decision, job_id=job_id, by=by)
        except Invalid as error:  # somebody took the login name or the code at this moment
            refused = row_error(decision.row.row, error.field or "", "", "taken", error.message)
            raise ChangedMeanwhile([refused]) from error
        done.update(kind for kind in decision.kinds if kind != "unchanged")
    return done


def _write(decision: Decision, *, job_id: int, by: User) -> None:
    fields: dict[str, Any] = dict(decision.fields)
    user = decision.user
    if user is None:
        user = people.create_staff(by=by, department_ids=decision.places or (), **fields)
    elif fields or decision.places is not None:
        user = people.update_staff(user=user, by=by, department_ids=decision.places, **fields)
    if decision.active is False:
        access.disable(user=user, by=by)
    elif decision.active and decision.user is not None:
        access.enable(user=user, by=by)
    if _needs_credentials(decision, user):
        key = issue_key(job_id, user.pk)
        credentials.start_issue(user=user, issue_key=key, reader_ids=[by.pk], by=by)


def _needs_credentials(decision: Decision, user: User) -> bool:
    """A new person, unless he is disabled; and one who is enabled and never had any."""
    if decision.user is None:
        return decision.active is not False
    return bool(decision.active) and not user.has_usable_password()
