"""Merging two entries of one person (SPEC CON-4; matrix row 24): find the other, compare, choose, merge."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from contacts import console_merge, console_page, tables
from contacts.permissions import Role
from contacts.selectors import merging
from contacts.selectors.cards import Card
from contacts.services import merge as merging_service
from contacts.views.answers import left
from contacts.views.console_guards import on_contact
from contacts.views.guards import load, person, viewer
from core.errors import Conflict, Invalid
from orgs.views.guards import asked

PICKS = ("mine", "other", "both")


@require_http_methods(["GET", "HEAD", "POST"])
@on_contact(Role.MAIN_MAINTAINER)
def merge(request: HttpRequest, card: Card) -> HttpResponse:
    """Without `other` the candidates; with it the comparison, which is posted with what was chosen."""
    given = request.POST.get("other") or request.GET.get("other", "")
    if not given:
        context = console_merge.choosing(viewer(request), card, asked(request))
        return render(request, "contacts/console/merge_find.html", context)
    other = load(request, tables.number(given) or 0, Role.MAIN_MAINTAINER)
    if request.method != "POST":
        return _compare(request, card, other)
    try:
        merging_service.merge(
            by=person(request), contact=card.contact, other=other.contact, picks=_picks(request),
            stamp=request.POST.get("stamp", ""),
        )  # fmt: skip
    except (Conflict, Invalid) as error:
        return _compare(request, card, other, problem=str(error), status=error.status)
    return _merged(request, card, other)


def _picks(request: HttpRequest) -> dict[str, str]:
    given = {key: request.POST.get(f"pick_{key}", "") for key in merging.FIELDS}
    return {key: pick for key, pick in given.items() if pick in PICKS}


def _compare(
    request: HttpRequest, card: Card, other: Card, *, problem: str = "", status: int = 200
) -> HttpResponse:
    picks = _picks(request) if problem else {}
    context = console_merge.comparing(card, other, picks, problem)
    return render(request, "contacts/console/merge.html", context, status=status)


def _merged(request: HttpRequest, card: Card, other: Card) -> HttpResponse:
    places = card.contact.memberships.count()
    said = console_merge.said(card.contact, other.contact, places)
    return left(request, console_page.url(card.contact), said)
