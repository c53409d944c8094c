"""People who log in, internal departments, sessions and first credentials."""

import datetime
from typing import Any, ClassVar

from django.contrib.auth import get_backends
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import Group, PermissionsMixin
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.import_models import StaffColumns as StaffColumns
from accounts.import_models import StaffFinding as StaffFinding
from accounts.import_models import StaffImport as StaffImport
from accounts.querysets import DepartmentQuerySet, UserManager


class User(AbstractBaseUser, PermissionsMixin):
    """One login. Staff are the company's own people; an external login may hold several identities (SPEC ACC-1)."""

    class Kind(models.TextChoices):
        STAFF = "staff", _("Staff")
        EXTERNAL = "external", _("External")

    class Theme(models.TextChoices):
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")
        AUTO = "auto", _("Follow the system")

    username = models.CharField(_("login name"), max_length=64)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.STAFF)
    name = models.CharField(_("name"), max_length=100)
    simplified = models.CharField(max_length=100, blank=True, editable=False)
    sort_key = models.CharField(max_length=300, db_collation="C", blank=True)
    initials = models.CharField(max_length=60, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    mobile = models.CharField(_("mobile"), max_length=20, blank=True)
    position = models.CharField(_("position"), max_length=100, blank=True)
    employee_code = models.CharField(_("employee code"), max_length=64, null=True, blank=True, unique=True)  # fmt: skip
    is_active = models.BooleanField(_("active"), default=True)
    # 外部互联维护 (SPEC section 0); system administrators are `is_superuser`.
    is_holder = models.BooleanField(_("external directory maintenance"), default=False)
    must_change_password = models.BooleanField(default=False)
    # A first password that nobody used dies at this moment (SECURITY T37); null once it was replaced.
    initial_password_until = models.DateTimeField(null=True, editable=False)
    # Raised by whatever must end every session for good; part of the session hash (SECURITY T46).
    session_epoch = models.PositiveIntegerField(default=0)
    language = models.CharField(max_length=10, default="zh-hans")
    theme = models.CharField(max_length=8, choices=Theme.choices, default=Theme.AUTO)
    demo = models.BooleanField(default=False)
    # What of him a synchronization keeps, by words ("name place"): nobody changes that here (SPEC WEC-7).
    kept = models.CharField(max_length=60, blank=True, db_default="", default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    # The identity that an external person chose last, in whichever session: where the next one begins (SPEC ACC-1).
    last_identity_id = models.BigIntegerField(null=True, editable=False)

    # Read for the person of a request by his session and by its door; None where nobody has.
    login_policy: "LoginPolicy | None" = None
    chosen_identity: int | None = None  # named by the session of an external person
    acts_as: int | None = None  # the usable identity he acts as

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("person")
        constraints = [
            models.UniqueConstraint(Lower("username"), name="accounts_user_login_name"),
            models.CheckConstraint(
                condition=models.Q(kind="staff") | models.Q(is_superuser=False, is_holder=False),
                name="accounts_user_external_without_rights",
            ),
        ]
        indexes = [models.Index(fields=["kind", "sort_key", "id"], name="accounts_user_list")]

    def __str__(self) -> str:
        return self.name or self.username

    @property
    def is_external(self) -> bool:
        return self.kind == self.Kind.EXTERNAL

    @property
    def privileged(self) -> bool:
        """Has rights in the back office: an administrator or a holder."""
        return self.is_superuser or self.is_holder

    @property
    def actor_kind(self) -> str:
        return str(self.kind)

    @property
    def actor_id(self) -> str:
        return str(self.pk)

    @property
    def actor_label(self) -> str:
        return f"{self.name}（{self.username}）"

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Asks the backends also for system administrators: a deleted contact is hidden from them as well."""
        return self.is_active and any(
            backend.has_perm(self, perm, obj)
            for backend in get_backends()
            if hasattr(backend, "has_perm")
        )

    def get_session_auth_hash(self) -> str:
        return self._epoch_hash(None)

    def get_session_auth_fallback_hash(self) -> Any:
        return iter(())

    def _epoch_hash(self, secret: str | None) -> str:
        value = f"{self.password}:{self.session_epoch}"
        return salted_hmac(
            "accounts.User.session", value, secret=secret, algorithm="sha256"
        ).hexdigest()


class Department(models.Model):
    """An internal department. `group` holds its members and those of all departments below it."""

    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    name = models.CharField(_("name"), max_length=100)
    simplified = models.CharField(max_length=100, blank=True, editable=False)
    sort_key = models.CharField(max_length=300, db_collation="C", blank=True)
    initials = models.CharField(max_length=60, blank=True)
    order = models.IntegerField(default=0)
    kept = models.CharField(max_length=60, blank=True, db_default="", default="", editable=False)
    group = models.OneToOneField(Group, models.PROTECT, related_name="department", editable=False)
    members = models.ManyToManyField(User, through="DepartmentMembership", related_name="departments")  # fmt: skip

    objects: ClassVar[models.Manager["Department"]] = DepartmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("internal department")
        ordering = ["order", "sort_key", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(parent=models.F("id")),
                name="accounts_department_not_own_parent",
            ),
            models.UniqueConstraint(
                fields=["parent", "name"], name="accounts_department_name", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return self.name


class DepartmentMembership(models.Model):
    """A person in a department; the group memberships derive from it (accounts.services.departments)."""

    department = models.ForeignKey(Department, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="department_memberships")
    is_main = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["department", "user"], name="accounts_departmentmembership_once"
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(is_main=True),
                name="accounts_departmentmembership_one_main",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.department_id}:{self.user_id}"


class Session(AbstractBaseSession):
    """A session that knows whose it is, so that all sessions of a person can be listed and ended."""

    user_id = models.BigIntegerField(null=True, db_index=True)
    ip = models.CharField(max_length=45, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    # As whom an external person acts in it: a column, so that requests side by side do not write it over.
    identity_id = models.BigIntegerField(null=True, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(default=timezone.now)

    @classmethod
    def get_session_store_class(cls) -> Any:
        raise NotImplementedError("use accounts.sessions.SessionStore")


class LoginThrottle(models.Model):
    """Failures per account and per source, in PostgreSQL so that a lost Redis changes nothing (SECURITY T41, T43)."""

    key = models.CharField(max_length=80, primary_key=True)  # "account:…", "device:…" or "source:…"
    failures = models.PositiveIntegerField(default=0)
    # Since the last success, whatever the window: the ceiling of SECURITY T41.
    consecutive = models.PositiveIntegerField(default=0)
    window_started_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # Lists ask whether anybody is locked at all: one look, however many names were tried.
            models.Index(
                "locked_until",
                name="accounts_throttle_locked",
                condition=models.Q(locked_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.key


class ActivationLink(models.Model):
    """A single-use address by which its person sets the first or a new password; only its hash is kept."""

    class Purpose(models.TextChoices):
        ACTIVATE = "activate", _("First password")
        RESET = "reset", _("New password")

    LIFETIME = datetime.timedelta(hours=72)
    LIFETIMES: ClassVar = {
        Purpose.ACTIVATE: LIFETIME,
        # Anybody can have it sent; it is used at once or not at all.
        Purpose.RESET: datetime.timedelta(hours=1),
    }

    user = models.ForeignKey(User, models.CASCADE, related_name="activation_links")
    purpose = models.CharField(
        max_length=8,
        choices=Purpose.choices,
        default=Purpose.ACTIVATE,
        db_default=Purpose.ACTIVATE,
    )
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    created_by_label = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(used_at__isnull=True, revoked_at__isnull=True),
                name="accounts_activationlink_one_live",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} until {self.expires_at:%Y-%m-%d %H:%M}"

    @classmethod
    def revoke(cls, user: User) -> None:
        """Ends the live link of this person, if there is one."""
        live = cls.objects.filter(user=user, used_at=None, revoked_at=None)
        live.update(revoked_at=timezone.now())


class InitialSecret(models.Model):
    """The one-time envelope of a random first password: encrypted, shown once, then wiped (SPEC ACC-3)."""

    class Channel(models.TextChoices):
        NONE = "", _("Not issued yet")
        LINK = "link", _("Activation link by e-mail")
        SMS = "sms", _("Activation link by text message")
        PANEL = "panel", _("Shown once")

    SENT = (Channel.LINK, Channel.SMS)
    LIFETIME = datetime.timedelta(hours=72)

    user = models.ForeignKey(User, models.CASCADE, related_name="initial_secrets")
    # Business key of the issue ("application:17", "direct:5:2026…"): the same issue never happens twice.
    issue_key = models.CharField(max_length=80, unique=True)
    channel = models.CharField(
        max_length=8, choices=Channel.choices, default=Channel.NONE, blank=True
    )
    # The way that was asked for, of several; empty: e-mail before a text message.
    wanted = models.CharField(
        max_length=8, choices=Channel.choices, default="", db_default="", blank=True
    )
    ciphertext = models.BinaryField(null=True)
    readers = models.ManyToManyField(User, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    # Written by the job when the credentials exist and were handed over or laid ready; null before.
    issued_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revealed_at = models.DateTimeField(null=True)
    revealed_by_label = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(revealed_at__isnull=True) | models.Q(ciphertext__isnull=True),
                name="accounts_initialsecret_wiped_when_revealed",
            ),
            models.CheckConstraint(
                condition=models.Q(revoked_at__isnull=True) | models.Q(ciphertext__isnull=True),
                name="accounts_initialsecret_wiped_when_revoked",
            ),
        ]

    def __str__(self) -> str:
        return self.issue_key


class FormerAddress(models.Model):
    """Where a login was reached until now: kept until whoever reads there was told (SECURITY T27)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    email = models.EmailField(blank=True)
    mobile = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.user_id} until {self.created_at:%Y-%m-%d %H:%M}"


class PrivacyNotice(models.Model):
    """One version of the notice that external people accept before they enter the portal (SPEC POR-5)."""

    version = models.PositiveIntegerField(unique=True)
    body = models.TextField()
    body_en = models.TextField(blank=True)
    published_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"v{self.version}"


class Consent(models.Model):
    """Who accepted which version when."""

    user = models.ForeignKey(User, models.CASCADE, related_name="consents")
    notice = models.ForeignKey(PrivacyNotice, models.PROTECT, related_name="consents")
    accepted_at = models.DateTimeField(auto_now_add=True)
    ip = models.CharField(max_length=45, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "notice"], name="accounts_consent_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} v{self.notice_id}"


class LoginPolicy(models.Model):
    """One row: who must have a second factor (SPEC ACC-5)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    admins = models.BooleanField(_("System administrators"), default=False)
    holders = models.BooleanField(_("External directory maintenance"), default=False)
    staff = models.BooleanField(_("All staff"), default=False)
    external = models.BooleanField(_("All external people"), default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="accounts_loginpolicy_one_row")
        ]

    def __str__(self) -> str:
        names = ("admins", "holders", "staff", "external")
        return " ".join(name for name in names if getattr(self, name)) or "nobody"

    def asks(self, user: User) -> bool:
        """Whether this person must have a second factor."""
        if user.is_external:
            return self.external
        by_right = (user.is_superuser and self.admins) or (user.is_holder and self.holders)
        return self.staff or by_right


class Installation(models.Model):
    """One row: what has happened for good on this installation (SECURITY T39)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    first_admin_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="accounts_installation_one_row")
        ]

    def __str__(self) -> str:
        return f"first administrator: {self.first_admin_at}"
