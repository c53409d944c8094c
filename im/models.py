"""Conversations, their members, messages. A notification is a message in a conversation with the system (SPEC IM-4)."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from im.querysets import MessageQuerySet, ParticipantQuerySet


class Conversation(models.Model):
    """`last_seq` is the durable sequence; a message takes the next number under a row lock."""

    class Kind(models.TextChoices):
        DIRECT = "direct", _("Direct")
        SYSTEM = "system", _("Notifications")

    kind = models.CharField(max_length=8, choices=Kind.choices)
    # "12|34:56": user ids in order, an external person's with the identity that talks; "system:12" for notifications.
    key = models.CharField(max_length=80, unique=True)
    last_seq = models.BigIntegerField(default=0)
    last_at = models.DateTimeField(auto_now_add=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.key


class Participant(models.Model):
    """A member of a conversation. `identity_id` is the contact an external person speaks as; opaque to this app."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="participants")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="participations"
    )
    identity_id = models.BigIntegerField(null=True)
    read_seq = models.BigIntegerField(default=0)
    pinned = models.BooleanField(default=False)
    muted = models.BooleanField(default=False)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "user"], name="im_participant_once")
        ]
        indexes = [models.Index(fields=["user", "conversation"], name="im_participant_user")]

    def __str__(self) -> str:
        return f"{self.conversation_id}:{self.user_id}"


class Message(models.Model):
    """Text, or a card that names what it is about by reference, never by content (SECURITY T58)."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    seq = models.BigIntegerField()
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    client_id = models.CharField(max_length=40)
    body = models.TextField(blank=True)
    card_kind = models.CharField(max_length=40, blank=True)  # a key of settings.IM_CARDS
    card_ref = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    recalled_at = models.DateTimeField(null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="im_message_seq"),
            models.UniqueConstraint(
                fields=["conversation", "client_id"], name="im_message_client_id"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id}#{self.seq}"
