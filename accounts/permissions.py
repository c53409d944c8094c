"""Who may manage people, departments and rights (SPEC ACC-6; matrix rows 7, 31, 58)."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts import hooks
from core.actors import Actor, SystemActor
from core.errors import Denied


def is_admin(actor: Actor | Any) -> bool:
    """An active system administrator, or a named part of the system (a command, a sync)."""
    if isinstance(actor, SystemActor):
        return True
    return bool(getattr(actor, "is_active", False) and getattr(actor, "is_superuser", False))


def require_admin(actor: Actor) -> None:
    """Raises Denied for everybody but administrators."""
    if not is_admin(actor):
        raise Denied(_("Only system administrators manage staff, departments and rights"))


def require_other(actor: Actor, user: Any) -> None:
    """Nobody edits his own rights or ends his own account (SECURITY T25). Raises Denied."""
    if getattr(actor, "pk", None) == user.pk:
        raise Denied(
            _("You cannot change your own rights or disable yourself; ask another administrator")
        )


def may_read_credentials(reader: Any, user: Any) -> bool:
    """Whether somebody named as a reader of first credentials may still read them (SPEC VIS-5; matrix row 40)."""
    return hooks.credentials_readable(user, reader) if user.is_external else is_admin(reader)
