"""Entry points of the worker."""

from core.effects import effect, schedule
from orgs.services import restructuring


@effect("orgs.restructure")
def restructure(*, job_id: int) -> None:
    """Moves, disables or enables a node with very many people below it."""
    restructuring.run(job_id=job_id)


@schedule("orgs.resume_restructurings")
def resume_restructurings() -> None:
    """Goes on with what a killed worker left."""
    restructuring.resume()
