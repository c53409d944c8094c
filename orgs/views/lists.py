"""外部用户分类, tags, and the settings of the directory (SPEC ORG-3)."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import htmx
from core.errors import Invalid, UserError
from core.ui import Action, Column, Fact
from orgs import counting
from orgs.forms import CategoryForm, DirectorySettingsForm, MergeForm, TagForm, take
from orgs.models import Category, Tag
from orgs.selectors import nodes
from orgs.services import lists
from orgs.views.asking import ask, attempt, form_dialog
from orgs.views.guards import administrators_only, everything_only, person

EDITABLE = ("GET", "HEAD", "POST")


@require_safe
@everything_only
def categories(request: HttpRequest) -> HttpResponse:
    """Both managed lists on one page."""
    new = Action(_("New category"), reverse("orgs:category-new"), "plus", "primary", dialog=True)
    context = {
        "title": _("Categories and tags"),
        "actions": [new],
        "categories": [
            {**row, "actions": [*_shifts(row["row"].pk), *_actions("category", row["row"].pk)]}
            for row in _used(nodes.categories(), Category)
        ],
        "category_columns": _columns(Column(_("Order"), css="c-n"), described=True),
        "tag_rows": [
            {**row, "actions": _actions("tag", row["row"].pk)} for row in _used(nodes.tags(), Tag)
        ],
        "tag_columns": _columns(),
    }  # fmt: skip
    return render(request, "orgs/categories.html", context)


def _columns(*more: Column, described: bool = False) -> list[Column]:
    found = [
        Column(pgettext("node", "Name")), *more,
        Column(_("Organizations"), css="c-n"), Column(_("Contacts"), css="c-n"),
    ]  # fmt: skip
    if described:
        found.append(Column(_("Description")))
    return [*found, Column(_("Actions"), css="c-op", hidden=True)]


def _used(rows: Iterable[Any], model: type[Category] | type[Tag]) -> list[dict[str, Any]]:
    """Each entry with the number of contacts beside that of organizations."""
    contacts = counting.labelled(model)
    return [{"row": row, "contacts": contacts.get(row.pk, 0)} for row in rows]


def _shifts(pk: int) -> list[Action]:
    return [
        Action(_("Move up"), reverse("orgs:category-shift", args=[pk, "up"]), method="post"),
        Action(_("Move down"), reverse("orgs:category-shift", args=[pk, "down"]), method="post"),
    ]


def _actions(kind: str, pk: int) -> list[Action]:
    return [
        Action(_("Edit"), reverse(f"orgs:{kind}-edit", args=[pk]), dialog=True),
        Action(_("Merge"), reverse(f"orgs:{kind}-merge", args=[pk]), dialog=True),
        Action(_("Delete"), reverse(f"orgs:{kind}-delete", args=[pk]), "", "bad", dialog=True),
    ]


def _done(request: HttpRequest, said: str) -> HttpResponse:
    messages.success(request, said)
    return htmx.done(request, reverse("orgs:categories"))


@require_http_methods(EDITABLE)
@everything_only
def category_new(request: HttpRequest) -> HttpResponse:
    """A new category."""
    form = CategoryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = lists.create_category(by=person(request), **form.cleaned_data)
        except Invalid as error:
            take(form, error)
        else:
            return _done(request, _("“%(name)s” was created") % {"name": made.name})
    return form_dialog(
        request, form, title=_("New category"), submit=_("Create"),
        back_url=reverse("orgs:categories"),
    )  # fmt: skip


@require_http_methods(EDITABLE)
@everything_only
def category_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Name, order and description."""
    row = get_object_or_404(Category, pk=pk)
    start = {"name": row.name, "order": row.order, "description": row.description}
    form = CategoryForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            lists.edit_category(by=person(request), category=row, **form.cleaned_data)
        except Invalid as error:
            take(form, error)
        else:
            return _done(request, _("The category was saved"))
    title = _("Edit “%(name)s”") % {"name": row.name}
    back = reverse("orgs:categories")
    return form_dialog(request, form, title=title, submit=_("Save"), back_url=back)


