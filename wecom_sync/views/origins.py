"""Where a record comes from, for the pages of nodes and contacts that maintainers see (SPEC WEC-1; rows 9, 17)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from contacts.selectors.cards import Card
from contacts.views.console_guards import on_contact
from orgs.models import Node
from orgs.views.guards import on_node
from wecom_sync import selectors, words


@require_safe
@on_node
def node(request: HttpRequest, node: Node) -> HttpResponse:
    """The corps and chains of a node."""
    context = {
        "places": selectors.origins_of_node(node.pk),
        "locked": words.locked(node.kept, name=pgettext("node", "Name")),
    }
    return render(request, "wecom_sync/partials/_origins.html", context)


@require_safe
@on_contact()
def contact(request: HttpRequest, card: Card) -> HttpResponse:
    """The members that a contact is."""
    people = selectors.origins_of_contact(card.contact.pk)
    context = {
        "people": people,
        "locked": words.locked(card.contact.kept, name=pgettext("person", "Name")),
    }
    return render(request, "wecom_sync/partials/_origins.html", context)
