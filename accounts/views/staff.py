"""Back office: staff (matrix rows 7, 31, 58). Administrators only."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import hooks, selectors, words
from accounts.forms import NewStaffForm, StaffFilterForm, StaffForm, ids_of
from accounts.models import User
from accounts.services import credentials, people
from accounts.views.guards import admin_only, person
from accounts.views.picker import department_items
from accounts.views.shared import attempt, department_field, paged, staff_facts
from accounts.views.staff_actions import StaffAction, allowed
from core import audit, htmx
from core.phones import display
from core.ui import Action, Column, Crumb


@admin_only
@require_safe
def staff(request: HttpRequest) -> HttpResponse:
    """All staff: search by name, pinyin, initials or login name, filter by state, fifty a page."""
    q, state = request.GET.get("q", "")[:100], request.GET.get("state", "")
    context = paged(request, selectors.staff_list(q=q, state=state), "#staff-list")
    locked = selectors.locked_until(context["rows"])
    context |= {
        "rows": [words.StaffRow(row, locked=row.pk in locked) for row in context["rows"]],
        "columns": _columns(),
        "crumbs": [Crumb(_("Administration")), Crumb(_("Staff and departments"))],
        "q": q,
        "filter": _filter(q, state),
        "actions": _actions(request),
        "empty_kind": "match" if q or state else "none",
    }
    return htmx.page(request, "accounts/staff.html", "accounts/partials/_staff_list.html", context)


def _actions(request: HttpRequest) -> list[Action]:
    export = f"{reverse('accounts:staff-export')}?{request.GET.urlencode()}"
    return [
        Action(_("Export"), export, "download"),
        Action(_("Import staff"), reverse("accounts:staff-import-new"), "upload"),
        Action(_("New staff member"), reverse("accounts:staff-create"), "plus", "primary"),
    ]


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
        "placeholder": _("Name, pinyin or login name"),
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
    form, by = NewStaffForm(request.POST or None), person(request)
    chosen = ids_of(request.POST.getlist("department_ids"))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data | {"department_ids": chosen, "by": by}
        user = attempt(form, lambda: people.create_staff(**values))
        if user:
            _issue_when_random(user, by)
            messages.success(request, _("%(name)s was added") % {"name": user.name})
            return htmx.done(request, reverse("accounts:staff-page", args=[user.pk]))
    field = department_field(chosen, department_items(chosen))
    context = {"form": form, "crumbs": _crumbs(_("New staff member")), **field}
    return render(request, "accounts/staff_form.html", context, status=form.http_status)


def _issue_when_random(user: User, by: User) -> None:
    if not user.has_usable_password():
        key = f"staff:{user.pk}:{uuid.uuid4().hex}"
        credentials.start_issue(user=user, issue_key=key, reader_ids=[by.pk], by=by)


def _crumbs(label: str) -> list[Crumb]:
    return [Crumb(_("Staff"), reverse("accounts:staff")), Crumb(label)]


def _found(user_id: int) -> User:
    user: User = get_object_or_404(User.objects.staff(), pk=user_id)
    return user


@admin_only
@require_safe
def staff_page(request: HttpRequest, user_id: int) -> HttpResponse:
    """One staff member: facts, rights, first credentials, log-ins, history."""
    user, by = _found(user_id), person(request)
    actions = allowed(user, by)
    context = {
        "shown": user,
        "crumbs": _crumbs(user.name),
        "facts": staff_facts(user),
        "rights": words.rights(user),
        "actions": [Action(_("Edit"), reverse("accounts:staff-edit", args=[user.pk]), "pencil")],
        "right_actions": [action.link(user) for action in actions if action.right],
        "more": _more(user, by, actions),
        "issue": selectors.latest_issue(user=user, reader=by),
        "locked_until": selectors.locked_until([user]).get(user.pk),
        "sessions": selectors.sessions_of(user),
        "history": words.lines(audit.history(obj=user, limit=20)),
    }
    return render(request, "accounts/staff_page.html", context)


def _more(user: User, by: User, actions: list[StaffAction]) -> list[Action]:
    links = [action.link(user) for action in actions if not action.right]
    if user.pk != by.pk:
        doors = hooks.held_doors(user)
        links += [Action(one.label, one.url, "brand-wechat", "bad", dialog=True) for one in doors]
    if user.is_active and user.pk != by.pk:
        url = reverse("accounts:staff-disable", args=[user.pk])
        links.append(Action(_("Disable"), url, "user-off", "bad"))
    return links


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def staff_edit(request: HttpRequest, user_id: int) -> HttpResponse:
    """Changes the facts and departments of a staff member."""
    user, by = _found(user_id), person(request)
    initial = {name: getattr(user, name) or "" for name in people.FIELDS}
    initial["mobile"] = display(initial["mobile"])
    form = StaffForm(request.POST or None, initial=initial)
    form.lock(user.kept)
    chosen = _chosen(request, user)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data | {"department_ids": chosen, "by": by}
        if attempt(form, lambda: people.update_staff(user=user, **values)):
            messages.success(request, _("Saved"))
            return htmx.done(request, reverse("accounts:staff-page", args=[user.pk]))
    field = department_field(chosen, department_items(chosen))
    context = {"form": form, "shown": user, "crumbs": _crumbs(user.name), **field}
    return render(request, "accounts/staff_form.html", context, status=form.http_status)


def _chosen(request: HttpRequest, user: User) -> list[int]:
    if request.method == "POST":
        return ids_of(request.POST.getlist("department_ids"))
    rows = user.department_memberships.order_by("-is_main", "pk")
    return list(rows.values_list("department_id", flat=True))
