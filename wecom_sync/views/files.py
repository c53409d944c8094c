"""The log of a run, and log and plan as files (matrix row 53; SECURITY T68, T74)."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.views.guards import person
from core import downloads, htmx
from core.text import clean
from core.ui import Crumb
from orgs.selectors.below import number
from wecom_sync import item_words, run_page, selectors
from wecom_sync.models import PlanItem, Run
from wecom_sync.selectors import Asked
from wecom_sync.services import runs as services
from wecom_sync.views.connections import crumbs
from wecom_sync.views.guards import run_of, runners_only
from wecom_sync.views.runs import run_url


@require_safe
@runners_only
def log(request: HttpRequest, pk: int) -> HttpResponse:
    """The log, narrowed by level and words; with `after` the lines since then, for whoever follows it."""
    run, given = run_of(pk), request.GET
    after = number(given.get("after", "")) or 0
    context = run_page.log(
        run,
        level=number(given.get("level", "")) or 0,
        q=clean(given.get("q", ""), 100),
        after=after,
    )
    context["followed"] = "after" in given
    if context["followed"] and not context["lines"] and context["log_live"]:
        return HttpResponse(status=204)
    if htmx.is_fragment(request):
        response = render(request, "wecom_sync/partials/_lines.html", context)
    else:
        context["crumbs"] = crumbs(Crumb(_("Run"), run_url(run)), Crumb(_("Log")))
        response = render(request, "wecom_sync/log.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
@runners_only
def log_file(request: HttpRequest, pk: int) -> HttpResponse:
    """All lines as text."""
    run = run_of(pk)
    text = "".join(
        f"{localtime(line.at):%Y-%m-%d %H:%M:%S}\t{line.get_level_display()}\t{line.text}\n"
        for line in run.lines.order_by("pk").iterator()
    )
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="wecom-run-{run.pk}.txt"'
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@runners_only
def plan_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The items that the address asks for as a table; written down."""
    run, asked = run_of(pk), Asked.read(request.GET)
    services.note_export(by=person(request), run=run, filters=asked.query())
    header = [
        _("Kind"),
        _("What"),
        _("Of where"),
        _("ID in WeCom"),
        _("Field"),
        _("Before"),
        _("After"),
        _("What is done"),
    ]
    title = _("Plan of run %(n)s") % {"n": run.pk}
    return downloads.stream(title=title, header=header, rows=_rows(run, asked))


def _rows(run: Run, asked: Asked) -> Iterator[list[str]]:
    kinds = {stage.value: str(stage.label) for stage in PlanItem.Stage}
    for item, names in selectors.everything(run, asked):
        line = item_words.line(run, item, names)
        start = [kinds[item.stage], line.title, line.where, item.key]
        for change in line.changes or [item_words.Change("")]:
            yield [*start, change.label, change.old, change.new, line.done]
