"""The trail as a file (matrix row 57; SECURITY T74)."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.views.guards import person, staff_only
from core import downloads
from core.downloads import FormatForm
from core.models import AuditEntry
from trail import permissions, selectors, services, words
from trail.selectors import Asked

# How many rows are read at once, and how often.
PORTION, PORTIONS = 1_000, 100


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def export(request: HttpRequest) -> HttpResponse:
    """Asks for the kind of file, then hands it out; written down with what was asked for."""
    permissions.require_administrator(person(request))
    form = FormatForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        return _file(request, Asked.read(request.GET), form.cleaned_data["format"])
    back_url = f"{reverse('trail:list')}?{request.GET.urlencode()}"
    return downloads.ask(request, form, title=_("Export the audit trail"), back_url=back_url)


def _file(request: HttpRequest, asked: Asked, format_: str) -> HttpResponse:
    scope = permissions.require_reader(person(request))
    found = selectors.everything(scope, asked, size=PORTION, windows=PORTIONS)
    entries = [entry for entry, _number in zip(found, range(downloads.ROWS), strict=False)]
    services.note_export(by=person(request), asked=asked, format_=format_, count=len(entries))
    header = [
        _("When"), _("Who"), _("IP address"), _("Action"), _("Kind of object"), _("Object"), _("Change"), _("Entry"),
        _("Request"),
    ]  # fmt: skip
    return downloads.hand_out(
        title=_("Audit trail"), format_=format_, header=header, rows=_rows(entries)
    )


def _rows(entries: list[AuditEntry]) -> Iterator[list[str]]:
    for entry in entries:
        yield [
            f"{localtime(entry.at):%Y-%m-%d %H:%M:%S}", entry.actor_label, entry.ip, words.action_of(entry),
            words.kind_of(entry), entry.object_label, words.change_line(entry), str(entry.pk), entry.request_id,
        ]  # fmt: skip
