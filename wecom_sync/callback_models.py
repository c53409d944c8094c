"""What WeCom called about, until it was followed (SPEC WEC-5; SECURITY T65, T67)."""

from django.db import models


class Callback(models.Model):
    """One event; a reason to read anew, never the truth. Ids only, no names."""

    connection = models.ForeignKey(
        "wecom_sync.Connection", models.CASCADE, related_name="callbacks"
    )
    replay = models.CharField(max_length=64)  # digest of the ciphertext: the same envelope again
    mark = models.CharField(max_length=64)  # digest of the contents: told again by WeCom
    kind = models.CharField(max_length=40)
    corp_id = models.CharField(max_length=64, db_collation="C")
    data = models.JSONField(default=dict)
    received_at = models.DateTimeField(auto_now_add=True)
    handled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "replay"], name="wecom_sync_callback_not_replayed"
            ),
            models.UniqueConstraint(fields=["connection", "mark"], name="wecom_sync_callback_once"),
        ]
        indexes = [
            models.Index(
                fields=["connection", "id"], name="wecom_sync_callback_open",
                condition=models.Q(handled_at__isnull=True),
            ),
            models.Index(fields=["received_at"], name="wecom_sync_callback_age"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.kind} {self.corp_id}"