@require_http_methods(EDITABLE)
@everything_only
def category_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks and deletes a category that nothing uses."""
    row = get_object_or_404(Category, pk=pk)
    problem: UserError | None = None
    if request.method == "POST":
        try:
            lists.delete_category(by=person(request), category=row)
        except Invalid as error:
            problem = error
        else:
            return _done(request, _("“%(name)s” was deleted") % {"name": row.name})
    question = {
        "title": _("Delete the category “%(name)s”?") % {"name": row.name},
        "text": "",
        "submit": _("Delete"),
        "style": "danger",
        "back_url": reverse("orgs:categories"),
    }
    return ask(request, question, problem)


@require_POST
@everything_only
def category_shift(request: HttpRequest, pk: int, way: str) -> HttpResponse:
    """One place up or down."""
    if way not in {"up", "down"}:
        raise Http404
    row = get_object_or_404(Category, pk=pk)
    lists.shift_category(by=person(request), category=row, step=-1 if way == "up" else 1)
    return htmx.done(request, reverse("orgs:categories"))


@require_http_methods(EDITABLE)
@everything_only
def category_merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Another category takes its place everywhere."""
    return _merge(request, get_object_or_404(Category, pk=pk))


@require_http_methods(EDITABLE)
@everything_only
def tag_merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Another tag takes its place everywhere."""
    return _merge(request, get_object_or_404(Tag, pk=pk))


def _merge(request: HttpRequest, source: Category | Tag) -> HttpResponse:
    form = MergeForm(request.POST or None, source=source)
    if request.method == "POST" and form.is_valid():
        target = form.cleaned_data["target"]
        n = attempt(form, lambda: lists.merge(by=person(request), source=source, target=target))
        if n is not None:
            said = _("“%(name)s” was merged into “%(target)s” (%(count)s changed)")
            return _done(request, said % {"name": source.name, "target": target.name, "count": n})
    question = {
        "title": _("Merge “%(name)s” into another one") % {"name": source.name},
        "text": _("Everything that carries it carries the other one from then on, and it is gone."),
        "form": form, "submit": _("Merge"), "style": "primary", "back_url": reverse("orgs:categories"),
    }  # fmt: skip
    return ask(request, question, status=form.http_status)


@require_http_methods(EDITABLE)
@everything_only
def tag_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Another word for a tag."""
    row = get_object_or_404(Tag, pk=pk)
    form = TagForm(request.POST or None, initial={"name": row.name})
    if request.method == "POST" and form.is_valid():
        try:
            lists.rename_tag(by=person(request), tag=row, name=form.cleaned_data["name"])
        except Invalid as error:
            take(form, error)
        else:
            return _done(request, _("The tag was saved"))
    title = _("Edit “%(name)s”") % {"name": row.name}
    back = reverse("orgs:categories")
    return form_dialog(request, form, title=title, submit=_("Save"), back_url=back)


@require_http_methods(EDITABLE)
@everything_only
def tag_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks and takes a tag away from everything."""
    row = get_object_or_404(Tag, pk=pk)
    if request.method == "POST":
        lists.delete_tag(by=person(request), tag=row)
        return _done(request, _("“%(name)s” was deleted") % {"name": row.name})
    question = {
        "title": _("Delete the tag “%(name)s”?") % {"name": row.name},
        "text": _("It is taken away from everything that carries it."),
        "facts_css": "kv-n mb-3",
        "facts": [
            Fact(_("Organizations"), row.organizationdetail_set.count()),
            Fact(_("Contacts"), counting.labelled(Tag).get(row.pk, 0)),
        ],
        "submit": _("Delete"),
        "style": "danger",
        "back_url": reverse("orgs:categories"),
    }
    return ask(request, question)


@require_http_methods(EDITABLE)
@administrators_only
def directory_settings(request: HttpRequest) -> HttpResponse:
    """What holds for the whole directory; administrators only (matrix row 58)."""
    row = nodes.directory_settings()
    start = {
        "staff_create_in_builtin": row.staff_create_in_builtin,
        "default_security_level": row.default_security_level,
    }
    form = DirectorySettingsForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            lists.edit_settings(by=person(request), **form.cleaned_data)
        except Invalid as error:
            take(form, error)
        else:
            messages.success(request, _("The settings were saved"))
            return htmx.done(request, reverse("orgs:settings"))
    context = {"form": form, "title": _("Directory settings"), "action": reverse("orgs:settings"),
               "back_url": reverse("orgs:home"), "submit": _("Save")}  # fmt: skip
    return render(request, "components/form_page.html", context, status=form.http_status)
