"""Entry points of the worker."""

from accounts import import_jobs, jobs
from core.effects import effect, schedule


@effect("accounts.issue_credentials")
def issue_credentials(*, user_id: int, issue_key: str) -> None:
    """First credentials of one login; see accounts.jobs."""
    jobs.issue_credentials(user_id=user_id, issue_key=issue_key)


@effect("accounts.send_reset")
def send_reset(*, user_id: int, ip: str) -> None:
    """A link for a new password, where there is somebody to send it to."""
    jobs.send_reset(user_id=user_id, ip=ip)


@effect("accounts.tell_of_change")
def tell_of_change(*, user_id: int, what: str, ip: str) -> None:
    """A mail about a change of how somebody logs in."""
    jobs.tell_of_change(user_id=user_id, what=what, ip=ip)


@effect("accounts.tell_former")
def tell_former(*, former_id: int, ip: str) -> None:
    """A message to where a login was reached until now."""
    jobs.tell_former(former_id=former_id, ip=ip)


@effect("accounts.check_import")
def check_import(*, job_id: int) -> None:
    """Compares an uploaded file with the staff who are there."""
    import_jobs.check(job_id=job_id)


@effect("accounts.run_import")
def run_import(*, job_id: int) -> None:
    """Carries out a confirmed import of staff."""
    import_jobs.run(job_id=job_id)


@schedule("accounts.purge_imports")
def purge_imports() -> None:
    """Throws old uploads of staff away."""
    import_jobs.purge_files()


@schedule("accounts.clear_expired")
def clear_expired() -> None:
    """Wipes what has expired."""
    jobs.clear_expired()
