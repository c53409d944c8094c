"""Context processor: as whom an external person acts, for the menu at the avatar and for whatever the page sends."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from contacts.selectors.identities import identities_of
from portal import tables


def identity(request: HttpRequest) -> dict[str, object]:
    """`acting_as`: for which identity the page is drawn; `me_as`: name, place and the others, asked for only where they
    are shown.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not user.is_external:
        return {}
    return {
        "acting_as": str(user.acts_as or ""),
        "me_as": SimpleLazyObject(lambda: tables.identity_menu(identities_of(user), user.acts_as)),
    }
