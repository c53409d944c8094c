"""Corps that are connected, what of theirs is ours, and the runs that keep the two equal (SPEC WEC-1 to WEC-4).

Remote keys are exactly as WeCom writes them, which is case-sensitive (research: wecom-api, 0.8): "g:12" a group of a
chain, "c:<corp id>" a corp (before it joined: its pending id), "d:<corp id>/12" a department of it, "left" the place
where a chain keeps those who left.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Department
from contacts.models import Contact
from core import secrets
from orgs.models import Node
from wecom_sync.callback_models import Callback
from wecom_sync.card_models import SentCard
from wecom_sync.own_models import OwnDepartment, OwnPerson, PulledRule
from wecom_sync.run_models import LogLine, PlanItem, PulledPerson, PulledPlace, Run

__all__ = [
    "Apart",
    "Callback",
    "Chain",
    "Connection",
    "LogLine",
    "OwnDepartment",
    "OwnPerson",
    "PlanItem",
    "PulledPerson",
    "PulledPlace",
    "PulledRule",
    "RemotePerson",
    "RemotePlace",
    "Run",
    "SentCard",
]


class Connection(models.Model):
    """A corp of ours whose 上下游 is read, through one application of it."""

    name = models.CharField(_("name"), max_length=100)
    corp_id = models.CharField(_("corp ID"), max_length=64, unique=True, db_collation="C")
    agent_id = models.PositiveIntegerField(_("agent ID"))
    secret_cipher = models.BinaryField(editable=False)
    callback_token_cipher = models.BinaryField(null=True, editable=False)
    callback_key_cipher = models.BinaryField(null=True, editable=False)
    enabled = models.BooleanField(_("enabled"), default=True)
    # The corp's own departments and staff become internal ones, below `staff_under` (SPEC WEC-7).
    sync_staff = models.BooleanField(_("departments and staff of the corp, too"), default=False)
    staff_under = models.ForeignKey(
        Department, models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("their internal department"),
    )  # fmt: skip
    # Rules (对接规则) become visible ranges (SPEC WEC-6); needs staff.
    sync_rules = models.BooleanField(_("Rules (对接规则) become visible ranges"), default=False)
    # Its members, and those of its downstream corps, log in with 企业微信 (SPEC WEC-7).
    login = models.BooleanField(_("log in with WeCom"), default=False, db_default=False)
    # Notifications and approval cards reach them there (SPEC WEC-8).
    notify = models.BooleanField(_("notifications in WeCom"), default=False, db_default=False)
    # How the last contact with WeCom ended; a code of 0 is well, -1 is an answer without a code.
    checked_at = models.DateTimeField(null=True, editable=False)
    error_code = models.IntegerField(null=True, editable=False)
    error = models.CharField(max_length=500, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("WeCom connection")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def secret(self) -> str:
        """In the clear, for the gateway only. Raises core.secrets.Unreadable."""
        return secrets.decrypt(bytes(self.secret_cipher))

    @property
    def callback_token(self) -> str:
        """ "" until callbacks are set up."""
        return _clear(self.callback_token_cipher)

    @property
    def callback_key(self) -> str:
        """EncodingAESKey; "" until callbacks are set up."""
        return _clear(self.callback_key_cipher)

    def keep_secret(self, text: str) -> None:
        """Sets the secret; it is never shown again."""
        self.secret_cipher = secrets.encrypt(text)

    def keep_callback(self, token: str, key: str) -> None:
        """Sets what callbacks are signed and encrypted with; shown once, when it is made."""
        self.callback_token_cipher = secrets.encrypt(token)
        self.callback_key_cipher = secrets.encrypt(key)


def _clear(cipher: bytes | memoryview | None) -> str:
    return secrets.decrypt(bytes(cipher)) if cipher else ""


class Chain(models.Model):
    """A 上下游空间 of a corp, and how it lands here (SPEC WEC-1). Without a target it is only listed."""

    class Leavers(models.TextChoices):
        DISABLE = "disable", _("Disable them where they are")
        MOVE = "move", _("Disable them and move them to “left”")
        KEEP = "keep", _("Leave them as they are")

    KEEPS = ("org_name", "department_name", "name", "place")

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="chains")
    chain_id = models.CharField(max_length=64, db_collation="C")
    name = models.CharField(_("name"), max_length=100)
    target = models.ForeignKey(Node, models.PROTECT, null=True, blank=True, related_name="+")
    leavers = models.CharField(max_length=8, choices=Leavers.choices, default=Leavers.DISABLE)
    # Fields that WeCom owns; the others are ours after they were written once.
    owned = ArrayField(models.CharField(max_length=20), default=list)
    # The brake: more than this share *and* more than this number of departures wait for a person (SPEC WEC-4).
    brake_percent = models.PositiveSmallIntegerField(default=10)
    brake_people = models.PositiveIntegerField(default=20)
    policy_at = models.DateTimeField(
        null=True, editable=False
    )  # when a person changed one of these
    gone_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["connection", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "chain_id"], name="wecom_sync_chain_once")
        ]

    def __str__(self) -> str:
        return self.name


class RemotePlace(models.Model):
    """A group, corp or department of a chain, and the node that it is here."""

    class Share(models.TextChoices):
        """How far a corp has come (research: wecom-api, 7); empty for groups and departments."""

        PENDING = "pending", _("Invited")
        JOINED = "joined", _("Joined, application not shared")
        SHARED = "shared", _("Joined and shared")
        REFUSED = "refused", _("Not readable")

    chain = models.ForeignKey(Chain, models.CASCADE, related_name="places")
    key = models.CharField(max_length=140, db_collation="C")
    node = models.ForeignKey(Node, models.CASCADE, related_name="remote_places")
    custom_id = models.CharField(max_length=64, blank=True, db_collation="C")
    share = models.CharField(max_length=8, choices=Share.choices, blank=True)
    gone_at = models.DateTimeField(null=True)
    # Disabled by a run, so that a return enables it again; what a person disabled stays so.
    put_off = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chain", "key"], name="wecom_sync_remoteplace_once")
        ]

    def __str__(self) -> str:
        return f"{self.chain_id}:{self.key}"


class Apart(models.Model):
    """A person said that a corp and an organization of the same name, or two people, are not one: never asked again."""

    chain = models.ForeignKey(Chain, models.CASCADE, related_name="+")
    key = models.CharField(max_length=140, db_collation="C")
    node = models.ForeignKey(Node, models.CASCADE, null=True, related_name="+")
    contact = models.ForeignKey(Contact, models.CASCADE, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["chain", "key", "node", "contact"],
                name="wecom_sync_apart_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} ≠ {self.node_id or self.contact_id}"


class RemotePerson(models.Model):
    """A member of a downstream corp, and the contact that he is here. Found by (corp, id), never by name (T71)."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="people")
    corp_id = models.CharField(max_length=64, db_collation="C")
    user_id = models.CharField(max_length=64, db_collation="C")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="remote_people")
    # Nodes where this corp wants him: what another corp of ours wants, too, is not taken away by this one.
    places = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    gone_at = models.DateTimeField(null=True)
    put_off = models.BooleanField(default=False)
    # Somebody took it away from WeCom to open the login of the contact.
    unlinked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "corp_id", "user_id"], name="wecom_sync_remoteperson_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.corp_id}/{self.user_id}"
