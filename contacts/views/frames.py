"""The address book as a page: tree, list, and the pane at the right; and the pieces of it that htmx asks for."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from contacts import tables
from contacts.forms import filter_fields
from contacts.models import Contact
from contacts.permissions import Role, create_role, staff_create_in_builtin
from contacts.search import search
from contacts.selectors import cards, lists, tree
from contacts.tables import Here
from contacts.views.areas import area
from contacts.views.guards import load, load_node, person, viewer
from core import htmx
from core.ui import Action
from im import reach
from orgs.models import Node
from orgs.selectors.levels import names_above

SEARCH = 50
PANE = "contacts/partials/_card.html"


def book(
    request: HttpRequest,
    here: Here,
    *,
    pane: str = "",
    context: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, its list, or the pane at the right, as htmx asks (HX-Target).

    `pane` is the template of the right pane; without one it is the card that the address names, or nothing.
    """
    target = request.headers.get("HX-Target", "") if htmx.is_fragment(request) else ""
    target = target if target in ("people", "card-slot") else ""
    node = load_node(request, here.node_id) if here.node_id is not None else None
    if not pane and here.card_id is not None and target != "people":
        pane, context = PANE, card_context(request, here)
    everything = {"here": here, "node": node, "pane": pane, **(context or {})}
    if target == "card-slot":
        everything["title"] = everything.get("pane_title", "")
        template = pane or "contacts/partials/_nothing.html"
    else:
        everything |= list_context(request, here, node)
        template = "contacts/partials/_people.html" if target == "people" else "contacts/book.html"
        if not target:
            everything |= tree_context(request, node, here, total=everything["total"])
        everything["with_search"] = (
            target == "people" and request.headers.get("HX-Trigger") != "search"
        )
    response = render(request, template, everything, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target", "HX-Trigger"])
    return response


def tree_context(
    request: HttpRequest, node: Node | None, here: Here, *, total: int
) -> dict[str, Any]:
    """The tree opened at `node`, and how many people there are at all: `total` where the list is the whole one."""
    mine = viewer(request)
    level = tree.opened(mine, node)
    whole = node is None and not here.q and not here.filtered
    cap = Contact.objects.page_cap(mine)
    long = tree.longest(level)
    return {
        **(tables.level_filter(long.id, long.name) if long else {}),
        "nodes": tables.whole_tree(level, current=node.pk if node else None),
        "view_as_url": reverse("contacts:view-as")
        if mine.scope.maintains_any and not mine.read_only
        else "",
        "everybody": tables.people(
            total if whole else Contact.objects.count_for(mine, cap=cap), cap
        ),
    }


def list_context(request: HttpRequest, here: Here, node: Node | None) -> dict[str, Any]:
    """The list: one page of the node, or the hits of a search over everything visible."""
    with_place = not here.q and (node is None or node.kind != Node.Kind.DEPARTMENT)
    context = {
        "title": node.name if node else _("All contacts"),
        "crumbs": _crumbs(node),
        "with_place": with_place,
        "columns": tables.columns(with_place=with_place),
        "may_create": may_create(request, node),
        "new_url": new_url(node),
    }
    return context | (_hits(request, here) if here.q else _page(request, here, node))


def _page(request: HttpRequest, here: Here, node: Node | None) -> dict[str, Any]:
    mine = viewer(request)
    asked: dict[str, Any] = {"node": node, "filters": here.filters}
    page = Contact.objects.page_for(mine, after=here.after, before=here.before, **asked)
    cap = Contact.objects.page_cap(mine, **asked)
    total = Contact.objects.count_for(mine, cap=cap, **asked)
    return {
        "rows": lists.rows(mine, page.ids, node=node),
        "total": total,
        "found": tables.people(total, cap),
        "pager": tables.pager(here, page, total, cap),
        "filter": {"action": here.path, "fields": filter_fields(here)},
    }


def _hits(request: HttpRequest, here: Here) -> dict[str, Any]:
    mine = viewer(request)
    hits = search(mine, here.q, limit=SEARCH)
    rows = lists.rows(mine, hits.ids)
    total = len(rows)
    return {
        "rows": rows, "searching": True, "q": here.q, "capped": hits.capped, "total": total,
        "found": tables.people(total + hits.capped, total) if rows or not hits.capped else "",
    }  # fmt: skip


def _crumbs(node: Node | None) -> list[Any]:
    if node is None or node.parent_id is None:
        return []
    names = names_above([node])
    return tables.crumbs([(pk, names.get(pk, "")) for pk in node.ancestor_ids[:-1]])


def may_create(request: HttpRequest, node: Node | None) -> bool:
    """Whether the button 新建联系人 stands here (matrix row 21)."""
    mine = viewer(request)
    if node is not None or mine.read_only:
        return node is not None and create_role(mine, node) > Role.NONE
    return bool(mine.scope.maintains_any or mine.scope.ranges) or staff_create_in_builtin()


def new_url(node: Node | None) -> str:
    """The form for a new contact, here."""
    return tables.new_url(node.pk if node else None)


def card_context(request: HttpRequest, here: Here) -> dict[str, Any]:
    """The card that the address names, with the area of its tab; raises Hidden for what the viewer may not see."""
    card = load(request, here.card_id or 0)
    return {
        "card": card,
        "pane_title": _("Contact card"),
        "contact": card.contact,
        "here": here,
        "close_url": here.list_url,
        "close_target": tables.SLOT,
        "card_url": here.url(),
        "card_lines": tables.lines(card),
        "tabs": tables.card_tabs(here, card),
        "edit": _edit(card, here),
        "menu": tables.card_menu(card),
        "party": write_to(request, card),
        **area(request, card, here.tab),
    }


def _edit(card: cards.Card, here: Here) -> Action | None:
    if not card.allowed.edit:
        return None
    return Action(_("Edit"), tables.edit_url(card.contact, here), "pencil", target=tables.SLOT)


def write_to(request: HttpRequest, card: cards.Card) -> str:
    """Whom 发消息 writes to, or "" where that is not possible."""
    contact = card.contact
    if contact.user_id is None or viewer(request).read_only:
        return ""
    other = reach.Party(contact.user_id, contact.pk)
    return str(other) if reach.policy().may_start(reach.party_of(person(request)), other) else ""
