"""Entry of the audit trail in the back office."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from contacts.views.guards import viewer
from core.nav import CONSOLE, NavItem


def items(request: HttpRequest) -> Iterable[NavItem]:
    """For whoever may read some of it."""
    user = request.user
    if not user.is_authenticated or user.is_external or not viewer(request).scope.maintains_any:
        return
    yield NavItem(
        "audit", _("Audit trail"), reverse("trail:list"), "history", CONSOLE, _("Account security"), 430
    )  # fmt: skip
