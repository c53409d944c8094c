"""As whom the visitor acts. The gate (portal.middleware) has let nobody else in."""

from django.http import HttpRequest

from accounts.views.guards import person
from contacts.models import Contact
from portal import selectors

__all__ = ["identity", "person"]


def identity(request: HttpRequest) -> Contact:
    """The active identity, read once per request."""
    known: Contact | None = getattr(request, "portal_identity", None)
    if known is None:
        known = selectors.identity_of(person(request))
        request.portal_identity = known  # type: ignore[attr-defined]  # ours, for this request alone
    return known
