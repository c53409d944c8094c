"""Applications for external accounts (SPEC section 5)."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import InitialSecret
from approvals.querysets import ApplicationManager
from contacts.models import Contact


class Application(models.Model):
    """外部账号开通申请: one open one per contact; the approver signs the version of the contact that he saw."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        LAPSED = "lapsed", _("Lapsed")

    number = models.CharField(max_length=24, unique=True)  # AR-20261122-0001
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="applications")
    applicant = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="applications"
    )
    remark = models.CharField(_("remark"), max_length=200)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    # Contact.version at submission; raised when the applicant is told of a change and confirms (SECURITY T33).
    contact_version = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    reminded_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    reason = models.CharField(
        _("reason"), max_length=200, blank=True
    )  # of a refusal, or why it lapsed
    secret = models.OneToOneField(
        InitialSecret, models.SET_NULL, null=True, related_name="application"
    )

    objects: ClassVar[ApplicationManager] = ApplicationManager()

    class Meta:
        verbose_name = _("application")
        constraints = [
            models.UniqueConstraint(
                fields=["contact"],
                condition=models.Q(status="pending"),
                name="approvals_application_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    status__in=["approved", "refused"],
                    decided_at__isnull=False,
                    decided_by__isnull=False,
                )
                | models.Q(status="pending", decided_at__isnull=True, decided_by__isnull=True)
                | models.Q(status__in=["withdrawn", "lapsed"], decided_by__isnull=True),
                name="approvals_application_decider",
            ),
            models.CheckConstraint(
                condition=~models.Q(decided_by=models.F("applicant")),
                name="approvals_application_not_own",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="refused") | ~models.Q(reason=""),
                name="approvals_application_refusal_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "-id"], name="approvals_application_status"),
            models.Index(fields=["applicant", "-id"], name="approvals_application_mine"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def issue_key(self) -> str:
        """Under which the first credentials of the account are issued, once (SECURITY T31)."""
        return f"application:{self.pk}"
