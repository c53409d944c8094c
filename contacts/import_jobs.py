"""The work behind an upload of contacts: checking it, carrying it out (SPEC CON-6; core.importing.jobs)."""

from collections.abc import Sequence
from typing import Any

from contacts.import_columns import TABLE
from contacts.imports import apply, findings, plan
from contacts.imports.plan import Counts, Plan
from contacts.imports.wishes import Wishes
from contacts.models import ImportColumns, ImportJob
from core import audit
from core.importing.jobs import Work, columns_of, rows_path
from core.importing.rows import RowError
from core.owners import owner_of
from im.services import notify
from orgs.models import Node


class Contacts(Work[ImportJob, Plan]):
    """Contacts of one dimension."""

    model, memory, table, card = ImportJob, ImportColumns, TABLE, "contacts.import"

    def plan(
        self, job: ImportJob, *, left_out: frozenset[int] = frozenset(), looking: bool = False
    ) -> Plan:
        choices = {
            int(at): said if isinstance(said, int) else frozenset(said)
            for at, said in job.choices.items()
        }
        wishes = Wishes(columns_of(job), job.key, left_out, rows_path(job), choices, looking)
        return plan.make(
            path=job.file.path, dimension=job.dimension, by=owner_of(job), wishes=wishes
        )

    def carry_out(self, job: ImportJob, found: Plan) -> None:
        apply.run(plan=found, by=job.owner, report=lambda delta, done: _progress(job, delta, done))

    def note(self, job: ImportJob) -> None:
        counts = job.counts["done"] | {"left_out": len(job.left_out)}
        record_run(by=job.owner, dimension=job.dimension, name=job.file_name, counts=counts)

    def keep(self, job: ImportJob, found: Plan | None, problems: Sequence[RowError]) -> None:
        findings.keep(job, found, problems)

    def notify(self, job: ImportJob, sentence: str, key: str) -> None:
        notify(
            user_ids=[job.owner_id], card_kind=self.card, card_ref=str(job.pk), body=sentence,
            dedupe_key=f"import:{key}",
        )  # fmt: skip

    def forget(self, job: ImportJob) -> None:
        super().forget(job)
        ImportJob.objects.filter(pk=job.pk).update(choices={})


WORK = Contacts()
check, run, purge_files = WORK.check, WORK.run, WORK.purge_files


def _progress(job: ImportJob, delta: Counts, done: int) -> None:
    written = delta.as_dict()
    for name in ("rows", "unchanged", "errors"):
        del written[name]
    WORK.progress(job, written, done)


def record_run(*, by: Any, dimension: Node, name: str, counts: dict[str, int]) -> None:
    """The audit row of a whole import; every organization and person has one of its own."""
    audit.record(
        action="import.run", obj=dimension, by=by, after={"file": name, **counts}, dimension_id=dimension.pk
    )  # fmt: skip
