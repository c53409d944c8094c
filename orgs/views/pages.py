"""Pages to look at: the tree, a node with its tabs, search (SPEC ORG-7, ORG-8, matrix rows 8, 9, 15)."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from core.errors import Hidden
from core.ui import Column, Fact, Pager
from orgs.counting import available, contact_counts
from orgs.forms import BelowFilterForm
from orgs.models import Node
from orgs.selectors import levels, nodes
from orgs.views.frame import (
    more_url,
    node_page,
    people_url,
    period,
    tree_context,
    tree_node,
    url_of,
)
from orgs.views.guards import asked, load, maintainers_only, on_node, scope
from orgs.vocabulary import action_label, changed_fields, icon_of

PAGE = 50


@require_safe
@maintainers_only
def console(request: HttpRequest) -> HttpResponse:
    """The back office opens with the tree."""
    return redirect("orgs:home")


@require_safe
@maintainers_only
def home(request: HttpRequest) -> HttpResponse:
    """Goes to the first dimension, or to the one chosen in the switch."""
    chosen = request.GET.get("dimension", "")
    if chosen.isdecimal() and len(chosen) < 19:
        return HttpResponseRedirect(url_of(load(request, int(chosen))))
    first = nodes.dimensions_in(scope(request))
    if not first:
        raise Hidden(_("There is no such dimension."))
    return HttpResponseRedirect(url_of(first[0]))


@require_safe
@on_node
def info(request: HttpRequest, node: Node) -> HttpResponse:
    """Details of a node."""
    context = {"kv": details(node), "warning": _warning(node)}
    return node_page(
        request, node, tab="info", tab_template="orgs/partials/_info.html", context=context
    )


def _warning(node: Node) -> str:
    return nodes.large_warning((node.rght - node.lft + 1) // 2) if node.parent_id is None else ""


def details(node: Node) -> list[Fact]:
    """What is known of a node, as a list of details."""
    if node.kind == Node.Kind.DIMENSION:
        detail = getattr(node, "dimension_detail", None)
        return [
            Fact(pgettext("node", "Name"), node.name),
            Fact(_("English name"), node.name_en),
            Fact(_("Code"), node.code),
            Fact(_("Order"), node.order),
            Fact(_("Description"), detail.description if detail else "", "wide"),
        ]
    found = [Fact(pgettext("node", "Name"), node.name), Fact(_("Full name"), node.full_name)]
    if node.kind == Node.Kind.ORGANIZATION:
        found += _organization_facts(node)
    found += [
        Fact(_("Stands under"), node.parent.name),
        Fact(_("Order"), node.order),
        Fact(_("Source"), node.get_source_display()),
        Fact(_("Last synchronization"), node.synced_at),
        Fact(_("Remark"), node.remark, "pre wide"),
    ]
    return found


def _organization_facts(node: Node) -> list[Fact]:
    detail = nodes.organization_detail(node)
    join = _(", ").join
    return [
        Fact(_("Code"), node.code),
        Fact(_("Unified social credit code"), detail.credit_code if detail else ""),
        Fact(_("Category"), detail.category if detail else ""),
        Fact(_("Tags"), join(tag.name for tag in detail.tags.all()) if detail else ""),
        Fact(
            _("Responsible people"),
            join(user.name for user in detail.owners.all()) if detail else "",
        ),
        Fact(_("Cooperation"), period(detail) if detail else ""),
    ]


@require_safe
@on_node
def organizations(request: HttpRequest, node: Node) -> HttpResponse:
    """Organizations below a node."""
    return _below(request, node, kind=Node.Kind.ORGANIZATION, tab="organizations")


@require_safe
@on_node
def departments(request: HttpRequest, node: Node) -> HttpResponse:
    """Departments below a node; below a dimension none stands directly, so all levels are shown there."""
    return _below(request, node, kind=Node.Kind.DEPARTMENT, tab="departments")


def _below(request: HttpRequest, node: Node, *, kind: int, tab: str) -> HttpResponse:
    dimension_departments = kind == Node.Kind.DEPARTMENT and node.kind == Node.Kind.DIMENSION
    level = "all" if dimension_departments else request.GET.get("level", "direct")
    q, state = asked(request), request.GET.get("state", "")
    rows = nodes.below(node, kind=kind, every_level=level == "all", q=q, state=state)
    pages = Paginator(rows, PAGE)
    page = pages.get_page(request.GET.get("page"))
    filters = _filter(url_of(node, f"node-{tab}"), q, level, state)
    if dimension_departments:
        del filters["form"].fields["level"]
    context = {
        **_rows(request, kind, list(page)),
        "q": q,
        "filter": filters,
        "pager": Pager(total=pages.count, page=page.number, pages=pages.num_pages, target="#node"),
        "empty_kind": "match" if q or state else "none",
    }
    template = "orgs/partials/_below.html"
    return node_page(request, node, tab=tab, tab_template=template, context=context)


def _filter(url: str, q: str, level: str, state: str) -> dict[str, Any]:
    return {
        "action": url, "form": BelowFilterForm(initial={"level": level, "state": state}), "q": q,
        "target": "#node", "autosubmit": True, "id": "below-q",
        "placeholder": _("Name, pinyin or code"), "reset_url": url if q or state else "",
    }  # fmt: skip


def _rows(request: HttpRequest, kind: int, found: list[Node]) -> dict[str, Any]:
    names = levels.names_above(found)
    counts = contact_counts(request.user, [row.pk for row in found])
    return {
        "rows": [
            {"node": row, "place": levels.place(row, names), "icon": icon_of(row), "url": url_of(row),
             "contacts": counts.get(row.pk)}
            for row in found
        ],
        "columns": _columns(kind, counted=available()),
        "is_organization": kind == Node.Kind.ORGANIZATION,
        "counted": available(),
    }  # fmt: skip


def _columns(kind: int, *, counted: bool) -> list[Column]:
    found = [Column(pgettext("node", "Name")), Column(_("Stands under"))]
    if kind == Node.Kind.ORGANIZATION:
        found += [Column(_("Code")), Column(_("Category"))]
    if counted:
        found.append(Column(_("Contacts"), css="c-n"))
    return [*found, Column(_("Source")), Column(_("State"))]


@require_safe
@on_node
def history(request: HttpRequest, node: Node) -> HttpResponse:
    """Who changed what when; newest first, keyset."""
    before = request.GET.get("before", "")
    before_id = int(before) if before.isdecimal() and len(before) < 19 else None
    found = nodes.history(node, before_id=before_id)
    entries = found[:PAGE]
    url = url_of(node, "node-history")
    context = {
        "entries": [
            {"entry": entry, "action": action_label(entry.action),
             "changes": changed_fields(entry.before, entry.after)}
            for entry in entries
        ],
        "pager": Pager(
            previous_url=url if before_id else "",
            next_url=f"{url}?before={entries[-1].pk}" if len(found) > PAGE else "",
            target="#node",
        ),
    }  # fmt: skip
    return node_page(
        request, node, tab="history", tab_template="orgs/partials/_history.html", context=context
    )


# --- Tree fragments -------------------------------------------------------------------------------------------------


@require_safe
@on_node
def children(request: HttpRequest, node: Node) -> HttpResponse:
    """One level of the tree: the first hundred, or the next."""
    after = request.GET.get("after", "")
    level = levels.children(node, after=int(after) if after.isdecimal() and len(after) < 9 else 0)
    counts = contact_counts(request.user, [row.node.pk for row in level.rows])
    whole = levels.Row(node, 1, 1, children=level.rows, more=level.more)
    context = {
        "nodes": [tree_node(row, counts) for row in level.rows],
        "has_current": True,
        "more_url": more_url(whole) if level.more else "",
    }
    response = render(request, "components/tree_children.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
@maintainers_only
def search(request: HttpRequest) -> HttpResponse:
    """Search over everything one maintains; the hits stand where the tree stands (SPEC ORG-8)."""
    q = asked(request)
    node = _at(request)
    context = {"q": q, "at": node.pk, "searching": bool(q.strip()), **_hits(request, q),
               "people_url": people_url(node, q)}  # fmt: skip
    if request.headers.get("HX-Target") == "tree-body":
        if not q.strip():
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
            {
                "node": hit,
                "place": levels.place(hit, names),
                "icon": icon_of(hit),
                "url": url_of(hit),
            }
            for hit in found
        ],
        "many": len(found) >= nodes.SEARCH_LIMIT,
    }


def _at(request: HttpRequest) -> Node:
    """The node beside the hits: the one that was open, or the first dimension."""
    at = request.GET.get("at", "")
    if at.isdecimal() and len(at) < 19:
        return load(request, int(at))
    first = nodes.dimensions_in(scope(request))
    if not first:
        raise Hidden(_("There is no such dimension."))
    return load(request, first[0].pk)
