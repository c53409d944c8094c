"""Entry points of the worker."""

from contacts import bulk_work, counts, expiry, export_jobs, handover, import_jobs, jobs
from contacts.services import view_as
from core.effects import effect, schedule


@effect("contacts.check_import")
def check_import(*, job_id: int) -> None:
    """Compares an uploaded file with the directory."""
    import_jobs.check(job_id=job_id)


@effect("contacts.run_import")
def run_import(*, job_id: int) -> None:
    """Carries out a confirmed import."""
    import_jobs.run(job_id=job_id)


@effect("contacts.run_export")
def run_export(*, job_id: int) -> None:
    """Makes the file of an export."""
    export_jobs.run(job_id=job_id)


@effect("contacts.run_bulk")
def run_bulk(*, job_id: int) -> None:
    """Carries an action on many contacts out."""
    bulk_work.run(job_id=job_id)


@effect("contacts.hand_over_followed")
def hand_over_followed(*, former_id: int, to_id: int, by_id: int, epoch: int) -> None:
    """Gives the contacts of somebody who was disabled to his successor."""
    handover.carry_on(former_id=former_id, to_id=to_id, by_id=by_id, epoch=epoch)


@schedule("contacts.purge_exports")
def purge_exports() -> None:
    """Throws files of exports away whose time is over."""
    export_jobs.purge_files()


@schedule("contacts.purge_imports")
def purge_imports() -> None:
    """Throws old uploads away."""
    import_jobs.purge_files()


@effect("contacts.delete_picture")
def delete_picture(*, name: str) -> None:
    """Throws the file of a former picture away."""
    jobs.delete_picture(name=name)


@schedule("contacts.sum_up_counts")
def sum_up_counts() -> None:
    """Keeps the numbers of the tree short to read."""
    counts.sum_up()


@schedule("contacts.purge_bin")
def purge_bin() -> None:
    """Empties what has been in the bin for 30 days."""
    jobs.purge_bin()


@schedule("contacts.end_views")
def end_views() -> None:
    """Ends looks through other eyes whose time is over."""
    view_as.end_overdue(by=jobs.ACTOR)


@schedule("contacts.announce_expiry")
def announce_expiry() -> None:
    """Tells people of accounts that are about to expire."""
    expiry.announce()
