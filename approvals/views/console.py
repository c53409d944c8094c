"""Back office 账号安全 › 外部账号开通申请 (matrix rows 37, 39)."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from approvals import permissions, selectors, services, tables
from approvals.forms import ReasonForm, chosen
from approvals.models import Application
from approvals.views.card import SHOWN, show
from approvals.views.guards import deciders_only, person, viewer
from core import htmx
from core.errors import Invalid
from core.ui import Column, Crumb, Fact, Pager, Tab

PAGE = 20
LIST = "#applications"


@deciders_only
@require_safe
def application_list(request: HttpRequest) -> HttpResponse:
    """Applications by state, with search; twenty a page."""
    status, q = request.GET.get("status", "pending"), request.GET.get("q", "")[:100].strip()
    status = status if status in selectors.TABS else "pending"
    me = viewer(request)
    pages = Paginator(selectors.listed(viewer=me, status=status, q=q), PAGE)
    page = pages.get_page(request.GET.get("page"))
    context = {
        "rows": _rows(request, list(page)),
        "columns": _columns(),
        "tabs": _tabs(status, q, selectors.counts(viewer=me, q=q)),
        "pager": Pager(
            total=pages.count,
            page=page.number,
            pages=pages.num_pages,
            target=LIST,
            unit=_("applications"),
        ),
        "q": q,
        "filter": _filter(status, q),
        "crumbs": [Crumb(_("Administration")), Crumb(_("Account security"))],
        "buttons": _buttons(),
        "empty": _empty(status, q),
    }
    return htmx.page(request, "approvals/list.html", "approvals/partials/_list.html", context)


def _rows(request: HttpRequest, page: list[Application]) -> list[tables.Row]:
    ids = [row.pk for row in page if row.status == Application.Status.PENDING]
    decidable = Application.objects.decidable_by(viewer(request)).filter(pk__in=ids)
    return tables.rows(page, person(request), set(decidable.values_list("pk", flat=True)))


def _columns() -> list[Column]:
    return [
        Column(_("Contact")),
        Column(_("External organization")),
        Column(_("Remark")),
        Column(_("Applicant")),
        Column(_("Date of application")),
        Column(_("State")),
        Column(_("Actions"), css="c-op"),
    ]


def _address(**query: str) -> str:
    given = {key: value for key, value in query.items() if value}
    return tables.url("list") + (f"?{urlencode(given)}" if given else "")


def _tabs(status: str, q: str, counts: dict[str, int]) -> list[Tab]:
    labels = {
        "pending": _("Waiting for approval"),
        "approved": _("Approved"),
        "refused": _("Refused"),
        "withdrawn": _("Withdrawn"),
        "lapsed": _("Lapsed"),
        "all": _("All"),
    }
    return [
        Tab(label, _address(status=key, q=q), key == status, counts[key], LIST)
        for key, label in labels.items()
    ]


def _filter(status: str, q: str) -> dict[str, Any]:
    return {
        "action": _address(status=status),
        "q": q,
        "status": status,
        "reset_url": _address(status=status) if q else "",
    }


def _buttons() -> list[tuple[str, str, str]]:
    return [("approve", _("Approve"), "primary"), ("refuse", _("Refuse"), "danger-line")]


def _empty(status: str, q: str) -> dict[str, str]:
    if q:
        return {"kind": "match", "title": "", "text": ""}
    if status == "pending":
        return {
            "kind": "none",
            "title": _("Nothing waits for approval"),
            "text": _("Applications of your dimensions appear here and in your messages."),
        }
    return {"kind": "none", "title": _("No such applications yet"), "text": ""}


@require_safe
def badge(request: HttpRequest) -> HttpResponse:
    """How many wait for this person, for the side navigation."""
    count = 0 if person(request).is_external else selectors.waiting_for(viewer(request))
    context = {"count": count, "label": _("Waiting for approval")}
    return render(request, "components/badge.html", context)


@deciders_only
@require_safe
def detail(request: HttpRequest, application_id: int) -> HttpResponse:
    """One application with its course of events."""
    application = selectors.visible(application_id=application_id, user=person(request))
    return show(request, tables.card(application, person(request), view="steps"), view="dialog")


@deciders_only
@require_safe
def confirm(request: HttpRequest, application_id: int, what: str) -> HttpResponse:
    """The question before 同意, the reason for 拒绝; the answer goes to the same address as that of a card."""
    application = selectors.visible(application_id=application_id, user=person(request))
    permissions.require_decider(person(request), application)
    approve = what == "approve"
    contact = application.contact
    context = {
        "application": application,
        "title": (_("Approve the account of %(name)s?") if approve else _("Refuse the account of %(name)s"))
        % {"name": contact.name},
        "facts": [
            Fact(_("Contact"), f"{contact.name} · {selectors.place_of(contact)}"),
            Fact(_("Applicant"), application.applicant.name),
            Fact(_("Remark"), application.remark),
        ],
        "consequences": [tables.channel_of(application), _("The applicant is told.")],
        "form": None if approve else ReasonForm(),
        "hidden": [("approve", "1" if approve else "0"), ("version", contact.version), ("view", "dialog")],
        "action": tables.url("decide", application.pk),
        "submit": _("Approve") if approve else _("Refuse"),
        "style": "primary" if approve else "danger",
        "back_url": tables.url("list"),
    }  # fmt: skip
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
    ids = [pk for pk, _version in items]
    rows = selectors.listed(viewer=viewer(request)).filter(pk__in=ids)
    names = [f"{row.contact.name} · {row.number}" for row in rows]
    title = _("Approve %(n)s applications?") if approve else _("Refuse %(n)s applications")
    context = {
        "title": title % {"n": len(names)},
        "consequences": [*names[:20], *(["…"] if len(names) > 20 else [])],
        "form": None if approve else form,
        "hidden": [
            ("action", "approve" if approve else "refuse"), ("confirmed", "1"),
            *(("ids", f"{pk}:{version}") for pk, version in items),
        ],
        "action": reverse("approvals:bulk"),
        "submit": _("Approve") if approve else _("Refuse"),
        "style": "primary" if approve else "danger",
        "back_url": tables.url("list"),
    }  # fmt: skip
    full, fragment = "approvals/confirm.html", "components/dialog_confirm.html"
    return htmx.page(request, full, fragment, context, status=form.http_status)
