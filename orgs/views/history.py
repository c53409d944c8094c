"""The tab 变更记录 (SPEC ORG-7, matrix row 15)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from core.models import AuditEntry
from core.ui import Pager
from orgs.forms import HistoryFilterForm
from orgs.models import Node
from orgs.selectors import trail
from orgs.selectors.trail import Asked
from orgs.views.frame import TARGET, node_page, url_of
from orgs.views.guards import on_node
from orgs.vocabulary import action_label, changed_fields


@require_safe
@on_node
def history(request: HttpRequest, node: Node) -> HttpResponse:
    """Who changed what when; newest first, keyset."""
    asked, url = Asked.read(request.GET, node), url_of(node, "node-history")
    entries, more = trail.history(node, asked)
    older = f"{url}?{asked.query(before=entries[-1].pk)}" if more else ""
    newest = f"{url}?{asked.query()}" if asked.before else ""
    context = {
        "entries": [_line(entry) for entry in entries],
        "whole_dimension": asked.everything,
        "narrowed": asked.filtered,
        "filter": {
            "action": url, "form": HistoryFilterForm(asked, node), "q": asked.who, "target": TARGET,
            "autosubmit": True, "id": "history-q", "placeholder": HistoryFilterForm.who,
            "reset_url": url if asked.filtered else "",
        },
        "pager": Pager(previous_url=newest, next_url=older, target=TARGET),
    }  # fmt: skip
    template = "orgs/partials/_history.html"
    return node_page(request, node, tab="history", tab_template=template, context=context)


def _line(entry: AuditEntry) -> dict[str, Any]:
    return {
        "entry": entry,
        "action": action_label(entry.action),
        "changes": changed_fields(entry.before, entry.after),
    }
