"""The work behind an action on many contacts, in the worker, as the person who asked for it (SPEC CON-5; T06, T82).

A hundred at a time, each batch in a transaction with how far it is: killed anywhere, it goes on with the next one.
"""

import logging
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from contacts.models import BulkJob, Contact
from contacts.permissions import viewer_of
from contacts.querysets import Page
from contacts.selection import Selection
from contacts.services import bulk
from core import audit, live
from core.errors import Denied, UserError
from core.owners import owner_of
from im.services import notify
from orgs.permissions import require_maintain

log = logging.getLogger(__name__)

Status = BulkJob.Status
BATCH = 100
PROBLEMS = 500


class Cancelled(Exception):
    """The owner stopped it; batches that were written stay."""


def run(*, job_id: int) -> None:
    """Carries an action out, or goes on with it."""
    open_jobs = BulkJob.objects.filter(pk=job_id, status__in=BulkJob.UNDER_WAY)
    if not open_jobs.update(status=Status.RUNNING):
        return
    job = BulkJob.objects.select_related("owner", "node").get(pk=job_id)
    with translation.override(job.owner.language):
        try:
            while (page := _next(job)) and _batch(job, page):
                pass
            _end(job, Status.DONE)
        except Cancelled:
            log.info("bulk job %s was cancelled", job.pk)
        except UserError as error:
            _end(job, Status.FAILED, message=str(error)[:500])


def _next(job: BulkJob) -> Page | None:
    """The next hundred that the owner, as he is now, may see; raises when he may not work here any more."""
    owner = owner_of(job)
    require_maintain(by=owner, node=job.node)
    bulk.known(by=owner, action=job.action, options=job.options)
    pages = Selection.from_json(job.asked).pages(viewer_of(owner), after=job.position, size=BATCH)
    return next(iter(pages), None)


def _batch(job: BulkJob, page: Page) -> bool:
    """All at once; where one is refused, one by one, so that each has its own answer. False when nothing can follow."""
    rows = Contact.objects.filter(pk__in=page.ids).values_list("pk", "sort_key", "name")
    known = {pk: (key, name) for pk, key, name in rows}
    ids = [pk for pk in page.ids if pk in known]
    if not ids:
        return False
    try:
        with transaction.atomic():
            changed = _perform(job, ids)
            _note(job, ids, (known[ids[-1]][0], ids[-1]), changed)
    except UserError:
        for pk in ids:
            _single(job, pk, *known[pk])
    return True


def _single(job: BulkJob, pk: int, key: str, name: str) -> None:
    try:
        with transaction.atomic():
            _note(job, [pk], (key, pk), _perform(job, [pk]))
    except UserError as error:
        _note(job, [pk], (key, pk), 0, problem={"id": pk, "name": name, "reason": _reason(error)})


def _reason(error: UserError) -> str:
    if isinstance(error, Denied) and error.code == "bulk":
        return _("Only those who maintain the main dimension of this contact can do this")
    return str(error)[:200]


def _perform(job: BulkJob, ids: Sequence[int]) -> int:
    return bulk.perform(by=job.owner, action=job.action, contact_ids=ids, options=job.options)


@transaction.atomic
def _note(
    job: BulkJob,
    ids: Sequence[int],
    position: tuple[str, int],
    changed: int,
    *,
    problem: dict[str, object] | None = None,
) -> None:
    """How far it is, in the transaction of what was done."""
    row = BulkJob.objects.select_for_update().get(pk=job.pk)
    if row.status != Status.RUNNING:
        raise Cancelled
    row.done += len(ids)
    row.changed += changed
    row.after_key, row.after_id = position
    if problem:
        row.refused += 1
        row.problems = [*row.problems, problem][:PROBLEMS]
    row.save(update_fields=["done", "changed", "refused", "problems", "after_key", "after_id"])
    job.after_key, job.after_id = position
    _show(job)


def _show(job: BulkJob) -> None:
    live.tell([job.owner_id], "job", job="contacts.bulk", id=job.pk)


@transaction.atomic
def _end(job: BulkJob, status: str, **values: object) -> None:
    rows = BulkJob.objects.filter(pk=job.pk, status=Status.RUNNING)
    if not rows.update(status=status, finished_at=timezone.now(), **values):
        return
    _show(job)
    job.refresh_from_db()
    audit.record(
        action="bulk.run", obj=job, by=job.owner, dimension_id=job.node.dimension_id,
        after={"action": job.action, "done": job.done, "changed": job.changed, "refused": job.refused},
    )  # fmt: skip
    done = _("The bulk action is finished")
    notify(
        user_ids=[job.owner_id], card_kind="contacts.bulk", card_ref=str(job.pk),
        body=done if status == Status.DONE else _("The bulk action has stopped"), dedupe_key=f"bulk:{job.pk}:{status}",
    )  # fmt: skip
