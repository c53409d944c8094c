"""Cards that are out in 企业微信, so that a press is known and every card shows the decision (SPEC WEC-8, APR-3)."""

from django.conf import settings
from django.db import models

from approvals.models import Application
from core import secrets


class SentCard(models.Model):
    """The card of one application before one person. The code changes it once; each press brings a new one."""

    class State(models.TextChoices):
        SENDING = "sending"  # it may have arrived: the same number is sent again
        SENT = "sent"
        OVER = "over"  # it shows how it ended

    connection = models.ForeignKey("wecom_sync.Connection", models.CASCADE, related_name="+")
    application = models.ForeignKey(Application, models.CASCADE, related_name="wecom_cards")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    member_id = models.CharField(max_length=64, db_collation="C")
    task_id = models.CharField(max_length=40, unique=True)
    # Contact.version that it shows: what the person signs (SECURITY T33).
    version = models.PositiveIntegerField()
    telling = models.CharField(max_length=80)  # the mark of the telling that it belongs to
    state = models.CharField(max_length=8, choices=State.choices, default=State.SENDING)
    code_cipher = models.BinaryField(null=True, editable=False)
    said = models.CharField(max_length=200, blank=True)  # why a press decided nothing
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "user"], name="wecom_sync_sentcard_once")
        ]

    def __str__(self) -> str:
        return self.task_id

    @property
    def code(self) -> str:
        """In the clear, for the gateway only; "" without one. Raises core.secrets.Unreadable."""
        return secrets.decrypt(bytes(self.code_cipher)) if self.code_cipher else ""

    def keep_code(self, text: str) -> None:
        """Sets the code that changes the card next."""
        self.code_cipher = secrets.encrypt(text) if text else None
