"""The list of contacts of a node in the back office: the page that is asked for, and what was chosen in it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from contacts import console_columns, tables
from contacts.console_filters import MoreFiltersForm, NarrowForm, chips
from contacts.console_state import At
from contacts.models import BulkJob, Contact, ListLayout, SavedFilter
from contacts.permissions import Viewer
from contacts.querysets import Page, kept_by
from contacts.search import search
from contacts.selection import SEARCH_LIMIT, Selection
from contacts.selectors import lists
from contacts.services.bulk_jobs import AT_ONCE
from core.errors import Conflict, Hidden, Invalid
from core.ui import Action, Pager
from orgs.models import Node

TARGET = "#node"
CAP = 100_000
# More than these are not sent by hand; all that match is one tick.
NAMED_LIMIT = 2000


def here(request: HttpRequest, node: Node) -> At:
    """What the address of the list says; a bare one opens with the person's own default filter."""
    given = request.GET
    if not given and isinstance(request.user, User):
        own = SavedFilter.objects.filter(owner=request.user, is_default=True)
        given = QueryDict(own.values_list("query", flat=True).first() or "")
    return At.read(given, node.pk)


def context(viewer: Viewer, node: Node, at: At) -> dict[str, Any]:
    """Everything the tab 联系人 shows; the number of queries does not depend on how many people there are."""
    page, total, cap = _found(viewer, node, at)
    layout = ListLayout.objects.filter(owner=viewer.user_id).first() or ListLayout()
    keys = console_columns.known(layout.columns)
    new_url = reverse("contacts:console-new", args=[node.pk])
    return {
        "rows": console_columns.shown(lists.rows(viewer, page.ids, node=node), keys),
        "columns": console_columns.heads(keys, at),
        "dense": layout.dense,
        "pager": _pager(at, page, total, cap),
        "q": at.q,
        "all_matching": _all_matching(at, total, cap),
        "bulk_url": bulk_url(at),
        "buttons": BUTTONS,
        "narrowed": bool(at.q or at.filtered),
        "new": Action(_("New contact"), new_url, "plus", "primary"),
        "list_actions": [
            Action(_("Import"), f"{reverse('contacts:import-new')}?dimension={node.dimension_id}", "upload"),
            Action(_("Export"), export_url(at), "download", dialog=True),
            Action(_("New contact"), new_url, "plus", "primary"),
        ],
        **_narrowing(viewer, at),
    }  # fmt: skip


BUTTONS = [
    (str(BulkJob.Action.MOVE), gettext_lazy("Move to…"), ""),
    (str(BulkJob.Action.TAG), gettext_lazy("Add tags"), ""),
    (str(BulkJob.Action.UNTAG), gettext_lazy("Remove tags"), ""),
    (str(BulkJob.Action.SHARE), gettext_lazy("Share"), ""),
    (str(BulkJob.Action.UNSHARE), gettext_lazy("Remove shares"), ""),
    (str(BulkJob.Action.FOLLOWER), gettext_lazy("Change the follower"), ""),
    ("export", gettext_lazy("Export"), ""),
    (str(BulkJob.Action.ENABLE), gettext_lazy("Enable"), ""),
    (str(BulkJob.Action.DISABLE), gettext_lazy("Disable"), "danger-line"),
    (str(BulkJob.Action.DELETE), gettext_lazy("Delete"), "danger-line"),
]


def _narrowing(viewer: Viewer, at: At) -> dict[str, Any]:
    """Search, filters, what of them is set, and those that were saved."""
    blank = f"{at.path}?reset=1"
    query = urlencode(at.query)
    saved = [
        (one, f"{at.path}?{one.query}", one.query == query)
        for one in SavedFilter.objects.filter(owner=viewer.user_id)
    ]
    return {
        "filter": {
            "action": at.path, "form": NarrowForm(at), "q": at.q, "target": TARGET, "autosubmit": True,
            "id": "contacts-q", "placeholder": _("Name, pinyin, mobile"), "reset_url": blank if query else "",
        },
        "more_filters": MoreFiltersForm(at),
        "chips": chips(at),
        "blank_url": blank,
        "saved": saved,
        "saved_name": next((one.name for one, _url, current in saved if current), ""),
        "save_url": f"{reverse('contacts:console-filter-save', args=[at.node_id])}?{query}" if query else "",
        "saved_url": reverse("contacts:console-filters", args=[at.node_id]),
        "columns_url": f"{reverse('contacts:console-columns', args=[at.node_id])}?{query}",
    }  # fmt: skip


