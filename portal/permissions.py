"""Who keeps the registry of apps (matrix row 43), and as whom an external person acts."""

from django.utils.translation import gettext as _

from contacts.permissions import viewer_of
from core.actors import Actor, SystemActor
from core.errors import Denied


def keeps_registry(by: Actor) -> bool:
    """Holders of 外部互联维护 and administrators."""
    return isinstance(by, SystemActor) or viewer_of(by).everything


def require_registry(by: Actor) -> None:
    """Raises Denied for everybody else."""
    if not keeps_registry(by):
        raise Denied(
            _("Only holders of external directory maintenance keep the apps of the portal.")
        )


def no_identity() -> Denied:
    """No identity of this login is usable: told with what to do next (SPEC section 0)."""
    return Denied(_("Your access has ended. Please ask your contact in the company."))
