"""Files that go in and out: imports and exports with what they were asked for and how far they are (SPEC CON-6)."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.importing.models import ColumnMemory, Finding, UploadJob
from core.models import WorkerJob
from orgs.models import Node


class ImportJob(UploadJob):
    """One upload of contacts into a dimension (SPEC CON-6)."""

    class Key(models.TextChoices):
        """What finds a contact again."""

        AUTO = "auto", _("Automatic: code, else mobile, else e-mail")
        CODE = "code", _("Contact code only")
        MOBILE = "mobile", _("Mobile only")
        EMAIL = "email", _("E-mail only")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="imports")
    epoch = models.PositiveIntegerField(
        db_default=0
    )  # as of an export, of the last step that was asked for
    dimension = models.ForeignKey(Node, models.CASCADE, related_name="imports")
    key = models.CharField(max_length=6, choices=Key.choices, default=Key.AUTO)
    # Row (as text) → the id of the contact that it is, or the ids of those that it is not (contacts.imports.alike).
    choices = models.JSONField(default=dict, db_default={})

    class Meta:
        verbose_name = _("import")


class ImportFinding(Finding):
    """One line of the check of an import: why a row is refused, or whom it looks like."""

    ALIKE = "alike"

    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="findings")
    # Contacts that the row may mean. Who they are is read when it is shown, as the person is then (SECURITY T06).
    contact_ids = ArrayField(models.BigIntegerField(), default=list)
    # What happens without a choice: the id of a contact, 0 for a new one, nothing where the row is refused.
    proposed = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["job", "row", "id"], name="contacts_finding_page")]


class ImportColumns(ColumnMemory):
    """Columns of files with contacts."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "header"], name="contacts_importcolumns_one_per_header"
            )
        ]


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
