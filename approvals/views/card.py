"""The card of one application and its decision: the same in a conversation and in the back office (SPEC APR-3)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.views.guards import person, staff_only
from approvals import selectors, services, tables
from approvals.forms import DecisionForm
from approvals.tables import Card
from core import htmx
from core.errors import Conflict, Invalid
from core.ui import Crumb

# What shows states or counts of applications: the list, the panel of a contact, the badge in the side navigation.
SHOWN = "#applications,[data-account-panel],.side [data-poll],tr[data-row].on"


@staff_only
@require_safe
def card(request: HttpRequest, application_id: int) -> HttpResponse:
    """The card; 204 for a page that shows it already as it is."""
    application = selectors.visible(application_id=application_id, user=person(request))
    view = "steps" if request.GET.get("view") == "steps" else "card"
    found = tables.card(application, person(request), view=view)
    if htmx.is_fragment(request) and request.GET.get("look") == found.look:
        return _vary(HttpResponse(status=204))
    return show(request, found)


def show(
    request: HttpRequest, found: Card, *, view: str = "", status: int = 200, office: bool = False
) -> HttpResponse:
    """The card as fragment or dialog, or the page around it: of the back office, or of the applicant."""
    if not htmx.is_fragment(request):
        template = "approvals/detail.html"
    elif view == "dialog":
        template = "approvals/partials/_detail_dialog.html"
    else:
        template = "approvals/partials/_card.html"
    return _vary(
        render(
            request,
            template,
            {"card": found, **_frame(request, found, office=office)},
            status=status,
        )
    )


def _frame(request: HttpRequest, found: Card, *, office: bool) -> dict[str, object]:
    """Navigation of the page and the way back to the list it was opened from."""
    here = Crumb(found.application.number)
    if office:
        back = Crumb(_("Applications for accounts"), tables.url("list"))
        return {"base": "base_console.html", "crumbs": [back, here]}
    if found.application.applicant_id != person(request).pk:
        return {}
    crumbs = [Crumb(_("My applications"), tables.url("mine")), here]
    return {"crumbs": crumbs, "actions": tables.applicant_actions(found.application)}


def _vary(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["HX-Request"])
    return response


@staff_only
@require_POST
def decide(request: HttpRequest, application_id: int) -> HttpResponse:
    """同意 or 拒绝. Whoever comes second gets 409 with the card as it is now, and nothing is lost."""
    me = person(request)
    application = selectors.visible(application_id=application_id, user=me)
    values = DecisionForm(request.POST).values()
    view = values.pop("view")
    shown = "steps" if view == "dialog" else view
    try:
        services.decide(application_id=application.pk, by=me, **values)
    except Conflict as error:
        return show(request, _now(application.pk, me, shown, error), view=view, status=409)
    except Invalid as error:
        found = tables.card(application, me, view=shown)
        wrong = found.refused_words(str(error), values["reason"])
        return show(request, wrong, view=view, status=422)
    if not htmx.is_fragment(request):
        return htmx.done(request, tables.url("application-card", application.pk))
    return htmx.trigger(show(request, _now(application.pk, me, shown), view=view), refresh=SHOWN)


def _now(application_id: int, me: User, view: str, error: Conflict | None = None) -> Card:
    fresh = selectors.visible(application_id=application_id, user=me)
    words, details = (str(error), error.details) if error else ("", [])
    return tables.card(fresh, me, view=view, error=words, details=details)
