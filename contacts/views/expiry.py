"""The card of an account that expires: it is renewed in place (SPEC ACC-4, IM-4; matrix rows 19, 41)."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from contacts import expiry_words
from contacts.expiry_words import ExpiryCard
from contacts.forms import RenewForm
from contacts.models import ExpiryNotice
from contacts.permissions import Role
from contacts.services import accounts
from contacts.services.shared import missing
from contacts.views.guards import load, person, staff_only
from core import htmx
from core.errors import Conflict, Invalid


@staff_only
@require_safe
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """The card; 204 for a page that shows it already as it is."""
    found = _card(request, pk)
    if htmx.is_fragment(request) and request.GET.get("look") == found.look:
        response = HttpResponse(status=204)
        patch_vary_headers(response, ["HX-Request"])
        return response
    return _show(request, found)


@staff_only
@require_POST
def renew(request: HttpRequest, pk: int) -> HttpResponse:
    """Sets a new end. Whoever comes second gets 409 with the card as it is now."""
    notice = _notice(pk)
    contact = load(request, notice.contact_id, Role.MAIN_MAINTAINER).contact
    form, value = RenewForm(request.POST), request.POST.get("expires_on", "")[:20]
    if not form.is_valid():
        wrong = str(form.errors["expires_on"][0])
        return _show(request, _card(request, pk, field_error=wrong, value=value), status=422)
    try:
        accounts.set_expiry(
            by=person(request), contact=contact, expires_at=form.moment(),
            instead_of=notice.expires_at,
        )  # fmt: skip
    except Conflict as error:
        return _show(request, _card(request, pk, error=str(error)), status=409)
    except Invalid as error:
        again = _card(request, pk, field_error=str(error), value=value)
        return _show(request, again, status=422)
    if not htmx.is_fragment(request):
        return htmx.done(request, reverse("contacts:expiry-card", args=[pk]))
    return _show(request, _card(request, pk))


def _notice(pk: int) -> ExpiryNotice:
    notice = ExpiryNotice.objects.filter(pk=pk).first()
    if notice is None:
        raise missing()
    return notice


def _card(request: HttpRequest, pk: int, **said: str) -> ExpiryCard:
    notice = _notice(pk)
    found = load(request, notice.contact_id, Role.EDITOR)
    return expiry_words.card(notice, found, person(request), **said)


def _show(request: HttpRequest, found: ExpiryCard, *, status: int = 200) -> HttpResponse:
    full, fragment = "contacts/expiry.html", "contacts/partials/_expiry.html"
    return htmx.page(request, full, fragment, {"expiry": found}, status=status)
