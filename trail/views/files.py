"""The trail as a file (matrix row 57; SECURITY T74)."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.views.guards import person, staff_only
from contacts.exports.files import TYPES
from core.models import AuditEntry
from core.sheets import write_csv, write_xlsx
from trail import permissions, selectors, services, words
from trail.forms import ExportForm
from trail.selectors import Asked

# What one file holds, and how many portions of the trail are looked through for it.
ROWS, PORTION, PORTIONS = 20_000, 1_000, 100


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def export(request: HttpRequest) -> HttpResponse:
    """Asks for the kind of file, then hands it out; written down with what was asked for."""
    permissions.require_administrator(person(request))
    form = ExportForm(request.POST or None)
    if form.is_bound and form.is_valid():
        return _file(request, Asked.read(request.GET), form.cleaned_data["format"])
    told = _("It holds the newest %(n)s entries that match; narrow the period for older ones.")
    form.fields["format"].help_text = told % {"n": f"{ROWS:,}"}
    context = {
        "form": form, "title": _("Export the audit trail"), "submit": _("Export"),
        "action": request.get_full_path(), "back_url": f"{reverse('trail:list')}?{request.GET.urlencode()}",
    }  # fmt: skip
    return render(request, "orgs/form_page.html", context, status=form.http_status)


def _file(request: HttpRequest, asked: Asked, format_: str) -> HttpResponse:
    scope = permissions.require_reader(person(request))
    found = selectors.everything(scope, asked, size=PORTION, windows=PORTIONS)
    entries = [entry for entry, _number in zip(found, range(ROWS), strict=False)]
    services.note_export(by=person(request), asked=asked, format_=format_, count=len(entries))
    name = f"{_('Audit trail')}-{timezone.localdate():%Y%m%d}.{format_}"
    response = FileResponse(
        _written(entries, format_), as_attachment=True, filename=name, content_type=TYPES[format_]
    )
    response.headers["Cache-Control"] = "no-store"
    return cast("HttpResponse", response)


def _written(entries: list[AuditEntry], format_: str) -> IO[bytes]:
    """A file that is gone once it is read."""
    header = [
        _("When"), _("Who"), _("IP address"), _("Action"), _("Kind of object"), _("Object"), _("Change"), _("Entry"),
        _("Request"),
    ]  # fmt: skip
    with tempfile.NamedTemporaryFile() as file:
        path = Path(file.name)
        if format_ == "xlsx":
            write_xlsx(path, header, _rows(entries), sheet_name=_("Audit trail"))
        else:
            write_csv(path, header, _rows(entries))
        return path.open("rb")


def _rows(entries: list[AuditEntry]) -> Iterator[list[str]]:
    for entry in entries:
        yield [
            f"{localtime(entry.at):%Y-%m-%d %H:%M:%S}", entry.actor_label, entry.ip, words.action_of(entry),
            words.kind_of(entry), entry.object_label, words.change_line(entry), str(entry.pk), entry.request_id,
        ]  # fmt: skip
