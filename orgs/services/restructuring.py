"""Moves, disabling and enabling that touch too many people for a page: asked for here, carried out by the worker
(SPEC ORG-5, ORG-6, ORG-10; docs/adr/0010).

One job is one transaction: nobody sees a half-moved tree, and a worker that is killed leaves everything as it was.
Of a batch each is a job of its own; the end of one begins the next.
"""

import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core import audit, live, outbox
from core.actors import Actor
from core.errors import Conflict, Denied, Hidden, UserError
from core.owners import owner_of
from im.services import notify
from orgs.counting import contact_counts
from orgs.models import Node, Restructuring, RestructuringBatch
from orgs.permissions import (
    Scope,
    require_dimension_management,
    require_maintain,
    scope_for,
)
from orgs.services import dimensions, nodes
from orgs.services.shared import named

log = logging.getLogger(__name__)

# People, or nodes, at or below a node up to which a page does it at once.
AT_ONCE = 10_000
MAX_ATTEMPTS = 5
CLAIM = 72_101  # advisory lock (CLAIM, job id): held by the transaction that carries it out, gone with its process

Action = Restructuring.Action
Status = Restructuring.Status
OUTCOMES: dict[tuple[str, str], Any] = {
    (Status.SUCCEEDED, Action.MOVE): gettext_lazy("The move is finished"),
    (Status.SUCCEEDED, Action.DISABLE): gettext_lazy("Disabling is finished"),
    (Status.SUCCEEDED, Action.ENABLE): gettext_lazy("Enabling is finished"),
    (Status.CANCELLED, Action.MOVE): gettext_lazy("The move was stopped"),
    (Status.CANCELLED, Action.DISABLE): gettext_lazy("Disabling was stopped"),
    (Status.CANCELLED, Action.ENABLE): gettext_lazy("Enabling was stopped"),
    (Status.FAILED, Action.MOVE): gettext_lazy("The move did not happen"),
    (Status.FAILED, Action.DISABLE): gettext_lazy("Disabling did not happen"),
    (Status.FAILED, Action.ENABLE): gettext_lazy("Enabling did not happen"),
}


class Cancelled(Exception):
    """Somebody stopped it; the transaction takes everything back."""


@dataclass(frozen=True, slots=True)
class Size:
    """People and nodes at or below some nodes, none of which stands below another one."""

    people: int
    nodes: int

    @property
    def is_large(self) -> bool:
        """Whether moving, disabling or enabling them is for the worker: call `start` instead of the service then."""
        return max(self.people, self.nodes) > AT_ONCE


