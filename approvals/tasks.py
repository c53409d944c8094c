"""Entry points of the worker."""

from approvals import jobs
from core.effects import effect, schedule


@effect("approvals.tell_applicant")
def tell_applicant(*, application_id: int) -> None:
    """Tells the applicant that his application has lapsed."""
    jobs.tell_later(application_id=application_id)


@schedule("approvals.route")
def route() -> None:
    """Asks those who may decide only since a contact moved or a right was given."""
    jobs.route()
