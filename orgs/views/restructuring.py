"""Large moves, disabling and enabling: how far the worker is (SPEC ORG-5, ORG-6, ORG-10)."""

from collections.abc import Sequence
from typing import Any

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
from orgs.services.bulk import topmost
from orgs.views.frame import url_of
from orgs.views.guards import person, scope


def begin(
    request: HttpRequest, node: Node, action: str, *, parent: Node | None = None
) -> HttpResponse | None:
    """Hands a change that is too large for a page to the worker and shows how far it is; None when it is not."""
    by = person(request)
    if not restructuring.size(by=by, nodes=[node]).is_large:
        return None
    job = restructuring.start(by=by, node=node, action=action, parent=parent)
    return htmx.done(request, _url(job))


def begin_many(
    request: HttpRequest, nodes: Sequence[Node], action: str, *, parent: Node | None = None
) -> HttpResponse | None:
    """The same for several nodes, one after the other."""
    if len(nodes) == 1:
        return begin(request, nodes[0], action, parent=parent)
    by = person(request)
    if not restructuring.size(by=by, nodes=topmost(nodes)).is_large:
        return None
    batch = restructuring.start_many(by=by, nodes=nodes, action=action, parent=parent)
    return htmx.done(request, reverse("orgs:restructuring-batch", args=[batch.pk]))


def hints(request: HttpRequest, nodes: Sequence[Node]) -> list[str]:
    """What a question about these nodes says before: that the worker does it, and of how many people."""
    size = restructuring.size(by=person(request), nodes=topmost(nodes))
    return restructuring_words.beforehand(size, len(nodes)) if size.is_large else []


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
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """Where each of a batch stands."""
    return _batch(request, pk)


def _batch(request: HttpRequest, pk: int, *, refused: str = "", status: int = 200) -> HttpResponse:
    found, jobs = restructuring.found_batch(by=person(request), batch_id=pk)
    mine = scope(request)
    crumbs = [
        Crumb(_("External organizations"), reverse("orgs:home")),
        Crumb(found.dimension.name, url_of(found.dimension)),
        Crumb(_("Large change")),
    ]
    context = {
        **restructuring_words.batch(found, jobs, mine), "crumbs": crumbs, "refused": refused,
        "may_stop": all(restructuring.may_cancel(scope=mine, job=job) for job in jobs),
    }  # fmt: skip
    return htmx.page(
        request, "orgs/restructuring.html", "orgs/partials/_restructuring_batch.html", context, status=status
    )  # fmt: skip


@require_POST
def batch_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stops what of a batch has not happened yet."""
    found, _jobs = restructuring.found_batch(by=person(request), batch_id=pk)
    try:
        restructuring.cancel_many(by=person(request), batch=found)
    except Conflict as error:
        return _batch(request, pk, refused=str(error), status=error.status)
    return redirect("orgs:restructuring-batch", pk=pk)


@require_safe
def batch_card(request: HttpRequest, pk: int) -> HttpResponse:
    """What a notification shows of a batch."""
    found, jobs = restructuring.found_batch(by=person(request), batch_id=pk)
    context = restructuring_words.batch(found, jobs, scope(request))
    url = reverse("orgs:restructuring-batch", args=[pk])
    return _card(request, url, "orgs/partials/_restructuring_batch_card.html", context)


@require_safe
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """What a notification shows of a job."""
    job = restructuring.found(by=person(request), job_id=pk)
    context = restructuring_words.detail(job, scope(request))
    return _card(request, _url(job), "orgs/partials/_restructuring_card.html", context)


def _card(request: HttpRequest, url: str, template: str, context: dict[str, Any]) -> HttpResponse:
    found = htmx.is_fragment(request)
    response: HttpResponse = render(request, template, context) if found else redirect(url)
    patch_vary_headers(response, ["HX-Request"])
    return response
