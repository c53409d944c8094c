"""The tabs 下级组织 and 下级部门: filters, order and pages with an address each (SPEC ORG-7)."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from core.ui import Column, Pager
from orgs import bulk_asked
from orgs.counting import available, contact_counts
from orgs.forms import BelowFilterForm
from orgs.models import Node
from orgs.selectors import below, levels
from orgs.selectors.below import EVERY, Asked
from orgs.services.bulk import LIMIT
from orgs.views.frame import TARGET, node_page, url_of
from orgs.views.guards import on_node, scope
from orgs.vocabulary import icon_of

PAGE = 50


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
    url = url_of(node, f"node-{tab}")
    only_deeper = kind == Node.Kind.DEPARTMENT and node.kind == Node.Kind.DIMENSION
    asked = Asked.read(request.GET, level=EVERY if only_deeper else "")
    pages = Paginator(below.rows(node, kind=kind, asked=asked), PAGE)
    page = pages.get_page(request.GET.get("page"))
    is_organization = kind == Node.Kind.ORGANIZATION
    without = () if is_organization else ("category", "tag", "owner")
    context = {
        "rows": _rows(request, list(page)),
        "columns": _columns(kind, url, asked),
        "is_organization": is_organization,
        "counted": available(),
        "q": asked.q,
        "filter": _filter(url, asked, without=(*without, "level") if only_deeper else without),
        "pager": Pager(total=pages.count, page=page.number, pages=pages.num_pages, target=TARGET),
        "empty_kind": "match" if asked.filtered else "none",
        **(_bulk(node, asked, pages.count) if is_organization else {}),
    }
    template = "orgs/partials/_below.html"
    return node_page(request, node, tab=tab, tab_template=template, context=context)


def _bulk(node: Node, asked: Asked, total: int) -> dict[str, Any]:
    """The bar for several organizations: what may be done, and where it is sent."""
    return {
        "bulk_url": bulk_asked.url(node, asked),
        "all_matching": total if total <= LIMIT else 0,
        "buttons": [
            ("move", _("Move to…"), ""),
            ("tag", _("Add tags"), ""),
            ("untag", _("Remove tags"), ""),
            ("range-add", _("Add to the visible range"), ""),
            ("range-remove", _("Remove from the visible range"), ""),
            ("enable", _("Enable"), ""),
            ("disable", _("Disable"), "danger-line"),
        ],
    }


def _filter(url: str, asked: Asked, *, without: tuple[str, ...]) -> dict[str, Any]:
    form = BelowFilterForm(asked)
    for name in without:
        del form.fields[name]
    return {
        "action": url, "form": form, "q": asked.q, "target": TARGET, "autosubmit": True, "id": "below-q",
        "placeholder": _("Name, pinyin or code"), "reset_url": url if asked.filtered else "",
    }  # fmt: skip


def _rows(request: HttpRequest, found: list[Node]) -> list[dict[str, Any]]:
    names = levels.names_above(found)
    counts = contact_counts(scope(request), [row.pk for row in found])
    return [
        {"node": row, "place": levels.place(row, names), "icon": icon_of(row), "url": url_of(row),
         "contacts": counts.get(row.pk)}
        for row in found
    ]  # fmt: skip


def _columns(kind: int, url: str, asked: Asked) -> list[Column]:
    def sorted_by(label: Any, key: str) -> Column:
        now = {key: "asc", f"-{key}": "desc"}.get(asked.sort, "")
        following = {"": key, "asc": f"-{key}", "desc": ""}[now]
        return Column(label, sort_url=f"{url}?{asked.query(sort=following)}", sorted=now)

    found = [sorted_by(pgettext("node", "Name"), "name"), Column(_("Stands under"))]
    if kind == Node.Kind.ORGANIZATION:
        found += [sorted_by(_("Code"), "code"), sorted_by(_("Category"), "category")]
    if available():
        found.append(Column(_("Contacts"), css="c-n"))
    return [*found, sorted_by(_("Source"), "source"), sorted_by(_("State"), "state")]
