"""How a contact is reached in the back office: by those who maintain it; the address book is another door."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse

from contacts.permissions import Role
from contacts.selectors.cards import Card
from contacts.views.guards import followed, load
from core.errors import Hidden

P = ParamSpec("P")
CardView = Callable[Concatenate[HttpRequest, Card, P], HttpResponse]


def on_contact(
    needs: Role = Role.MAINTAINER,
) -> Callable[[CardView[P]], Callable[..., HttpResponse]]:
    """Turns the `contact_id` of the address into the card for those who are at least `needs` to it.

    Whoever maintains only a further dimension reads why not; for everybody else the contact is missing.
    """

    def decorate(view: CardView[P]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def loaded(
            request: HttpRequest, /, contact_id: int, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponse:
            try:
                found = load(request, contact_id, needs)
            except Hidden:
                return followed(request, contact_id=contact_id)
            return view(request, found, *args, **kwargs)

        return loaded

    return decorate
