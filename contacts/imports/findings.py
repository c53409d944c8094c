"""What a check found, line by line, as it is kept for the pages (SPEC CON-6)."""

from collections.abc import Iterable, Sequence

from contacts.imports.alike import Alike
from contacts.imports.plan import Plan
from contacts.imports.rows import FileRows
from contacts.models import ImportFinding, ImportJob
from core.cleaning import clean
from core.importing.headers import Header
from core.importing.rows import RowError

BATCH = 2000
REASON = 500


def keep(job: ImportJob, found: Plan | None, problems: Sequence[RowError]) -> None:
    """Puts the findings of a check in the place of earlier ones, in the language of the moment; in a transaction."""
    job.findings.all().delete()
    found = found or Plan(FileRows(Header(0, {})), job.dimension_id, problems=list(problems))
    lines = [*_errors(job, found), *_alike(job, found)]
    ImportFinding.objects.bulk_create(sorted(lines, key=lambda one: one.row), batch_size=BATCH)


def _errors(job: ImportJob, found: Plan) -> Iterable[ImportFinding]:
    for error in found.problems:
        like = found.alike.get(error.row)
        open_ = like if like and _is(like, error.row, error.field, found) else None
        name = found.bad[error.row].name if error.row in found.bad else ""
        yield ImportFinding(
            job=job, row=error.row, name=clean(name, 100), field=error.field, value=error.value, kind=error.kind,
            reason=str(error.reason)[:REASON], contact_ids=list(open_.contact_ids) if open_ else [],
        )  # fmt: skip


def _is(like: Alike, row: int, field: str, found: Plan) -> bool:
    """Whether the error is the one that a choice would settle."""
    return like.proposed is None and like.field == field and row not in found.choices


def _alike(job: ImportJob, found: Plan) -> Iterable[ImportFinding]:
    open_ = {error.row for error in found.problems} - found.choices.keys()
    for at, one in found.alike.items():
        if at in open_:
            continue  # its error has the choice
        yield ImportFinding(
            job=job, row=at, name=one.name, field=one.field, value=clean(one.value, 100), kind=ImportFinding.ALIKE,
            reason=str(one.reason)[:REASON], contact_ids=list(one.contact_ids), proposed=one.proposed,
        )  # fmt: skip
