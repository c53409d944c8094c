"""Entries of contacts: the address book on top, the bin in the back office."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from contacts.views.guards import viewer
from core.nav import CONSOLE, TOP, NavItem


def items(request: HttpRequest) -> Iterable[NavItem]:
    """What this person may open."""
    user = request.user
    if not user.is_authenticated or user.is_external:
        return
    yield NavItem(
        "contacts", _("Address book"), reverse("contacts:index"), "address-book", TOP, order=10
    )
    if viewer(request).scope.maintains_any:
        group = _("Organization structure")
        yield from _console(group)


def _console(group: object) -> Iterable[NavItem]:
    for key, label, name, icon, order in (
        ("imports", _("Imports and exports"), "contacts:import-list", "file-spreadsheet", 150),
        ("bin", _("Bin"), "contacts:bin", "trash", 160),
    ):
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        yield NavItem(key, label, url, icon, CONSOLE, str(group), order)
