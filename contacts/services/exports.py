"""Asking for an export, cancelling it, fetching its file (SPEC CON-6; SECURITY T07; matrix rows 34, 35)."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from contacts import export_jobs
from contacts.exports import columns, contacts, files, organizations
from contacts.models import ExportJob
from contacts.permissions import viewer_of
from contacts.selection import Selection
from core import audit, outbox
from core.errors import Conflict, Hidden, Invalid
from orgs.models import Node
from orgs.permissions import as_now, require_maintain, scope_of

Status = ExportJob.Status
What = ExportJob.What
# Exports of one person that wait or run at the same time.
MAX_UNDER_WAY = 3


def own(*, by: User, job_id: int) -> ExportJob:
    """An export of one's own, of a dimension one still maintains; raises Hidden otherwise (matrix row 35)."""
    rows = ExportJob.objects.select_related("dimension", "node").filter(owner=by)
    job = rows.filter(pk=job_id).first()
    if job is None or not scope_of(by).maintains(job.dimension_id):
        raise Hidden(_("There is no such export."))
    return job


@transaction.atomic
def create(
    *, by: User, node: Node, selection: Selection | None, format_: str, keys: Sequence[str]
) -> ExportJob:
    """Has a file made of the contacts of a selection in `node`, or (None) of the organizations of this dimension.

    Raises Hidden unless `by` maintains the node, Invalid when nothing is chosen or nobody is there, Conflict when too
    many of his exports are under way.
    """
    require_maintain(by=by, node=node)
    what = What.ORGANIZATIONS if selection is None else What.CONTACTS
    wanted = columns.chosen(export_jobs.available(what), keys)
    if not wanted:
        raise Invalid(_("Choose at least one column"), field="columns")
    if ExportJob.objects.filter(owner=by, status__in=ExportJob.UNDER_WAY).count() >= MAX_UNDER_WAY:
        raise Conflict(_("Wait for your other exports or cancel them first"))
    total = count(by=by, node=node, selection=selection)
    if not total:
        raise Invalid(_("There is nothing to export here"))
    day = f"{timezone.localdate():%Y%m%d}"
    job = ExportJob.objects.create(
        owner=by, epoch=by.session_epoch, dimension_id=node.dimension_id, node=node, what=what, format=format_,
        total=total, asked=selection.as_json() if selection else {}, columns=[column.key for column in wanted],
        file_name=files.name_of(what=what, node_name=node.name, day=day, format_=format_),
    )  # fmt: skip
    audit.record(
        action="export.create", obj=node, by=by, dimension_id=node.dimension_id,
        after={"file": job.file_name, "count": total, "columns": [column.label for column in wanted]}
        | _told(selection),
    )  # fmt: skip
    outbox.enqueue(task="contacts.run_export", dedupe_key=f"export:{job.pk}", job_id=job.pk)
    return job


def _told(selection: Selection | None) -> dict[str, Any]:
    """What narrows it, as the trail keeps it: the number of chosen contacts, not thousands of ids."""
    if selection is None:
        return {}
    if not selection.everything:
        return {"chosen": len(selection.ids)}
    return {"below": selection.below, "q": selection.q, **selection.filters.as_json()}


def count(*, by: User, node: Node, selection: Selection | None) -> int:
    """How many rows it would be now."""
    if selection is None:
        return organizations.count(node)
    return contacts.count(selection, viewer_of(as_now(by)), node)


@transaction.atomic
def cancel(*, by: User, job: ExportJob) -> ExportJob:
    """Stops an export; no file is kept. Raises Conflict when it is over already."""
    rows = ExportJob.objects.filter(pk=job.pk, owner=by, status__in=ExportJob.UNDER_WAY)
    if not rows.update(status=Status.CANCELLED, finished_at=timezone.now()):
        raise Conflict(_("This export is over already"))
    _record("export.cancel", job, by)
    job.refresh_from_db()
    return job


@transaction.atomic
def fetch(*, by: User, job_id: int) -> ExportJob:
    """The export whose file may be handed out now, written down as fetched.

    Raises Hidden for anybody but its owner, and for him when the right, the file or its time is gone (T07).
    """
    job = own(by=by, job_id=job_id)
    export_jobs.may_export(by=by, job=job)
    if not ready(job):
        raise Hidden(_("There is no such file."))
    _record("export.download", job, by)
    return job


def _record(action: str, job: ExportJob, by: User) -> None:
    told = {"file": job.file_name, "count": job.done}
    audit.record(action=action, obj=job.node, by=by, after=told, dimension_id=job.dimension_id)


def ready(job: ExportJob) -> bool:
    """Whether there is a file to be fetched."""
    return bool(job.file) and job.expires_at is not None and job.expires_at > timezone.now()
