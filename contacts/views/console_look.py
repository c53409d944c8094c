"""Saved filters and the look of the list of contacts, everybody's own (SPEC CON-5)."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from contacts import console_columns, tables
from contacts.console_forms import LayoutForm, SaveFilterForm
from contacts.console_state import At
from contacts.models import ListLayout, SavedFilter
from contacts.services import looks
from core import htmx
from orgs.models import Node
from orgs.views.asking import attempt
from orgs.views.guards import on_node, person

EDITABLE = ("GET", "HEAD", "POST")


def _dialog(request: HttpRequest, template: str, status: int, **context: object) -> HttpResponse:
    given = {"action": request.get_full_path(), **context}
    full = "contacts/form_page.html"
    return htmx.page(request, full, template, given, status=status)


@require_http_methods(EDITABLE)
@on_node
def filter_save(request: HttpRequest, node: Node) -> HttpResponse:
    """A name for the filters of the address."""
    at = At.read(request.GET, node.pk)
    form = SaveFilterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values, query = form.cleaned_data, urlencode(at.query)
        saved = attempt(form, lambda: looks.save_filter(by=person(request), query=query, **values))
        if saved is not None:
            messages.success(request, _("The filter “%(name)s” was saved") % {"name": saved.name})
            return htmx.done(request, at.list_url)
    return _dialog(
        request, "components/dialog_form.html", form.http_status, form=form, title=_("Save this filter"),
        submit=_("Save"), back_url=at.list_url,
    )  # fmt: skip


@require_http_methods(EDITABLE)
@on_node
def filters(request: HttpRequest, node: Node) -> HttpResponse:
    """One's own saved filters: opened at first, or forgotten."""
    me = person(request)
    if request.method == "POST":
        given = tables.number(request.POST.get("filter", "")) or 0
        if request.POST.get("act") == "remove":
            looks.remove_filter(by=me, filter_id=given)
        else:
            looks.make_default(by=me, filter_id=given, value=request.POST.get("act") == "default")
        return htmx.done(request, f"{At(node.pk).path}?reset=1")
    rows = SavedFilter.objects.filter(owner=me)
    context = {"saved": rows, "title": _("Saved filters"), "back_url": At(node.pk).path}
    full, fragment = "contacts/console/filters_page.html", "contacts/console/_filters_dialog.html"
    return htmx.page(request, full, fragment, {**context, "action": request.path})


@require_http_methods(EDITABLE)
@on_node
def columns(request: HttpRequest, node: Node) -> HttpResponse:
    """Which columns, in which order, how close."""
    at = At.read(request.GET, node.pk)
    layout = ListLayout.objects.filter(owner=person(request)).first() or ListLayout()
    form = LayoutForm(
        request.POST or None, columns=console_columns.known(layout.columns), dense=layout.dense
    )
    if request.method == "POST" and form.is_valid():
        looks.save_layout(
            by=person(request), columns=form.chosen(), dense=form.cleaned_data["dense"]
        )
        return htmx.done(request, at.list_url)
    title = _("Columns: number the order, leave empty to hide")
    return _dialog(
        request, "components/dialog_form.html", form.http_status, form=form, title=title,
        submit=_("Save"), back_url=at.list_url,
    )  # fmt: skip
