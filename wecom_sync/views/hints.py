"""A hint of a plan: a person says that two are one, or lets it be (SPEC WEC-1; matrix row 53)."""

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
    """Asks whether both are one, and links them."""
    run, problem = run_of(pk), None
    item = PlanItem.objects.filter(run=run, pk=item_id, message__in=links.CONFIRM).first()
    if item is None:
        raise Hidden(_("There is no such hint."))
    if request.method == "POST":
        try:
            links.confirm(by=person(request), item=item)
        except UserError as error:
            problem = error
        else:
            messages.success(request, _("Linked. The plan is outdated now: compare again"))
            return htmx.done(request, run_url(run))
    return ask(request, _question(run, item), problem)


def _question(run: Run, item: PlanItem) -> dict[str, Any]:
    names = selectors.names(run, [item])
    here = names.nodes.get(item.node_id or 0, "?")
    return {
        "title": _("Are both the same organization?"),
        "facts": [
            Fact(_("In WeCom"), f"{item.name} ({item.after.get('key', item.key)[2:]})"),
            Fact(_("Here"), here),
        ],
        "consequences": [
            _("From the next run on this organization is that corp: name and place follow it where WeCom keeps them"),
            _("This cannot be taken back here. If you are not sure, cancel: both stay, separate"),
        ],
        "submit": _("They are one"), "style": "primary", "back_url": run_url(run),
    }  # fmt: skip
