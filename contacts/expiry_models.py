"""That people were told of an account that is about to expire (SPEC ACC-4)."""

from django.db import models


class ExpiryNotice(models.Model):
    """One telling: of this contact, of this end of its account, so many days before. What a card refers to."""

    contact = models.ForeignKey("contacts.Contact", models.CASCADE, related_name="expiry_notices")
    expires_at = models.DateTimeField()
    step = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "expires_at", "step"], name="contacts_expirynotice_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.step}"
