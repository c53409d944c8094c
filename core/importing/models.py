"""What every kind of import keeps: the upload and how far it is, what a check found, how columns were assigned."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models import WorkerJob


class UploadJob(WorkerJob):
    """One upload: checked first, written only after a person confirmed it. Its findings are `findings`."""

    class Status(models.TextChoices):
        UPLOADED = "uploaded", _("Uploaded")
        CHECKING = "checking", _("Checking")
        MAPPING = "mapping", _("Columns to be assigned")
        CHECKED = "checked", _("Ready to confirm")
        REFUSED = "refused", _("Has errors")
        RUNNING = "running", _("Importing")
        DONE = "done", _("Finished")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    # Neither confirmed nor over.
    OPEN = (Status.UPLOADED, Status.CHECKING, Status.MAPPING, Status.CHECKED)
    # The worker is at it.
    WORKING = (Status.UPLOADED, Status.CHECKING, Status.RUNNING)
    # Where the columns of the file may be assigned (anew).
    ASSIGNABLE = (Status.MAPPING, Status.CHECKED, Status.REFUSED)

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    file = models.FileField(upload_to="imports/")
    file_name = models.CharField(max_length=200)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.UPLOADED)
    # [{heading, key, samples}] of the header as it was found, by column; filled when a person has to assign some.
    header = models.JSONField(default=list)
    # Which column (from 0, as text) holds which key, as a person said; empty: as recognised.
    columns = models.JSONField(default=dict)
    # Numbers of the check by name, and under "done" those of what was written.
    counts = models.JSONField(default=dict)
    # Rows with errors that the person agreed to leave out when he confirmed.
    left_out = models.JSONField(default=list)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.file_name

    @property
    def good_rows(self) -> int:
        """How many rows of a checked file can be taken."""
        return max(self.total - len(self.left_out), 0)

    @property
    def told(self) -> dict[str, int]:
        """The numbers of the check, or once it was confirmed of what was done."""
        confirmed = (
            self.Status.DONE,
            self.Status.CANCELLED,
            self.Status.FAILED,
            self.Status.RUNNING,
        )
        return dict(self.counts.get("done", {}) if self.status in confirmed else self.counts)


class Finding(models.Model):
    """One line of the check of an import: why a row is refused, or what is to be known about it."""

    row = models.PositiveIntegerField()
    name = models.CharField(max_length=100, blank=True)
    field = models.CharField(max_length=40)
    value = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=20)
    reason = models.CharField(max_length=500)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.row}: {self.field} {self.kind}"


class ColumnMemory(models.Model):
    """How a person assigned the columns of a header; the same header is read like that again."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    header = models.CharField(max_length=64)  # SHA-256 of the headings
    columns = models.JSONField(default=dict)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.header
