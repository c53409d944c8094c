"""Imports of staff: upload, confirm, cancel, and the first passwords they made (SPEC ACC-3, ACC-6; matrix row 58)."""

from collections.abc import Mapping

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import import_selectors, permissions
from accounts.import_jobs import WORK
from accounts.models import StaffImport, User
from accounts.services import credentials
from accounts.services.credentials import Revealed
from core import audit, outbox
from core.errors import Conflict, Hidden
from core.importing import services

# First passwords that one page shows.
AT_ONCE = 100


def own(*, by: User, job_id: int) -> StaffImport:
    """An import of one's own, for an administrator; raises Hidden otherwise."""
    rows = StaffImport.objects.filter(pk=job_id, owner=by)
    job = rows.first() if permissions.is_admin(by) else None
    if job is None:
        raise Hidden(_("There is no such import."))
    return job


@transaction.atomic
def upload(*, by: User, file: File, new_departments: bool = False) -> StaffImport:  # type: ignore[type-arg]  # bytes in practice
    """Keeps a file and has it checked; nothing else is written. Administrators only (Denied).

    Raises UnreadableFile (Invalid) for what cannot be an import at all, Conflict when too many are under way.
    """
    permissions.require_admin(by)
    job = services.receive(StaffImport(owner=by, new_departments=new_departments), file)
    _record("staff_import.upload", job, by)
    key = f"staff_import:{job.pk}:check"
    outbox.enqueue(task="accounts.check_import", dedupe_key=key, job_id=job.pk)
    return job


@transaction.atomic
def assign(*, by: User, job: StaffImport, columns: Mapping[int, str]) -> StaffImport:
    """Says which column of the file (from 0) holds which key, remembers it, and has the file checked again.

    Raises Denied without the right, Invalid or Conflict where that cannot be.
    """
    permissions.require_admin(by)
    services.assign(WORK, job, columns, epoch=by.session_epoch)
    outbox.enqueue(task="accounts.check_import", job_id=job.pk)
    return job


@transaction.atomic
def confirm(*, by: User, job: StaffImport, partly: bool = False) -> StaffImport:
    """Starts a checked import, once; with `partly` one whose rows with errors are left out. Raises Denied, Conflict."""
    permissions.require_admin(by)
    services.confirm(job, epoch=by.session_epoch, partly=partly)
    _record("staff_import.confirm", job, by)
    key = f"staff_import:{job.pk}:run"
    outbox.enqueue(task="accounts.run_import", dedupe_key=key, job_id=job.pk)
    return job


@transaction.atomic
def cancel(*, by: User, job: StaffImport) -> StaffImport:
    """Stops an import; what was written stays. Raises Conflict when it is over already."""
    services.cancel(job)
    _record("staff_import.cancel", job, by)
    return job


@transaction.atomic
def reveal(*, by: User, job: StaffImport) -> list[tuple[str, Revealed]]:
    """The next first credentials that an import made and nobody has seen, each with whose they are, once, for whoever
    imported (matrix row 40).

    Raises Conflict when there is none to show.
    """
    keys = import_selectors.ready_issues(job_id=job.pk, reader=by, limit=AT_ONCE)
    if not keys:
        raise Conflict(_("There is no first password to show any more"))
    shown = [credentials.reveal(issue_key=key, by=by) for key in keys]
    logins = [one.username for one in shown]
    names = dict(User.objects.filter(username__in=logins).values_list("username", "name"))
    return [(names[one.username], one) for one in shown]


@transaction.atomic
def note_export(*, by: User, format_: str, count: int, filters: Mapping[str, str]) -> None:
    """The trail of a file with staff. Administrators only (Denied)."""
    permissions.require_admin(by)
    told = {"format": format_, "count": count, **filters}
    audit.record(action="staff.export", obj=by, by=by, after=told)


def _record(action: str, job: StaffImport, by: User) -> None:
    after = {"file": job.file_name, "left_out": len(job.left_out)}
    audit.record(action=action, obj=job, by=by, after=after)
