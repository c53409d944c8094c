"""The findings of a check: filtered, and whom a row looks like, as far as the reader maintains them (SPEC CON-6)."""

from collections.abc import Sequence

from django.db.models import QuerySet

from contacts.models import Contact, ImportFinding, ImportJob
from contacts.permissions import Viewer
from contacts.selectors.places import known_places
from core.importing.pages import holding

ERROR, ALIKE = "error", ImportFinding.ALIKE


def narrowed(
    job: ImportJob, *, kind: str = "", field: str = "", q: str = ""
) -> QuerySet[ImportFinding]:
    """The findings of one kind (ERROR; ALIKE: those with a choice), about one field, and those whose row, name or
    value holds `q`; by row.
    """
    rows = job.findings.order_by("row", "id")
    if kind == ERROR:
        rows = rows.exclude(kind=ImportFinding.ALIKE)
    elif kind == ALIKE:
        rows = rows.exclude(contact_ids=[])
    if field:
        rows = rows.filter(field=field)
    return holding(rows, q)


def people(viewer: Viewer, findings: Sequence[ImportFinding]) -> dict[int, str]:
    """Id → name and place of the contacts that these rows look like; only those that the reader maintains now."""
    ids = sorted({pk for finding in findings for pk in finding.contact_ids})
    if not ids:
        return {}
    rows = Contact.objects.maintained_by(viewer).alive().filter(pk__in=ids)
    names = dict(rows.values_list("pk", "name"))
    places = known_places(viewer, list(names))
    return {
        pk: _line(name, [one.place.line for one in places.get(pk, [])])
        for pk, name in names.items()
    }


def _line(name: str, places: Sequence[str]) -> str:
    return f"{name} · {places[0]}" if places else name
