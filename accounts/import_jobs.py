"""The work behind an upload of staff: checking it, carrying it out (SPEC ACC-6; core.importing.jobs)."""

from collections.abc import Sequence
from pathlib import Path

from accounts import hooks
from accounts.imports import apply, plan
from accounts.imports.plan import StaffPlan
from accounts.imports.table import TABLE
from accounts.models import StaffColumns, StaffFinding, StaffImport
from core import audit
from core.cleaning import clean
from core.importing.jobs import Work, columns_of, rows_path
from core.importing.rows import RowError
from core.owners import owner_of

BATCH = 2000


class Staff(Work[StaffImport, StaffPlan]):
    """The company's own people."""

    model, memory, table, card = StaffImport, StaffColumns, TABLE, "accounts.staff_import"

    def plan(
        self, job: StaffImport, *, left_out: frozenset[int] = frozenset(), looking: bool = False
    ) -> StaffPlan:
        return plan.make(
            path=Path(job.file.path), by=owner_of(job), kept=rows_path(job), columns=columns_of(job),
            new_departments=job.new_departments, left_out=left_out,
        )  # fmt: skip

    def carry_out(self, job: StaffImport, found: StaffPlan) -> None:
        apply.run(
            plan=found, job_id=job.pk, by=job.owner,
            report=lambda delta, done: self.progress(job, delta, done),
        )  # fmt: skip

    def note(self, job: StaffImport) -> None:
        after = {"file": job.file_name, **job.told, "left_out": len(job.left_out)}
        audit.record(action="staff_import.run", obj=job, by=job.owner, after=after)

    def keep(self, job: StaffImport, found: StaffPlan | None, problems: Sequence[RowError]) -> None:
        names = {bad.row: bad.name for bad in found.bad.values()} if found else {}
        job.findings.all().delete()
        lines = (
            StaffFinding(
                job=job, row=one.row, name=clean(names.get(one.row, ""), 100), field=one.field, value=one.value,
                kind=one.kind, reason=str(one.reason)[:500],
            )
            for one in problems
        )  # fmt: skip
        StaffFinding.objects.bulk_create(lines, batch_size=BATCH)

    def notify(self, job: StaffImport, sentence: str, key: str) -> None:
        hooks.notify(
            user_ids=[job.owner_id], card_kind=self.card, card_ref=str(job.pk), body=sentence,
            dedupe_key=f"staff_import:{key}",
        )  # fmt: skip


WORK = Staff()
check, run, purge_files = WORK.check, WORK.run, WORK.purge_files
