"""Back office: to whom an app is open (SPEC POR-3; matrix row 43). Holders and administrators only."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.adapter import safe_next
from accounts.views.picker import NAME
from contacts.models import Contact
from core import htmx
from core.errors import Hidden
from core.ui import Picker
from orgs.views.asking import attempt
from orgs.views.guards import asked
from portal import console, permissions, rule, selectors, services
from portal.forms import OpeningForm
from portal.models import App
from portal.views.guards import person

PICKER = "contact-picker"
LIMIT = 30


@require_http_methods(["GET", "HEAD", "POST"])
def openings(request: HttpRequest, app_id: int) -> HttpResponse:
    """Who has the app, the form that changes it, and the answer for the `contact` of the address."""
    permissions.require_registry(person(request))
    app = get_object_or_404(App, pk=app_id)
    form = OpeningForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _opened(request, app, form):
        return _done(request, app)
    context = console.openings(app, selectors.openings(app), form, rule.count(app.pk))
    context["answer"] = _answer(request, app)
    return render(request, "portal/openings.html", context, status=form.http_status)


def _opened(request: HttpRequest, app: App, form: OpeningForm) -> Any:
    given = form.cleaned_data
    return attempt(
        form,
        lambda: services.open_app(
            by=person(request), app_id=app.pk, to=form.targets, exclude=given["how"] == "exclude",
            desktop=given["desktop"], phone=given["phone"],
        ),
    )  # fmt: skip


def _done(request: HttpRequest, app: App) -> HttpResponse:
    """Says for how many the app is open now."""
    messages.success(request, f"{_('Saved')} · {console.sentence(app, rule.count(app.pk))}")
    return htmx.done(request, reverse("portal-console:openings", args=[app.pk]))


def _answer(request: HttpRequest, app: App) -> console.Explained | None:
    given = request.GET.get("contact", "")
    if not given:
        return None
    number = int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else 0
    contact = Contact.objects.alive().filter(pk=number).first()
    if contact is None:
        raise Hidden(_("There is no such person."))
    return console.explained(app, selectors.explain(app, contact))


@require_POST
def close(request: HttpRequest, app_id: int, opening_id: int) -> HttpResponse:
    """Takes one line back."""
    permissions.require_registry(person(request))
    services.close(by=person(request), app_id=app_id, opening_id=opening_id)
    return _done(request, get_object_or_404(App, pk=app_id))


@require_safe
def picker(request: HttpRequest) -> HttpResponse:
    """Chooser of external contacts. Query: name, multiple, into ("#field") or action."""
    permissions.require_registry(person(request))
    name, into = request.GET.get("name", ""), request.GET.get("into", "").removeprefix("#")
    shown = Picker(
        id=PICKER, title=_("Choose external contacts"), search_url=reverse("portal-console:people-results"),
        name=name if NAME.fullmatch(name) else "contacts", multi=request.GET.get("multiple", "1") != "0",
        results=selectors.contacts_found(person(request), "", LIMIT), into=f"#{into}" if NAME.fullmatch(into) else "",
        action=safe_next(request, request.GET.get("action")),
    )  # fmt: skip
    return render(request, "components/picker_dialog.html", {"picker": shown})


@require_safe
def results(request: HttpRequest) -> HttpResponse:
    """What the search inside the chooser answers."""
    permissions.require_registry(person(request))
    q = asked(request)
    found = selectors.contacts_found(person(request), q, LIMIT + 1)
    context = {"results": found[:LIMIT], "more": len(found) > LIMIT, "q": q, "picker_id": PICKER}
    return render(request, "components/picker_results.html", context)
