"""审计日志: the list and one row of it (matrix row 55)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.views.guards import person, staff_only
from core import htmx
from core.errors import Hidden
from core.models import AuditEntry
from core.ui import Action, Crumb, Fact, Pager
from trail import permissions, selectors, tables, words
from trail.forms import FilterForm
from trail.selectors import Asked

TARGET = "#audit"


@require_safe
@staff_only
def entries(request: HttpRequest) -> HttpResponse:
    """Who did what when, newest first, keyset; what narrows it stands in the address."""
    scope = permissions.require_reader(person(request))
    asked, url = Asked.read(request.GET), reverse("trail:list")
    page = selectors.page(scope, asked)
    context = {
        "rows": [tables.line(entry) for entry in page.entries],
        "columns": tables.columns(),
        "looked_until": page.looked_until,
        "filter": {
            "action": url, "form": FilterForm(asked), "q": asked.q, "target": TARGET, "id": "audit-q",
            "placeholder": _("Name of the object"), "reset_url": url if asked.values() else "",
        },
        "pager": _pager(asked, url, page.before),
        "crumbs": [Crumb(_("Administration")), Crumb(_("Account security"))],
        **_administrators(asked, administrator=scope.administrator),
    }  # fmt: skip
    return htmx.page(request, "trail/list.html", "trail/partials/_list.html", context)


def _pager(asked: Asked, url: str, before: int | None) -> Pager:
    older = f"{url}?{asked.query(before=before)}" if before else ""
    newest = f"{url}?{asked.query()}" if asked.before else ""
    return Pager(previous_url=newest, next_url=older, target=TARGET)


def _administrators(asked: Asked, *, administrator: bool) -> dict[str, Any]:
    """Whether the chain is whole, and the way to a file: for administrators alone (matrix row 57)."""
    if not administrator:
        return {}
    url = f"{reverse('trail:export')}?{asked.query()}"
    return {
        "chain": tables.chain(),
        "actions": [Action(_("Export"), url, "download")],
    }


@require_safe
@staff_only
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """One row: what was before, what is after."""
    scope = permissions.require_reader(person(request))
    found = selectors.one(scope, pk)
    if found is None:
        raise Hidden(_("There is no such entry."))
    context = {
        "title": words.action_of(found), "facts": _facts(found), "changes": words.changes_of(found),
        "about_url": f"{reverse('trail:list')}?{Asked(about=f'{found.object_type}:{found.object_id}').query()}",
        "crumbs": [Crumb(_("Audit trail"), reverse("trail:list")), Crumb(words.action_of(found))],
    }  # fmt: skip
    return htmx.page(request, "trail/entry.html", "trail/partials/_entry_dialog.html", context)


def _facts(entry: AuditEntry) -> list[Fact]:
    when = date_format(localtime(entry.at), "Y-m-d H:i:s")
    return [
        Fact(words.kind_of(entry), entry.object_label),
        Fact(_("Who"), entry.actor_label),
        Fact(_("When"), when, "num"),
        Fact(_("IP address"), entry.ip, "num"),
        Fact(_("Request"), entry.request_id, "num"),
        Fact(_("Entry"), f"{entry.pk} · {entry.action}", "num"),
        Fact(_("Place in the chain"), "" if entry.seq is None else f"{entry.seq} · {entry.hash[:16]}…"),
    ]  # fmt: skip
