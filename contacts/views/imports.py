"""Importing a file in three steps: template, upload, check; then the job (SPEC CON-6, matrix rows 32, 33)."""

from functools import partial
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
from core.importing.forms import ColumnsForm, FindingsForm
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


@require_safe
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Where an import stands: being checked, to be confirmed, refused with its rows, running, over."""
    return _detail(request, imports.own(by=person(request), job_id=pk))


def _detail(
    request: HttpRequest, job: ImportJob, *, refused: str = "", status: int = 200
) -> HttpResponse:
    mapping = job.status == ImportJob.Status.MAPPING
    context: dict[str, Any] = {
        **import_words.detail(job),
        **_findings(request, job),
        "crumbs": _crumbs(job.dimension),
        "refused": refused,
        "form": _columns_form(job) if mapping else None,
    }
    return pages.show(request, job, import_words.urls(job), context, status=status)


def _findings(request: HttpRequest, job: ImportJob) -> dict[str, Any]:
    """One page of what the check found, as the address asks for it."""
    asked = {name: request.GET.get(name, "") for name in ("kind", "field", "q")}
    form = FindingsForm(
        request.GET, table=TABLE, fields=pages.fields(job.findings.all()), kinds=[ALIKE_KIND]
    )
    page, pager = pages.paged(request, findings.narrowed(job, **asked))
    shown = list(page)
    people = findings.people(viewer_of(person(request), scope=scope(request)), shown)
    rows = import_words.lines(job, shown, people)
    return {
        "rows": rows,
        "choosing": any(row["options"] for row in rows),
        "filter": words.findings_filter(import_words.urls(job).detail, form, asked["q"]),
        "pager": pager,
    }


def _columns_form(job: ImportJob, given: Any = None) -> ColumnsForm:
    return ColumnsForm(given, table=TABLE, described=job.header, chosen=job.columns)


@require_http_methods(["GET", "HEAD", "POST"])
@maintainers_only
def import_columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Which column of the file is what; then it is checked again."""
    by = person(request)
    job = imports.own(by=by, job_id=pk)
    return pages.columns(
        request, job, import_words.urls(job), form=_columns_form(job, request.POST or None),
        save=lambda form: imports.assign(by=by, job=job, columns=form.columns()),
        title=_("Import contacts"), crumbs=_crumbs(job.dimension),
    )  # fmt: skip


@require_POST
@maintainers_only
def import_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Starts a checked import; with partly=1 without the rows that have errors."""
    partly = request.POST.get("partly") == "1"
    return _act(request, pk, partial(imports.confirm, partly=partly))


@require_POST
@maintainers_only
def import_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stops an import."""
    return _act(request, pk, imports.cancel)


def _act(request: HttpRequest, pk: int, service: Any) -> HttpResponse:
    by = person(request)
    job = imports.own(by=by, job_id=pk)
    return pages.act(
        request, job, import_words.urls(job), lambda one: service(by=by, job=one),
        lambda error: _detail(request, job, refused=str(error), status=error.status),
    )  # fmt: skip


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
    return _act(request, pk, partial(choose, answers=given, every=every))


@require_safe
def import_bad_rows(request: HttpRequest, pk: int) -> HttpResponse:
    """The refused rows with their reasons, for the owner."""
    return pages.bad_rows(imports.own(by=person(request), job_id=pk))


@require_safe
def import_card(request: HttpRequest, pk: int) -> HttpResponse:
    """What a notification shows of an import, to its owner."""
    job = imports.own(by=person(request), job_id=pk)
    urls, said = import_words.urls(job), import_words.summary(job)
    return pages.card(request, job, urls, place=job.dimension.name, summary=said)
