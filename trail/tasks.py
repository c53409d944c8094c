"""Entry points of the worker."""

from core.effects import effect, schedule
from trail import jobs


@effect("trail.verify")
def verify(*, check_id: int) -> None:
    """Walks over the chain of the audit trail, as somebody asked for."""
    jobs.walk(check_id=check_id)


@schedule("trail.verify_nightly")
def verify_nightly() -> None:
    """Walks over the chain of the audit trail."""
    jobs.nightly()
