"""Exporting contacts of a node or organizations of a dimension; one's own exports (SPEC CON-6, matrix rows 34, 35)."""

from typing import Any

from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from contacts import console_lists, export_words
from contacts.export_forms import ExportForm
from contacts.exports.columns import CONTACT_COLUMNS, ORGANIZATION_COLUMNS
from contacts.import_words import tabs
from contacts.models import ExportJob
from contacts.selection import Selection
from contacts.services import exports
from core import htmx
from core.downloads import TYPES
from core.errors import Hidden, UserError
from core.ui import Crumb, Pager
from orgs.models import Node
from orgs.selectors.nodes import dimensions_in
from orgs.views.asking import attempt
from orgs.views.guards import maintainers_only, on_node, person, scope

PAGE = 50
BELOW, HERE = "below", "here"


@require_http_methods(["GET", "HEAD", "POST"])
@on_node
def export_contacts(request: HttpRequest, node: Node) -> HttpResponse:
    """Asks which contacts of a node, as its list is narrowed, and has the file made."""
    at = console_lists.here(request, node)
    below = Selection(everything=True, node_id=node.pk, filters=at.filters, q=at.q)
    here = Selection(everything=True, node_id=node.pk, filters=at.filters, q=at.q, below=False)
    given = request.POST or None
    form = ExportForm(given, columns=CONTACT_COLUMNS, reaches=_reaches(request, node, below, here))
    if form.is_bound and form.is_valid():
        chosen = here if form.cleaned_data["reach"] == HERE else below
        return _create(request, node, chosen, form, at.list_url)
    return _ask(
        request, form, _("Export contacts of “%(node)s”") % {"node": node.name}, at.list_url
    )


def _reaches(
    request: HttpRequest, node: Node, below: Selection, here: Selection
) -> list[tuple[str, str]]:
    """Each with how many rows it would be."""
    found = []
    for key, label, selection in (
        (BELOW, _("With everything below"), below),
        (HERE, _("Only directly here"), here),
    ):
        n = exports.count(by=person(request), node=node, selection=selection)
        people = ngettext("%(n)s contact", "%(n)s contacts", n) % {"n": f"{n:,}"}
        found.append((key, f"{label} · {people}"))
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@on_node
def export_organizations(request: HttpRequest, node: Node) -> HttpResponse:
    """Asks for columns and has the organizations of a dimension written into a file."""
    if node.kind != Node.Kind.DIMENSION:
        raise Hidden(_("There is no such dimension."))
    back_url = reverse("orgs:node-organizations", args=[node.pk])
    form = ExportForm(request.POST or None, columns=ORGANIZATION_COLUMNS)
    if form.is_bound and form.is_valid():
        return _create(request, node, None, form, back_url)
    n = exports.count(by=person(request), node=node, selection=None)
    title = ngettext(
        "Export %(n)s organization of “%(node)s”", "Export %(n)s organizations of “%(node)s”", n
    )
    return _ask(request, form, title % {"n": f"{n:,}", "node": node.name}, back_url)


def _create(
    request: HttpRequest, node: Node, selection: Selection | None, form: ExportForm, back_url: str
) -> HttpResponse:
    given = {"format_": form.cleaned_data["format"], "keys": form.cleaned_data["columns"]}
    job = attempt(
        form,
        lambda: exports.create(by=person(request), node=node, selection=selection, **given),
    )
    if job is None:
        return _ask(request, form, _("Export"), back_url)
    return htmx.done(request, reverse("contacts:export-detail", args=[job.pk]))


def _ask(request: HttpRequest, form: ExportForm, title: str, back_url: str) -> HttpResponse:
    context = {
        "form": form, "title": title, "submit": _("Export"), "action": request.get_full_path(),
        "back_url": back_url, "wide": True, "icon_name": "download",
    }  # fmt: skip
    return htmx.page(
        request, "components/form_page.html", "components/dialog_form.html", context, status=form.http_status
    )  # fmt: skip


@require_safe
@maintainers_only
def export_list(request: HttpRequest) -> HttpResponse:
    """One's own exports, newest first."""
    mine = dimensions_in(scope(request))
    rows = ExportJob.objects.filter(owner=person(request), dimension__in=mine)
    pages = Paginator(rows.select_related("dimension").order_by("-pk"), PAGE)
    page = pages.get_page(request.GET.get("page"))
    context = {
        "rows": [(job, exports.ready(job)) for job in page],
        "columns": export_words.LIST_COLUMNS,
        "pager": Pager(total=pages.count, page=page.number, pages=pages.num_pages),
        "tabs": tabs("exports"),
        "crumbs": [_root(), Crumb(_("My exports"))],
    }
    return render(request, "contacts/exports/list.html", context)


def _root() -> Crumb:
    return Crumb(_("External organizations"), reverse("orgs:home"))


@require_safe
def export_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Where an export stands: waiting, being written, ready, over."""
    return _detail(request, exports.own(by=person(request), job_id=pk))


def _detail(
    request: HttpRequest, job: ExportJob, *, refused: str = "", status: int = 200
) -> HttpResponse:
    crumbs = [
        _root(),
        Crumb(_("My exports"), reverse("contacts:export-list")),
        Crumb(job.file_name),
    ]
    context: dict[str, Any] = {**export_words.detail(job), "crumbs": crumbs, "refused": refused}
    return htmx.page(
        request, "contacts/exports/detail.html", "contacts/exports/partials/_job.html", context, status=status
    )  # fmt: skip


@require_POST
@maintainers_only
def export_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stops an export."""
    job = exports.own(by=person(request), job_id=pk)
    try:
        exports.cancel(by=person(request), job=job)
    except UserError as error:
        job.refresh_from_db()
        return _detail(request, job, refused=str(error), status=error.status)
    return redirect("contacts:export-detail", pk=job.pk)


@require_POST
def export_file(request: HttpRequest, pk: int) -> FileResponse:
    """The file, for its owner, as long as he may have it. A POST, because the fetching is written down."""
    job = exports.fetch(by=person(request), job_id=pk)
    kind = TYPES[job.file_name.rpartition(".")[2]]
    response = FileResponse(
        job.file.open(), as_attachment=True, filename=job.file_name, content_type=kind
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@require_safe
def export_card(request: HttpRequest, pk: int) -> HttpResponse:
    """What a notification shows of an export, to its owner."""
    job = exports.own(by=person(request), job_id=pk)
    if not htmx.is_fragment(request):
        response: HttpResponse = redirect("contacts:export-detail", pk=job.pk)
    else:
        context = export_words.detail(job)
        response = render(request, "contacts/exports/partials/_card.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response
