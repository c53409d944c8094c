"""Entry points of the worker."""

from accounts import jobs
from core.effects import effect, schedule


@effect("accounts.issue_credentials")
def issue_credentials(*, user_id: int, issue_key: str) -> None:
    """First credentials of one login; see accounts.jobs."""
    jobs.issue_credentials(user_id=user_id, issue_key=issue_key)


@schedule("accounts.clear_expired")
def clear_expired() -> None:
    """Wipes what has expired."""
    jobs.clear_expired()
