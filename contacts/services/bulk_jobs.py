"""An action on a selection: at once when it is small, by the worker when it is not (SPEC CON-5; matrix row 25)."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from contacts.models import BulkJob, Contact
from contacts.permissions import viewer_of
from contacts.selection import Selection
from contacts.services import bulk
from contacts.services.bulk import Options
from core import audit, outbox
from core.errors import Conflict, Hidden, Invalid
from orgs.models import Node
from orgs.permissions import as_now, require_maintain, scope_of

Status = BulkJob.Status
# More than these are left to the worker.
AT_ONCE = 300
# Jobs of one person that wait or run at the same time.
MAX_UNDER_WAY = 3


def start(
    *, by: User, node: Node, selection: Selection, action: str, options: Options
) -> int | BulkJob:
    """How many were changed, all or none of them, or the job that changes them one by one.

    A job looks again at who is meant and what is allowed while it runs. Raises Hidden unless `by` maintains the node,
    Invalid for nobody, Conflict when too many of his jobs are under way, and what services.bulk raises.
    """
    require_maintain(by=by, node=node)
    viewer = viewer_of(as_now(by))
    if not selection.everything and len(selection.ids) <= AT_ONCE:
        return bulk.perform(by=by, action=action, contact_ids=selection.ids, options=options)
    total = selection.count(viewer)
    if not total:
        raise Invalid(_("Choose at least one contact"))
    if total <= AT_ONCE:
        ids = [pk for page in selection.pages(viewer) for pk in page.ids]
        return bulk.perform(by=by, action=action, contact_ids=ids, options=options)
    return _queue(
        by=by, node=node, selection=selection, action=action, options=options, total=total
    )


@transaction.atomic
def _queue(
    *, by: User, node: Node, selection: Selection, action: str, options: Options, total: int
) -> BulkJob:
    if BulkJob.objects.filter(owner=by, status__in=BulkJob.UNDER_WAY).count() >= MAX_UNDER_WAY:
        raise Conflict(_("Wait for your other bulk actions or cancel them first"))
    bulk.known(by=by, action=action, options=options)
    job = BulkJob.objects.create(
        owner=by, epoch=by.session_epoch, node=node, action=action, options=dict(options),
        asked=selection.as_json(), total=total,
    )  # fmt: skip
    audit.record(
        action="bulk.create", obj=job, by=by, dimension_id=node.dimension_id,
        after={"action": action, "node": node.name, "count": total},
    )  # fmt: skip
    outbox.enqueue(task="contacts.run_bulk", dedupe_key=f"bulk:{job.pk}", job_id=job.pk)
    return job


def own(*, by: User, job_id: int) -> BulkJob:
    """A job of one's own in a dimension one still maintains; raises Hidden otherwise."""
    job = BulkJob.objects.select_related("node").filter(pk=job_id, owner=by).first()
    if job is None or not scope_of(by).maintains(job.node.dimension_id):
        raise Hidden(_("There is no such bulk action."))
    return job


def names(*, by: User, job: BulkJob) -> dict[int, str]:
    """Names of the contacts that were refused, as far as `by` sees them now; one query."""
    ids = [one["id"] for one in job.problems]
    seen = Contact.objects.visible_to(viewer_of(as_now(by))).filter(pk__in=ids)
    return dict(seen.values_list("pk", "name")) if ids else {}


@transaction.atomic
def cancel(*, by: User, job: BulkJob) -> BulkJob:
    """Stops a job; what was done stays. Raises Conflict when it is over already."""
    rows = BulkJob.objects.filter(pk=job.pk, owner=by, status__in=BulkJob.UNDER_WAY)
    if not rows.update(status=Status.CANCELLED, finished_at=timezone.now()):
        raise Conflict(_("This bulk action is over already"))
    audit.record(action="bulk.cancel", obj=job, by=by, dimension_id=job.node.dimension_id)
    job.refresh_from_db()
    return job
