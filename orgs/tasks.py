"""Entry points of the worker."""

from core.effects import effect
from orgs.services import restructuring


@effect("orgs.restructure")
def restructure(*, job_id: int) -> None:
    """Moves, disables or enables a node with very many people below it."""
    restructuring.run(job_id=job_id)
