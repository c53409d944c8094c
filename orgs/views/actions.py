"""What is done to organizations and departments (SPEC ORG-5, ORG-6, matrix rows 11 to 14)."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core import htmx
from core.errors import Invalid, UserError
from orgs import sentences
from orgs.counting import contact_counts
from orgs.forms import EDIT_FORMS, NEW_FORMS, MoveForm, NodeForm, take
from orgs.models import Node, Restructuring
from orgs.selectors import effects
from orgs.selectors import nodes as node_selectors
from orgs.selectors.below import number
from orgs.services import nodes
from orgs.services.shared import version_of
from orgs.tree import ALLOWED_PARENTS
from orgs.views.asking import ask, attempt, form_dialog, switched
from orgs.views.frame import TARGET, node_page, url_of
from orgs.views.guards import load, on_branch, on_node, person, scope
from orgs.views.pages import info_page
from orgs.views.restructuring import begin, hints

Action = Restructuring.Action
KINDS = {"organization": Node.Kind.ORGANIZATION, "department": Node.Kind.DEPARTMENT}
EDITABLE = ("GET", "HEAD", "POST")


@require_http_methods(EDITABLE)
@on_node
def new(request: HttpRequest, node: Node, kind: str) -> HttpResponse:
    """A new organization or department below the node."""
    if kind not in KINDS:
        raise Http404
    form = NEW_FORMS[KINDS[kind]](request.POST or None)
    if request.method == "POST" and form.is_valid():
        what: Any = {"parent": node, "kind": KINDS[kind], "fields": form.fields_for_service()}
        made = attempt(form, lambda: nodes.create(by=person(request), **what))
        if made:
            messages.success(request, _("“%(name)s” was created") % {"name": made.name})
            return htmx.done(request, url_of(made))
    title = (
        _("New organization under %(name)s")
        if kind == "organization"
        else _("New department under %(name)s")
    )
    return form_dialog(
        request, form, title=title % {"name": node.name}, submit=_("Create"), back_url=url_of(node)
    )


@require_http_methods(EDITABLE)
@on_branch
def edit(request: HttpRequest, node: Node) -> HttpResponse:
    """The details as a form, in their place."""
    form = _form(request, node)
    if request.method == "POST" and form.is_valid():
        values = form.fields_for_service()
        version = form.cleaned_data["version"]
        try:
            edited = nodes.edit(by=person(request), node=node, fields=values, version=version)  # type: ignore[arg-type]  # the form lists them
        except Invalid as error:
            take(form, error)
        else:
            return _saved(request, node, edited)
    context = {
        "form": form,
        "action": url_of(node, "node-edit"),
        "back_url": url_of(node),
        "target": TARGET,
    }
    return node_page(
        request, node, tab="info", tab_template="orgs/partials/_edit.html", context=context,
        status=form.http_status,
    )  # fmt: skip


def _form(request: HttpRequest, node: Node) -> NodeForm:
    form = EDIT_FORMS[node.kind](request.POST or None, initial=initial(node))
    form.lock(node.kept)
    return form


def _saved(request: HttpRequest, before: Node, edited: Node) -> HttpResponse:
    """The details come back in the place of the form; the tree takes over the name, or the order."""
    messages.success(request, _("“%(name)s” was saved") % {"name": edited.name})
    if not htmx.is_fragment(request):
        return htmx.done(request, url_of(edited))
    response = info_page(request, edited, renamed=edited.name != before.name)
    response["HX-Push-Url"] = url_of(edited)
    return (
        response if edited.order == before.order else htmx.trigger(response, refresh="#tree-body")
    )


def initial(node: Node) -> dict[str, Any]:
    """What the form of a node starts with."""
    names = ("name", "name_en", "full_name", "code", "order", "remark")
    values = {name: getattr(node, name) for name in names} | {"version": version_of(node)}
    if node.kind == Node.Kind.DIMENSION:
        detail = getattr(node, "dimension_detail", None)
        return values | {"description": detail.description if detail else ""}
    detail = node_selectors.organization_detail(node)
    if detail is None:
        return values
    return values | {
        "credit_code": detail.credit_code, "category": detail.category_id,
        "cooperation_from": detail.cooperation_from, "cooperation_to": detail.cooperation_to,
        "tags": _(", ").join(tag.name for tag in detail.tags.all()),
        "owners": list(detail.owners.all()),
    }  # fmt: skip


@require_POST
@on_branch
def shift(request: HttpRequest, node: Node, way: str) -> HttpResponse:
    """One place up or down."""
    if way not in {"up", "down"}:
        raise Http404
    moved = nodes.shift(by=person(request), node=node, step=-1 if way == "up" else 1)
    if not moved:
        messages.info(
            request, _("It is the first already") if way == "up" else _("It is the last already")
        )
    return htmx.done(request, url_of(node))


@require_POST
@on_branch
def place(request: HttpRequest, node: Node) -> HttpResponse:
    """Right before or after a sibling: what dragging among siblings ends in."""
    beside, side = number(request.POST.get("beside", "")), request.POST.get("side")
    if beside is None or side not in {"before", "after"}:
        raise Http404
    sibling = load(request, beside)
    moved = nodes.place(by=person(request), node=node, beside=sibling, after=side == "after")
    said = _("The order was changed") if moved else ""
    if htmx.is_fragment(request):
        return htmx.trigger(HttpResponse(status=204), **({"toast": said} if said else {}))
    return htmx.done(request, url_of(node))


@require_http_methods(EDITABLE)
@on_branch
def disable(request: HttpRequest, node: Node) -> HttpResponse:
    """Asks and disables."""
    return switched(
        request, node,
        lambda: begin(request, node, Action.DISABLE)
        or nodes.set_enabled(by=person(request), node=node, enabled=False),
        enabled=False, back_url=url_of(node),
        title=_("Disable “%(name)s”?") % {"name": node.name},
        vanishes=_("It and everything below it disappears from the address book of staff and from choosers"),
    )  # fmt: skip


@require_http_methods(EDITABLE)
@on_branch
def enable(request: HttpRequest, node: Node) -> HttpResponse:
    """Asks and enables."""
    return switched(
        request, node,
        lambda: begin(request, node, Action.ENABLE)
        or nodes.set_enabled(by=person(request), node=node, enabled=True),
        enabled=True, back_url=url_of(node), title=_("Enable “%(name)s”?") % {"name": node.name},
    )  # fmt: skip


@require_http_methods(EDITABLE)
@on_branch
def delete(request: HttpRequest, node: Node) -> HttpResponse:
    """Asks and deletes; says why not while anything hangs on it."""
    problem: UserError | None = None
    if request.method == "POST":
        try:
            nodes.delete(by=person(request), node=node)
        except Invalid as error:
            problem = error
        else:
            messages.success(request, _("“%(name)s” was deleted") % {"name": node.name})
            return htmx.done(request, reverse("orgs:node", args=[node.parent_id]))
    question = {
        "title": _("Delete “%(name)s”?") % {"name": node.name},
        "text": _("It must be empty. If it may be needed again, disable it instead."),
        **_below(request, node),
        "submit": _("Delete"),
        "style": "danger",
        "back_url": url_of(node),
    }
    return ask(request, question, problem)


def _below(request: HttpRequest, node: Node) -> dict[str, Any]:
    """What stands below, in numbers, for a question."""
    counts = node_selectors.summary(node)
    people = contact_counts(scope(request), [node.pk]).get(node.pk)
    facts = sentences.below(counts.all_organizations, counts.all_departments, people)
    return {"facts": facts, "facts_css": "kv-n mb-3"}


@require_http_methods(EDITABLE)
@on_branch
def move(request: HttpRequest, node: Node) -> HttpResponse:
    """Chooses the new place, shows who gains and who loses sight, then moves (SECURITY T21)."""
    chosen = number((request.POST or request.GET).get("parent", ""))
    if chosen is None:
        return _choose(request, node)
    parent = load(request, chosen)
    problem: UserError | None = None
    if request.method == "POST" and request.POST.get("confirmed"):
        try:
            return _moved(request, node, parent)
        except Invalid as error:
            problem = error
    if problem is None:
        nodes.check_move(by=person(request), node=node, parent=parent)
    return ask(request, _move_question(request, node, parent), problem)


def _moved(request: HttpRequest, node: Node, parent: Node) -> HttpResponse:
    started = begin(request, node, Action.MOVE, parent=parent)
    if started:
        return started
    moved = nodes.move(by=person(request), node=node, parent=parent)
    said = _("“%(name)s” now stands under “%(parent)s”")
    messages.success(request, said % {"name": moved.name, "parent": parent.name})
    return htmx.done(request, url_of(moved))


def _choose(request: HttpRequest, node: Node) -> HttpResponse:
    """The chooser of nodes; without htmx a page with the places to choose from."""
    if not htmx.is_fragment(request):
        form = MoveForm(places=node_selectors.places_for(scope(request), node))
        title = _("Move “%(name)s”") % {"name": node.name}
        return form_dialog(request, form, title=title, submit=_("Go on"), back_url=url_of(node))
    query = {
        "name": "parent", "multiple": 0, "without": node.pk, "action": url_of(node, "node-move"),
        "kinds": ",".join(str(kind) for kind in sorted(ALLOWED_PARENTS[Node.Kind(node.kind)])),
        "title": _("Move “%(name)s”") % {"name": node.name}, "hint": " ".join(hints(request, [node])),
    }  # fmt: skip
    return HttpResponseRedirect(f"{reverse('orgs:node-picker')}?{urlencode(query)}")


def _move_question(request: HttpRequest, node: Node, parent: Node) -> dict[str, Any]:
    return {
        "title": _("Move “%(name)s” under “%(parent)s”?")
        % {"name": node.name, "parent": parent.name},
        "text": _("Everything below it moves along."),
        **_below(request, node),
        "consequences": [
            *hints(request, [node]),
            *sentences.move(effects.move_effect([node], parent)),
        ],
        "submit": _("Move"),
        "style": "primary",
        "hidden": [("parent", parent.pk), ("confirmed", "1")],
        "action": url_of(node, "node-move"),
        "back_url": url_of(node),
    }
