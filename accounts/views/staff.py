"""Back office: staff (matrix rows 7, 31, 58). Administrators only."""

import uuid

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import selectors, words
from accounts.forms import NewStaffForm, StaffFilterForm, StaffForm, ids_of, take
from accounts.models import Department, User
from accounts.services import credentials, departments, people
from accounts.views.guards import admin_only, person
from accounts.views.picker import department_item
from accounts.views.staff_actions import allowed
from core import audit, htmx
from core.errors import Invalid, UserError
from core.ui import Action, Column, Crumb, Fact, Pager

PAGE = 50


@admin_only
def staff(request: HttpRequest) -> HttpResponse:
    """All staff: search by name, pinyin, initials or login name, filter by state, fifty a page."""
    q, state = request.GET.get("q", "")[:100], request.GET.get("state", "")
    pages = Paginator(selectors.staff_list(q=q, state=state), PAGE)
    page = pages.get_page(request.GET.get("page"))
    rows = list(page)
    context = {
        "rows": rows,
        "locked": selectors.locked_until(rows),
        "columns": _columns(),
        "pager": Pager(
            total=pages.count,
            page=page.number,
            pages=pages.num_pages,
            target="#staff-list",
            unit=_("people"),
        ),
        "q": q,
        "filter": _filter(q, state),
        "actions": [
            Action(_("New staff member"), reverse("accounts:staff-create"), "plus", "primary")
        ],
        "empty_kind": "match" if q or state else "none",
    }
    return htmx.page(request, "accounts/staff.html", "accounts/partials/_staff_list.html", context)


def _columns() -> list[Column]:
    return [
        Column(_("Name")),
        Column(_("Login name")),
        Column(_("Department")),
        Column(_("Position")),
        Column(_("Rights")),
        Column(_("State")),
    ]


def _filter(q: str, state: str) -> dict[str, object]:
    url = reverse("accounts:staff")
    return {
        "action": url,
        "q": q,
        "placeholder": _("Name, pinyin, initials or login name"),
        "form": StaffFilterForm(initial={"state": state}),
        "target": "#staff-list",
        "reset_url": url if q or state else "",
        "autosubmit": True,
    }


@admin_only
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def staff_create(request: HttpRequest) -> HttpResponse:
    """A new staff member; without a first password a random one is made and shown once."""
    form = NewStaffForm(request.POST or None)
    chosen = ids_of(request.POST.getlist("department_ids"))
    if request.method == "POST" and form.is_valid():
        try:
            user = people.create_staff(
                by=person(request), department_ids=chosen, **form.cleaned_data
            )
        except Invalid as error:
            take(form, error)
        except UserError as error:
            form.add_error(None, str(error))
        else:
            _issue_when_random(request, user, form.cleaned_data["password"])
            messages.success(request, _("%(name)s was added") % {"name": user.name})
            return htmx.done(request, reverse("accounts:staff-page", args=[user.pk]))
    context = {"form": form, "crumbs": _crumbs(_("New staff member")), **_department_field(chosen)}
    return render(request, "accounts/staff_form.html", context, status=form.http_status)


def _issue_when_random(request: HttpRequest, user: User, password: str | None) -> None:
    if password is None:
        by = person(request)
        key = f"staff:{user.pk}:{uuid.uuid4().hex}"
        credentials.start_issue(user=user, issue_key=key, reader_ids=[by.pk], by=by)


def _department_field(chosen: list[int]) -> dict[str, object]:
    rows = {
        row.pk: row for row in Department.objects.filter(pk__in=chosen).select_related("parent")
    }
    url = f"{reverse('accounts:picker')}?kind=department&name=department_ids&into=departments"
    return {
        "departments": [department_item(rows[pk]) for pk in chosen if pk in rows],
        "departments_url": url,
    }


def _crumbs(label: str) -> list[Crumb]:
    return [Crumb(_("Staff"), reverse("accounts:staff")), Crumb(label)]


def _found(user_id: int) -> User:
    user: User = get_object_or_404(User.objects.staff(), pk=user_id)
    return user


@admin_only
def staff_page(request: HttpRequest, user_id: int) -> HttpResponse:
    """One staff member: facts, rights, first credentials, log-ins, history."""
    user = _found(user_id)
    by = person(request)
    actions = allowed(user, by)
    context = {
        "shown": user,
        "crumbs": _crumbs(user.name),
        "facts": _facts(user),
        "actions": [Action(_("Edit"), reverse("accounts:staff-edit", args=[user.pk]), "pencil")],
        "rights": [action.link(user) for action in actions if action.right],
        "more": [action.link(user) for action in actions if not action.right],
        "issue": selectors.latest_issue(user=user, reader=by),
        "locked_until": selectors.locked_until([user]).get(user.pk),
        "sessions": selectors.sessions_of(user),
        "history": words.lines(audit.history(obj=user, limit=20)),
    }
    return render(request, "accounts/staff_page.html", context)


def _facts(user: User) -> list[Fact]:
    rows = user.department_memberships.select_related("department").order_by("-is_main", "pk")
    return [
        Fact(_("Login name"), user.username),
        Fact(_("Employee code"), user.employee_code or ""),
        Fact(_("Department"), "、".join(row.department.name for row in rows)),
        Fact(_("Position"), user.position),
        Fact(_("Mobile"), user.mobile),
        Fact(_("E-mail"), user.email),
    ]


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def staff_edit(request: HttpRequest, user_id: int) -> HttpResponse:
    """Changes the facts and departments of a staff member."""
    user = _found(user_id)
    form = StaffForm(
        request.POST or None, initial={name: getattr(user, name) or "" for name in people.FIELDS}
    )
    chosen = _chosen(request, user)
    if request.method == "POST" and form.is_valid():
        try:
            people.update_staff(user=user, by=person(request), **form.cleaned_data)
            departments.set_departments(user=user, department_ids=chosen, by=person(request))
        except Invalid as error:
            take(form, error)
        except UserError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved"))
            return htmx.done(request, reverse("accounts:staff-page", args=[user.pk]))
    context = {
        "form": form,
        "shown": user,
        "crumbs": _crumbs(user.name),
        **_department_field(chosen),
    }
    return render(request, "accounts/staff_form.html", context, status=form.http_status)


def _chosen(request: HttpRequest, user: User) -> list[int]:
    if request.method == "POST":
        return ids_of(request.POST.getlist("department_ids"))
    rows = user.department_memberships.order_by("-is_main", "pk")
    return list(rows.values_list("department_id", flat=True))
