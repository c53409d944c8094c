"""Writing an import: nodes in one transaction, people in batches (SPEC CON-6, SECURITY T06, T76).

Every batch is matched again under its locks, so that an import that was killed or cancelled anywhere is finished by
running it again, and nothing happens twice.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from contacts import closure
from contacts.import_format import ParsedRow
from contacts.imports.candidates import has_identifier
from contacts.imports.decisions import Decision, decide
from contacts.imports.matching import Matcher
from contacts.imports.places import Places, create_missing, resolve
from contacts.imports.plan import Counts, Plan, chunks
from contacts.imports.writing import write
from core.actors import Actor
from core.errors import Hidden
from core.importing.jobs import ChangedMeanwhile
from orgs import tree
from orgs.models import Node
from orgs.permissions import Scope, require_maintain

# Advisory lock (LOCK_CLASS, dimension id): batches of two imports into one dimension see each other's people.
LOCK_CLASS = 72_200
TRIES = 3

Report = Callable[[Counts, int], None]
"""Told inside the transaction of each batch what it did and how many rows are done; may raise to stop."""


class _Again(Exception):
    """Between deciding and locking a row came to mean another contact."""


def run(*, plan: Plan, by: Actor, report: Report) -> Counts:
    """Writes a plan without problems and returns what was done; everything is read anew under locks.

    Raises Hidden when `by` does not maintain the dimension any more, ChangedMeanwhile when a row cannot be taken any
    more, and whatever `report` raises. Batches that were written stay; running again goes on after them.
    """
    if plan.problems:
        raise ChangedMeanwhile(plan.problems)
    done = Counts(rows=plan.counts.rows)
    places = _nodes(plan, by=by, report=report, done=done)
    ordered = sorted(plan.people, key=lambda row: not has_identifier(row))
    without = plan.counts.rows - len(ordered)
    claimed = dict(plan.claimed)
    for number, chunk in enumerate(chunks(ordered)):
        rows = [(row, places.target(row)) for row in chunk]
        finished = without + number * len(ordered[: len(chunk)]) + len(chunk)
        _batch(rows, plan=plan, claimed=claimed, by=by, done=done, report=report, finished=finished)
    closure.settle()
    return done


def _nodes(plan: Plan, *, by: Actor, report: Report, done: Counts) -> Places:
    with transaction.atomic():
        scope = _scope(by=by, dimension_id=plan.dimension_id)
        places = resolve(plan.file.rows, dimension_id=plan.dimension_id, scope=scope)
        if not (places.missing or places.changed):
            return places
        # Only now the lock that keeps everybody else out of the tree; what was read before it is read again.
        tree.lock(plan.dimension_id)
        places = resolve(plan.file.rows, dimension_id=plan.dimension_id, scope=scope)
        errors = [error for row in plan.file.rows for error in places.errors_of(row)]
        if errors:
            raise ChangedMeanwhile(errors)
        delta = Counts(
            organizations=places.new_organizations,
            departments=places.new_departments,
            organizations_updated=len(places.changed),
        )
        _write_nodes(places, by=by, dimension_id=plan.dimension_id)
        report(delta, plan.counts.rows - len(plan.people))
    _sum(done, delta)
    return places


def _write_nodes(places: Places, *, by: Actor, dimension_id: int) -> None:
    try:
        create_missing(places, by=by, dimension_id=dimension_id)
    except IntegrityError as error:  # a code was taken in another tree at this moment
        raise ChangedMeanwhile from error


def _scope(*, by: Actor, dimension_id: int) -> Scope:
    """The right as it is now (SECURITY T06): the person is read again, too."""
    actor = User.objects.filter(pk=by.pk).first() if isinstance(by, User) else by
    node = Node.objects.filter(pk=dimension_id).first()
    if actor is None or node is None:
        raise Hidden(_("There is no such dimension."))
    return require_maintain(by=actor, node=node)


def _batch(
    rows: Sequence[tuple[ParsedRow, int | None]],
    *,
    plan: Plan,
    claimed: dict[int, int],
    **more: Any,
) -> None:
    for attempt in range(TRIES):
        scope = _scope(by=more["by"], dimension_id=plan.dimension_id)
        matcher = plan.matcher(scope, dict(claimed))
        guess, errors = decide(rows, matcher=matcher)
        if errors:
            raise ChangedMeanwhile(errors)
        try:
            with transaction.atomic():
                claimed |= _write_locked(rows, guess, matcher=matcher, plan=plan, **more)
        except _Again:
            if attempt == TRIES - 1:
                raise ChangedMeanwhile from None
        except IntegrityError as error:  # a code was taken at this moment
            raise ChangedMeanwhile from error
        else:
            return


def _write_locked(
    rows: Sequence[tuple[ParsedRow, int | None]], guess: list[Decision], *, matcher: Matcher, plan: Plan,
    by: Actor, done: Counts, report: Report, finished: int,
) -> dict[int, int]:  # fmt: skip
    """One batch: locks, matches again, writes, reports. Returns the new contacts: id → row."""
    delta, created = Counts(), {}
    if any(decision.kind != "unchanged" for decision in guess):
        decisions = _lock_and_decide(rows, guess, matcher=matcher, plan=plan)
        created = write(decisions, by=by, dimension_id=plan.dimension_id)
        for decision in decisions:
            delta.add(decision.kind)
    else:
        delta.unchanged = len(guess)
    report(delta, finished)
    _sum(done, delta)
    return created


def _lock_and_decide(
    rows: Sequence[tuple[ParsedRow, int | None]],
    guess: list[Decision],
    *,
    matcher: Matcher,
    plan: Plan,
) -> list[Decision]:
    node_ids = {node_id for _row, node_id in rows if node_id}
    locked = closure.lock(
        contact_ids=[decision.contact.pk for decision in guess if decision.contact],
        node_ids=[plan.dimension_id, *node_ids],
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_CLASS, plan.dimension_id])
    here = Node.objects.filter(pk__in=node_ids, dimension_id=plan.dimension_id).count()
    if here != len(node_ids) or any(node_id is None for _row, node_id in rows):
        raise ChangedMeanwhile
    decisions, errors = decide(rows, matcher=matcher)
    if errors:
        raise ChangedMeanwhile(errors)
    if any(decision.contact and decision.contact.pk not in locked for decision in decisions):
        raise _Again
    return decisions


def _sum(total: Counts, delta: Counts) -> None:
    for name, number in delta.as_dict().items():
        total.add(name, number)
