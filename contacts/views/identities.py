"""已有账号的同一人: asking the person of an account whether a contact is he, too (SPEC ACC-1; matrix row 41)."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from contacts.forms import SamePersonForm
from contacts.permissions import Role
from contacts.selectors.cards import Card
from contacts.selectors.identities import candidates
from contacts.services import identities
from contacts.tables import Here
from contacts.views.answers import changed, confirmed
from contacts.views.guards import on_contact, person
from orgs.views.asking import form_dialog

EDITABLE = ("GET", "HEAD", "POST")


def _back(card: Card) -> str:
    return Here().url(card_id=card.contact.pk, tab="account")


@require_http_methods(EDITABLE)
@on_contact(Role.MAIN_MAINTAINER)
def same_person(request: HttpRequest, card: Card) -> HttpResponse:
    """Whoever has the same number or address is offered; others are found by their whole login name or mobile."""
    by, contact, word = person(request), card.contact, request.POST.get("word", "").strip()
    form = SamePersonForm(request.POST or None, known=candidates(by=by, contact=contact, word=word))
    if request.method == "POST" and form.is_valid():
        identities.offer(by=by, contact=contact, through=form.chosen)
        said = _("The person behind %(name)s is asked") % {"name": contact.name}
        return changed(request, contact, said, tab="account")
    title = _("Which account belongs to %(name)s?") % {"name": contact.name}
    return form_dialog(request, form, title=title, submit=_("Ask the person"), back_url=_back(card))


@require_http_methods(EDITABLE)
@on_contact(Role.MAIN_MAINTAINER)
def withdraw(request: HttpRequest, card: Card) -> HttpResponse:
    """Takes the question back."""
    contact = card.contact
    return confirmed(
        request, contact, lambda: identities.withdraw(by=person(request), contact=contact),
        said=_("The question is withdrawn"), tab="account",
        title=_("No longer ask the person behind %(name)s?") % {"name": contact.name},
        submit=_("Withdraw"), style="danger",
    )  # fmt: skip
