"""The work behind an export, in the worker, as the person who asked for it (SPEC CON-6; SECURITY T07, T76, T82).

May be started twice and killed anywhere: it begins anew, and a file exists only once it is complete.
"""

import logging
import tempfile
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from contacts.exports import columns, contacts, files, organizations
from contacts.models import ExportJob
from contacts.permissions import Viewer, viewer_of
from contacts.selection import Selection
from core import audit, live
from core.errors import UserError
from core.importing.columns import Column
from core.owners import owner_of
from im.services import notify
from orgs.permissions import as_now, require_maintain

log = logging.getLogger(__name__)

Status = ExportJob.Status
What = ExportJob.What
KEEP_FILES = timedelta(days=7)
FOLDER = "exports"
Rows = Iterator[list[str]]


class Cancelled(Exception):
    """The owner stopped it; no file is kept."""


def run(*, job_id: int) -> None:
    """Makes the file of an export, or ends it with a reason: the right is asked for with every batch."""
    open_jobs = ExportJob.objects.filter(pk=job_id, status__in=ExportJob.UNDER_WAY)
    if not open_jobs.update(status=Status.RUNNING, done=0):
        return
    job = ExportJob.objects.select_related("owner", "dimension", "node").get(pk=job_id)
    with translation.override(job.owner.language), tempfile.TemporaryDirectory() as folder:
        try:
            path = Path(folder) / "export"
            files.write(
                path, format_=job.format, columns=_columns(job), rows=_rows(job), title=files.title_of(job.what)
            )  # fmt: skip
            _keep(job, path)
        except Cancelled:
            log.info("export %s was cancelled", job.pk)
        except UserError as error:
            _end(job, Status.FAILED, message=str(error)[:500])


def may_export(*, by: User, job: ExportJob) -> Viewer:
    """The owner as he is now; raises Hidden when he is disabled, gone, or does not maintain the dimension any more."""
    person = as_now(by)
    for node in (job.dimension, job.node):
        require_maintain(by=person, node=node)
    return viewer_of(person)


def _columns(job: ExportJob) -> list[Column]:
    return columns.chosen(available(job.what), job.columns)


def available(what: str) -> tuple[Column, ...]:
    """What an export of this kind may hold."""
    if what == What.CONTACTS:
        return columns.CONTACT_COLUMNS
    return columns.ORGANIZATION_COLUMNS


def _rows(job: ExportJob) -> Rows:
    batches = _contacts if job.what == What.CONTACTS else _organizations
    done = 0
    for batch in batches(job, [column.key for column in _columns(job)]):
        yield from batch
        done += len(batch)
        if not ExportJob.objects.filter(pk=job.pk, status=Status.RUNNING).update(done=done):
            raise Cancelled
        _show(job)


def _show(job: ExportJob) -> None:
    live.tell([job.owner_id], "job", job="contacts.export", id=job.pk)


def _contacts(job: ExportJob, keys: list[str]) -> Iterator[list[list[str]]]:
    reader = contacts.Reader(job.node, keys)
    for viewer, ids in contacts.batches(Selection.from_json(job.asked), _now(job)):
        yield reader.rows(viewer, ids)


def _organizations(job: ExportJob, keys: list[str]) -> Iterator[list[list[str]]]:
    now = _now(job)
    now()
    for batch in organizations.batches(job.node, keys):
        now()
        yield batch


def _now(job: ExportJob) -> Callable[[], Viewer]:
    """The owner at any moment of the work. Being disabled ends it, whatever is enabled later (T45, T46)."""

    def now() -> Viewer:
        return may_export(by=owner_of(job), job=job)

    return now


def _keep(job: ExportJob, path: Path) -> None:
    """The file is kept and the job is done in one: asked for the last time whether it may be."""
    with path.open("rb") as content:
        name = default_storage.save(f"{FOLDER}/{uuid.uuid4().hex}.export", File(content))
    try:
        with transaction.atomic():
            _now(job)()
            _finish(job, Status.DONE, file=name, expires_at=timezone.now() + KEEP_FILES)
            fresh = ExportJob.objects.get(pk=job.pk)
            audit.record(
                action="export.run", obj=job.node, by=job.owner, dimension_id=job.dimension_id,
                after={"file": job.file_name, "count": fresh.done},
            )  # fmt: skip
            tell(job, Status.DONE)
    except (Cancelled, UserError):
        default_storage.delete(name)
        raise


@transaction.atomic
def _end(job: ExportJob, status: str, **values: object) -> None:
    _finish(job, status, **values)
    tell(job, status)


def _finish(job: ExportJob, status: str, **values: object) -> None:
    rows = ExportJob.objects.filter(pk=job.pk, status=Status.RUNNING)
    if not rows.update(status=status, finished_at=timezone.now(), **values):
        raise Cancelled
    _show(job)


def tell(job: ExportJob, status: str) -> None:
    """A notification for the owner; whoever is disabled gets none."""
    sentence = _("The export is ready") if status == Status.DONE else _("The export has stopped")
    notify(
        user_ids=[job.owner_id], card_kind="contacts.export", card_ref=str(job.pk), body=sentence,
        dedupe_key=f"export:{job.pk}:{status}",
    )  # fmt: skip


def purge_files() -> int:
    """Exports hold personal data: the files go when their time is over; returns how many.

    A file that no job knows was left by a worker that was killed; it goes after a day.
    """
    gone = 0
    for job in ExportJob.objects.filter(expires_at__lt=timezone.now()).exclude(file=""):
        job.file.delete(save=False)
        ExportJob.objects.filter(pk=job.pk).update(file="")
        gone += 1
    return gone + _purge_unknown(timezone.now() - timedelta(days=1))


def _purge_unknown(before: datetime) -> int:
    if not default_storage.exists(FOLDER):
        return 0
    known = set(ExportJob.objects.exclude(file="").values_list("file", flat=True))
    names = [f"{FOLDER}/{name}" for name in default_storage.listdir(FOLDER)[1]]
    unknown = [
        name
        for name in names
        if name not in known and default_storage.get_modified_time(name) < before
    ]
    for name in unknown:
        default_storage.delete(name)
    return len(unknown)
