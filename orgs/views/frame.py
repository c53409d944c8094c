"""What every page of a node has around its tab: tree, dimension switch, head, tabs.

Apps above add a tab of their own with `node_page(request, node, tab="contacts", tab_template=…, context={…})`: the
page and the htmx fragment are the ones of this app, the template of the tab is theirs.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from core import htmx
from core.addresses import address
from core.kept import is_kept
from core.ui import Action, Crumb, Tab, TreeNode
from orgs.counting import contact_counts
from orgs.models import Node, OrganizationDetail, Source
from orgs.selectors import levels, nodes
from orgs.selectors.levels import Row
from orgs.selectors.nodes import Summary
from orgs.views.guards import scope
from orgs.vocabulary import icon_of

TARGET = "#node"


def url_of(node: Node, name: str = "node", *more: Any) -> str:
    """Address of a page of this node."""
    if more:
        return reverse(f"orgs:{name}", args=[node.pk, *more])
    return address(f"orgs:{name}", node.pk)


def node_page(
    request: HttpRequest,
    node: Node,
    *,
    tab: str,
    tab_template: str,
    context: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    """A page of a node, or the part right of the tree when htmx asks for that."""
    full = not htmx.is_fragment(request)
    counts = nodes.summary(node)
    everything = {
        "node": node,
        "tab_template": tab_template,
        "fragment": not full,
        "icon_name": icon_of(node),
        "under_way": _under_way(node),
        **_head(request, node),
        "tabs": tabs(request, node, tab, counts),
        **(tree_context(request, node) if full else {}),
        **context,
    }
    return htmx.page(
        request, "orgs/node.html", "orgs/partials/_node.html", everything, status=status
    )


def _under_way(node: Node) -> Action | None:
    """The way to the job that moves, disables or enables the node, or one above it."""
    job = nodes.under_way(node)
    return (
        Action(_("Show the progress"), reverse("orgs:restructuring", args=[job.pk]))
        if job
        else None
    )


# --- Tree -----------------------------------------------------------------------------------------------------------


def tree_context(request: HttpRequest, node: Node) -> dict[str, Any]:
    """The tree opened at `node`, and the dimensions to switch between (none for whoever has only one)."""
    root = levels.opened(node)
    counts = contact_counts(scope(request), _ids(root))
    dimensions = nodes.dimensions_in(scope(request))
    return {
        "nodes": [tree_node(root, counts, current=node.pk)],
        **level_filter(levels.longest(root)),
        "move_url": reverse("orgs:node-move", args=[0]),
        "place_url": reverse("orgs:node-place", args=[0]),
        "has_current": True,
        "dimensions": dimensions if len(dimensions) > 1 else [],
        "dimension_id": node.dimension_id,
        "everything": scope(request).everything,
        "tree_label": root.node.name,
        "organizations": nodes.organizations_in(root.node),
        "people": counts.get(root.node.pk),
    }


def _ids(row: Row) -> list[int]:
    return [row.node.pk, *(pk for child in row.children or () for pk in _ids(child))]


def tree_node(row: Row, counts: dict[int, int], *, current: int = 0) -> TreeNode:
    """One line of the tree with what was read below it."""
    node = row.node
    below = row.children
    return TreeNode(
        id=str(node.pk), label=node.name, url=url_of(node), level=node.level + 1, position=row.position,
        size=row.size, icon=icon_of(node), count=counts.get(node.pk), pinyin=node.sort_key,
        current=node.pk == current, expandable=row.has_children, synced=node.source == "wecom",
        children=None if below is None else [tree_node(r, counts, current=current) for r in below],
        children_url=url_of(node, "node-children"), more_url=more_url(row),
        note="" if node.enabled else _("Disabled"), disabled=not node.live, target=TARGET,
    )  # fmt: skip


def more_url(row: Row, q: str = "") -> str:
    """Where the next hundred children come from; empty when all are here."""
    query = {"after": row.after, "skip": row.skip, "q": q}
    given = urlencode({key: value for key, value in query.items() if value})
    return f"{url_of(row.node, 'node-children')}?{given}" if row.after else ""


def level_filter(row: Row | None) -> dict[str, Any]:
    """The field that narrows one long level of the tree; nothing where no level is long."""
    if row is None or not row.children:
        return {}
    return {
        "level_url": url_of(row.node, "node-children"),
        "level_target": f"#tg-{row.node.pk}",
        "level_name": row.node.name,
        "level_size": row.children[0].size,
    }


# --- Head and tabs --------------------------------------------------------------------------------------------------


def _head(request: HttpRequest, node: Node) -> dict[str, Any]:
    names = levels.names_above([node])
    crumbs = [Crumb(_("External organizations"), reverse("orgs:home"))]
    crumbs += [
        Crumb(names.get(node_id, ""), reverse("orgs:node", args=[node_id]))
        for node_id in node.ancestor_ids[:-1]
    ]
    tags = [("node", "enabled" if node.enabled else "disabled")]
    if node.source == "wecom":
        tags.append(("source", "wecom"))
    return {
        "title": node.name,
        "crumbs": crumbs,
        "tags": tags,
        "facts": facts(node),
        **actions(request, node),
    }


def facts(node: Node) -> list[str]:
    """The line under the name: code, responsible people, cooperation, last synchronization."""
    found = [_("Code %(code)s") % {"code": node.code}] if node.code else []
    if node.kind == Node.Kind.ORGANIZATION:
        detail = nodes.organization_detail(node)
        people = [user.name for user in detail.owners.all()] if detail else []
        if people:
            found.append(_("Responsible: %(who)s") % {"who": _(", ").join(people)})
        if detail and period(detail):
            found.append(_("Cooperation %(period)s") % {"period": period(detail)})
    if node.synced_at:
        local = timezone.localtime(node.synced_at)
        found.append(_("Synchronized %(when)s") % {"when": f"{local:%Y-%m-%d %H:%M}"})
    return found


def period(detail: OrganizationDetail) -> str:
    """From when to when we work together; empty when neither is known."""
    if not (detail.cooperation_from or detail.cooperation_to):
        return ""
    ends = {"start": detail.cooperation_from or "…", "end": detail.cooperation_to or "…"}
    return _("%(start)s to %(end)s") % ends


def tabs(request: HttpRequest, node: Node, current: str, counts: Summary) -> list[Tab]:
    """The tabs of a node; the one for contacts belongs to the app above and is absent without it."""
    is_dimension = node.kind == Node.Kind.DIMENSION
    departments = counts.all_departments if is_dimension else counts.departments
    found: list[tuple[str, str, str, int | None]] = [("info", _("Information"), url_of(node), None)]
    if node.kind != Node.Kind.DEPARTMENT:
        url = url_of(node, "node-organizations")
        found.append(("organizations", _("Organizations below"), url, counts.organizations))
    url = url_of(node, "node-departments")
    found.append(("departments", _("Departments below"), url, departments))
    contacts_url = _reverse("contacts:console-list", node.pk)
    if contacts_url:
        people = contact_counts(scope(request), [node.pk]).get(node.pk)
        found.append(("contacts", _("Contacts"), contacts_url, people))
    found.append(("ranges", _("Maintainers and visible range"), url_of(node, "node-ranges"), None))
    found.append(("history", _("History"), url_of(node, "node-history"), None))
    return [
        Tab(label, url, current=key == current, count=count, target=TARGET)
        for key, label, url, count in found
    ]


def origin_url(node: Node) -> str:
    """Where an app above says what a synchronized node comes from; empty for others, and without that app."""
    synced = node.source == Source.WECOM or node.kept
    return _reverse("wecom_sync:node-origin", node.pk) if synced else ""


def people_url(node: Node, q: str) -> str:
    """Where the same search goes on among the people of this dimension; empty without the app above."""
    url = _reverse("contacts:console-list", node.dimension_id)
    return f"{url}?{urlencode({'q': q})}" if url else ""


def _reverse(name: str, *args: Any) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def actions(request: HttpRequest, node: Node) -> dict[str, Sequence[Action]]:
    """What may be done to this node here. The server decides again at every address."""
    if node.kind == Node.Kind.DIMENSION:
        return _dimension_actions(request, node)
    more = [*_new_below(node), _new_sibling(node)]
    more += [
        Action(_("Move up"), url_of(node, "node-shift", "up"), "arrow-up", method="post"),
        Action(_("Move down"), url_of(node, "node-shift", "down"), "arrow-down", method="post"),
        _switch(node, "node-disable", "node-enable"),
        Action(_("Delete"), url_of(node, "node-delete"), "trash", "bad", dialog=True),
    ]
    move = Action(_("Move to…"), url_of(node, "node-move"), "folder-symlink", dialog=True)
    edit = Action(_("Edit"), url_of(node, "node-edit"), "pencil", target=TARGET)
    return {"actions": [edit] if is_kept(node.kept, "place") else [edit, move], "more": more}


def _dimension_actions(request: HttpRequest, node: Node) -> dict[str, Sequence[Action]]:
    new = _new_below(node)[0]
    more = _files(node)
    if not scope(request).everything:
        return {"actions": [new], "more": more}
    if not node.builtin:
        more += [
            _switch(node, "dimension-disable", "dimension-enable"),
            Action(_("Delete"), url_of(node, "dimension-delete"), "trash", "bad", dialog=True),
        ]
    edit = Action(_("Edit"), url_of(node, "dimension-edit"), "pencil", dialog=True)
    return {"actions": [new, edit], "more": more}


def _files(node: Node) -> list[Action]:
    """Importing into a dimension and exporting its organizations; they belong to the app above."""
    incoming, outgoing = (
        _reverse("contacts:import-new"),
        _reverse("contacts:export-organizations", node.pk),
    )
    if not (incoming and outgoing):
        return []
    return [
        Action(_("Import"), f"{incoming}?dimension={node.pk}", "upload"),
        Action(_("Export organizations"), outgoing, "download", dialog=True),
    ]


def _new_below(node: Node) -> list[Action]:
    found = []
    if node.kind != Node.Kind.DEPARTMENT:
        url = url_of(node, "node-new", "organization")
        found.append(Action(_("New organization below"), url, "plus", dialog=True))
    if node.kind != Node.Kind.DIMENSION:
        url = url_of(node, "node-new", "department")
        found.append(Action(_("New department below"), url, "plus", dialog=True))
    return found


def _new_sibling(node: Node) -> Action:
    kind = "organization" if node.kind == Node.Kind.ORGANIZATION else "department"
    label = (
        _("New organization beside")
        if node.kind == Node.Kind.ORGANIZATION
        else _("New department beside")
    )
    url = reverse("orgs:node-new", args=[node.parent_id, kind])
    return Action(label, url, "copy-plus", dialog=True)


def _switch(node: Node, disable: str, enable: str) -> Action:
    if node.enabled:
        return Action(_("Disable"), url_of(node, disable), "ban", "bad", dialog=True)
    return Action(_("Enable"), url_of(node, enable), "circle-check", dialog=True)
