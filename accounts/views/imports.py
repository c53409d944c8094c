"""Back office: staff from a file and into one (SPEC ACC-6; matrix row 58). Administrators only."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import import_selectors, import_words, selectors
from accounts.imports.table import TABLE, template
from accounts.models import StaffImport
from accounts.services import imports
from accounts.services.credentials import Revealed
from accounts.views.guards import admin_only, person
from core import downloads, htmx
from core.downloads import FormatForm
from core.errors import UserError
from core.importing import pages, words
from core.importing.forms import FindingsForm
from core.sheets import MAX_FILE_BYTES
from core.ui import Action, Crumb, Secret

FILE_HOLDS = gettext_lazy(
    "It holds the staff of the list as it is narrowed, in the columns of an import."
)


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def import_new(request: HttpRequest) -> HttpResponse:
    """Template and upload."""
    if request.method != "POST":
        return _new(request)
    try:
        creating = request.POST.get("new_departments") == "1"
        file = pages.chosen(request)
        job = imports.upload(by=person(request), file=file, new_departments=creating)
    except UserError as refused:
        return _new(request, error=str(refused), status=refused.status)
    return htmx.done(request, import_words.urls(job).detail)


def _new(request: HttpRequest, *, error: str = "", status: int = 200) -> HttpResponse:
    context = {
        "crumbs": import_words.crumbs(),
        "labels": words.STEPS,
        "creating": request.POST.get("new_departments") == "1",
        "error": error,
        "megabytes": MAX_FILE_BYTES // (1024 * 1024),
        "actions": [Action(_("My jobs"), reverse("contacts:job-list"), "history")],
    }
    return render(request, "accounts/imports/new.html", context, status=status)


@admin_only
@require_safe
def import_template(request: HttpRequest) -> HttpResponse:
    """The empty table to fill in."""
    return pages.hand_out(template(), _("Import template (staff)"))


class StaffPages(pages.Pages[StaffImport]):
    """Imports of staff."""

    table, title, services = TABLE, gettext_lazy("Import staff"), imports

    def urls(self, job: StaffImport) -> words.Urls:
        return import_words.urls(job)

    def crumbs(self, job: StaffImport) -> list[Crumb]:
        return import_words.crumbs()

    def summary(self, job: StaffImport) -> str:
        return import_words.summary(job)

    def place(self, job: StaffImport) -> str:
        return _("Staff")

    def context(self, request: HttpRequest, job: StaffImport) -> dict[str, Any]:
        """With one page of what the check found, as the address asks for it, and the credentials that were made."""
        field, q = request.GET.get("field", ""), request.GET.get("q", "")
        rows = job.findings.order_by("row", "id")
        form = FindingsForm(request.GET, table=TABLE, fields=pages.fields(rows))
        if field:
            rows = rows.filter(field=field)
        page, pager = pages.paged(request, pages.holding(rows, q))
        issues = import_selectors.issue_counts(job_id=job.pk, reader=person(request))
        return {
            **import_words.detail(job, issues),
            "rows": [{"finding": row, "label": TABLE.label_of(row.field)} for row in page],
            "filter": words.findings_filter(self.urls(job).detail, form, q),
            "pager": pager,
        }


PAGES = StaffPages()
import_detail = admin_only(require_safe(PAGES.detail))
import_columns = admin_only(require_http_methods(["GET", "HEAD", "POST"])(PAGES.columns))
import_confirm = admin_only(require_POST(PAGES.confirm))
import_cancel = admin_only(require_POST(PAGES.cancel))
import_bad_rows = admin_only(require_safe(PAGES.bad_rows))
import_card = admin_only(require_safe(PAGES.card))


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def import_credentials(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the first credentials of the people stand (GET); the next ones of those to be shown, once (POST)."""
    by = person(request)
    job = imports.own(by=by, job_id=pk)
    if request.method == "POST":
        return _revealed(request, imports.reveal(by=by, job=job), import_words.urls(job).detail)
    issues = import_selectors.issue_counts(job_id=job.pk, reader=by)
    context = import_words.credentials(job, issues)
    if htmx.is_fragment(request):
        return render(request, "accounts/imports/_credentials.html", context)
    return htmx.done(request, import_words.urls(job).detail)


def _revealed(
    request: HttpRequest, shown: list[tuple[str, Revealed]], done_url: str
) -> HttpResponse:
    context = {
        "base": "base_console.html",
        "title": _("First credentials"),
        "secrets": [Secret(f"{name} {one.username}", one.password) for name, one in shown],
        "file_name": "first-passwords.txt",
        "hints": [
            _("They cannot be shown again. If one is lost, reset the password of its person."),
            _("They work for 72 hours and have to be replaced at the first log-in."),
        ],
        "done_url": done_url,
    }
    response = render(request, "accounts/revealed.html", context)
    response["Cache-Control"] = "no-store"
    return response


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def staff_export(request: HttpRequest) -> HttpResponse:
    """The list as it is narrowed, as a file that can be imported again; written down."""
    q, state = (request.GET.get(name, "")[:100] for name in ("q", "state"))
    form = FormatForm(request.POST if request.method == "POST" else None)
    if not (form.is_bound and form.is_valid()):
        back = reverse("accounts:staff")
        return downloads.ask(request, form, title=_("Export staff"), back_url=back, told=FILE_HOLDS)
    found = selectors.staff_list(q=q, state=state)
    rows = list(import_selectors.file_rows(found, limit=downloads.ROWS))
    format_ = form.cleaned_data["format"]
    imports.note_export(
        by=person(request), format_=format_, count=len(rows), filters={"q": q, "state": state}
    )
    header = [column.label for column in TABLE.columns]
    return downloads.hand_out(title=_("Staff"), format_=format_, header=header, rows=rows)
