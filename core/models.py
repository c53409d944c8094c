"""Audit trail and outbox: the two tables every service writes to in its own transaction. And what all jobs have."""

from django.db import models
from django.db.models import F, Func, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


def noun() -> Func:
    """What an audit row is about: the first part of its action, as it is indexed."""
    parts = (F("action"), Value("."), Value(1))
    return Func(*parts, function="split_part", output_field=models.CharField())


class AuditEntry(models.Model):
    """One change, one row, no foreign keys, so that the trail never blocks a delete (SPEC OPS-3).

    The table is partitioned by month on `at` (see the first migration); the chain columns are filled by the sealer.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=Now())
    action = models.CharField(max_length=64)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=40, blank=True)
    actor_label = models.CharField(max_length=200)
    object_type = models.CharField(max_length=40)
    object_id = models.CharField(max_length=40)
    object_label = models.CharField(max_length=300)
    # The dimension whose maintainers may read this row; null for what concerns no dimension.
    dimension_id = models.BigIntegerField(null=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    ip = models.CharField(max_length=45, blank=True)
    request_id = models.CharField(max_length=40, blank=True)
    seq = models.BigIntegerField(null=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        indexes = [
            models.Index(fields=["object_type", "object_id", "-id"], name="core_audit_object"),
            models.Index(fields=["dimension_id", "-id"], name="core_audit_dimension"),
            models.Index(fields=["actor_id", "-id"], name="core_audit_actor"),
            models.Index(
                fields=["id"], name="core_audit_unsealed", condition=models.Q(seq__isnull=True)
            ),
            models.Index(fields=["seq"], name="core_audit_seq"),
            models.Index(noun(), F("id").desc(), name="core_audit_noun"),
            models.Index(fields=["ip", "-id"], name="core_audit_ip"),
            models.Index(fields=["at", "id"], name="core_audit_at"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type}:{self.object_id}"


class AuditHead(models.Model):
    """The end of the hash chain: one row. Cutting rows off the end of the trail is found by comparing with it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="core_audithead_one_row")
        ]

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash[:8]}"


class OutboxEntry(models.Model):
    """An effect that a service asked for, to be carried out after its transaction has committed.

    `task` is a registered name, `arguments` hold ids only, never a secret or a person's data.
    """

    task = models.CharField(max_length=100)
    arguments = models.JSONField(default=dict)
    dedupe_key = models.CharField(max_length=120, null=True, unique=True)  # noqa: DJ001 - null means "no key"
    created_at = models.DateTimeField(db_default=Now())
    available_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, blank=True)
    request_id = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["available_at"],
                name="core_outbox_pending",
                condition=models.Q(done_at__isnull=True, failed_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.task} #{self.pk}"


class Heartbeat(models.Model):
    """Last sign of life of a background process, written end to end through broker and worker (SECURITY T85)."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


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
    # User.session_epoch when it was asked for: whoever is disabled and enabled again starts from nothing (T46).
    epoch = models.PositiveIntegerField(db_default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    @property
    def under_way(self) -> bool:
        return self.status in self.UNDER_WAY
