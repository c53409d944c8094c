"""Back office 账号安全 › 外部账号开通申请 (matrix rows 37, 39)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from approvals import list_tables, permissions, selectors, services, tables
from approvals.forms import ReasonForm, chosen
from approvals.selectors import Asked
from approvals.views.card import SHOWN, show
from approvals.views.guards import deciders_only
from contacts.views.guards import person, viewer
from core import downloads, htmx
from core.downloads import FormatForm
from core.errors import Invalid


@deciders_only
@require_safe
def application_list(request: HttpRequest) -> HttpResponse:
    """Applications by state, with search; twenty a page."""
    asked = selectors.Asked.read(request.GET)
    context = list_tables.application_list(viewer(request), asked, page=request.GET.get("page"))
    return htmx.page(request, "approvals/list.html", "approvals/partials/_list.html", context)


@deciders_only
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: HttpRequest) -> HttpResponse:
    """The list as it is narrowed, as a file; written down."""
    asked, title = Asked.read(request.GET), _("Applications for accounts")
    form = FormatForm(request.POST if request.method == "POST" else None)
    if not (form.is_bound and form.is_valid()):
        back_url = f"{tables.url('list')}?{list_tables.query_of(asked)}"
        return downloads.ask(request, form, title=_("Export applications"), back_url=back_url)
    rows = list(selectors.listed(viewer=viewer(request), asked=asked)[: downloads.ROWS])
    format_ = form.cleaned_data["format"]
    filters = list_tables.query_of(asked)
    services.note_export(by=person(request), format_=format_, count=len(rows), filters=filters)
    lines = (list_tables.file_row(row) for row in rows)
    header = list_tables.file_header()
    return downloads.hand_out(title=title, format_=format_, header=header, rows=lines)


@require_safe
def badge(request: HttpRequest) -> HttpResponse:
    """How many wait for this person, for the side navigation."""
    count = selectors.waiting_for(viewer(request))
    context = {"count": count, "label": _("Waiting for approval")}
    return render(request, "components/badge.html", context)


@deciders_only
@require_safe
def detail(request: HttpRequest, application_id: int) -> HttpResponse:
    """One application with its course of events."""
    application = selectors.visible(application_id=application_id, user=person(request))
    found = tables.card(application, person(request), view="steps")
    return show(request, found, view="dialog", office=True)


@deciders_only
@require_safe
def confirm(request: HttpRequest, application_id: int, what: str) -> HttpResponse:
    """The question before 同意, the reason for 拒绝; the answer goes to the same address as that of a card."""
    if what not in ("approve", "refuse"):
        raise permissions.missing()
    application = selectors.visible(application_id=application_id, user=person(request))
    permissions.require_decider(person(request), application)
    context = list_tables.question(application, approve=what == "approve")
    full, fragment = "approvals/confirm.html", "components/dialog_confirm.html"
    return htmx.page(request, full, fragment, context)


@deciders_only
@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """Several at once: first the list and the question, then (`confirmed`) each decision for itself."""
    approve = request.POST.get("action") == "approve"
    items = chosen(request.POST.getlist("ids"))
    form = ReasonForm(request.POST if "confirmed" in request.POST else None)
    if "confirmed" not in request.POST or not (approve or form.is_valid()):
        return _bulk_question(request, items, form, approve=approve)
    reason = "" if approve else form.cleaned_data["reason"]
    outcomes = services.decide_many(items=items, approve=approve, reason=reason, by=person(request))
    context = {
        "outcomes": [outcome for outcome in outcomes if not outcome.ok],
        "done": sum(outcome.ok for outcome in outcomes),
        "back_url": tables.url("list"),
    }
    full, fragment = "approvals/bulk_done.html", "approvals/partials/_bulk_done_dialog.html"
    return htmx.trigger(htmx.page(request, full, fragment, context), refresh=SHOWN)


def _bulk_question(
    request: HttpRequest, items: list[tuple[int, int]], form: ReasonForm, *, approve: bool
) -> HttpResponse:
    if len(items) > services.MAX_AT_ONCE:
        raise Invalid(_("At most %(n)s at once.") % {"n": services.MAX_AT_ONCE})
    rows = selectors.listed(viewer=viewer(request)).filter(pk__in=[pk for pk, _version in items])
    context = list_tables.bulk_question(list(rows), items, form, approve=approve)
    status = 200 if approve else form.http_status
    full, fragment = "approvals/confirm.html", "components/dialog_confirm.html"
    return htmx.page(request, full, fragment, context, status=status)
