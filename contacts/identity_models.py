"""That a contact is the person behind a login that exists already: asked of that person (SPEC ACC-1)."""

import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class IdentityOfferQuerySet(models.QuerySet["IdentityOffer"]):
    """Chainable reads."""

    def open(self) -> Self:
        """Those that can be answered now: not over, and the contact could be given an account."""
        return self.filter(
            status=IdentityOffer.Status.PENDING, expires_at__gt=timezone.now(), user__is_active=True,
            contact__deleted_at=None, contact__live=True, contact__account__in=("none", "pending"),
        )  # fmt: skip


class IdentityOffer(models.Model):
    """Somebody who maintains both `contact` and `through`, an identity of the login, says that they are one person.

    Nothing is attached before the person agrees. Until then he reads the organization alone, so that whoever was
    meant by mistake learns nothing of the entry (SECURITY T14, T71).
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting for the person")
        ACCEPTED = "accepted", _("Accepted")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        LAPSED = "lapsed", _("Lapsed")

    LIFETIME = datetime.timedelta(days=7)

    contact = models.ForeignKey("contacts.Contact", models.CASCADE, related_name="identity_offers")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="identity_offers"
    )
    through = models.ForeignKey("contacts.Contact", models.CASCADE, related_name="+")
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.PENDING)
    offered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    offered_by_label = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    objects = IdentityOfferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact"],
                condition=models.Q(status="pending"),
                name="contacts_identityoffer_one_pending",
            )
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}→{self.user_id}"
