"""Files that go in and out: imports and exports with what they were asked for and how far they are (SPEC CON-6)."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from orgs.models import Node


class WorkerJob(models.Model):
    """What somebody asked for and the worker does: how far it is and how it ended."""

    class Status(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        DONE = "done", _("Finished")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    UNDER_WAY = (Status.QUEUED, Status.RUNNING)

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    total = models.PositiveIntegerField(default=0)  # when it was asked for
    done = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    @property
    def under_way(self) -> bool:
        return self.status in self.UNDER_WAY


class ImportJob(WorkerJob):
    """One upload: checked first, written only after a person confirmed it (SPEC CON-6)."""

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

    class Key(models.TextChoices):
        """What finds a contact again."""

        AUTO = "auto", _("Automatic: code, else mobile, else e-mail")
        CODE = "code", _("Contact code only")
        MOBILE = "mobile", _("Mobile only")
        EMAIL = "email", _("E-mail only")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="imports")
    dimension = models.ForeignKey(Node, models.CASCADE, related_name="imports")
    file = models.FileField(upload_to="imports/")
    file_name = models.CharField(max_length=200)
    key = models.CharField(max_length=6, choices=Key.choices, default=Key.AUTO)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.UPLOADED)
    # [{heading, key, samples}] of the header as it was found, by column; filled when a person has to assign some.
    header = models.JSONField(default=list)
    # Which column (from 0, as text) holds which key, as a person said; empty: as recognised.
    columns = models.JSONField(default=dict)
    counts = models.JSONField(
        default=dict
    )  # created, updated, unchanged, organizations, departments, errors
    # Row (as text) → the id of the contact that it is, or the ids of those that it is not (contacts.imports.alike).
    choices = models.JSONField(default=dict, db_default={})
    # Rows with errors that the person agreed to leave out when he confirmed.
    left_out = models.JSONField(default=list)

    class Meta:
        verbose_name = _("import")

    def __str__(self) -> str:
        return self.file_name


class ImportFinding(models.Model):
    """One line of the check of an import: why a row is refused, or whom it looks like."""

    ALIKE = "alike"

    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="findings")
    row = models.PositiveIntegerField()
    name = models.CharField(max_length=100, blank=True)
    field = models.CharField(max_length=40)
    value = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=20)
    reason = models.CharField(max_length=500)
    # Contacts that the row may mean. Who they are is read when it is shown, as the person is then (SECURITY T06).
    contact_ids = ArrayField(models.BigIntegerField(), default=list)
    # What happens without a choice: the id of a contact, 0 for a new one, nothing where the row is refused.
    proposed = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["job", "row", "id"], name="contacts_finding_page")]

    def __str__(self) -> str:
        return f"{self.row}: {self.field} {self.kind}"


class ImportColumns(models.Model):
    """How a person assigned the columns of a header; the same header is read like that again."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    header = models.CharField(max_length=64)  # SHA-256 of the headings
    columns = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "header"], name="contacts_importcolumns_one_per_header"
            )
        ]

    def __str__(self) -> str:
        return self.header


class ExportJob(WorkerJob):
    """One export: made by the worker as its owner, kept for a few days, for nobody else (SECURITY T07)."""

    class What(models.TextChoices):
        CONTACTS = "contacts", _("Contacts")
        ORGANIZATIONS = "orgs", _("Organizations")

    class Format(models.TextChoices):
        XLSX = "xlsx", _("Excel (.xlsx)")
        CSV = "csv", _("CSV, UTF-8")
        GB18030 = "gb18030", _("CSV, GB18030")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="exports")
    # User.session_epoch when it was asked for: whoever is disabled and enabled again starts from nothing (T46).
    epoch = models.PositiveIntegerField(db_default=0)
    # The dimension that has to be maintained when it is made and whenever the file is fetched.
    dimension = models.ForeignKey(Node, models.CASCADE, related_name="exports")
    node = models.ForeignKey(Node, models.CASCADE, related_name="+")
    what = models.CharField(max_length=8, choices=What.choices)
    format = models.CharField(max_length=7, choices=Format.choices, default=Format.XLSX)
    columns = models.JSONField(default=list)
    # contacts.selection.Selection.as_json() of what was chosen; empty for organizations.
    asked = models.JSONField(default=dict)
    # The column is a character shorter than the others'; widening it would lock the table for nothing.
    status = models.CharField(
        max_length=9, choices=WorkerJob.Status.choices, default=WorkerJob.Status.QUEUED
    )
    file = models.FileField(upload_to="exports/", blank=True)
    file_name = models.CharField(max_length=200)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("export")

    def __str__(self) -> str:
        return self.file_name
