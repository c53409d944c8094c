"""Large moves, disabling and enabling: how far the worker is (SPEC ORG-5, ORG-6, ORG-10)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from core import htmx
from core.errors import Conflict
from core.ui import Crumb
from orgs import restructuring_words
from orgs.models import Node, Restructuring
from orgs.services import restructuring
from orgs.views.frame import url_of
from orgs.views.guards import person, scope


def begin(
    request: HttpRequest, node: Node, action: str, *, parent: Node | None = None
) -> HttpResponse | None:
    """Hands a change that is too large for a page to the worker and shows how far it is; None when it is not."""
    by = person(request)
    if not restructuring.is_large(by=by, nodes=[node]):
        return None
    job = restructuring.start(by=by, node=node, action=action, parent=parent)
    return htmx.done(request, _url(job))


def _url(job: Restructuring) -> str:
    return reverse("orgs:restructuring", args=[job.pk])


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Where a job stands; asked for again while it is under way."""
    return _detail(request, restructuring.found(by=person(request), job_id=pk))


def _detail(
    request: HttpRequest, job: Restructuring, *, refused: str = "", status: int = 200
) -> HttpResponse:
    crumbs = [
        Crumb(_("External organizations"), reverse("orgs:home")),
        Crumb(job.node.name, url_of(job.node)),
        Crumb(job.get_action_display()),
    ]
    mine = scope(request)
    context = {
        **restructuring_words.detail(job, mine), "crumbs": crumbs, "refused": refused,
        "may_stop": restructuring.may_cancel(scope=mine, job=job),
    }  # fmt: skip
    return htmx.page(
        request, "orgs/restructuring.html", "orgs/partials/_restructuring.html", context, status=status
    )  # fmt: skip


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stops a job; everything stays as it was."""
    job = restructuring.found(by=person(request), job_id=pk)
    try:
        restructuring.cancel(by=person(request), job=job)
    except Conflict as error:
        job.refresh_from_db()
        return _detail(request, job, refused=str(error), status=error.status)
    return redirect(_url(job))


@require_safe
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """What a notification shows of a job."""
    job = restructuring.found(by=person(request), job_id=pk)
    if not htmx.is_fragment(request):
        response: HttpResponse = redirect(_url(job))
    else:
        context = restructuring_words.detail(job, scope(request))
        response = render(request, "orgs/partials/_restructuring_card.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response
