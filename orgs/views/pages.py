"""Pages to look at: the tree, a node with its tabs, search (SPEC ORG-7, ORG-8, matrix rows 8, 9, 15)."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from core.errors import Hidden
from core.ui import Fact
from orgs.counting import contact_counts
from orgs.models import Node
from orgs.selectors import levels, nodes
from orgs.selectors.below import number
from orgs.views.frame import (
    level_filter,
    more_url,
    node_page,
    origin_url,
    period,
    tree_node,
    url_of,
)
from orgs.views.guards import asked, load, maintainers_only, on_node, scope

PAGE = 50
LEVEL_FILTER = "level-q"


@require_safe
@maintainers_only
def console(request: HttpRequest) -> HttpResponse:
    """The back office opens with the tree."""
    return redirect("orgs:home")


@require_safe
@maintainers_only
def home(request: HttpRequest) -> HttpResponse:
    """Goes to the first dimension, or to the one chosen in the switch."""
    chosen = number(request.GET.get("dimension", ""))
    if chosen is not None:
        return HttpResponseRedirect(url_of(load(request, chosen)))
    first = nodes.dimensions_in(scope(request))
    if not first:
        raise Hidden(_("There is no such dimension."))
    return HttpResponseRedirect(url_of(first[0]))


@require_safe
@on_node
def info(request: HttpRequest, node: Node) -> HttpResponse:
    """Details of a node."""
    return info_page(request, node)


def info_page(request: HttpRequest, node: Node, *, renamed: bool = False) -> HttpResponse:
    """The details; `renamed` brings the new name into the tree beside them."""
    context = {
        "kv": details(node), "warning": _warning(node), "renamed": renamed,
        "edit_url": url_of(node, "node-edit") if node.parent_id else "", "origin_url": origin_url(node),
    }  # fmt: skip
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


# --- Tree fragments -------------------------------------------------------------------------------------------------


@require_safe
@on_node
def children(request: HttpRequest, node: Node) -> HttpResponse:
    """One level of the tree: the first hundred, or the next, or those that match what was typed into its filter."""
    row = _level(request, node, q := asked(request).strip())
    counts = contact_counts(scope(request), [child.node.pk for child in row.children or ()])
    typed = request.headers.get("HX-Trigger") == LEVEL_FILTER
    context = {
        "nodes": [tree_node(child, counts) for child in row.children or ()],
        "has_current": True,
        "more_url": more_url(row, q),
        **(level_filter(row) if row.after == levels.PAGE and not (typed or q) else {}),
    }
    response = render(request, "orgs/partials/_children.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _level(request: HttpRequest, node: Node, q: str) -> levels.Row:
    after, skip = (number(request.GET.get(name, "")) or 0 for name in ("after", "skip"))
    if not q:
        return levels.children(node, after=after, skip=skip)
    return levels.matching(node, nodes.matching(Node.objects.filter(parent=node), q), after=after)
