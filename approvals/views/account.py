"""账号信息 of a contact's card: where the account stands, 申请开通, 催办, 撤回 (SPEC CON-3; matrix rows 19, 36, 38)."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from approvals import account_table, list_tables, selectors, services, tables
from approvals.forms import ApplyForm
from approvals.views.card import SHOWN
from contacts.models import Contact
from contacts.permissions import Allowed, Role, role_on
from contacts.services.shared import missing
from contacts.views.guards import person, staff_only, viewer
from core import htmx
from core.errors import Denied, Invalid


@dataclass(frozen=True, slots=True)
class Area:
    """A contact whose 账号信息 the viewer may see, and what he may do there."""

    contact: Contact
    allowed: Allowed


def load(request: HttpRequest, contact_id: int) -> Area:
    """Raises Hidden for a contact that does not exist for the viewer, or whose account is none of his business."""
    role = role_on(viewer(request), contact_id)
    if role < Role.EDITOR:
        raise missing()
    rows = Contact.objects.select_related("main_node__parent", "user")
    return Area(rows.get(pk=contact_id), Allowed(role))


@staff_only
@require_safe
def panel(request: HttpRequest, contact_id: int) -> HttpResponse:
    """The area as a fragment of the card, or as a page of its own."""
    area = load(request, contact_id)
    context = account_table.account(area.contact, area.allowed, person(request))
    if htmx.is_fragment(request) and request.GET.get("look") == context["look"]:
        return HttpResponse(status=204)
    full, fragment = "approvals/account.html", "approvals/partials/_account.html"
    return htmx.page(request, full, fragment, context)


PHRASES = (
    gettext_lazy("Annual framework purchasing"),
    gettext_lazy("Acceptance and reconciliation of a project"),
    gettext_lazy("Appointments for visits"),
)


@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest, contact_id: int) -> HttpResponse:
    """申请开通: a dialog, or a page of its own."""
    area = load(request, contact_id)
    if not area.allowed.apply:
        raise Denied(_("You may open this account directly."), code="opens_directly")
    form = ApplyForm(request.POST or None, initial={"remark": _former_remark(area.contact)})
    if request.method == "POST" and form.is_valid():
        try:
            services.apply(contact_id=contact_id, by=person(request), **form.cleaned_data)
        except Invalid as error:
            form.add_error(error.field, str(error))
        else:
            return _applied(request, contact_id)
    context = _dialog(area.contact, form)
    full, fragment = "approvals/apply.html", "approvals/partials/_apply_dialog.html"
    return htmx.page(request, full, fragment, context, status=form.http_status)


def _former_remark(contact: Contact) -> str:
    last = selectors.latest(contact)
    return last.remark if last is not None and last.status == "refused" else ""


def _dialog(contact: Contact, form: ApplyForm) -> dict[str, Any]:
    return {
        "contact": contact,
        "title": _("Apply for an external account"),
        "facts": account_table.contact_facts(contact),
        "form": form,
        "phrases": PHRASES,
        "action": tables.url("apply", contact.pk),
        "submit": _("Send the application"),
        "back_url": tables.url("account-panel", contact.pk),
    }


def _applied(request: HttpRequest, contact_id: int) -> HttpResponse:
    if not htmx.is_fragment(request):
        return htmx.done(request, tables.url("account-panel", contact_id))
    events = {"dialog-close": True, "toast": _("Application sent"), "refresh": SHOWN}
    return htmx.trigger(HttpResponse(status=204), **events)


@staff_only
@require_POST
def withdraw(request: HttpRequest, application_id: int) -> HttpResponse:
    """撤回 by the applicant."""
    selectors.visible(application_id=application_id, user=person(request))
    services.withdraw(application_id=application_id, by=person(request))
    return _done(request, application_id, _("Application withdrawn"))


@staff_only
@require_POST
def remind(request: HttpRequest, application_id: int) -> HttpResponse:
    """催办 by the applicant, once a day."""
    selectors.visible(application_id=application_id, user=person(request))
    services.remind(application_id=application_id, by=person(request))
    return _done(request, application_id, _("Reminder sent"))


def _done(request: HttpRequest, application_id: int, toast: str) -> HttpResponse:
    if not htmx.is_fragment(request):
        return htmx.done(request, tables.url("application-card", application_id))
    return htmx.trigger(HttpResponse(status=204), toast=toast, refresh=SHOWN)


@staff_only
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """我的申请, newest first."""
    status = request.GET.get("status", "")
    status = status if status in selectors.TABS else ""
    context = list_tables.mine(person(request), status=status, page=request.GET.get("page"))
    full, fragment = "approvals/mine.html", "approvals/partials/_mine.html"
    return render(request, fragment if htmx.is_fragment(request) else full, context)
