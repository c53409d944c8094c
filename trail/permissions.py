"""Who reads the audit trail and who exports it (SECURITY T19; matrix rows 55, 57)."""

from typing import Any

from django.utils.translation import gettext as _

from accounts.permissions import is_admin
from core.errors import Denied
from orgs.permissions import Scope, scope_of


def require_reader(user: Any) -> Scope:
    """The scope of somebody who may read: administrators all of it, holders and maintainers what concerns their
    dimensions. Raises Denied for everybody else.
    """
    scope = scope_of(user)
    if not scope.maintains_any:
        raise Denied(_("Only maintainers, holders and administrators read the audit trail."))
    return scope


def require_administrator(user: Any) -> None:
    """Raises Denied for everybody who may not export the trail or see whether it is whole."""
    if not is_admin(user):
        raise Denied(_("Only system administrators export the audit trail and check it."))
