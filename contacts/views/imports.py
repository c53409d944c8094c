"""Importing a file in three steps: template, upload, check; then the job (SPEC CON-6, matrix rows 32, 33)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from contacts import import_words
from contacts.import_columns import TABLE, template
from contacts.models import ImportJob
from contacts.permissions import viewer_of
from contacts.selectors import findings
from contacts.services import imports
from contacts.services.import_choices import choose
from core import htmx
from core.errors import Hidden, UserError
from core.importing import pages, words
from core.importing.forms import FindingsForm
from core.sheets import MAX_FILE_BYTES
from core.ui import Action, Crumb
from orgs.models import Node
from orgs.selectors.nodes import dimensions_in
from orgs.views.guards import maintainers_only, person, scope

ALIKE_KIND = (findings.ALIKE, gettext_lazy("Look like somebody"))


def _dimension(request: HttpRequest) -> Node:
    """The dimension that was asked for, else the first; raises Hidden for one that is not maintained."""
    mine = dimensions_in(scope(request))
    asked = request.POST.get("dimension") or request.GET.get("dimension") or ""
    found = [node for node in mine if str(node.pk) == asked] if asked else mine
    if not found:
        raise Hidden(_("There is no such dimension."))
    return found[0]


@require_http_methods(["GET", "HEAD", "POST"])
@maintainers_only
def import_new(request: HttpRequest) -> HttpResponse:
    """Template and upload for one dimension."""
    dimension = _dimension(request)
    if request.method != "POST":
        return _new(request, dimension)
    try:
        key = request.POST.get("key") or ImportJob.Key.AUTO
        job = imports.upload(
            by=person(request), dimension=dimension, file=pages.chosen(request), key=key
        )
    except Hidden:
        raise
    except UserError as refused:
        return _new(request, dimension, error=str(refused), status=refused.status)
    return htmx.done(request, reverse("contacts:import-detail", args=[job.pk]))


def _new(
    request: HttpRequest, dimension: Node, *, error: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "dimension": dimension,
        "dimensions": dimensions_in(scope(request)),
        "crumbs": _crumbs(dimension),
        "labels": words.STEPS,
        "levels": import_words.LEVEL_WORDS.items(),
        "keys": ImportJob.Key.choices,
        "key": request.POST.get("key") or ImportJob.Key.AUTO,
        "error": error,
        "megabytes": MAX_FILE_BYTES // (1024 * 1024),
        "actions": [Action(_("My imports"), reverse("contacts:import-list"), "history")],
    }
    return render(request, "contacts/imports/new.html", context, status=status)


def _crumbs(dimension: Node) -> list[Crumb]:
    return [
        Crumb(_("External organizations"), reverse("orgs:home")),
        Crumb(dimension.name, reverse("orgs:node", args=[dimension.pk])),
        Crumb(_("Import contacts")),
    ]


@require_safe
@maintainers_only
def import_template(request: HttpRequest) -> HttpResponse:
    """The empty table to fill in, for one level or for all of them at once."""
    level = request.GET.get("level", "all")
    if level not in import_words.LEVEL_WORDS:
        raise Hidden(_("There is no such file."))
    return pages.hand_out(template(level), import_words.template_name(level))


@require_safe
@maintainers_only
def import_list(request: HttpRequest) -> HttpResponse:
    """One's own imports, newest first."""
    mine = dimensions_in(scope(request))
    rows = ImportJob.objects.filter(owner=person(request), dimension__in=mine)
    page, pager = pages.paged(request, rows.select_related("dimension").order_by("-pk"))
    home = Crumb(_("External organizations"), reverse("orgs:home"))
    new = Action(_("Import contacts"), reverse("contacts:import-new"), "upload", "primary")
    context = {
        "rows": [(job, import_words.summary(job)) for job in page],
        "columns": import_words.LIST_COLUMNS,
        "pager": pager,
        "crumbs": [home, Crumb(_("My imports"))],
        "tabs": import_words.tabs("imports"),
        "actions": [new],
    }
    return render(request, "contacts/imports/list.html", context)


class ContactPages(pages.Pages[ImportJob]):
    """Imports of contacts."""

    table, title, services = TABLE, gettext_lazy("Import contacts"), imports

    def urls(self, job: ImportJob) -> words.Urls:
        return import_words.urls(job)

    def crumbs(self, job: ImportJob) -> list[Crumb]:
        return _crumbs(job.dimension)

    def summary(self, job: ImportJob) -> str:
        return import_words.summary(job)

    def place(self, job: ImportJob) -> str:
        return job.dimension.name

    def context(self, request: HttpRequest, job: ImportJob) -> dict[str, Any]:
        """With one page of what the check found, as the address asks for it."""
        asked = {name: request.GET.get(name, "") for name in ("kind", "field", "q")}
        known = pages.fields(job.findings.all())
        form = FindingsForm(request.GET, table=TABLE, fields=known, kinds=[ALIKE_KIND])
        page, pager = pages.paged(request, findings.narrowed(job, **asked))
        shown = list(page)
        people = findings.people(viewer_of(person(request), scope=scope(request)), shown)
        rows = import_words.lines(job, shown, people)
        return {
            **import_words.detail(job),
            "rows": rows,
            "choosing": any(row["options"] for row in rows),
            "filter": words.findings_filter(self.urls(job).detail, form, asked["q"]),
            "pager": pager,
        }


PAGES = ContactPages()
import_detail = require_safe(PAGES.detail)
import_columns = require_http_methods(["GET", "HEAD", "POST"])(maintainers_only(PAGES.columns))
import_confirm = require_POST(maintainers_only(PAGES.confirm))
import_cancel = require_POST(maintainers_only(PAGES.cancel))
import_bad_rows = require_safe(PAGES.bad_rows)
import_card = require_safe(PAGES.card)


@require_POST
@maintainers_only
def import_choices(request: HttpRequest, pk: int) -> HttpResponse:
    """Whether rows are people who are there already: c<row> for some of them, or every=same, every=different."""
    given = {
        int(name[1:]): str(value)
        for name, value in request.POST.items()
        if name[0] == "c" and name[1:].isdecimal() and len(name) < 9
    }
    every = request.POST.get("every", "")
    return PAGES.act(request, pk, choose, answers=given, every=every)
