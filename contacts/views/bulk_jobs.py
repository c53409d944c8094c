"""Where an action on many contacts stands, for whoever asked for it (SPEC CON-5; matrix row 25)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from contacts import bulk_words
from contacts.models import BulkJob
from contacts.services import bulk_jobs
from core import htmx
from core.errors import Conflict
from core.ui import Crumb
from orgs.views.guards import person


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Waiting, under way with numbers, over with those that were refused and why."""
    return _detail(request, bulk_jobs.own(by=person(request), job_id=pk))


def _detail(
    request: HttpRequest, job: BulkJob, *, refused: str = "", status: int = 200
) -> HttpResponse:
    crumbs = [
        Crumb(_("External organizations"), reverse("orgs:home")),
        Crumb(job.node.name, reverse("contacts:console-list", args=[job.node_id])),
        Crumb(_("Bulk action")),
    ]
    names = bulk_jobs.names(by=person(request), job=job)
    context = {**bulk_words.detail(job, names), "crumbs": crumbs, "refused": refused}
    full, fragment = "contacts/bulk/detail.html", "contacts/bulk/_job.html"
    return htmx.page(request, full, fragment, context, status=status)


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stops it; what was done stays."""
    job = bulk_jobs.own(by=person(request), job_id=pk)
    try:
        bulk_jobs.cancel(by=person(request), job=job)
    except Conflict as error:
        job.refresh_from_db()
        return _detail(request, job, refused=str(error), status=error.status)
    return redirect("contacts:bulk-detail", pk=job.pk)


@require_safe
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """What a notification shows of it."""
    job = bulk_jobs.own(by=person(request), job_id=pk)
    if not htmx.is_fragment(request):
        response: HttpResponse = redirect("contacts:bulk-detail", pk=job.pk)
    else:
        response = render(request, "contacts/bulk/_card.html", bulk_words.detail(job, {}))
    patch_vary_headers(response, ["HX-Request"])
    return response
