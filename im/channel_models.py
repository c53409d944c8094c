"""How somebody wants to be told of what waits for him, and what he has been told of (SPEC IM-4, ADR 13)."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Topic(models.TextChoices):
    """What somebody is told of."""

    NOTICES = "notices", _("Notifications")
    MESSAGES = "messages", _("Messages from people")


class Rhythm(models.TextChoices):
    """How soon."""

    OFF = "off", pgettext_lazy("reminder", "Off")
    NOW = "now", pgettext_lazy("reminder", "At once")
    HOURLY = "hourly", pgettext_lazy("reminder", "At most once an hour")
    DAILY = "daily", pgettext_lazy("reminder", "Once a day, in the morning")


class ChannelChoice(models.Model):
    """What one person has chosen for a channel; without a row the channel's own default holds."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="channel_choices"
    )
    channel = models.CharField(max_length=16)  # the key of one of settings.IM_CHANNELS
    topic = models.CharField(max_length=8, choices=Topic.choices)
    rhythm = models.CharField(max_length=8, choices=Rhythm.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "channel", "topic"], name="im_channelchoice_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.channel} {self.topic}: {self.rhythm}"


class Reminder(models.Model):
    """When one person is told next through one channel. It holds no content: that is collected when it is told.

    Due at `due_at`; while somebody tells it, at `lease_until`, so that what a killed worker left is told again.
    `claimed_at` is when telling began; it stays through repetitions, so that they are recognized as the same.
    """

    class Trouble(models.TextChoices):
        """Why the last try did not arrive."""

        LATER = "later", _("The last try did not get through; it will be repeated.")
        REFUSED = "refused", _("The last one was refused; nothing will come before something new.")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reminders")
    channel = models.CharField(max_length=16)
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    told_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    trouble = models.CharField(max_length=8, choices=Trouble.choices, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "channel"], name="im_reminder_once")]
        indexes = [
            models.Index(
                Coalesce("lease_until", "due_at"), name="im_reminder_due",
                condition=models.Q(due_at__isnull=False) | models.Q(lease_until__isnull=False),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.user_id} {self.channel}: {self.due_at}"


class PushKey(models.Model):
    """One row: the key pair by which push services know this installation (VAPID, RFC 8292). Made once, kept encrypted
    (core.secrets); browsers that subscribed with it know no other.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    public = models.CharField(max_length=120)  # uncompressed point, URL-safe base64
    ciphertext = models.BinaryField()  # of the private number
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="im_pushkey_one_row"),
        ]

    def __str__(self) -> str:
        return self.public


class PushSubscription(models.Model):
    """A browser that asked to be told. `browser` is a digest of what its session holds: log-out ends it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="push_subscriptions"
    )
    endpoint = models.CharField(max_length=1000, unique=True)
    p256dh = models.CharField(max_length=100)
    auth = models.CharField(max_length=40)
    browser = models.CharField(max_length=64)
    user_agent = models.CharField(max_length=200, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["user", "browser"], name="im_pushsubscription_user")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.pk}"
