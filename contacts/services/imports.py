"""Uploading, confirming and cancelling an import (SPEC CON-6; SECURITY T06, T76; matrix rows 32, 33)."""

import uuid
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from contacts.import_columns import BY_KEY
from contacts.import_format import Header
from contacts.imports import headers
from contacts.models import ImportJob
from core import audit, outbox
from core.cleaning import clean
from core.errors import Conflict, Hidden, Invalid
from core.sheets import MAX_FILE_BYTES, UnreadableFile, inspect_upload
from orgs.models import Node
from orgs.permissions import require_maintain, scope_of

Status = ImportJob.Status
OPEN = (Status.UPLOADED, Status.CHECKING, Status.MAPPING, Status.CHECKED)
# Where the columns of the file may be assigned (anew).
ASSIGNABLE = (Status.MAPPING, Status.CHECKED, Status.REFUSED)
# Uploads of one person that wait or run at the same time.
MAX_OPEN = 5


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
    limit = min(settings.IMPORT_MAX_BYTES, MAX_FILE_BYTES)
    if (file.size or 0) > limit:
        raise UnreadableFile("too_large", limit=limit // (1024 * 1024))
    under_way = ImportJob.objects.filter(owner=by, status__in=[*OPEN, Status.RUNNING])
    if under_way.count() >= MAX_OPEN:
        raise Conflict(_("Finish or cancel your other imports first"))
    if key not in ImportJob.Key.values:
        raise Invalid(_("Choose how contacts are found again"), field="key")
    job = ImportJob(owner=by, dimension=dimension, key=key, file_name=_shown_name(file.name or ""))
    job.file.save(f"{uuid.uuid4().hex}.upload", file, save=False)
    try:
        inspect_upload(Path(job.file.path), max_bytes=limit)
    except UnreadableFile:
        job.file.delete(save=False)
        raise
    job.save()
    audit.record(
        action="import.upload", obj=job, by=by, after={"file": job.file_name}, dimension_id=dimension.pk
    )  # fmt: skip
    outbox.enqueue(task="contacts.check_import", dedupe_key=f"import:{job.pk}:check", job_id=job.pk)
    return job


def _shown_name(name: str) -> str:
    return clean(Path(name.replace("\\", "/")).name, 200) or _("Unnamed file")


@transaction.atomic
def assign(*, by: User, job: ImportJob, columns: Mapping[int, str]) -> ImportJob:
    """Says which column of the file (from 0) holds which key, remembers it, and has the file checked again.

    Raises Hidden without the right, Invalid when a needed column is missing or one is there twice, Conflict when it is
    too late.
    """
    require_maintain(by=by, node=job.dimension)
    header = headers.header_of(job.header, {at: key for at, key in columns.items() if key})
    check_columns(header)
    rows = ImportJob.objects.filter(pk=job.pk, owner=by, status__in=ASSIGNABLE).exclude(file="")
    kept = {str(at): key for at, key in header.columns.items()}
    if not rows.update(status=Status.UPLOADED, columns=kept, choices={}, finished_at=None):
        raise Conflict(_("The columns of this import cannot be changed any more"))
    headers.remember(owner=by, header=header)
    outbox.enqueue(task="contacts.check_import", job_id=job.pk)
    job.refresh_from_db()
    return job


def check_columns(header: Header) -> None:
    """Raises Invalid when columns assigned like this cannot be read."""
    if any(key not in BY_KEY for key in header.columns.values()):
        raise Invalid(_("One of the columns is not known"))
    if header.missing:
        names = _(", ").join(column.label for column in header.missing)
        raise Invalid(_("Say which column holds: %(names)s") % {"names": names})
    if header.twice:
        raise Invalid(_("“%(name)s” is chosen twice") % {"name": BY_KEY[header.twice].label})


@transaction.atomic
def confirm(*, by: User, job: ImportJob, partly: bool = False) -> ImportJob:
    """Starts a checked import, once. With `partly` one whose rows with errors are left out.

    Raises Conflict when it is not waiting for that, Hidden without the right.
    """
    require_maintain(by=by, node=job.dimension)
    rows = ImportJob.objects.filter(pk=job.pk, owner=by, status=Status.CHECKED)
    if partly and good_rows(job):
        # Its file may have gone meanwhile, where a checked one would have been cancelled.
        rows = ImportJob.objects.filter(pk=job.pk, owner=by, status=Status.REFUSED)
        rows = rows.exclude(file="")
    if not rows.update(status=Status.RUNNING, done=0, finished_at=None):
        raise Conflict(_("This import is not waiting for a confirmation any more"))
    audit.record(
        action="import.confirm", obj=job, by=by, dimension_id=job.dimension_id,
        after={"file": job.file_name, "left_out": len(job.left_out), "choices": len(job.choices)},
    )  # fmt: skip
    outbox.enqueue(task="contacts.run_import", dedupe_key=f"import:{job.pk}:run", job_id=job.pk)
    job.refresh_from_db()
    return job


def good_rows(job: ImportJob) -> int:
    """How many rows of a checked file can be taken."""
    return max(job.total - len(job.left_out), 0)


@transaction.atomic
def cancel(*, by: User, job: ImportJob) -> ImportJob:
    """Stops an import; what was written stays. Raises Conflict when it is over already."""
    rows = ImportJob.objects.filter(pk=job.pk, owner=by, status__in=[*OPEN, Status.RUNNING])
    if not rows.update(status=Status.CANCELLED, finished_at=timezone.now()):
        raise Conflict(_("This import is over already"))
    audit.record(
        action="import.cancel", obj=job, by=by, after={"file": job.file_name}, dimension_id=job.dimension_id
    )  # fmt: skip
    job.refresh_from_db()
    return job
