"""The list of contacts of a node in the back office: the page that is asked for, and what was chosen in it."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from contacts import tables
from contacts.forms import FilterForm
from contacts.models import Contact
from contacts.permissions import Viewer
from contacts.querysets import Page
from contacts.search import search
from contacts.selectors import lists
from contacts.services.shared import BULK_LIMIT
from contacts.tables import Here
from core.errors import Conflict, Invalid
from core.ui import Action, Column
from orgs.models import Node

BASE = "contacts:console-list"
TARGET = "#node"
SEARCH_LIMIT = 200
CAP = 100_000


def here(request: HttpRequest, node: Node) -> Here:
    """What the address of the list says."""
    return Here.read(request.GET, node.pk, base=BASE)


def context(viewer: Viewer, node: Node, at: Here) -> dict[str, Any]:
    """Everything the tab 联系人 shows; the number of queries does not depend on how many people there are."""
    page, total, cap = _found(viewer, node, at)
    pager = replace(tables.pager(at, page, total, cap), target=TARGET)
    new_url = reverse("contacts:console-new", args=[node.pk])
    return {
        "rows": lists.rows(viewer, page.ids, node=node),
        "columns": columns(),
        "filter": _filter(at),
        "pager": pager,
        "q": at.q,
        "all_matching": pager.total if total <= min(cap, BULK_LIMIT) else 0,
        "bulk_url": bulk_url(at),
        "buttons": buttons(),
        "narrowed": bool(at.q or at.filtered),
        "new": Action(_("New contact"), new_url, "plus", "primary"),
        "list_actions": [
            Action(_("Import"), f"{reverse('contacts:import-new')}?dimension={node.dimension_id}", "upload"),
            Action(_("Export"), export_url(at), "download", dialog=True),
            Action(_("New contact"), new_url, "plus", "primary"),
        ],
    }  # fmt: skip


def columns() -> list[Column]:
    """Columns of CON-5."""
    return [
        Column(pgettext("person", "Name")),
        Column(_("Mobile")),
        Column(_("Organization")),
        Column(_("Department")),
        Column(_("Position")),
        Column(_("Account state")),
    ]


def buttons() -> list[tuple[str, Any, str]]:
    """What may be done to several at once."""
    return [
        ("move", _("Move to…"), ""),
        ("tag", _("Add tags"), ""),
        ("share", _("Share"), ""),
        ("export", _("Export"), ""),
        ("enable", _("Enable"), ""),
        ("disable", _("Disable"), "danger-line"),
    ]


def _filter(at: Here) -> dict[str, Any]:
    return {
        "action": at.path, "form": FilterForm(at), "q": at.q, "target": TARGET,
        "autosubmit": True, "id": "contacts-q", "placeholder": _("Name, pinyin, mobile"),
        "reset_url": at.path if at.q or at.filtered else "",
    }  # fmt: skip


def _found(viewer: Viewer, node: Node, at: Here) -> tuple[Page, int, int]:
    """The page, how many there are, and the number at which counting stopped."""
    if at.q:
        ids, capped = _searched(viewer, node, at)
        return Page(ids), len(ids) + capped, len(ids) if capped else SEARCH_LIMIT
    asked: dict[str, Any] = {"node": node, "filters": at.filters}
    page = Contact.objects.page_for(viewer, after=at.after, before=at.before, **asked)
    return page, Contact.objects.count_for(viewer, cap=CAP, **asked), CAP


def _searched(viewer: Viewer, node: Node, at: Here) -> tuple[list[int], bool]:
    hits = search(viewer, at.q, node=node, limit=SEARCH_LIMIT)
    rows = Contact.objects.filter(pk__in=hits.ids)
    if at.category:
        rows = rows.filter(category_id=at.category)
    if at.tag:
        rows = rows.filter(tags=at.tag)
    kept = rows.only("account", "enabled", "expires_at").in_bulk()
    ids = [pk for pk in hits.ids if pk in kept and at.status in ("", kept[pk].account_state)]
    return ids, hits.capped


# --- What was chosen ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Selection:
    """Contacts chosen in the list: ticked ones, or all that match."""

    ids: list[int]
    everything: bool = False

    @property
    def hidden(self) -> list[tuple[str, Any]]:
        """Fields that carry it through a dialog."""
        if self.everything:
            return [("all", "1"), ("n", len(self.ids))]
        return [("ids", pk) for pk in self.ids]

    def address(self, at: Here, **more: Any) -> str:
        """Where a chooser posts to, with the selection in the query."""
        query: dict[str, Any] = {"ids": ",".join(str(pk) for pk in self.ids)}
        if self.everything:
            query = {"all": "1", "n": len(self.ids)}
        return f"{bulk_url(at)}&{urlencode({**query, **more})}"


def export_url(at: Here) -> str:
    """Where what the list shows is exported."""
    return _narrowed("contacts:export-contacts", at)


def bulk_url(at: Here) -> str:
    """Where a selection is sent; the filters go along, for “all that match”."""
    return _narrowed("contacts:console-bulk", at)


def _narrowed(name: str, at: Here) -> str:
    base = reverse(name, args=[at.node_id])
    query = {"q": at.q, "status": at.status, "category": at.category or "", "tag": at.tag or ""}
    return f"{base}?{urlencode(query)}"


def selection(request: HttpRequest, viewer: Viewer, node: Node, at: Here) -> Selection:
    """What was chosen. Rights are looked at by the service, contact by contact.

    Raises Invalid for nothing or too much, Conflict when "all that match" are others than were shown.
    """
    if "1" not in (request.POST.get("all"), request.GET.get("all")):
        given = [*request.POST.getlist("ids"), *request.GET.get("ids", "").split(",")]
        numbers = {known for text in given if (known := tables.number(text)) is not None}
        return _checked(Selection(sorted(numbers)))
    if at.q:
        ids = _searched(viewer, node, at)[0]
    else:
        size = BULK_LIMIT + 1
        ids = Contact.objects.page_for(viewer, node=node, filters=at.filters, size=size).ids
    expected = request.POST.get("n") or request.GET.get("n")
    if expected and expected != str(len(ids)):
        raise Conflict(_("The list has changed meanwhile. Choose again"))
    return _checked(Selection(ids, everything=True))


def _checked(chosen: Selection) -> Selection:
    if not chosen.ids:
        raise Invalid(_("Choose at least one contact"))
    if len(chosen.ids) > BULK_LIMIT:
        raise Invalid(
            _("At most %(limit)s contacts at once. Narrow the selection") % {"limit": BULK_LIMIT}
        )
    return chosen
