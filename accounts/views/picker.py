"""Choosers of staff and internal departments, for every page that names people. Never for external people."""

import re
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts import selectors
from accounts.adapter import safe_next
from accounts.models import Department, User
from accounts.views.guards import staff_only
from core.ui import Picker, PickerItem, Tab

KINDS = ("person", "department", "both")
NAME = re.compile(r"[A-Za-z_][\w-]{0,40}")
LIMIT = 30


@staff_only
@require_safe
def picker(request: HttpRequest) -> HttpResponse:
    """The dialog. Query: kind (person, department, both), name, multiple, into ("#field") or action, title.

    With kind=both the chosen values read "p12" (person) and "d5" (department), see `selectors.picked`; else they are
    plain ids.
    """
    kind = _kind(request)
    name, into = _word(request, "name"), _word(request, "into")
    shown = Picker(
        id="people-picker",
        title=request.GET.get("title", "")[:60] or _titles()[kind],
        search_url=_search_url(kind),
        name=name or "people",
        multi=request.GET.get("multiple", "1") != "0",
        tabs=_tabs() if kind == "both" else (),
        results=_items(kind, "", prefixed=kind == "both"),
        action=safe_next(request, request.GET.get("action")),
        into=f"#{into}" if into else "",
    )
    return render(request, "components/picker_dialog.html", {"picker": shown})


def _word(request: HttpRequest, key: str) -> str:
    value = request.GET.get(key, "").removeprefix("#")
    return value if NAME.fullmatch(value) else ""


@staff_only
@require_safe
def results(request: HttpRequest) -> HttpResponse:
    """What the search inside the dialog answers."""
    kind, q = _kind(request), request.GET.get("q", "")[:100]
    found = _items(kind, q, prefixed=request.GET.get("prefixed") == "1" or kind == "both")
    context = {
        "results": found[:LIMIT],
        "more": len(found) > LIMIT,
        "q": q,
        "picker_id": "people-picker",
    }
    return render(request, "components/picker_results.html", context)


def _kind(request: HttpRequest) -> str:
    kind = request.GET.get("kind", "person")
    return kind if kind in KINDS else "person"


def _titles() -> dict[str, str]:
    return {
        "person": _("Choose people"),
        "department": _("Choose departments"),
        "both": _("Choose people or departments"),
    }


def _search_url(kind: str, **more: str) -> str:
    return f"{reverse('accounts:picker-results')}?{urlencode({'kind': kind, **more})}"


def _tabs() -> list[Tab]:
    return [
        Tab(_("All"), _search_url("both"), current=True),
        Tab(_("People"), _search_url("person", prefixed="1")),
        Tab(_("Departments"), _search_url("department", prefixed="1")),
    ]


def _items(kind: str, q: str, *, prefixed: bool) -> list[PickerItem]:
    items: list[PickerItem] = []
    if kind != "person":
        items += [
            department_item(row, prefixed=prefixed)
            for row in selectors.search_departments(q, LIMIT + 1)
        ]
    if kind != "department":
        items += [
            person_item(row, prefixed=prefixed) for row in selectors.search_staff(q, LIMIT + 1)
        ]
    return items


def person_item(user: User, *, prefixed: bool = False) -> PickerItem:
    """A person as choosers show him."""
    return PickerItem(
        value=f"{'p' if prefixed else ''}{user.pk}",
        label=user.name,
        sub=user.position or user.username,
    )


def department_items(ids: list[int]) -> list[PickerItem]:
    """Chosen departments, to be shown in a field."""
    rows = Department.objects.filter(pk__in=ids).select_related("parent")
    return [department_item(row) for row in rows]


def department_item(department: Department, *, prefixed: bool = False) -> PickerItem:
    """A department as choosers show it, with its number of people where it was counted."""
    people = getattr(department, "people", None)
    sub = department.parent.name if department.parent_id and department.parent else ""
    if people is not None:
        number = ngettext("%(n)s person", "%(n)s people", people) % {"n": people}
        sub = f"{sub} · {number}" if sub else number
    value = f"{'d' if prefixed else ''}{department.pk}"
    return PickerItem(value=value, label=department.name, kind="department", sub=sub)
