"""What a view answers after something was done to a contact, and how it asks before."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from contacts.models import Contact
from contacts.tables import Here
from core import htmx
from core.errors import Invalid, UserError
from orgs.views.asking import ask

# Everything on a page that shows a contact listens to this (see templates/contacts/partials).
PARTS = "#card-refetch,#row-{pk},#console-refetch"


def changed(
    request: HttpRequest, contact: Contact, said: str, *, tab: str = "basic"
) -> HttpResponse:
    """Card and row are fetched again; without htmx back to the card."""
    if htmx.is_fragment(request):
        parts = PARTS.format(pk=contact.pk)
        return htmx.trigger(
            HttpResponse(status=204), **{"dialog-close": True}, toast=said, refresh=parts
        )
    messages.success(request, said)
    return htmx.done(request, Here().url(card_id=contact.pk, tab=tab))


def confirmed(
    request: HttpRequest,
    contact: Contact,
    act: Callable[[], Any],
    *,
    said: str,
    tab: str = "basic",
    **question: Any,
) -> HttpResponse:
    """Asks on GET and acts on POST; a refusal is shown in the question."""
    problem: UserError | None = None
    if request.method == "POST":
        try:
            act()
        except Invalid as error:
            problem = error
        else:
            return changed(request, contact, said, tab=tab)
    back = Here().url(card_id=contact.pk, tab=tab)
    return ask(request, {"back_url": back, "text": "", **question}, problem)


def left(request: HttpRequest, url: str, said: str) -> HttpResponse:
    """The contact is gone from where it was: the page goes to `url`."""
    messages.success(request, said)
    return htmx.done(request, url)
