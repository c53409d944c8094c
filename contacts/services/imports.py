"""Uploading, confirming and cancelling an import (SPEC CON-6; SECURITY T06, T76; matrix rows 32, 33)."""

from collections.abc import Mapping

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from contacts.import_jobs import WORK
from contacts.models import ImportJob
from core import audit, outbox
from core.errors import Hidden, Invalid
from core.importing import services
from core.importing.services import MAX_OPEN as MAX_OPEN
from orgs.models import Node
from orgs.permissions import require_maintain, scope_of


def own(*, by: User, job_id: int) -> ImportJob:
    """An import of one's own, in a dimension one still maintains; raises Hidden otherwise (matrix row 33)."""
    job = ImportJob.objects.select_related("dimension").filter(pk=job_id, owner=by).first()
    if job is None or not scope_of(by).maintains(job.dimension_id):
        raise Hidden(_("There is no such import."))
    return job


@transaction.atomic
def upload(*, by: User, dimension: Node, file: File, key: str = "auto") -> ImportJob:  # type: ignore[type-arg]  # bytes in practice
    """Keeps a file and has it checked; nothing else is written. `key` (ImportJob.Key) is what finds contacts again.

    Raises Hidden unless `by` maintains the dimension, UnreadableFile (Invalid) for what cannot be an import at all,
    Conflict when too many of his imports are under way.
    """
    require_maintain(by=by, node=dimension)
    if dimension.kind != Node.Kind.DIMENSION:
        raise Hidden(_("There is no such dimension."))
    if key not in ImportJob.Key.values:
        raise Invalid(_("Choose how contacts are found again"), field="key")
    job = services.receive(ImportJob(owner=by, dimension=dimension, key=key), file)
    _record("import.upload", job, by)
    outbox.enqueue(task="contacts.check_import", dedupe_key=f"import:{job.pk}:check", job_id=job.pk)
    return job


@transaction.atomic
def assign(*, by: User, job: ImportJob, columns: Mapping[int, str]) -> ImportJob:
    """Says which column of the file (from 0) holds which key, remembers it, and has the file checked again.

    Raises Hidden without the right, Invalid when a needed column is missing or one is there twice, Conflict when it is
    too late.
    """
    require_maintain(by=by, node=job.dimension)
    services.assign(WORK, job, columns, epoch=by.session_epoch, choices={})
    outbox.enqueue(task="contacts.check_import", job_id=job.pk)
    return job


@transaction.atomic
def confirm(*, by: User, job: ImportJob, partly: bool = False) -> ImportJob:
    """Starts a checked import, once. With `partly` one whose rows with errors are left out.

    Raises Conflict when it is not waiting for that, Hidden without the right.
    """
    require_maintain(by=by, node=job.dimension)
    services.confirm(job, epoch=by.session_epoch, partly=partly)
    _record("import.confirm", job, by, left_out=len(job.left_out), choices=len(job.choices))
    outbox.enqueue(task="contacts.run_import", dedupe_key=f"import:{job.pk}:run", job_id=job.pk)
    return job


@transaction.atomic
def cancel(*, by: User, job: ImportJob) -> ImportJob:
    """Stops an import; what was written stays. Raises Conflict when it is over already."""
    services.cancel(job)
    _record("import.cancel", job, by)
    return job


def _record(action: str, job: ImportJob, by: User, **more: int) -> None:
    after = {"file": job.file_name, **more}
    audit.record(action=action, obj=job, by=by, after=after, dimension_id=job.dimension_id)
