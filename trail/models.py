"""Walks over the hash chain of the audit trail and how they ended (SPEC OPS-3)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditCheck(models.Model):
    """One walk over the chain. `broken_kind` is empty where it was found whole."""

    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    asked_by = models.CharField(max_length=200)
    rows = models.BigIntegerField(default=0)
    broken_kind = models.CharField(max_length=10, blank=True)
    broken_seq = models.BigIntegerField(null=True)
    broken_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("check of the audit trail")

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.broken_kind or 'whole'}"
