"""Back office: internal departments and their members (matrix row 58). Administrators only."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import selectors
from accounts.forms import DepartmentForm, MoveForm, ids_of
from accounts.models import Department, User
from accounts.services import departments as services
from accounts.views.guards import admin_only, person
from accounts.views.shared import (
    ask,
    attempt,
    department_header,
    department_nodes,
    department_places,
    dialog,
    paged,
)
from core import htmx
from core.errors import UserError
from core.ui import Column


@admin_only
@require_safe
def departments(request: HttpRequest, department_id: int | None = None) -> HttpResponse:
    """The tree, and the direct members of the chosen department: the first one until somebody chooses."""
    tree = selectors.department_tree()
    chosen = tree[0].department if tree else None
    if department_id is not None:
        chosen = get_object_or_404(Department.objects.select_related("parent"), pk=department_id)
    context: dict[str, Any] = {
        "nodes": department_nodes(tree, chosen),
        "has_current": chosen is not None,
        "chosen": chosen,
        "create_url": reverse("accounts:department-create"),
    }
    if chosen is not None:
        members = selectors.staff_list(member_of=chosen)
        context |= {"columns": _columns(), **paged(request, members, "#department")}
        context |= department_header(chosen, tree)
    full, fragment = "accounts/departments.html", "accounts/partials/_department.html"
    return htmx.page(request, full, fragment, context)


def _columns() -> list[Column]:
    return [
        Column(_("Name")),
        Column(_("Login name")),
        Column(_("Position")),
        Column(_("Actions"), hidden=True),
    ]


def _found(department_id: int) -> Department:
    return get_object_or_404(Department, pk=department_id)


def _page_of(department: Department | None) -> str:
    if department is None:
        return reverse("accounts:departments")
    return reverse("accounts:department", args=[department.pk])


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def department_create(request: HttpRequest) -> HttpResponse:
    """A new department, at the top or below `?parent=`."""
    wanted = ids_of([request.GET.get("parent", "")])
    parent = _found(wanted[0]) if wanted else None
    form = DepartmentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        made = attempt(form, lambda: services.create(by=person(request), name=name, parent=parent))
        if made:
            return htmx.done(request, _page_of(made))
    title = _("New department below %(name)s") % {"name": parent.name} if parent else ""
    return dialog(
        request,
        form,
        title=title or _("New department"),
        submit=_("Create"),
        back_url=_page_of(parent),
    )


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def department_rename(request: HttpRequest, department_id: int) -> HttpResponse:
    """Another name."""
    department, by = _found(department_id), person(request)
    form = DepartmentForm(request.POST or None, initial={"name": department.name})
    form.lock(department.kept)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        if attempt(form, lambda: services.rename(department=department, name=name, by=by)):
            return htmx.done(request, _page_of(department))
    title = _("Rename the department")
    return dialog(request, form, title=title, submit=_("Save"), back_url=_page_of(department))


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def department_move(request: HttpRequest, department_id: int) -> HttpResponse:
    """Another place in the tree, or another order among its neighbours."""
    department = _found(department_id)
    initial = {"parent": str(department.parent_id or ""), "order": department.order}
    form = MoveForm(request.POST or None, initial=initial, places=department_places(department))
    if request.method == "POST" and form.is_valid():
        place, order = form.parent_department(), form.cleaned_data["order"]
        values = {"department": department, "parent": place, "order": order, "by": person(request)}
        if attempt(form, lambda: services.move(**values)):
            messages.success(request, _("%(name)s was moved") % {"name": department.name})
            return htmx.done(request, _page_of(department))
    title = _("Move %(name)s") % {"name": department.name}
    return dialog(request, form, title=title, submit=_("Move"), back_url=_page_of(department))


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def department_delete(request: HttpRequest, department_id: int) -> HttpResponse:
    """Asks and deletes; an answer says why not while anything is in it."""
    department = _found(department_id)
    if request.method != "POST":
        return ask(request, _delete_question(department))
    try:
        services.delete(department=department, by=person(request))
    except UserError as error:
        return ask(request, _delete_question(department), error)
    messages.success(request, _("%(name)s was deleted") % {"name": department.name})
    return htmx.done(request, _page_of(None))


def _delete_question(department: Department) -> dict[str, Any]:
    return {
        "title": _("Delete %(name)s?") % {"name": department.name},
        "text": _("Rights given to this department end with it."),
        "action": reverse("accounts:department-delete", args=[department.pk]),
        "submit": _("Delete"),
        "style": "danger",
        "back_url": _page_of(department),
    }


@admin_only
@require_POST
def department_members(request: HttpRequest, department_id: int) -> HttpResponse:
    """Adds the chosen people, all of them or none."""
    department = _found(department_id)
    chosen = ids_of(request.POST.getlist("user_ids"))
    services.add_members(department=department, user_ids=chosen, by=person(request))
    return htmx.done(request, _page_of(department))


@admin_only
@require_POST
def department_member_remove(
    request: HttpRequest, department_id: int, user_id: int
) -> HttpResponse:
    """Takes one person out."""
    department = _found(department_id)
    user = get_object_or_404(User.objects.staff(), pk=user_id)
    services.remove_member(department=department, user=user, by=person(request))
    return redirect("accounts:department", department_id=department.pk)
