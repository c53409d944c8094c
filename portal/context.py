"""Context processor: under whose organization an external person acts, for the menu at the avatar."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from core.errors import Denied
from portal import selectors


def identity(request: HttpRequest) -> dict[str, object]:
    """`identity_label`, asked for only where it is shown."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not user.is_external:
        return {}

    def label() -> str:
        try:
            return selectors.label_of(selectors.identity_of(user))
        except Denied:
            return ""

    return {"identity_label": SimpleLazyObject(label)}
