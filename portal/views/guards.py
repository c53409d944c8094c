"""As whom the visitor acts, and what is open to him. The gate (portal.middleware) has let nobody else in."""

from collections.abc import Mapping

from django.http import HttpRequest

from accounts.views.guards import person
from contacts.models import Contact
from contacts.permissions import identity_of
from portal import rule, selectors
from portal.rule import Surface

__all__ = ["apps", "identity", "person"]


def identity(request: HttpRequest) -> Contact:
    """The active identity, read once per request."""
    known: Contact | None = getattr(request, "portal_identity", None)
    if known is None:
        known = selectors.identity_of(person(request))
        request.portal_identity = known  # type: ignore[attr-defined]  # ours, for this request alone
    return known


def apps(request: HttpRequest) -> Mapping[str, Surface]:
    """The apps open to the active identity by key, read once per request; none without a usable identity."""
    known: Mapping[str, Surface] | None = getattr(request, "portal_apps", None)
    if known is None:
        pk = identity_of(person(request))
        known = rule.open_to(pk) if pk else {}
        request.portal_apps = known  # type: ignore[attr-defined]  # as above
    return known
