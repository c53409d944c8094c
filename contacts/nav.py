"""Entries of contacts: the address book on top, the bin in the back office."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse
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
    yield NavItem(
        "imports", _("Imports and exports"), reverse("contacts:import-list"), "file-spreadsheet", CONSOLE,
        str(group), 150, match=(reverse("contacts:export-list"),),
    )  # fmt: skip
    yield NavItem(
        "jobs", _("My jobs"), reverse("contacts:job-list"), "list-check", CONSOLE, str(group), 155,
        match=("/console/bulk/",),
    )  # fmt: skip
    yield NavItem("bin", _("Bin"), reverse("contacts:bin"), "trash", CONSOLE, str(group), 160)
