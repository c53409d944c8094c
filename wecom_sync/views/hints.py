"""A hint of a plan: a person says that two are one, or that they are two (SPEC WEC-1; matrix row 53)."""

from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.views.guards import person
from core import htmx
from core.errors import Hidden, UserError
from core.ui import Fact
from orgs.views.asking import ask
from wecom_sync import selectors
from wecom_sync.models import PlanItem, Run
from wecom_sync.services import links, own_links
from wecom_sync.sync.own_plan import LOGIN_HINTS
from wecom_sync.views.guards import run_of, runners_only
from wecom_sync.views.runs import run_url

CONFIRM: Final[dict[str, Callable[..., object]]] = {
    **dict.fromkeys(links.CONFIRM, links.confirm), **dict.fromkeys(LOGIN_HINTS, own_links.link_staff),
}  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@runners_only
def hint(request: HttpRequest, pk: int, item_id: int) -> HttpResponse:
    """Asks whether both are one, with answer=two whether they are two, and keeps what is said."""
    run, problem, two = run_of(pk), None, request.GET.get("answer") == "two"
    back = f"{run_url(run)}?kind=notice"
    item = _hint(run, item_id, two=two)
    if request.method == "POST":
        try:
            (links.refuse if two else CONFIRM[item.message])(by=person(request), item=item)
        except UserError as error:
            problem = error
        else:
            messages.success(
                request,
                _("It is not asked again") if two else _("Linked. Compare again before you write"),
            )
            return htmx.done(request, back)
    question = _two(run, item) if two else _one(run, item)
    more = {"action": request.get_full_path(), "back_url": back, "style": "primary"}
    return ask(request, question | more, problem)


def _hint(run: Run, item_id: int, *, two: bool) -> PlanItem:
    kinds = links.REFUSE if two else tuple(CONFIRM)
    item = PlanItem.objects.filter(run=run, pk=item_id, message__in=kinds).first()
    if item is None:
        raise Hidden(_("There is no such hint."))
    return item


def _one(run: Run, item: PlanItem) -> dict[str, Any]:
    return _one_person(item) if item.message in LOGIN_HINTS else _one_place(run, item)


def _one_person(item: PlanItem) -> dict[str, Any]:
    here = User.objects.filter(pk=item.after.get("user", 0)).first()
    return {
        "title": _("Are both the same person?"),
        "facts": [
            Fact(_("In WeCom"), f"{item.name} ({item.key[2:]})"),
            Fact(_("Here"), f"{here.name} ({here.username})" if here else "?"),
        ],
        "consequences": [
            _("This WeCom account opens the login from now on, with all its rights; its owner is told"),
            _("Where staff are synchronized, name and departments follow WeCom from the next run on"),
            _("If you are not sure, cancel: the login stays as it is, and nobody comes in"),
        ],
        "submit": _("One and the same person"),
    }  # fmt: skip


def _one_place(run: Run, item: PlanItem) -> dict[str, Any]:
    return {
        "title": _("Are both the same organization?"),
        "facts": _both(run, item),
        "consequences": [
            _("From the next run on this organization is that corp: name and place follow it where WeCom keeps them"),
            _("If a second one was made for it already, its departments and people go into this one"),
            _("This cannot be taken back here. If you are not sure, cancel: both stay, separate"),
        ],
        "submit": _("They are one"),
    }  # fmt: skip


def _both(run: Run, item: PlanItem) -> list[Fact]:
    """The corp there, and what is here: where it stands, and which chains bring it already."""
    there = item.name if "/" in item.key else f"{item.name} ({item.after.get('key', item.key)[2:]})"
    facts = [Fact(_("In WeCom"), there)]
    names = selectors.names(run, [item])
    pk = item.node_id or 0
    if pk not in names.nodes:
        return facts
    facts.append(Fact(_("Here"), names.nodes[pk]))
    if pk in names.above:
        facts.append(Fact(_("The one that is here stands under"), names.above[pk]))
    chains = [one.chain for one in selectors.origins_of_node(pk)]
    if chains:
        said = _(", ").join(f"{one.connection.name} · {one.name}" for one in chains)
        facts.append(Fact(_("Comes from"), said))
    return facts


def _two(run: Run, item: PlanItem) -> dict[str, Any]:
    return {
        "title": _("Are these two?"),
        "facts": _both(run, item),
        "consequences": [_("Both stay, separate, and runs do not ask again")],
        "submit": _("They are two"),
    }
