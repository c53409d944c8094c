"""维度管理 (SPEC ORG-2, matrix row 10)."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from core import htmx
from core.errors import Hidden, Invalid, UserError
from core.ui import Action, Column
from orgs.forms import DimensionForm, NewDimensionForm, take
from orgs.models import Node, Restructuring
from orgs.selectors import nodes, ranges
from orgs.services import dimensions
from orgs.views.actions import initial
from orgs.views.asking import ask, form_dialog, switched
from orgs.views.frame import url_of
from orgs.views.guards import everything_only, person
from orgs.views.restructuring import begin

EDITABLE = ("GET", "HEAD", "POST")


@require_safe
@everything_only
def dimension_list(request: HttpRequest) -> HttpResponse:
    """All dimensions with what is in them and who maintains them."""
    found = nodes.all_dimensions()
    counts = nodes.counts_by_dimension()
    maintainers = ranges.maintainers_of([row.pk for row in found])
    rows = [_row(row, counts.get(row.pk, (0, 0)), maintainers.get(row.pk, [])) for row in found]
    new = Action(_("New dimension"), reverse("orgs:dimension-new"), "plus", "primary", dialog=True)
    context = {
        "title": _("Dimensions"),
        "lead": _("The top level of the directory: each has its own tree and its own maintainers"),
        "actions": [new],
        "columns": _columns(),
        "rows": rows,
        "large": [row for row in rows if row["warning"]],
    }
    return render(request, "orgs/dimensions.html", context)


def _columns() -> list[Column]:
    return [
        Column(pgettext("node", "Name")), Column(_("Code")),
        Column(_("Organizations"), css="c-n"), Column(_("Departments"), css="c-n"),
        Column(_("Maintainers")), Column(_("State")),
        Column(_("Actions"), css="c-op", hidden=True),
    ]  # fmt: skip


def _row(node: Node, counts: tuple[int, int], maintainers: list[str]) -> dict[str, Any]:
    edit = Action(_("Edit"), url_of(node, "dimension-edit"), dialog=True)
    more = [Action(_("Maintainers"), url_of(node, "node-ranges"), "users")]
    if not node.builtin:
        switch = "dimension-disable" if node.enabled else "dimension-enable"
        label = _("Disable") if node.enabled else _("Enable")
        icon = "ban" if node.enabled else "circle-check"
        more += [
            Action(label, url_of(node, switch), icon, "bad" if node.enabled else "", dialog=True),
            Action(_("Delete"), url_of(node, "dimension-delete"), "trash", "bad", dialog=True),
        ]
    return {
        "node": node, "url": url_of(node), "organizations": counts[0], "departments": counts[1],
        "maintainers": maintainers, "edit": edit, "more": more,
        "warning": nodes.large_warning(sum(counts)),
    }  # fmt: skip


@require_http_methods(EDITABLE)
@everything_only
def dimension_new(request: HttpRequest) -> HttpResponse:
    """A new dimension."""
    form = NewDimensionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = dimensions.create(by=person(request), fields=form.fields_for_service())  # type: ignore[arg-type]  # the form lists them
        except Invalid as error:
            take(form, error)
        else:
            messages.success(request, _("“%(name)s” was created") % {"name": made.name})
            return htmx.done(request, url_of(made))
    back = reverse("orgs:dimensions")
    return form_dialog(request, form, title=_("New dimension"), submit=_("Create"), back_url=back)


@require_http_methods(EDITABLE)
@everything_only
def dimension_edit(request: HttpRequest, node_id: int) -> HttpResponse:
    """Name, code, order and description."""
    node = _found(node_id)
    form = DimensionForm(request.POST or None, initial=initial(node))
    if request.method == "POST" and form.is_valid():
        try:
            dimensions.edit(
                by=person(request), dimension=node, version=form.cleaned_data["version"],
                fields=form.fields_for_service(),  # type: ignore[arg-type]  # the form lists them
            )  # fmt: skip
        except Invalid as error:
            take(form, error)
        else:
            messages.success(request, _("The dimension was saved"))
            return htmx.done(request, url_of(node))
    title = _("Edit “%(name)s”") % {"name": node.name}
    return form_dialog(request, form, title=title, submit=_("Save"), back_url=url_of(node))


@require_http_methods(EDITABLE)
@everything_only
def dimension_disable(request: HttpRequest, node_id: int) -> HttpResponse:
    """Asks and disables a dimension."""
    node = _found(node_id)
    return switched(
        request, node,
        lambda: begin(request, node, Restructuring.Action.DISABLE)
        or dimensions.set_enabled(by=person(request), dimension=node, enabled=False),
        enabled=False, back_url=reverse("orgs:dimensions"),
        title=_("Disable the dimension “%(name)s”?") % {"name": node.name},
        vanishes=_("Everything in it disappears from the address book of staff and from choosers"),
    )  # fmt: skip


@require_http_methods(EDITABLE)
@everything_only
def dimension_enable(request: HttpRequest, node_id: int) -> HttpResponse:
    """Asks and enables a dimension."""
    node = _found(node_id)
    return switched(
        request, node,
        lambda: begin(request, node, Restructuring.Action.ENABLE)
        or dimensions.set_enabled(by=person(request), dimension=node, enabled=True),
        enabled=True, back_url=reverse("orgs:dimensions"),
        title=_("Enable the dimension “%(name)s”?") % {"name": node.name},
    )  # fmt: skip


@require_http_methods(EDITABLE)
@everything_only
def dimension_delete(request: HttpRequest, node_id: int) -> HttpResponse:
    """Asks and deletes an empty dimension."""
    node = _found(node_id)
    problem: UserError | None = None
    if request.method == "POST":
        try:
            dimensions.delete(by=person(request), dimension=node)
        except Invalid as error:
            problem = error
        else:
            messages.success(request, _("“%(name)s” was deleted") % {"name": node.name})
            return htmx.done(request, reverse("orgs:dimensions"))
    question = {
        "title": _("Delete the dimension “%(name)s”?") % {"name": node.name},
        "text": _("It must be empty. Its visible ranges and maintainers end with it."),
        "submit": _("Delete"),
        "style": "danger",
        "back_url": reverse("orgs:dimensions"),
    }
    return ask(request, question, problem)


def _found(node_id: int) -> Node:
    node: Node | None = Node.objects.dimensions().filter(pk=node_id).first()
    if node is None:
        raise Hidden(_("There is no such dimension."))
    return node
