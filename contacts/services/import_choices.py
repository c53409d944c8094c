"""Saying whether rows of an import are people who are there already (SPEC CON-4, CON-6; matrix row 32)."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from contacts.imports.alike import NEW
from contacts.models import ImportFinding, ImportJob
from core import outbox
from core.errors import Conflict, Invalid
from orgs.permissions import require_maintain

Status = ImportJob.Status
CHOOSABLE = (Status.CHECKED, Status.REFUSED)
SAME, DIFFERENT = "same", "different"


@transaction.atomic
def choose(*, by: User, job: ImportJob, answers: Mapping[int, str], every: str = "") -> ImportJob:
    """Keeps what rows are: row → id of the contact it means, "0" for a new one, empty for what the rules say; with
    `every` SAME (where one contact alone is offered) or DIFFERENT for all of them. The file is checked again.

    Raises Hidden without the right, Invalid for a contact that was not offered, Conflict when it is too late.
    """
    require_maintain(by=by, node=job.dimension)
    mine = ImportJob.objects.select_for_update().filter(pk=job.pk, owner=by, status__in=CHOOSABLE)
    kept = mine.exclude(file="").first()
    if kept is None:
        raise Conflict(_("Nothing can be chosen for this import any more"))
    offered = kept.findings.exclude(contact_ids=[])
    if every:
        choices = _every(every, offered, kept.choices)
    else:
        choices = _answered(answers, offered.filter(row__in=answers), kept.choices)
    if choices != kept.choices:
        ImportJob.objects.filter(pk=kept.pk).update(
            choices=choices, status=Status.UPLOADED, epoch=by.session_epoch, finished_at=None
        )
        outbox.enqueue(task="contacts.check_import", job_id=kept.pk)
    job.refresh_from_db()
    return job


def _answered(
    answers: Mapping[int, str], offered: Iterable[ImportFinding], before: Mapping[str, Any]
) -> dict[str, Any]:
    choices = dict(before)
    for finding in offered:
        said = answers[finding.row]
        allowed = {"", str(NEW), *map(str, finding.contact_ids)}
        if said not in allowed:
            raise Invalid(_("Row %(row)s does not look like that contact") % {"row": finding.row})
        _put(choices, finding, int(said) if said else None)
    return choices


def _every(
    every: str, offered: Iterable[ImportFinding], before: Mapping[str, Any]
) -> dict[str, Any]:
    if every not in (SAME, DIFFERENT):
        raise Invalid(_("Choose the same person or different people"))
    choices = dict(before)
    for finding in offered:
        if every == DIFFERENT:
            _put(choices, finding, NEW)
        elif len(finding.contact_ids) == 1:
            _put(choices, finding, finding.contact_ids[0])
    return choices


def _put(choices: dict[str, Any], finding: ImportFinding, said: int | None) -> None:
    """What the rules would do by themselves is not kept."""
    if said is None or said == finding.proposed:
        choices.pop(str(finding.row), None)
    else:
        choices[str(finding.row)] = finding.contact_ids if said == NEW else said
