"""权限设置 and 共享 of a contact (SPEC CON-3; matrix row 20): added by a chooser, taken out one by one."""

from collections.abc import Sequence

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.selectors import picked
from contacts.permissions import Role
from contacts.selectors.cards import Card
from contacts.services import sharing
from contacts.services.sharing import Holder
from contacts.views.answers import changed
from contacts.views.guards import on_contact, person


def _chosen(request: HttpRequest) -> Sequence[Holder]:
    found = picked(request.POST.getlist("people")[:200])
    return [*found.departments, *found.users]


@require_POST
@on_contact(Role.EDITOR)
def share_add(request: HttpRequest, card: Card, level: str) -> HttpResponse:
    """Shares with the chosen people and departments; `level` is view or edit."""
    if level not in sharing.LEVELS:
        raise Http404
    for holder in _chosen(request):
        sharing.share(by=person(request), contact=card.contact, to=holder, level=level)
    return changed(request, card.contact, _("Shared"), tab="rights")


@require_POST
@on_contact(Role.EDITOR)
def share_remove(request: HttpRequest, card: Card) -> HttpResponse:
    """Takes shares away."""
    for holder in _chosen(request):
        sharing.unshare(by=person(request), contact=card.contact, to=holder)
    return changed(request, card.contact, _("No longer shared"), tab="rights")


@require_POST
@on_contact(Role.EDITOR)
def staff_add(request: HttpRequest, card: Card) -> HttpResponse:
    """Lets the person see the chosen staff and departments."""
    for holder in _chosen(request):
        sharing.add_visible_staff(by=person(request), contact=card.contact, to=holder)
    return changed(request, card.contact, _("Added"), tab="rights")


@require_POST
@on_contact(Role.EDITOR)
def staff_remove(request: HttpRequest, card: Card) -> HttpResponse:
    """Takes them out."""
    for holder in _chosen(request):
        sharing.remove_visible_staff(by=person(request), contact=card.contact, to=holder)
    return changed(request, card.contact, _("Removed"), tab="rights")
