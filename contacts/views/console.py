"""Contacts in the back office: the tab 联系人 of a node, and how many there are (SPEC CON-5, matrix rows 16, 27)."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from contacts import console_lists, tables
from contacts.selectors.lists import COUNT_CAP, node_counts
from contacts.views.guards import viewer
from orgs.models import Node
from orgs.views.frame import node_page
from orgs.views.guards import maintainers_only, on_node

NODES = 500


@require_safe
@on_node
def console_list(request: HttpRequest, node: Node) -> HttpResponse:
    """Everybody at or below a node."""
    context = console_lists.context(viewer(request), node, console_lists.here(request, node))
    template = "contacts/console/_list.html"
    return node_page(request, node, tab="contacts", tab_template=template, context=context)


@require_safe
@maintainers_only
def counts(request: HttpRequest) -> JsonResponse:
    """How many contacts stand at or below the asked nodes (?ids=1,2,3); nodes that he does not maintain are absent.

    A count of COUNT_CAP + 1 means "more than COUNT_CAP".
    """
    asked = [tables.number(part) for part in request.GET.get("ids", "").split(",")]
    ids = [pk for pk in asked if pk is not None][:NODES]
    found = node_counts(viewer(request), ids)
    return JsonResponse({"counts": {str(pk): n for pk, n in found.items()}, "cap": COUNT_CAP})
