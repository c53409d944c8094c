"""A hint of a plan: a person says that two are one, or that they are two (SPEC WEC-1; matrix row 53)."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.views.guards import person
from core import htmx
from core.errors import Hidden, UserError
from core.ui import Fact
from orgs.views.asking import ask
from wecom_sync import selectors
from wecom_sync.models import PlanItem, Run
from wecom_sync.services import links
from wecom_sync.views.guards import run_of, runners_only
from wecom_sync.views.runs import run_url


@require_http_methods(["GET", "HEAD", "POST"])
@runners_only
def hint(request: HttpRequest, pk: int, item_id: int) -> HttpResponse:
    """Asks whether both are one, with answer=two whether they are two, and keeps what is said."""
    run, problem, two = run_of(pk), None, request.GET.get("answer") == "two"
    item = _hint(run, item_id, two=two)
    if request.method == "POST":
        try:
            (links.refuse if two else links.confirm)(by=person(request), item=item)
        except UserError as error:
            problem = error
        else:
            messages.success(
                request,
                _("It is not asked again") if two else _("Linked. Compare again before you write"),
            )
            return htmx.done(request, run_url(run))
    question = _two(item) if two else _one(run, item)
    more = {"action": request.get_full_path(), "back_url": run_url(run), "style": "primary"}
    return ask(request, question | more, problem)


def _hint(run: Run, item_id: int, *, two: bool) -> PlanItem:
    kinds = links.REFUSE if two else tuple(links.CONFIRM)
    item = PlanItem.objects.filter(run=run, pk=item_id, message__in=kinds).first()
    if item is None:
        raise Hidden(_("There is no such hint."))
    return item


def _one(run: Run, item: PlanItem) -> dict[str, Any]:
    here = selectors.names(run, [item]).nodes.get(item.node_id or 0, "?")
    there = f"{item.name} ({item.after.get('key', item.key)[2:]})"
    return {
        "title": _("Are both the same organization?"),
        "facts": [Fact(_("In WeCom"), there), Fact(_("Here"), here)],
        "consequences": [
            _("From the next run on this organization is that corp: name and place follow it where WeCom keeps them"),
            _("If a second one was made for it already, its departments and people go into this one"),
            _("This cannot be taken back here. If you are not sure, cancel: both stay, separate"),
        ],
        "submit": _("They are one"),
    }  # fmt: skip


def _two(item: PlanItem) -> dict[str, Any]:
    return {
        "title": _("Are these two?"),
        "facts": [Fact(_("In WeCom"), item.name)],
        "consequences": [_("Both stay, separate, and runs do not ask again")],
        "submit": _("They are two"),
    }
