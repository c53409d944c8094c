"""Several organizations at once: chosen in the tab 下级组织, asked about, then all or none (SPEC ORG-5 to ORG-9)."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.selectors import picked
from core import htmx
from core.errors import Invalid
from orgs import bulk_asked
from orgs.bulk_asked import Chosen
from orgs.forms import TagsForm
from orgs.models import Node, Restructuring
from orgs.selectors.below import number
from orgs.services import bulk
from orgs.services.grants import Holder
from orgs.views.asking import ask, attempt, choose, confirmed, step_of
from orgs.views.guards import load, on_node, person, scope
from orgs.views.restructuring import begin_many, hints

Action = Restructuring.Action
Step = Callable[[HttpRequest, Chosen], HttpResponse]


@require_POST
@on_node
def bulk_act(request: HttpRequest, node: Node) -> HttpResponse:
    """One step of an action on a selection: choose what is missing, ask, do."""
    step = step_of(request, STEPS)
    return step(request, bulk_asked.chosen(request, scope(request), node))


def _answer(
    request: HttpRequest, chosen: Chosen, *, act: Callable[[], int | HttpResponse],
    question: Callable[[], dict[str, Any]], said: Callable[[int], str],
) -> HttpResponse:  # fmt: skip
    """Asks; once it is answered, acts and says how many. What is refused is said in the dialog: none has changed.

    A response that `act` returns is the answer: the worker does it.
    """
    if not confirmed(request):
        return ask(request, question())
    try:
        n = act()
    except Invalid as error:
        return ask(request, question(), error)
    return n if isinstance(n, HttpResponse) else _done(request, chosen, said(n))


def _done(request: HttpRequest, chosen: Chosen, said: str) -> HttpResponse:
    messages.success(request, said)
    return htmx.done(request, chosen.list_url)


def _move(request: HttpRequest, chosen: Chosen) -> HttpResponse:
    given = number(request.POST.get("node", ""))
    if given is None:
        title, action = _("Move to…"), chosen.address("move")
        hint = " ".join(hints(request, chosen.nodes))
        query = {"name": "node", "kinds": "0,1", "title": title, "hint": hint, "action": action}
        return choose("orgs:node-picker", **query)
    target = load(request, given)
    return _answer(
        request, chosen,
        act=lambda: begin_many(request, bulk.movable(chosen.nodes, target), Action.MOVE, parent=target)
        or bulk.move(by=person(request), node_ids=chosen.ids, parent=target),
        question=lambda: bulk_asked.moving(chosen, target, hints(request, chosen.nodes)),
        said=lambda n: bulk_asked.moved(n, target),
    )  # fmt: skip


def _switch(request: HttpRequest, chosen: Chosen, *, enabled: bool) -> HttpResponse:
    question = bulk_asked.enabling if enabled else bulk_asked.disabling
    action = Action.ENABLE if enabled else Action.DISABLE
    others = [node for node in chosen.nodes if node.enabled != enabled]
    return _answer(
        request, chosen,
        act=lambda: begin_many(request, others, action)
        or bulk.set_enabled(by=person(request), node_ids=chosen.ids, enabled=enabled),
        question=lambda: question(chosen, hints(request, others)),
        said=lambda n: bulk_asked.switched(n, enabled=enabled),
    )  # fmt: skip


def _tag(request: HttpRequest, chosen: Chosen, *, take: bool) -> HttpResponse:
    form = TagsForm(request.POST if confirmed(request) else None)
    act = bulk.untag if take else bulk.tag
    if form.is_bound and form.is_valid():
        what = {"node_ids": chosen.ids, "names": form.cleaned_data["tags"]}
        n = attempt(form, lambda: act(by=person(request), **what))
        if n is not None:
            return _done(request, chosen, bulk_asked.tagged(n))
    return ask(request, bulk_asked.tagging(chosen, form, take=take), status=form.http_status)


def _range(request: HttpRequest, chosen: Chosen, *, take: bool) -> HttpResponse:
    values = request.POST.getlist("holders")
    if not values:
        title = _("Remove from the visible range") if take else _("Add to the visible range")
        action = chosen.address("range-remove" if take else "range-add")
        return choose("accounts:picker", kind="both", name="holders", title=title, action=action)
    to = picked(values)
    holders: list[Holder] = [*to.users, *to.departments]
    act = bulk.remove_range if take else bulk.add_range
    return _answer(
        request, chosen, act=lambda: act(by=person(request), node_ids=chosen.ids, to=holders),
        question=lambda: bulk_asked.ranging(chosen, holders, values, take=take), said=bulk_asked.ranged,
    )  # fmt: skip


STEPS: dict[str, Step] = {
    "move": _move,
    "enable": lambda request, chosen: _switch(request, chosen, enabled=True),
    "disable": lambda request, chosen: _switch(request, chosen, enabled=False),
    "tag": lambda request, chosen: _tag(request, chosen, take=False),
    "untag": lambda request, chosen: _tag(request, chosen, take=True),
    "range-add": lambda request, chosen: _range(request, chosen, take=False),
    "range-remove": lambda request, chosen: _range(request, chosen, take=True),
}
