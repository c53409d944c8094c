"""What the pages of accounts share: trying a service for a form, paging, and the records that components take."""

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import hooks, selectors, sso
from accounts.forms import take
from accounts.models import Department, User
from core import htmx
from core.errors import Invalid, UserError
from core.ui import Action, Fact, Pager, PickerItem, TreeNode

PAGE = 50
T = TypeVar("T")


def ways_in() -> dict[str, Any]:
    """What the log-in page offers beside the password."""
    return {"sso": sso.label(), "doors": hooks.login_doors()}


def attempt(form: forms.Form, act: Callable[[], T]) -> T | None:
    """What `act` returns; None when it was refused, and then the form says why."""
    try:
        return act()
    except Invalid as error:
        take(form, error)
    except UserError as error:
        form.add_error(None, str(error))
    return None


def paged(request: HttpRequest, rows: "QuerySet[User]", target: str) -> dict[str, Any]:
    """One page of people and its pager."""
    pages = Paginator(rows, PAGE)
    page = pages.get_page(request.GET.get("page"))
    pager = Pager(
        total=pages.count, page=page.number, pages=pages.num_pages, target=target, unit=_("people")
    )
    return {"rows": list(page), "pager": pager}


def ask(
    request: HttpRequest, question: dict[str, Any], problem: UserError | None = None
) -> HttpResponse:
    """A question as a dialog, or as a page without htmx; a refusal is shown in it."""
    context = question | {"error": str(problem) if problem else ""}
    # A dialog is swapped only for 2xx and 422; the page tells the exact status.
    if htmx.is_fragment(request):
        status = 422 if problem else 200
        return htmx.page(request, "", "components/dialog_confirm.html", context, status=status)
    status = problem.status if problem else 200
    return render(request, "accounts/confirm.html", context, status=status)


def dialog(
    request: HttpRequest, form: Any, *, title: str, submit: str, back_url: str, **more: Any
) -> HttpResponse:
    """A form as a dialog, or as a page without htmx."""
    context = more | {
        "form": form,
        "title": title,
        "submit": submit,
        "action": request.get_full_path(),
        "back_url": back_url,
    }
    full, fragment = "accounts/form_page.html", "components/dialog_form.html"
    return htmx.page(request, full, fragment, context, status=form.http_status)


def staff_facts(user: User) -> list[Fact]:
    """Details of a staff member."""
    rows = user.department_memberships.select_related("department").order_by("-is_main", "pk")
    return [
        Fact(_("Login name"), user.username),
        Fact(_("Employee code"), user.employee_code or ""),
        Fact(_("Department"), "、".join(row.department.name for row in rows)),
        Fact(_("Position"), user.position),
        Fact(_("Mobile"), user.mobile),
        Fact(_("E-mail"), user.email),
    ]


def department_nodes(branches: list[selectors.Branch], chosen: Department | None) -> list[TreeNode]:
    """The tree of departments, all of it opened."""
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
            children=department_nodes(branch.children, chosen),
            target="#department",
        )
        for position, branch in enumerate(branches, 1)
    ]


def department_header(department: Department, tree: list[selectors.Branch]) -> dict[str, Any]:
    """Facts and actions over the members of a department."""

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
        "actions": [Action(_("Add members"), picker, "user-plus", "primary", dialog=True)],
        "more": [
            Action(_("New department below"), below, "plus", dialog=True),
            Action(_("Rename"), url("rename"), "pencil", dialog=True),
            Action(_("Move"), url("move"), "arrows-move", dialog=True),
            Action(_("Delete"), url("delete"), "trash", "bad", dialog=True),
        ],
    }


def department_places(department: Department) -> list[tuple[str, str]]:
    """Where a department may go: everywhere but into itself and below."""
    places: list[tuple[str, str]] = []

    def add(branches: list[selectors.Branch]) -> None:
        for branch in branches:
            if branch.department.pk != department.pk:
                indent = "　" * (branch.level - 1)
                places.append((str(branch.department.pk), indent + branch.department.name))
                add(branch.children)

    add(selectors.department_tree())
    return places


def department_field(chosen: list[int], items: list[PickerItem]) -> dict[str, object]:
    """The field that is filled by the chooser of departments, in the order of `chosen`."""
    by_id = {item.value: item for item in items}
    url = f"{reverse('accounts:picker')}?kind=department&name=department_ids&into=departments"
    return {
        "departments": [by_id[str(pk)] for pk in chosen if str(pk) in by_id],
        "departments_url": url,
    }
