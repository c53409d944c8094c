"""外部用户分类, tags, and the settings of the directory (SPEC ORG-3)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_safe

from core import htmx
from core.errors import Invalid, UserError
from core.ui import Action, Column
from orgs.forms import CategoryForm, DirectorySettingsForm, TagForm, take
from orgs.models import Category, Tag
from orgs.selectors import nodes
from orgs.services import lists
from orgs.views.asking import ask, form_dialog
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
            {"row": row, "actions": _actions("category", row.pk)} for row in nodes.categories()
        ],
        "category_columns": [
            Column(pgettext("node", "Name")), Column(_("Order"), css="c-n"), Column(_("Organizations"), css="c-n"),
            Column(_("Description")), Column(_("Actions"), css="c-op", hidden=True),
        ],
        "tag_rows": [{"row": row, "actions": _actions("tag", row.pk)} for row in nodes.tags()],
        "tag_columns": [
            Column(pgettext("node", "Name")), Column(_("Organizations"), css="c-n"),
            Column(_("Actions"), css="c-op", hidden=True),
        ],
    }  # fmt: skip
    return render(request, "orgs/categories.html", context)


def _actions(kind: str, pk: int) -> list[Action]:
    return [
        Action(_("Edit"), reverse(f"orgs:{kind}-edit", args=[pk]), dialog=True),
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
    return render(request, "orgs/form_page.html", context, status=form.http_status)
