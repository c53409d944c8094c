"""Back office: internal departments and their members (matrix row 58). Administrators only."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import selectors
from accounts.forms import DepartmentForm, MoveForm, ids_of, take
from accounts.models import Department, User
from accounts.services import departments as services
from accounts.views.guards import admin_only, person
from accounts.views.staff_actions import ask
from core import htmx
from core.errors import Invalid, UserError
from core.ui import Action, Column, Pager, TreeNode

PAGE = 50


@admin_only
def departments(request: HttpRequest, department_id: int | None = None) -> HttpResponse:
    """The tree, and the direct members of the chosen department."""
    tree = selectors.department_tree()
    chosen = None
    if department_id is not None:
        chosen = get_object_or_404(Department.objects.select_related("parent"), pk=department_id)
    context: dict[str, Any] = {
        "nodes": _nodes(tree, chosen),
        "has_current": chosen is not None,
        "chosen": chosen,
        "create_url": reverse("accounts:department-create"),
    }
    if chosen is not None:
        context |= _members(request, chosen) | _header(chosen, tree)
    return htmx.page(
        request, "accounts/departments.html", "accounts/partials/_department.html", context
    )


def _nodes(branches: list[selectors.Branch], chosen: Department | None) -> list[TreeNode]:
    return [
        TreeNode(
            id=f"d{branch.department.pk}",
            label=branch.department.name,
            url=reverse("accounts:department", args=[branch.department.pk]),
            level=branch.level,
            position=position,
            size=len(branches),
            icon="building-community",
            count=branch.people,
            pinyin=branch.department.sort_key,
            current=chosen is not None and branch.department.pk == chosen.pk,
            expandable=bool(branch.children),
            children=_nodes(branch.children, chosen),
            target="#department",
        )
        for position, branch in enumerate(branches, 1)
    ]


def _members(request: HttpRequest, department: Department) -> dict[str, Any]:
    rows = (
        User.objects.staff()
        .filter(department_memberships__department=department)
        .order_by("sort_key", "id")
    )
    pages = Paginator(rows, PAGE)
    page = pages.get_page(request.GET.get("page"))
    return {
        "rows": list(page),
        "columns": [
            Column(_("Name")),
            Column(_("Login name")),
            Column(_("Position")),
            Column(_("Actions"), hidden=True),
        ],
        "pager": Pager(
            total=pages.count,
            page=page.number,
            pages=pages.num_pages,
            target="#department",
            unit=_("people"),
        ),
    }


def _header(department: Department, tree: list[selectors.Branch]) -> dict[str, Any]:
    def url(name: str) -> str:
        return reverse(f"accounts:department-{name}", args=[department.pk])

    people = next((b.people for b in selectors.flat(tree) if b.department.pk == department.pk), 0)
    picker = f"{reverse('accounts:picker')}?kind=person&name=user_ids&action={url('members')}"
    below = f"{reverse('accounts:department-create')}?parent={department.pk}"
    parent = department.parent
    return {
        "facts": [
            *([_("Below %(name)s") % {"name": parent.name}] if parent else []),
            _("%(n)s people, departments below included") % {"n": people},
        ],
        "actions": [
            Action(_("Add members"), picker, "user-plus", "primary", dialog=True),
        ],
        "more": [
            Action(_("New department below"), below, "plus", dialog=True),
            Action(_("Rename"), url("rename"), "pencil", dialog=True),
            Action(_("Move"), url("move"), "arrows-move", dialog=True),
            Action(_("Delete"), url("delete"), "trash", "bad", dialog=True),
        ],
    }  # fmt: skip


def _found(department_id: int) -> Department:
    return get_object_or_404(Department, pk=department_id)


def _form(
    request: HttpRequest, form: Any, *, title: str, submit: str, back: Department | None
) -> HttpResponse:
    """A form as a dialog, or as a page without htmx."""
    back_url = (
        reverse("accounts:department", args=[back.pk]) if back else reverse("accounts:departments")
    )
    context = {
        "form": form, "title": title, "submit": submit, "action": request.get_full_path(), "back_url": back_url,
    }  # fmt: skip
    return htmx.page(
        request,
        "accounts/form_page.html",
        "components/dialog_form.html",
        context,
        status=form.http_status,
    )


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def department_create(request: HttpRequest) -> HttpResponse:
    """A new department, at the top or below `?parent=`."""
    wanted = ids_of([request.GET.get("parent", "")])
    parent = _found(wanted[0]) if wanted else None
    form = DepartmentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create(
                by=person(request), name=form.cleaned_data["name"], parent=parent
            )
        except Invalid as error:
            take(form, error)
        else:
            return htmx.done(request, reverse("accounts:department", args=[made.pk]))
    title = (
        _("New department below %(name)s") % {"name": parent.name}
        if parent
        else _("New department")
    )
    return _form(request, form, title=title, submit=_("Create"), back=parent)


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def department_rename(request: HttpRequest, department_id: int) -> HttpResponse:
    """Another name."""
    department = _found(department_id)
    form = DepartmentForm(request.POST or None, initial={"name": department.name})
    if request.method == "POST" and form.is_valid():
        try:
            services.rename(
                department=department, name=form.cleaned_data["name"], by=person(request)
            )
        except Invalid as error:
            take(form, error)
        else:
            return htmx.done(request, reverse("accounts:department", args=[department.pk]))
    return _form(request, form, title=_("Rename the department"), submit=_("Save"), back=department)


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def department_move(request: HttpRequest, department_id: int) -> HttpResponse:
    """Another place in the tree, or another order among its neighbours."""
    department = _found(department_id)
    initial = {"parent": str(department.parent_id or ""), "order": department.order}
    form = MoveForm(request.POST or None, initial=initial, places=_places(department))
    if request.method == "POST" and form.is_valid():
        try:
            services.move(
                department=department, parent=form.parent_department(), by=person(request),
                order=form.cleaned_data["order"],
            )  # fmt: skip
        except UserError as error:
            form.add_error("parent", str(error))
        else:
            messages.success(request, _("%(name)s was moved") % {"name": department.name})
            return htmx.done(request, reverse("accounts:department", args=[department.pk]))
    title = _("Move %(name)s") % {"name": department.name}
    return _form(request, form, title=title, submit=_("Move"), back=department)


def _places(department: Department) -> list[tuple[str, str]]:
    """Where it may go: everywhere but into itself and below."""
    places: list[tuple[str, str]] = []

    def add(branches: list[selectors.Branch]) -> None:
        for branch in branches:
            if branch.department.pk != department.pk:
                places.append(
                    (str(branch.department.pk), "　" * (branch.level - 1) + branch.department.name)
                )
                add(branch.children)

    add(selectors.department_tree())
    return places


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def department_delete(request: HttpRequest, department_id: int) -> HttpResponse:
    """Asks and deletes; an answer says why not while anything is in it."""
    department = _found(department_id)
    problem: UserError | None = None
    if request.method == "POST":
        try:
            services.delete(department=department, by=person(request))
        except UserError as error:
            problem = error
        else:
            messages.success(request, _("%(name)s was deleted") % {"name": department.name})
            return htmx.done(request, reverse("accounts:departments"))
    question = {
        "title": _("Delete %(name)s?") % {"name": department.name},
        "text": _("Rights given to this department end with it."),
        "action": reverse("accounts:department-delete", args=[department.pk]),
        "submit": _("Delete"),
        "style": "danger",
        "back_url": reverse("accounts:department", args=[department.pk]),
    }
    return ask(request, question, problem)


@admin_only
@require_POST
def department_members(request: HttpRequest, department_id: int) -> HttpResponse:
    """Adds the chosen people."""
    department = _found(department_id)
    for user in User.objects.staff().filter(pk__in=ids_of(request.POST.getlist("user_ids"))):
        services.add_member(department=department, user=user, by=person(request))
    return htmx.done(request, reverse("accounts:department", args=[department.pk]))


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
