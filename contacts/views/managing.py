"""What those who maintain a contact do with it: place, state, bin (matrix rows 23, 24, 27)."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from contacts import tables
from contacts.permissions import Role
from contacts.selectors.cards import Card
from contacts.selectors.identities import has_others
from contacts.services import people, places
from contacts.views.answers import changed, confirmed, left
from contacts.views.guards import on_contact, person
from orgs.models import Node
from orgs.views.guards import load as load_maintained

EDITABLE = ("GET", "HEAD", "POST")


def _chooser(request: HttpRequest, title: str) -> HttpResponse:
    """The chooser of nodes, which posts back here."""
    query = {"name": "node", "title": title, "action": request.path}
    return redirect(f"{reverse('orgs:node-picker')}?{urlencode(query)}")


def _target(request: HttpRequest) -> Node | None:
    pk = tables.number(request.POST.get("node", ""))
    return load_maintained(request, pk) if pk else None


@require_http_methods(EDITABLE)
@on_contact(Role.MAIN_MAINTAINER)
def move(request: HttpRequest, card: Card) -> HttpResponse:
    """Another main place."""
    node = _target(request)
    if node is None:
        return _chooser(request, _("Move %(name)s to…") % {"name": card.contact.name})
    places.move(by=person(request), contact=card.contact, node=node)
    return changed(request, card.contact, _("Moved to “%(node)s”") % {"node": node.name})


@require_http_methods(EDITABLE)
@on_contact(Role.MAIN_MAINTAINER)
def membership_add(request: HttpRequest, card: Card) -> HttpResponse:
    """A further place."""
    node = _target(request)
    if node is None:
        return _chooser(request, _("Add %(name)s to…") % {"name": card.contact.name})
    places.add_membership(by=person(request), contact=card.contact, node=node)
    return changed(request, card.contact, _("Added to “%(node)s”") % {"node": node.name})


@require_POST
@on_contact(Role.MAINTAINER)
def membership_remove(request: HttpRequest, card: Card, node_id: int) -> HttpResponse:
    """Out of a further place."""
    name = next((known.node.name for known in card.places if known.node.pk == node_id), "")
    node = Node(pk=node_id, name=name)
    places.remove_membership(by=person(request), contact=card.contact, node=node)
    return changed(request, card.contact, _("Taken out of “%(node)s”") % {"node": node.name})


@require_POST
@on_contact(Role.MAIN_MAINTAINER)
def membership_main(request: HttpRequest, card: Card, node_id: int) -> HttpResponse:
    """A further place becomes the main one."""
    node = load_maintained(request, node_id)
    places.make_main(by=person(request), contact=card.contact, node=node)
    said = _("“%(node)s” is the main place now") % {"node": node.name}
    return changed(request, card.contact, said)


@require_http_methods(EDITABLE)
@on_contact(Role.MAIN_MAINTAINER)
def disable(request: HttpRequest, card: Card) -> HttpResponse:
    """停用."""
    name = {"name": card.contact.name}
    return confirmed(
        request, card.contact,
        lambda: places.set_enabled(by=person(request), contact=card.contact, enabled=False),
        said=_("%(name)s is disabled") % name, title=_("Disable %(name)s?") % name,
        consequences=[
            _("Staff no longer see this contact; you still do"),
            _("The login stays for the other organizations of this person")
            if has_others(card.contact)
            else _("The external account cannot log in, and its sessions end at once"),
            _("A pending application lapses"),
            _("Nothing is lost: enabling brings all of it back"),
        ],
        submit=_("Disable"), style="danger",
    )  # fmt: skip


@require_http_methods(EDITABLE)
@on_contact(Role.MAIN_MAINTAINER)
def enable(request: HttpRequest, card: Card) -> HttpResponse:
    """启用."""
    name = {"name": card.contact.name}
    return confirmed(
        request, card.contact,
        lambda: places.set_enabled(by=person(request), contact=card.contact, enabled=True),
        said=_("%(name)s is enabled") % name, title=_("Enable %(name)s?") % name,
        consequences=[_("Old sessions, links and unread first passwords stay ended")],
        submit=_("Enable"), style="primary",
    )  # fmt: skip


@require_http_methods(EDITABLE)
@on_contact(Role.MAIN_MAINTAINER)
def delete(request: HttpRequest, card: Card) -> HttpResponse:
    """Into the bin."""
    name = {"name": card.contact.name}
    if request.method == "POST":
        people.delete(by=person(request), contact=card.contact)
        return left(
            request, reverse("contacts:index"), _("%(name)s is in the bin for 30 days") % name
        )
    return confirmed(
        request, card.contact, lambda: None, said="", title=_("Delete %(name)s?") % name,
        consequences=[
            _("It can be restored from the bin for 30 days"),
            _("The external account is closed first; it does not come back"),
            _("A pending application lapses"),
        ],
        submit=_("Delete"), style="danger",
    )  # fmt: skip
