"""Who sees a contact, and why a certain person does or does not (SPEC VIS-3, matrix row 28)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from contacts import reason_words, tables
from contacts.forms import WhoForm
from contacts.permissions import Role
from contacts.selectors import reasons
from contacts.selectors.cards import Card
from contacts.views.guards import on_contact, viewer
from core.errors import Hidden


@require_safe
@on_contact(Role.MAINTAINER, say_why=True)
def why(request: HttpRequest, card: Card) -> HttpResponse:
    """Those who see the contact, the first fifty by name, and the answer for the `person` of the address."""
    contact, mine = card.contact, viewer(request)
    user = _asked(request)
    seen = reasons.seen_by(mine, contact)
    answer = reasons.explain(mine, user, contact) if user else None
    context = {
        "contact": contact,
        "card_url": tables.contact_url(contact),
        "form": WhoForm(initial={"person": user and user.pk}),
        "answer": answer,
        "lines": reason_words.lines(mine, answer, contact) if answer else [],
        "total": seen.total,
        "people": reason_words.people(seen, contact),
    }
    return render(request, "contacts/why_page.html", context)


def _asked(request: HttpRequest) -> User | None:
    given = request.GET.get("person", "")
    if not given:
        return None
    asked = tables.number(given)
    user: User | None = User.objects.staff().filter(pk=asked).first() if asked else None
    if user is None:
        raise Hidden(_("There is no such person."))
    return user
