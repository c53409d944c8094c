"""Conversations, their members, messages. A notification is a message in a conversation with the system (SPEC IM-4)."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from im.channel_models import (
    ChannelChoice,
    PushKey,
    PushSubscription,
    Reminder,
    Rhythm,
    Topic,
)
from im.querysets import MessageQuerySet, ParticipantQuerySet

__all__ = [
    "Attachment",
    "ChannelChoice",
    "Conversation",
    "Message",
    "Participant",
    "PushKey",
    "PushSubscription",
    "Reminder",
    "Rhythm",
    "Topic",
]


class Conversation(models.Model):
    """`last_seq` is the durable sequence; a message takes the next number under a row lock."""

    class Kind(models.TextChoices):
        DIRECT = "direct", _("Direct")
        GROUP = "group", _("Group")
        SYSTEM = "system", _("Notifications")

    kind = models.CharField(max_length=8, choices=Kind.choices)
    # "12|34:56": user ids in order, an external person's with the identity that talks; "system:12" for notifications;
    # "group:" and something random.
    key = models.CharField(max_length=80, unique=True)
    title = models.CharField(_("name of the group"), max_length=60, blank=True)
    # The one organization whose external people take part in a group (SPEC IM-2); opaque to this app.
    organization_id = models.BigIntegerField(null=True)
    ended_at = models.DateTimeField(null=True)  # a group that was dissolved: read, never written
    last_seq = models.BigIntegerField(default=0)
    last_at = models.DateTimeField(auto_now_add=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.key


class Participant(models.Model):
    """A member of a conversation. `identity_id` is the contact an external person speaks as; opaque to this app.

    A member of a group reads what was said after `from_seq`. Who has left, or was removed, keeps his row: it names him
    beside what he said, and opens nothing.
    """

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="participants")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="participations"
    )
    identity_id = models.BigIntegerField(null=True)
    read_seq = models.BigIntegerField(default=0)
    pinned = models.BooleanField(default=False)
    muted = models.BooleanField(default=False)
    is_owner = models.BooleanField(default=False)
    from_seq = models.BigIntegerField(default=0)
    mention_seq = models.BigIntegerField(default=0)  # the last message that names this member
    left_at = models.DateTimeField(null=True)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "user"], name="im_participant_once")
        ]
        indexes = [models.Index(fields=["user", "conversation"], name="im_participant_user")]

    def __str__(self) -> str:
        return f"{self.conversation_id}:{self.user_id}"


class Attachment(models.Model):
    """A file that was sent, once, however often it is forwarded. Every look at it goes through a message (T60)."""

    class Kind(models.TextChoices):
        PICTURE = "picture", _("Picture")  # written anew by us
        FILE = "file", _("File")  # never shown, only saved

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    file = models.FileField(upload_to="messages/%Y/%m/", max_length=200)
    preview = models.FileField(upload_to="messages/%Y/%m/", max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Message(models.Model):
    """Text with those it names, a file, an event of a group, or a card that names what it is about by reference, never
    by content (SECURITY T58).
    """

    class Event(models.TextChoices):
        """What happened in a group; `subjects` are the parties ("12", "34:56") it happened to, or the new name."""

        CREATED = "created"
        ADDED = "added"
        REMOVED = "removed"
        LEFT = "left"
        RENAMED = "renamed"
        OWNER = "owner"
        ENDED = "ended"

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    seq = models.BigIntegerField()
    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    sender_identity_id = models.BigIntegerField(null=True)  # as Participant.identity_id
    client_id = models.CharField(max_length=40)
    body = models.TextField(blank=True)
    words = models.TextField(blank=True, db_default="")  # what it is searched by (im.words)
    mentions = ArrayField(models.BigIntegerField(), default=list, blank=True)  # user ids
    attachment = models.ForeignKey(Attachment, models.PROTECT, null=True, related_name="messages")
    event = models.CharField(max_length=8, choices=Event.choices, blank=True)
    subjects = models.JSONField(default=list, blank=True)
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
        indexes = [
            models.Index(
                fields=["conversation", "-seq"],
                name="im_message_files",
                condition=models.Q(attachment__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.conversation_id}#{self.seq}"
