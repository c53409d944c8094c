"""Imports of staff (SPEC ACC-6)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.importing.models import ColumnMemory, Finding, UploadJob


class StaffImport(UploadJob):
    """One upload of staff."""

    # Whether departments that are not there yet are made.
    new_departments = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("import of staff")


class StaffFinding(Finding):
    """Why a row of such a file is refused."""

    job = models.ForeignKey(StaffImport, models.CASCADE, related_name="findings")

    class Meta:
        indexes = [models.Index(fields=["job", "row", "id"], name="accounts_finding_page")]


class StaffColumns(ColumnMemory):
    """Columns of such files."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "header"], name="accounts_staffcolumns_one_per_header"
            )
        ]
