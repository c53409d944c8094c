"""Everything that somebody asked the worker to do, of whatever kind, newest first (matrix row 35).

Kinds lie in tables of their own. Each gives one page behind the position, and the page is the first of them all: what
it costs does not grow with how many there are.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from accounts import permissions
from accounts.models import StaffImport, User
from contacts.models import BulkJob, ExportJob, ImportJob
from orgs.models import Restructuring, RestructuringBatch
from orgs.permissions import scope_of
from orgs.selectors.nodes import dimensions_in

PAGE = 50
Job = BulkJob | ExportJob | ImportJob | Restructuring | RestructuringBatch | StaffImport


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the list: jobs of one moment stand in order of their kinds."""

    at: datetime.datetime
    kind: int
    pk: int

    def __str__(self) -> str:
        return f"{self.at.astimezone(datetime.UTC):%Y%m%dT%H%M%S.%f}~{self.kind}~{self.pk}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The position that str() gave; None for anything else."""
        parts = text[:60].split("~")
        try:
            moment, kind, pk = parts[0], int(parts[1]), int(parts[2])
            at = datetime.datetime.strptime(moment, "%Y%m%dT%H%M%S.%f").replace(tzinfo=datetime.UTC)
        except (ValueError, IndexError):
            return None
        return cls(at, kind, pk) if 0 <= pk < 2**63 else None


@dataclass(frozen=True, slots=True)
class JobPage:
    """One page, and the positions around it where there is more."""

    jobs: list[Job]
    previous: Position | None = None
    next: Position | None = None


def page(
    by: User, *, after: Position | None = None, before: Position | None = None, size: int = PAGE
) -> JobPage:
    """One's own jobs in dimensions one still maintains; six queries, with batches or for administrators one more."""
    back, at = before is not None, before or after
    found: list[tuple[Position, Job]] = []
    for kind, rows in enumerate(_sources(by)):
        way = ("created_at", "pk") if back else ("-created_at", "-pk")
        beyond = _beyond(rows, kind, at, back=back) if at else rows
        found += [
            (Position(job.created_at, kind, job.pk), job) for job in beyond.order_by(*way)[: size + 1]
        ]  # fmt: skip
    found.sort(key=lambda one: _order(one[0]), reverse=back)
    more, found = len(found) > size, found[:size]
    if back:
        found.reverse()
    if not found:
        return JobPage([])
    return JobPage(
        [job for _position, job in found],
        previous=found[0][0] if (back and more) or after else None,
        next=found[-1][0] if more or back else None,
    )


def _order(position: Position) -> tuple[float, int, int]:
    return (-position.at.timestamp(), position.kind, -position.pk)


def _beyond(rows: QuerySet[Any], kind: int, at: Position, *, back: bool) -> QuerySet[Any]:
    way = "gt" if back else "lt"
    later = Q(**{f"created_at__{way}": at.at})
    if kind == at.kind:
        return rows.filter(later | Q(created_at=at.at, **{f"pk__{way}": at.pk}))
    return (
        rows.filter(later | Q(created_at=at.at)) if (kind > at.kind) != back else rows.filter(later)
    )


def _sources(by: User) -> Sequence[QuerySet[Any]]:
    mine = [node.pk for node in dimensions_in(scope_of(by))]
    changes = Restructuring.objects.visible_to(by).select_related("node", "parent").order_by("pk")
    batched = changes.filter(batch=OuterRef("pk"))
    return (
        BulkJob.objects.filter(owner=by, node__dimension__in=mine)
        .select_related("node")
        .defer("asked", "problems"),
        ExportJob.objects.filter(owner=by, dimension__in=mine).select_related("dimension"),
        ImportJob.objects.filter(owner=by, dimension__in=mine)
        .select_related("dimension")
        .defer("header", "choices"),
        changes.filter(owner=by, batch=None),
        RestructuringBatch.objects.filter(Exists(batched), owner=by)
        .visible_to(by)
        .select_related("dimension")
        .prefetch_related(Prefetch("restructurings", queryset=changes)),
        *(
            [StaffImport.objects.filter(owner=by).defer("header")]
            if permissions.is_admin(by)
            else []
        ),
    )
