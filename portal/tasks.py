"""Entry points of the worker."""

from core.effects import schedule
from portal import jobs


@schedule("portal.purge_todos")
def purge_todos() -> None:
    """Forgets items of other systems that are done for long."""
    jobs.purge_todos()
