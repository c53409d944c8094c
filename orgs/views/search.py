"""One search over organizations, departments and people of what one maintains (SPEC ORG-8, matrix row 8)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core.errors import Hidden
from orgs import counting
from orgs.models import Node
from orgs.selectors import levels, nodes
from orgs.selectors.below import number
from orgs.views.frame import node_page, people_url, tree_context, url_of
from orgs.views.guards import asked, load, maintainers_only, scope
from orgs.views.pages import details
from orgs.vocabulary import icon_of

PEOPLE = 20


@require_safe
@maintainers_only
def search(request: HttpRequest) -> HttpResponse:
    """The hits stand where the tree stands; an emptied field gives the tree back."""
    q = asked(request).strip()
    node = _at(request)
    dimension_name = levels.names_above([node]).get(node.dimension_id or 0, "")
    context = {"q": q, "at": node.pk, "searching": bool(q), "people_url": people_url(node, q),
               "dimension_name": dimension_name, **(_hits(request, q) if q else {})}  # fmt: skip
    if request.headers.get("HX-Target") == "tree-body":
        if not q:
            context |= tree_context(request, node)
        response = render(request, "orgs/partials/_tree_body.html", context)
        patch_vary_headers(response, ["HX-Request"])
        return response
    context |= {"kv": details(node), "warning": ""}
    return node_page(
        request, node, tab="info", tab_template="orgs/partials/_info.html", context=context
    )


def _hits(request: HttpRequest, q: str) -> dict[str, Any]:
    found = nodes.search(scope(request), q)
    names = levels.names_above(found)
    return {
        "hits": [
            {"node": hit, "place": levels.place(hit, names), "icon": icon_of(hit), "url": url_of(hit)}
            for hit in found
        ],
        "many": len(found) >= nodes.SEARCH_LIMIT,
        "people_found": counting.people(request.user, q, limit=PEOPLE),
    }  # fmt: skip


def _at(request: HttpRequest) -> Node:
    """The node beside the hits: the one that was open, or the first dimension."""
    at = number(request.GET.get("at", ""))
    if at is not None:
        return load(request, at)
    first = nodes.dimensions_in(scope(request))
    if not first:
        raise Hidden(_("There is no such dimension."))
    return load(request, first[0].pk)
