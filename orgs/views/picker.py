"""Chooser of nodes, for every page that names a place in the tree."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.adapter import safe_next
from accounts.views.picker import NAME
from core.errors import Hidden
from core.ui import Picker, PickerItem
from orgs.models import Node
from orgs.permissions import Scope
from orgs.querysets import NodeQuerySet
from orgs.selectors import levels, nodes
from orgs.views.guards import asked, person, scope

PICKER = "node-picker"
LIMIT = 50
ICON_KINDS = {
    Node.Kind.DIMENSION: "dimension",
    Node.Kind.ORGANIZATION: "node",
    Node.Kind.DEPARTMENT: "department",
}


@require_safe
def picker(request: HttpRequest) -> HttpResponse:
    """The dialog. Query: name, multiple, into ("#field") or action, title, hint, kinds ("1,2"), dimension, without,
    purpose.

    purpose "maintain" (default) offers what one maintains, "create" also where staff may create contacts (row 21).
    """
    name, into = request.GET.get("name", ""), request.GET.get("into", "").removeprefix("#")
    context = {
        "picker": Picker(
            id=PICKER,
            title=request.GET.get("title", "")[:60] or _("Choose an organization or department"),
            search_url=_results_url(request),
            name=name if NAME.fullmatch(name) else "node",
            multi=request.GET.get("multiple", "0") == "1",
            results=_items(request),
            action=safe_next(request, request.GET.get("action")),
            hint=request.GET.get("hint", "")[:200],
            into=f"#{into}" if NAME.fullmatch(into) else "",
        )
    }
    response = render(request, "orgs/picker.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def results(request: HttpRequest) -> HttpResponse:
    """What search and drilling inside the dialog answer."""
    found = _items(request)
    context = {
        "results": found[:LIMIT],
        "more": len(found) > LIMIT,
        "q": asked(request),
        "picker_id": PICKER,
        "up_url": _up_url(request),
    }
    return render(request, "orgs/partials/_picker_results.html", context)


def _results_url(request: HttpRequest, **more: Any) -> str:
    kept = {
        key: request.GET[key]
        for key in ("kinds", "dimension", "without", "purpose")
        if key in request.GET
    }
    return f"{reverse('orgs:node-picker-results')}?{urlencode(kept | more)}"


def _rows(request: HttpRequest, allowed: Scope) -> NodeQuerySet:
    """The nodes that may be named for this purpose; everything else is missing (SECURITY T11)."""
    if person(request).is_external or not allowed.active_staff:
        raise Hidden(_("Not found"))
    rows: NodeQuerySet = (
        nodes.creatable(allowed)
        if request.GET.get("purpose") == "create"
        else Node.objects.in_maintained(allowed)
    )
    dimension = request.GET.get("dimension", "")
    if dimension.isdecimal() and len(dimension) < 19:
        rows = rows.filter(dimension_id=int(dimension))
    return rows


def _items(request: HttpRequest) -> list[PickerItem]:
    allowed = scope(request)
    rows = _rows(request, allowed)
    without = _without(request, rows)
    q = asked(request)
    found = nodes.search_in(rows, q, limit=LIMIT + 1) if q else _level(request, rows, without)
    found = [node for node in found if not (without and node.path.startswith(without.path))]
    if without and not allowed.everything:
        found = [node for node in found if node.dimension_id == without.dimension_id]
    names = levels.names_above(found) if q else {}
    return [_item(request, node, names) for node in found]


def _level(request: HttpRequest, rows: NodeQuerySet, without: Node | None) -> list[Node]:
    """One level; a chooser for a move opens inside the dimension of what is to be moved."""
    under = _number(request, "under")
    found = nodes.level_of(rows, under=under, limit=LIMIT + 1)
    if under is None and without:
        own = [node for node in found if node.pk == without.dimension_id]
        others = [node for node in found if node.pk != without.dimension_id]
        inside = nodes.level_of(rows, under=without.dimension_id, limit=LIMIT - len(found))
        found = [*own, *inside, *others]
    return found


def _up_url(request: HttpRequest) -> str:
    """One level up from where the chooser has drilled; empty at the top."""
    under = _number(request, "under")
    if under is None or asked(request):
        return ""
    parent = _rows(request, scope(request)).filter(pk=under).values_list("parent_id", flat=True)
    above = parent.first()
    return _results_url(request, **({"under": above} if above else {}))


def _without(request: HttpRequest, rows: NodeQuerySet) -> Node | None:
    """The node that is to be moved: neither it nor what is below it can be its new place."""
    number = _number(request, "without")
    node: Node | None = rows.filter(pk=number).first() if number else None
    return node


def _number(request: HttpRequest, key: str) -> int | None:
    given = request.GET.get(key, "")
    return int(given) if given.isdecimal() and len(given) < 19 else None


def _item(request: HttpRequest, node: Node, names: dict[int, str]) -> PickerItem:
    wanted = {part for part in request.GET.get("kinds", "").split(",") if part.isdecimal()}
    return PickerItem(
        value=str(node.pk),
        label=node.name,
        kind=ICON_KINDS[Node.Kind(node.kind)],
        sub=levels.place(node, names),
        disabled=bool(wanted) and str(node.kind) not in wanted,
        children_url=_results_url(request, under=node.pk) if node.rght - node.lft > 1 else "",
    )
