"""Entry points of the worker."""

from core.effects import effect
from orgs.services import restructuring


@effect("orgs.restructure")
def restructure(*, job_id: int) -> None:
    """Moves, disables or enables a node with very many people below it."""
    restructuring.run(job_id=job_id)


@effect("orgs.restructure_batch")
def restructure_batch(*, batch_id: int) -> None:
    """Carries out the next change of a batch."""
    restructuring.run_batch(batch_id=batch_id)
