"""我的身份: which there are, as which one acts, and what is asked about further ones (SPEC ACC-1)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from contacts.models import IdentityOffer
from contacts.selectors.identities import Offer, offers_to
from contacts.services import identities
from core import htmx
from core.errors import Hidden
from portal.views.guards import person

SAID = {
    IdentityOffer.Status.ACCEPTED: (
        messages.SUCCESS,
        gettext_lazy("The identity was added. Switch to it at your name."),
    ),
    IdentityOffer.Status.REFUSED: (
        messages.INFO,
        gettext_lazy("You said that it is not you. Nothing was added."),
    ),
    IdentityOffer.Status.LAPSED: (
        messages.WARNING,
        gettext_lazy("This question has lapsed meanwhile. Nothing was added."),
    ),
}


@require_safe
def identity_list(request: HttpRequest) -> HttpResponse:
    """All identities of the login, and the open questions."""
    return render(request, "portal/identities.html", {"offers": offers_to(person(request))})


@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Acts as another identity from now on; the page of the former one leads nowhere, so: home."""
    wanted = request.POST.get("identity", "")
    pk = int(wanted) if wanted.isdecimal() and len(wanted) < 16 else 0
    contact = identities.switch(by=person(request), identity_id=pk, session=request.session)
    messages.success(request, _("You now act as %(name)s") % {"name": contact.name})
    return htmx.done(request, reverse("portal:home"))


@require_http_methods(["GET", "HEAD", "POST"])
def offer(request: HttpRequest, offer_id: int) -> HttpResponse:
    """One question, and the answer to it."""
    if request.method != "POST":
        return render(request, "portal/identity_offer.html", {"offer": _offer(request, offer_id)})
    agree = request.POST.get("answer") == "yes"
    read = request.POST.get("organization", "")
    row = identities.answer(by=person(request), offer_id=offer_id, agree=agree, organization=read)
    messages.add_message(request, *SAID[IdentityOffer.Status(row.status)])
    return htmx.done(request, reverse("portal:identities"))


def _offer(request: HttpRequest, offer_id: int) -> Offer:
    for one in offers_to(person(request)):
        if one.row.pk == offer_id:
            return one
    raise Hidden(_("There is no such question."))
