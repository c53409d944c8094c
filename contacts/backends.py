"""user.has_perm(permission, object) answers as the querysets do (DESIGN part 4, tested)."""

from typing import Any

from contacts.models import Contact
from contacts.permissions import has_contact_perm
from orgs.models import Node
from orgs.permissions import has_node_perm


class DirectoryBackend:
    """Object permissions on nodes and contacts. Without an object the answer is always no (SECURITY T02)."""

    def authenticate(self, request: Any, **credentials: Any) -> None:
        """Logs nobody in."""
        return

    def has_perm(self, user: Any, perm: str, obj: Any = None) -> bool:
        """True when `user` holds `perm` ("orgs.maintain_node", "contacts.edit_contact", …) on `obj`."""
        app, _, codename = perm.partition(".")
        if app == "orgs" and isinstance(obj, Node):
            return has_node_perm(user, codename, obj)
        if app == "contacts" and isinstance(obj, Contact):
            return has_contact_perm(user, codename, obj)
        return False
