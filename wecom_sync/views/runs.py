"""A run: started, looked at while it goes on, confirmed, cancelled (matrix row 53)."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.views.guards import person
from core import htmx
from core.errors import UserError
from core.ui import Crumb
from orgs.views.asking import ask
from wecom_sync import run_page, selectors, words
from wecom_sync.models import Run
from wecom_sync.permissions import may_connect
from wecom_sync.selectors import Asked
from wecom_sync.services import runs as services
from wecom_sync.views.connections import crumbs, url_of
from wecom_sync.views.guards import connection_of, run_of, runners_only


def run_url(run: Run) -> str:
    """Address of the page of a run."""
    return reverse("wecom_sync:run", args=[run.pk])


@require_POST
@runners_only
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Starts a run, with dry=1 one that writes nothing; where one is under way that one is shown."""
    connection = connection_of(pk)
    try:
        run = services.start(
            by=person(request), connection=connection, dry=request.POST.get("dry") == "1"
        )
    except UserError as error:
        going_on = selectors.current(connection)
        if going_on is None:
            raise
        return _detail(request, going_on, refused=str(error), status=error.status)
    return htmx.done(request, run_url(run))


@require_safe
@runners_only
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole page; for htmx the items that the address asks for."""
    return _detail(request, run_page.as_it_is(run_of(pk)))


def _detail(
    request: HttpRequest, run: Run, *, refused: str = "", status: int = 200
) -> HttpResponse:
    asked = Asked.read(request.GET)
    connects = may_connect(person(request))
    context: dict[str, Any] = run_page.items(run, asked, run_url(run), connects=connects)
    if not htmx.is_fragment(request):
        context |= _state(run, asked) | run_page.log(run)
    context["refused"] = refused
    return htmx.page(
        request, "wecom_sync/run.html", "wecom_sync/partials/_items.html", context, status=status
    )


@require_safe
@runners_only
def state(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is; asked for again whenever something happens."""
    run = run_page.as_it_is(run_of(pk))
    if not htmx.is_fragment(request):
        return redirect(run_url(run))
    context = _state(run, Asked.read(request.GET))
    response = render(request, "wecom_sync/partials/_state.html", context)
    patch_vary_headers(response, ["HX-Request"])
    if request.GET.get("was") != run.status:
        htmx.trigger(response, refresh="#items-now")
    return response


def _state(run: Run, asked: Asked) -> dict[str, Any]:
    way = crumbs(Crumb(run.connection.name, url_of(run.connection)), Crumb(_("Run")))
    return run_page.state(run, asked, run_url(run)) | {"crumbs": way}


@require_safe
@runners_only
def badge(request: HttpRequest) -> HttpResponse:
    """How many wait for a person, for the side navigation."""
    context = {"count": selectors.waiting_count(), "label": _("Runs that wait for a person:")}
    return render(request, "components/badge.html", context)


@require_safe
@runners_only
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """What a notification shows of a run."""
    run = run_page.as_it_is(run_of(pk))
    if not htmx.is_fragment(request):
        response: HttpResponse = redirect(run_url(run))
    else:
        context = {
            "run": run, "shown": words.shown(run), "said": words.outcome(run), "leaving": words.leaving(run),
        }  # fmt: skip
        response = render(request, "wecom_sync/partials/_card.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@runners_only
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks with numbers, and carries out exactly the plan that was looked at."""
    return _asked(request, run_of(pk), services.confirm, run_page.question)


@require_http_methods(["GET", "HEAD", "POST"])
@runners_only
def rest(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks with numbers, and carries out all of the plan but what leaves."""
    return _asked(request, run_of(pk), services.confirm_rest, run_page.rest_question)


def _asked(
    request: HttpRequest,
    run: Run,
    act: Callable[..., Any],
    question: Callable[[Run], dict[str, Any]],
) -> HttpResponse:
    problem = None
    if request.method == "POST":
        try:
            act(by=person(request), run=run)
        except UserError as error:
            problem = error
        else:
            return htmx.done(request, run_url(run))
    return ask(request, question(run) | {"back_url": run_url(run)}, problem)


@require_POST
@runners_only
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Ends a run; what was written stays."""
    run = run_of(pk)
    services.cancel(by=person(request), run=run)
    return htmx.done(request, run_url(run))