def _pager(at: At, page: Page, total: int, cap: int) -> Pager:
    return Pager(
        total=min(total, cap), capped=total > cap, unit=_("people"), target=TARGET,
        previous_url=at.url(before=page.previous, after=None) if page.previous else "",
        next_url=at.url(after=page.next, before=None) if page.next else "",
    )  # fmt: skip


def _all_matching(at: At, total: int, cap: int) -> str:
    """How many "all that match" are, in words; nothing for a search that found more than it could look at."""
    if total <= cap:
        return f"{total:,}"
    return "" if at.q else f"{cap:,}+"


def _found(viewer: Viewer, node: Node, at: At) -> tuple[Page, int, int]:
    """The page, how many there are, and the number at which counting stopped."""
    filters = at.selection.narrowed
    if at.q:
        hits = search(viewer, at.q, node=node, limit=SEARCH_LIMIT)
        ids = kept_by(filters, hits.ids)
        return Page(ids), len(ids) + hits.capped, len(ids) if hits.capped else SEARCH_LIMIT
    asked: dict[str, Any] = {"node": node, "filters": filters}
    page = Contact.objects.page_for(
        viewer, after=at.after, before=at.before, descending=at.descending, **asked
    )
    cap = Contact.objects.page_cap(viewer, **asked)
    return page, Contact.objects.count_for(viewer, cap=cap, **asked), cap


# --- What was chosen ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen in a list and how many it is now; CAP + 1 means "more than CAP".

    `gone` of many that were named are no longer visible and left out; of a few the service refuses all (T05).
    """

    at: At
    selection: Selection
    n: int
    gone: int = 0

    @property
    def words(self) -> str:
        return f"{CAP:,}+" if self.n > CAP else f"{self.n:,}"

    @property
    def large(self) -> bool:
        """Whether the worker does it."""
        return self.n > AT_ONCE

    @property
    def hidden(self) -> list[tuple[str, Any]]:
        """Fields that carry it through a dialog."""
        if self.selection.everything:
            return [("all", "1"), ("n", self.n)]
        return [("n", self.n), *(("ids", pk) for pk in self.selection.ids)]

    def address(self, **more: Any) -> str:
        """Where a chooser posts to, with the selection in the query."""
        query: dict[str, Any] = {"ids": ",".join(str(pk) for pk in self.selection.ids)}
        if self.selection.everything:
            query = {"all": "1", "n": self.n}
        base = bulk_url(self.at)
        return f"{base}{'&' if '?' in base else '?'}{urlencode({**query, **more})}"


def export_url(at: At) -> str:
    """Where what the list shows is exported."""
    return _narrowed("contacts:export-contacts", at)


def bulk_url(at: At) -> str:
    """Where a selection is sent; the filters go along, for “all that match”."""
    return _narrowed("contacts:console-bulk", at)


def _narrowed(name: str, at: At) -> str:
    return f"{reverse(name, args=[at.node_id])}?{urlencode(at.query or {'reset': 1})}"


def chosen(request: HttpRequest, viewer: Viewer, at: At) -> Chosen:
    """What was chosen. Rights are looked at by the service, contact by contact.

    Raises Invalid for nothing or too much, Conflict when a few that match are others than were shown.
    """
    if "1" not in (request.POST.get("all"), request.GET.get("all")):
        given = [*request.POST.getlist("ids"), *request.GET.get("ids", "").split(",")]
        numbers = {known for text in given if (known := tables.number(text)) is not None}
        found = _named(viewer, at, Selection.named(sorted(numbers)))
    else:
        found = Chosen(at, at.selection, at.selection.count(viewer, cap=CAP))
    expected = request.POST.get("n") or request.GET.get("n")
    surprising = found.gone or (found.selection.everything and not found.large)
    if expected and expected != str(found.n) and surprising:
        raise Conflict(_("The list has changed meanwhile. Choose again"))
    if not found.n:
        raise Invalid(_("Choose at least one contact"))
    return found


def _named(viewer: Viewer, at: At, selection: Selection) -> Chosen:
    n = len(selection.ids)
    if n > NAMED_LIMIT:
        raise Invalid(
            _("At most %(limit)s contacts at once. Narrow the selection") % {"limit": NAMED_LIMIT}
        )
    if n <= AT_ONCE:
        return Chosen(at, selection, n)
    left = selection.count(viewer)
    if not left:
        raise Hidden(_("None of the chosen contacts is visible any more. Choose again"))
    return Chosen(at, selection, left, n - left)
