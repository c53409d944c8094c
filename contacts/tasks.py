"""Entry points of the worker."""

from contacts import import_jobs
from core.effects import effect, schedule


@effect("contacts.check_import")
def check_import(*, job_id: int) -> None:
    """Compares an uploaded file with the directory."""
    import_jobs.check(job_id=job_id)


@effect("contacts.run_import")
def run_import(*, job_id: int) -> None:
    """Carries out a confirmed import."""
    import_jobs.run(job_id=job_id)


@schedule("contacts.purge_imports")
def purge_imports() -> None:
    """Throws old uploads away."""
    import_jobs.purge_files()
