"""The address book: page, tree levels, one row, pictures (SPEC VIS-2; matrix rows 8, 9, 16, 17, 26)."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from contacts import tables
from contacts.selectors import lists
from contacts.selectors.cards import Card
from contacts.tables import Here
from contacts.views.areas import area
from contacts.views.frames import book
from contacts.views.guards import follows_card, load_level, on_contact, staff_only, viewer
from core import htmx
from core.errors import Hidden
from core.pictures import CONTENT_TYPE


@require_safe
@staff_only
@follows_card
def index(request: HttpRequest) -> HttpResponse:
    """Everybody one may see."""
    return book(request, Here.read(request.GET))


@require_safe
@staff_only
@follows_card
def node(request: HttpRequest, node_id: int) -> HttpResponse:
    """Everybody one may see at or below a node."""
    return book(request, Here.read(request.GET, node_id))


@require_safe
@staff_only
def children(request: HttpRequest, node_id: int) -> HttpResponse:
    """One level of the tree: the first hundred, the next, or those that match what was typed into its filter."""
    offset, skip = (tables.number(request.GET.get(key, "")) or 0 for key in ("offset", "skip"))
    q = request.GET.get("q", "")[:100].strip()
    parent, level = load_level(request, node_id, offset=min(offset, 10**6), skip=skip, q=q)
    more, typed = level.next_offset, request.headers.get("HX-Trigger") == "level-q"
    context = {
        "nodes": tables.tree_nodes(level, current=None, depth=parent.level + 2),
        "has_current": True,
        "more_url": tables.more_url(parent.pk, more, q=q) if more else "",
        **(
            tables.level_filter(parent.pk, parent.name)
            if more and not (typed or q or offset)
            else {}
        ),
    }
    response = render(request, "orgs/partials/_children.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
@on_contact()
def contact(request: HttpRequest, card: Card) -> HttpResponse:
    """The address of one contact, for links from elsewhere: the card in the address book."""
    here = Here.read(request.GET, card.main.node.pk if card.main and card.contact.live else None)
    return redirect(here.url(card_id=card.contact.pk))


@require_safe
@on_contact()
def beside(request: HttpRequest, card: Card) -> HttpResponse:
    """The card in short, beside a conversation with this person; by itself it leads to the address book."""
    if not htmx.is_fragment(request):
        return redirect("contacts:contact", pk=card.contact.pk)
    context = {"card": card, "contact": card.contact, **area(request, card, "basic")}
    response = render(request, "contacts/partials/_beside.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
@on_contact()
def row(request: HttpRequest, card: Card) -> HttpResponse:
    """One row of the list, fetched again after a change."""
    here = replace(
        Here.read(request.GET, tables.number(request.GET.get("at", ""))),
        card_id=_open_card(request),
    )
    context = {
        "rows": lists.rows(viewer(request), [card.contact.pk]),
        "here": here,
        "row_base": here.row_base,
        "with_place": "place" in request.GET,
        "searching": bool(here.q),
        "q": here.q,
    }
    response = render(request, "contacts/partials/_rows.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _open_card(request: HttpRequest) -> int | None:
    """The card that the page shows which asks: its row stays marked."""
    query = request.headers.get("HX-Current-URL", "").partition("?")[2].partition("#")[0]
    return tables.number(QueryDict(query[:2000]).get("c", "") or "")


@require_safe
@on_contact()
def photo(request: HttpRequest, card: Card) -> HttpResponse:
    """The picture of a contact one may see; there is no other way to it."""
    if not card.contact.avatar:
        raise Hidden("")
    with card.contact.avatar.open("rb") as file:
        response = HttpResponse(file.read(), content_type=CONTENT_TYPE)
    response["Cache-Control"] = "private, no-cache"
    response["X-Content-Type-Options"] = "nosniff"
    return response
