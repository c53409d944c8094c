"""Entry points of the worker."""

from core.effects import effect, schedule
from im import jobs, reminder_jobs


@effect("im.delete_attachment")
def delete_attachment(*, attachment_id: int) -> None:
    """Throws a file away that no message carries any more."""
    jobs.delete_attachment(attachment_id=attachment_id)


@schedule("im.sweep_files")
def sweep_files() -> None:
    """Throws what was left behind away."""
    jobs.sweep()


@schedule("im.send_reminders")
def send_reminders() -> None:
    """Tells people of what waits for them, through the channels they chose."""
    reminder_jobs.send_reminders()
