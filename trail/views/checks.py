"""链完整性: asking for a walk over the chain, and how it ended (matrix row 57)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.views.guards import person, staff_only
from core import htmx
from trail import permissions, selectors, services, tables


@require_POST
@staff_only
def check(request: HttpRequest) -> HttpResponse:
    """Has the chain checked now."""
    services.check(by=person(request))
    return htmx.done(request, reverse("trail:list"))


@require_safe
@staff_only
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """How one walk ended, as a notification shows it."""
    permissions.require_administrator(person(request))
    found = get_object_or_404(selectors.checks(), pk=pk)
    context = {"chain": tables.result(found), "pk": pk}
    return htmx.page(request, "trail/check.html", "trail/partials/_chain.html", context)