def size(*, by: Actor, nodes: Sequence[Node]) -> Size:
    """How much a change of these nodes touches; one query."""
    below = sum((node.rght - node.lft + 1) // 2 for node in nodes)
    return Size(sum(contact_counts(scope_for(by), [node.pk for node in nodes]).values()), below)


@transaction.atomic
def start(*, by: User, node: Node, action: str, parent: Node | None = None) -> Restructuring:
    """Has the worker do `action` (with `parent`: move); `by` is told in his notifications how it ended.

    Checks now what the service will check again under its locks, and raises the same. Raises Conflict when something
    is under way with this node already. The change is audited when it happens.
    """
    job = _create(by=by, node=node, action=action, parent=parent)
    outbox.enqueue(task="orgs.restructure", dedupe_key=f"restructure:{job.pk}", job_id=job.pk)
    return job


@transaction.atomic
def start_many(
    *, by: User, nodes: Sequence[Node], action: str, parent: Node | None = None
) -> RestructuringBatch:
    """The same for several nodes of one dimension, one after the other: each happens or not for itself, and `by` is
    told once, at the end of all.

    Raises as `start`, with the name of the node that cannot; then none is begun.
    """
    batch: RestructuringBatch = RestructuringBatch.objects.create(
        owner=by, dimension_id=nodes[0].dimension_id
    )
    for node in nodes:
        with named(node):
            _create(by=by, node=node, action=action, parent=parent, batch=batch)
    _follow(batch.pk)
    return batch


def _create(*, by: User, node: Node, action: str, **more: Any) -> Restructuring:
    fresh = Node.objects.select_related("parent").filter(pk=node.pk).first()
    if fresh is None:
        raise Hidden(_("There is no such organization or department."))
    _require(by=by, node=fresh, action=action, parent=more["parent"])
    total = contact_counts(scope_for(by), [node.pk]).get(node.pk, 0)
    job = Restructuring(
        action=action, owner=by, epoch=by.session_epoch, node=fresh, total=total, **more
    )
    try:
        with transaction.atomic():
            job.save()
    except IntegrityError as error:
        raise Conflict(
            _("“%(name)s” is being moved, disabled or enabled already") % {"name": fresh.name}
        ) from error
    return job


def _require(*, by: User, node: Node, action: str, parent: Node | None) -> None:
    if action == Action.MOVE and parent is not None:
        nodes.check_move(by=by, node=node, parent=parent)
    elif node.kind == Node.Kind.DIMENSION:
        require_dimension_management(by=by)
    else:
        require_maintain(by=by, node=node)


@transaction.atomic
def cancel(*, by: User, job: Restructuring) -> Restructuring:
    """Stops a job; everything stays as it was, and its owner is told.

    Raises Hidden or Denied without the right to start it, Conflict when it is over already.
    """
    _require_cancel(by=by, job=job)
    with translation.override(job.owner.language):
        ended = _tell(job, Status.CANCELLED)
    if not ended:
        raise Conflict(_("This is over already"))
    _record_cancelled(by=by, jobs=[job])
    job.refresh_from_db()
    return job


@transaction.atomic
def cancel_many(*, by: User, batch: RestructuringBatch) -> None:
    """Stops what of a batch has not happened yet; its owner is told. Raises as `cancel`."""
    _lock(batch.pk)
    rows = Restructuring.objects.open().select_related("node", "parent").filter(batch=batch)
    jobs = list(rows.order_by("pk"))
    for job in jobs:
        _require_cancel(by=by, job=job)
    ended = [job for job in jobs if _close(job, Status.CANCELLED)]
    if not ended:
        raise Conflict(_("This is over already"))
    _record_cancelled(by=by, jobs=ended)
    _follow(batch.pk)


def _require_cancel(*, by: User, job: Restructuring) -> None:
    if not may_cancel(scope=require_maintain(by=by, node=job.node), job=job):
        raise Denied(_("Only holders of external directory maintenance can stop this"))


def _record_cancelled(*, by: User, jobs: Sequence[Restructuring]) -> None:
    for job in jobs:
        audit.record(
            action=f"node.cancel_{job.action}", obj=job.node, by=by, dimension_id=job.node.dimension_id
        )  # fmt: skip


def may_cancel(*, scope: Scope, job: Restructuring) -> bool:
    """Whether a maintainer of the node could have started it: whole dimensions, and moves between them, are not his."""
    across = job.parent is not None and job.parent.dimension_id != job.node.dimension_id
    return scope.everything or not (across or job.node.kind == Node.Kind.DIMENSION)


def found_batch(*, by: User, batch_id: int) -> tuple[RestructuringBatch, list[Restructuring]]:
    """A batch of a dimension that `by` maintains and those of its changes he may see; raises Hidden for any other."""
    rows = RestructuringBatch.objects.visible_to(by).select_related("owner", "dimension")
    batch = rows.filter(pk=batch_id).first()
    jobs = Restructuring.objects.visible_to(by).filter(batch_id=batch_id)
    seen = list(jobs.select_related("node", "parent", "owner").order_by("pk"))
    if batch is None or not seen:
        raise Hidden(_("There is no such restructuring."))
    return batch, seen


def found(*, by: User, job_id: int) -> Restructuring:
    """A job on a node of a dimension that `by` maintains; raises Hidden for any other."""
    rows = Restructuring.objects.visible_to(by).select_related("node", "parent", "owner")
    job: Restructuring | None = rows.filter(pk=job_id).first()
    if job is None:
        raise Hidden(_("There is no such restructuring."))
    return job


# --- In the worker --------------------------------------------------------------------------------------------------


def run(*, job_id: int) -> None:
    """Carries a job out. Killed anywhere, nothing has happened and the outbox runs it again; twice, it happens once."""
    job = _begin(job_id)
    if job is None:
        return
    with translation.override(job.owner.language):
        try:
            _carry_out(job)
        except Cancelled:
            log.info("restructuring %s was cancelled", job.pk)
        except UserError as error:
            _tell(job, Status.FAILED, message=str(error)[:500])


def run_batch(*, batch_id: int) -> None:
    """Carries out the next of a batch, as `run`; nodes that were deleted meanwhile are not among them."""
    following = Restructuring.objects.open().filter(batch_id=batch_id).order_by("pk").first()
    if following:
        run(job_id=following.pk)


@transaction.atomic
def _begin(job_id: int) -> Restructuring | None:
    """Notes a try where everybody sees it; None when the job is over, or another process is at it."""
    job = Restructuring.objects.open().select_related("owner").filter(pk=job_id).first()
    if job is None or not _claimed(job_id):
        return None
    if job.attempts >= MAX_ATTEMPTS:
        with translation.override(job.owner.language):
            sentence = _("It was interrupted again and again. Nothing was changed")
            _tell(job, Status.FAILED, message=sentence)
        return None
    rows = Restructuring.objects.open().filter(pk=job_id)
    return job if rows.update(status=Status.RUNNING, attempts=F("attempts") + 1, done=0) else None


def _claimed(job_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [CLAIM, job_id])
        return bool(cursor.fetchone()[0])


@transaction.atomic
def _carry_out(job: Restructuring) -> None:
    """The service itself, as the owner: rights and guards are those of now, and the audit row is its own.

    It may take minutes: whoever is disabled meanwhile has changed nothing.
    """
    if not _claimed(job.pk):
        return
    fresh = Restructuring.objects.select_related("node", "parent").get(pk=job.pk)
    with contextlib.closing(connection.copy()) as beside:
        _service(fresh)(by=owner_of(job), report=partial(_progress, beside, job))
    owner_of(job)
    if not _tell(job, Status.SUCCEEDED):
        raise Cancelled


def _service(job: Restructuring) -> Callable[..., object]:
    if job.parent is not None:
        return partial(nodes.move, node=job.node, parent=job.parent)
    enabled = job.action == Action.ENABLE
    if job.node.kind == Node.Kind.DIMENSION:
        return partial(dimensions.set_enabled, dimension=job.node, enabled=enabled)
    return partial(nodes.set_enabled, node=job.node, enabled=enabled)


def _progress(beside: Any, job: Restructuring, done: int, total: int) -> None:
    """Written through a connection of its own: what the long transaction writes is seen by nobody before its end."""
    with beside.cursor() as cursor:
        cursor.execute(
            "UPDATE orgs_restructuring SET done = %s, total = %s WHERE id = %s AND status = %s",
            [done, total, job.pk, Status.RUNNING],
        )
        if not cursor.rowcount:
            raise Cancelled
    _show(job, live.tell_now)


@transaction.atomic
def _tell(job: Restructuring, status: str, **values: Any) -> bool:
    """Ends the job and tells its owner, or goes on with the next of its batch; False when it was over already."""
    if job.batch_id:
        _lock(job.batch_id)
    if not _close(job, status, **values):
        return False
    _show(job, live.tell)
    if job.batch_id:
        _follow(job.batch_id)
    else:
        notify(
            user_ids=[job.owner_id], card_kind="orgs.restructuring", card_ref=str(job.pk),
            body=str(OUTCOMES[status, job.action]), dedupe_key=f"restructuring:{job.pk}",
        )  # fmt: skip
    return True


def _show(job: Restructuring, tell: Callable[..., None]) -> None:
    """To the pages of the owner; those of others who may look at it ask by themselves."""
    tell([job.owner_id], "job", job="orgs.restructuring", id=job.pk)
    if job.batch_id:
        tell([job.owner_id], "job", job="orgs.restructuring-batch", id=job.batch_id)


def _close(job: Restructuring, status: str, **values: Any) -> bool:
    rows = Restructuring.objects.open().filter(pk=job.pk)
    return bool(rows.update(status=status, finished_at=timezone.now(), **values))


# --- Several ---------------------------------------------------------------------------------------------------------


def _lock(batch_id: int) -> None:
    """What ends two of a batch at the same moment goes on with one next, and tells once."""
    RestructuringBatch.objects.select_for_update().get(pk=batch_id)


def _follow(batch_id: int) -> None:
    """The next of a batch, or word to its owner when there is none; the batch is locked."""
    rows = Restructuring.objects.filter(batch_id=batch_id)
    following = rows.open().order_by("pk").first()
    if following:
        outbox.enqueue(
            task="orgs.restructure_batch", dedupe_key=f"restructure:{following.pk}", batch_id=batch_id
        )  # fmt: skip
        return
    batch = RestructuringBatch.objects.select_related("owner").get(pk=batch_id)
    done = rows.filter(status=Status.SUCCEEDED).count()
    with translation.override(batch.owner.language):
        said = _("%(done)s of %(n)s large changes are done") % {"done": done, "n": rows.count()}
        notify(
            user_ids=[batch.owner_id], card_kind="orgs.restructuring_batch", card_ref=str(batch.pk),
            body=said, dedupe_key=f"restructuring-batch:{batch.pk}",
        )  # fmt: skip
