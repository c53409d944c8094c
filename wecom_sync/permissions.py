"""Who works with connections (matrix rows 53, 54)."""

from django.utils.translation import gettext as _

from core.actors import Actor
from core.errors import Denied
from orgs.permissions import scope_for


def may_run(by: Actor) -> bool:
    """See connections and runs, start, look, confirm: administrators and holders."""
    return scope_for(by).everything


def may_connect(by: Actor) -> bool:
    """Change a connection: administrators."""
    return scope_for(by).administrator


def require_run(by: Actor) -> None:
    """Raises Denied for everybody else."""
    if not may_run(by):
        raise Denied(_("Only holders of external directory maintenance synchronize with WeCom."))


def require_connect(by: Actor) -> None:
    """Raises Denied for everybody else."""
    if not may_connect(by):
        raise Denied(_("Only administrators change the connections to WeCom."))
