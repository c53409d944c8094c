"""Moves, disabling and enabling that touch too many people for a page: asked for here, carried out by the worker
(SPEC ORG-5, ORG-6, ORG-10; docs/adr/0010).

One job is one transaction: nobody sees a half-moved tree, and a worker that is killed leaves everything as it was.
"""

import contextlib
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core import outbox
from core.actors import Actor
from core.errors import Conflict, Denied, Hidden, Invalid, UserError
from im.services import notify
from orgs.counting import contact_counts
from orgs.models import Node, Restructuring
from orgs.permissions import Scope, require_dimension_management, require_maintain, scope_for
from orgs.services import dimensions, nodes

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
    (Status.FAILED, Action.MOVE): gettext_lazy("The move did not happen"),
    (Status.FAILED, Action.DISABLE): gettext_lazy("Disabling did not happen"),
    (Status.FAILED, Action.ENABLE): gettext_lazy("Enabling did not happen"),
}


class Cancelled(Exception):
    """Somebody stopped it; the transaction takes everything back."""


def is_large(*, by: Actor, nodes: Sequence[Node]) -> bool:
    """Whether moving, disabling or enabling these is for the worker: call `start` instead of the service then."""
    below = sum((node.rght - node.lft + 1) // 2 for node in nodes)
    return (
        below > AT_ONCE
        or sum(contact_counts(scope_for(by), [n.pk for n in nodes]).values()) > AT_ONCE
    )


def refuse_large(*, by: Actor, nodes: Sequence[Node]) -> None:
    """For changes of several nodes in one go; raises Invalid when that is too much for a page."""
    if is_large(by=by, nodes=nodes):
        raise Invalid(
            _(
                "More than %(limit)s people or departments stand below these. Choose fewer, or one by one: "
                "what is large is done in the background."
            )
            % {"limit": AT_ONCE}
        )


@transaction.atomic
def start(*, by: User, node: Node, action: str, parent: Node | None = None) -> Restructuring:
    """Has the worker do `action` (with `parent`: move); `by` is told in his notifications how it ended.

    Checks now what the service will check again under its locks, and raises the same. Raises Conflict when something
    is under way with this node already. The change is audited when it happens.
    """
    fresh = Node.objects.select_related("parent").filter(pk=node.pk).first()
    if fresh is None:
        raise Hidden(_("There is no such organization or department."))
    _require(by=by, node=fresh, action=action, parent=parent)
    try:
        with transaction.atomic():
            job: Restructuring = Restructuring.objects.create(
                action=action, owner=by, node=fresh, parent=parent,
                total=contact_counts(scope_for(by), [node.pk]).get(node.pk, 0),
            )  # fmt: skip
    except IntegrityError as error:
        raise Conflict(
            _("“%(name)s” is being moved, disabled or enabled already") % {"name": fresh.name}
        ) from error
    outbox.enqueue(task="orgs.restructure", dedupe_key=f"restructure:{job.pk}", job_id=job.pk)
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
    """Stops a job; everything stays as it was.

    Raises Hidden or Denied without the right to start it, Conflict when it is over already.
    """
    if not may_cancel(scope=require_maintain(by=by, node=job.node), job=job):
        raise Denied(_("Only holders of external directory maintenance can stop this"))
    if not _end(job, Status.CANCELLED):
        raise Conflict(_("This is over already"))
    job.refresh_from_db()
    return job


def may_cancel(*, scope: Scope, job: Restructuring) -> bool:
    """Whether a maintainer of the node could have started it: whole dimensions, and moves between them, are not his."""
    across = job.parent is not None and job.parent.dimension_id != job.node.dimension_id
    return scope.everything or not (across or job.node.kind == Node.Kind.DIMENSION)


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
    """The service itself, as the owner: rights and guards are those of now, and the audit row is its own."""
    if not _claimed(job.pk):
        return
    fresh = Restructuring.objects.select_related("node", "parent").get(pk=job.pk)
    with contextlib.closing(connection.copy()) as beside:
        _service(fresh)(by=job.owner, report=partial(_progress, beside, job.pk))
    if not _tell(job, Status.SUCCEEDED):
        raise Cancelled


def _service(job: Restructuring) -> Callable[..., object]:
    if job.parent is not None:
        return partial(nodes.move, node=job.node, parent=job.parent)
    enabled = job.action == Action.ENABLE
    if job.node.kind == Node.Kind.DIMENSION:
        return partial(dimensions.set_enabled, dimension=job.node, enabled=enabled)
    return partial(nodes.set_enabled, node=job.node, enabled=enabled)


def _progress(beside: Any, job_id: int, done: int, total: int) -> None:
    """Written through a connection of its own: what the long transaction writes is seen by nobody before its end."""
    with beside.cursor() as cursor:
        cursor.execute(
            "UPDATE orgs_restructuring SET done = %s, total = %s WHERE id = %s AND status = %s",
            [done, total, job_id, Status.RUNNING],
        )
        if not cursor.rowcount:
            raise Cancelled


def _end(job: Restructuring, status: str, **values: Any) -> bool:
    rows = Restructuring.objects.open().filter(pk=job.pk)
    return bool(rows.update(status=status, finished_at=timezone.now(), **values))


@transaction.atomic
def _tell(job: Restructuring, status: str, **values: Any) -> bool:
    """Ends the job and tells its owner; False when somebody stopped it at the last moment."""
    ended = _end(job, status, **values)
    if ended:
        notify(
            user_ids=[job.owner_id], card_kind="orgs.restructuring", card_ref=str(job.pk),
            body=str(OUTCOMES[status, job.action]), dedupe_key=f"restructuring:{job.pk}",
        )  # fmt: skip
    return ended
