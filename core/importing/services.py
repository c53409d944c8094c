"""The steps of an upload that every kind of import shares. The caller has asked whether it may be, writes the audit row
and starts the work; all of it in his transaction. `epoch` is User.session_epoch of who asks (core.owners).
"""

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.core.files.base import File
from django.utils import timezone
from django.utils.translation import gettext as _

from core.cleaning import clean
from core.errors import Conflict
from core.importing import headers
from core.importing.jobs import Work
from core.importing.models import UploadJob
from core.sheets import MAX_FILE_BYTES, UnreadableFile, inspect_upload

Status = UploadJob.Status
# Uploads of one person that wait or run at the same time.
MAX_OPEN = 5

J = TypeVar("J", bound=UploadJob)


def receive(job: J, file: File) -> J:  # type: ignore[type-arg]  # bytes in practice
    """Keeps the file of a new job and saves it. Raises UnreadableFile (Invalid) for what cannot be an import at all,
    Conflict when too many of the owner's imports are under way.
    """
    limit = min(settings.IMPORT_MAX_BYTES, MAX_FILE_BYTES)
    if (file.size or 0) > limit:
        raise UnreadableFile("too_large", limit=limit // (1024 * 1024))
    rows = type(job)._default_manager.filter(owner=job.owner)
    if rows.filter(status__in=[*UploadJob.OPEN, Status.RUNNING]).count() >= MAX_OPEN:
        raise Conflict(_("Finish or cancel your other imports first"))
    job.epoch, job.file_name = job.owner.session_epoch, _shown_name(file.name or "")
    job.file.save(f"{uuid.uuid4().hex}.upload", file, save=False)
    try:
        inspect_upload(Path(job.file.path), max_bytes=limit)
    except UnreadableFile:
        job.file.delete(save=False)
        raise
    job.save()
    return job


def _shown_name(name: str) -> str:
    return clean(Path(name.replace("\\", "/")).name, 200) or _("Unnamed file")


def assign(
    work: Work[J, Any], job: J, columns: Mapping[int, str], *, epoch: int, **values: Any
) -> None:
    """Says which column of the file (from 0) holds which key, and remembers it; the file is to be checked again.

    Raises Invalid when a needed column is missing or one is there twice, Conflict when it is too late.
    """
    header = headers.header_of(job.header, {at: key for at, key in columns.items() if key})
    headers.check(work.table, header)
    kept = {str(at): key for at, key in header.columns.items()}
    rows = type(job)._default_manager.filter(pk=job.pk, status__in=UploadJob.ASSIGNABLE)
    rows = rows.exclude(file="")
    again = {"status": Status.UPLOADED, "epoch": epoch, "finished_at": None, **values}
    if not rows.update(columns=kept, **again):
        raise Conflict(_("The columns of this import cannot be changed any more"))
    work.remember(job, header)
    job.refresh_from_db()


def confirm(job: UploadJob, *, epoch: int, partly: bool) -> None:
    """Lets a checked import run, once. With `partly` one whose rows with errors are left out. Raises Conflict."""
    rows = type(job)._default_manager.filter(pk=job.pk, status=Status.CHECKED)
    if partly and job.good_rows:
        # Its file may have gone meanwhile, where a checked one would have been cancelled.
        rows = type(job)._default_manager.filter(pk=job.pk, status=Status.REFUSED).exclude(file="")
    if not rows.update(status=Status.RUNNING, epoch=epoch, done=0, finished_at=None):
        raise Conflict(_("This import is not waiting for a confirmation any more"))
    job.refresh_from_db()


def cancel(job: UploadJob) -> None:
    """Stops an import; what was written stays. Raises Conflict when it is over already."""
    rows = type(job)._default_manager.filter(
        pk=job.pk, status__in=[*UploadJob.OPEN, Status.RUNNING]
    )
    if not rows.update(status=Status.CANCELLED, finished_at=timezone.now()):
        raise Conflict(_("This import is over already"))
    job.refresh_from_db()
