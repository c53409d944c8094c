"""External contacts: people, where they belong, who may see them, and what derives from that."""

import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contacts.console_models import BulkJob, ListLayout, SavedFilter
from contacts.expiry_models import ExpiryNotice
from contacts.identity_models import IdentityOffer
from contacts.job_models import ExportJob, ImportColumns, ImportFinding, ImportJob
from contacts.querysets import ContactManager
from core.guardian import GrantFields, GroupObjectPermissionBase, UserObjectPermissionBase
from orgs.models import Category, Node, Source, Tag, VisibleStaff

__all__ = [
    "BulkJob", "Contact", "ContactGroupGrant", "ContactMerge", "ContactScope", "ContactSearch",
    "ContactUserGrant", "ContactVisibleStaff", "ExpiryNotice", "ExportJob", "IdentityOffer", "ImportColumns",
    "ImportFinding", "ImportJob", "ListLayout", "Membership", "SavedFilter",
]  # fmt: skip


class Contact(models.Model):
    """外部联系人. The account is a state of the contact, not a second record (SPEC ACC-1)."""

    class Gender(models.TextChoices):
        UNKNOWN = "", _("Not stated")
        MALE = "m", _("Male")
        FEMALE = "f", _("Female")

    class Account(models.TextChoices):
        """Stored part of the state; 已停用, 已过期 and 已锁定 are read from `enabled`, `expires_at` and the login."""

        NONE = "none", _("Not opened")
        PENDING = "pending", _("Pending approval")
        OPENING = "opening", _("Opening")
        ACTIVE = "active", _("Active")

    name = models.CharField(_("name"), max_length=100)
    simplified = models.CharField(
        max_length=100, editable=False
    )  # for search: traditional finds simplified
    sort_key = models.CharField(max_length=300, db_collation="C", editable=False)
    initials = models.CharField(max_length=100, editable=False)
    reading = models.CharField(_("corrected pinyin"), max_length=200, blank=True)
    code = models.CharField(_("code"), max_length=64, null=True, blank=True, unique=True)
    gender = models.CharField(
        _("gender"), max_length=1, choices=Gender.choices, blank=True, default=""
    )
    mobile = models.CharField(_("mobile"), max_length=20, blank=True)  # E.164
    telephone = models.CharField(_("telephone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    position = models.CharField(_("position"), max_length=100, blank=True)
    office = models.CharField(_("office location"), max_length=200, blank=True)
    remark = models.TextField(_("remark"), blank=True, max_length=2000)
    avatar = models.FileField(upload_to="avatars/", blank=True, editable=False)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, verbose_name=_("category")
    )
    tags = models.ManyToManyField(Tag, blank=True, verbose_name=_("tags"))
    follower = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="followed_contacts",
        verbose_name=_("follower"),
    )  # fmt: skip
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="created_contacts",
        editable=False,
    )
    source = models.CharField(
        max_length=8, choices=Source.choices, default=Source.MANUAL, editable=False
    )
    # What of him a synchronization keeps, by words ("name place"): nobody changes that here (SPEC WEC-1).
    kept = models.CharField(max_length=60, blank=True, db_default="", default="", editable=False)
    security_level = models.SmallIntegerField(_("security level"), default=0)
    # Raised with every change of a field that an approver signs (SECURITY T33).
    version = models.PositiveIntegerField(default=1, editable=False)
    enabled = models.BooleanField(_("enabled"), default=True)
    # Enabled and at least one membership under enabled nodes only; derived, written by contacts/closure.py.
    live = models.BooleanField(default=False, editable=False)
    main_node = models.ForeignKey(
        Node, models.PROTECT, related_name="main_contacts", editable=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="identities",
        editable=False,
    )
    account = models.CharField(
        max_length=8, choices=Account.choices, default=Account.NONE, editable=False
    )
    opened_at = models.DateTimeField(null=True, editable=False)
    expires_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, editable=False)
    deleted_by_label = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[ContactManager] = ContactManager()

    class Meta:
        verbose_name = _("external contact")
        default_permissions = ()
        permissions = [
            ("view_contact", "sees the contact"),
            ("edit_contact", "sees and edits the contact"),
        ]
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="contacts_contact_named"),
            models.CheckConstraint(
                condition=models.Q(security_level__gte=-999, security_level__lte=0),
                name="contacts_contact_security_level",
            ),
            models.CheckConstraint(
                condition=models.Q(account__in=["none", "pending"], user__isnull=True)
                | models.Q(account__in=["opening", "active"], user__isnull=False),
                name="contacts_contact_account_has_login",
            ),
        ]
        indexes = [
            models.Index(fields=["sort_key", "id"], name="contacts_contact_list", condition=models.Q(deleted_at=None)),
            models.Index(
                fields=["created_by", "sort_key", "id"], name="contacts_contact_created",
                condition=models.Q(deleted_at=None, live=True),
            ),
            models.Index(
                fields=["follower", "sort_key", "id"], name="contacts_contact_followed",
                condition=models.Q(deleted_at=None, live=True),
            ),
            models.Index(fields=["mobile"], name="contacts_contact_mobile", condition=~models.Q(mobile="")),
            models.Index(models.functions.Lower("email"), name="contacts_contact_email", condition=~models.Q(email="")),
            # Filters of the list that few may match (docs/performance.md).
            models.Index(
                fields=["sort_key", "id"], name="contacts_contact_no_mobile",
                condition=models.Q(deleted_at=None, mobile=""),
            ),
            models.Index(
                fields=["sort_key", "id"], name="contacts_contact_no_email",
                condition=models.Q(deleted_at=None, email=""),
            ),
            models.Index(
                fields=["sort_key", "id"], name="contacts_contact_off",
                condition=models.Q(deleted_at=None, enabled=False),
            ),
            models.Index(
                fields=["source", "sort_key", "id"], name="contacts_contact_source",
                condition=models.Q(deleted_at=None),
            ),
            models.Index(
                fields=["created_at"], name="contacts_contact_made", condition=models.Q(deleted_at=None),
            ),
            models.Index(
                fields=["expires_at"], name="contacts_contact_expiry", condition=models.Q(expires_at__isnull=False),
            ),
            models.Index(
                fields=["deleted_at"], name="contacts_contact_bin", condition=models.Q(deleted_at__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def account_state(self) -> str:
        """One of none, pending, opening, active, disabled, expired (locked belongs to the login; see selectors)."""
        return account_state(self.account, enabled=self.enabled, expires_at=self.expires_at)


def account_state(account: str, *, enabled: bool, expires_at: datetime.datetime | None) -> str:
    """The state that these columns of a contact make together."""
    if account in (Contact.Account.NONE, Contact.Account.PENDING):
        return str(account)
    if not enabled:
        return "disabled"
    if expires_at and expires_at <= timezone.now():
        return "expired"
    return str(account)


class Membership(models.Model):
    """Where a contact belongs; one main place, optionally more (SPEC CON-1)."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="memberships")
    node = models.ForeignKey(Node, models.PROTECT, related_name="memberships")
    is_main = models.BooleanField(default=False)
    position = models.CharField(_("position"), max_length=100, blank=True)
    order = models.IntegerField(_("order"), default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["node", "contact"], name="contacts_membership_once"),
            models.UniqueConstraint(
                fields=["contact"],
                condition=models.Q(is_main=True),
                name="contacts_membership_one_main",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}@{self.node_id}"


class ContactScope(models.Model):
    """Scope closure: one row per contact and node at or above one of its memberships (research: data-model-perf).

    Derived; written only by contacts/closure.py, without foreign keys (each would be checked row by row).
    Deleted contacts have no rows. `live` is true when one of the
    memberships below the node counts for staff.
    """

    pk = models.CompositePrimaryKey("node_id", "sort_key", "contact_id")
    node_id = models.BigIntegerField()
    sort_key = models.CharField(max_length=300, db_collation="C")
    contact_id = models.BigIntegerField()
    live = models.BooleanField()

    class Meta:
        indexes = [
            models.Index(
                fields=["node_id", "sort_key", "contact_id"],
                name="contacts_scope_live",
                condition=models.Q(live=True),
            ),
            models.Index(fields=["contact_id"], name="contacts_scope_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.node_id}:{self.contact_id}"


class ScopeCount(models.Model):
    """How many contacts stand at or below a node: the sum of its rows. Derived; written by triggers of ContactScope.

    Every change adds a row instead of changing one, so that writers in one branch do not wait for each other; a job
    sums them up (contacts/jobs.py). Node 0 counts everybody once, wherever he stands.
    """

    EVERYBODY = 0

    node_id = models.BigIntegerField()
    every = models.IntegerField()
    live = models.IntegerField()

    class Meta:
        indexes = [
            models.Index(
                fields=["node_id"], include=["every", "live"], name="contacts_scopecount_node"
            )
        ]

    def __str__(self) -> str:
        return f"{self.node_id}: {self.every}"


class ContactSearch(models.Model):
    """Search words of a contact beside the nodes above it, so that text and visibility meet in one index scan.

    A side table: a change of position or remark does not touch the index. Derived; written by contacts/closure.py.
    """

    contact_id = models.BigIntegerField(primary_key=True)
    words = SearchVectorField()
    anc = ArrayField(models.BigIntegerField())
    live_anc = ArrayField(models.BigIntegerField())

    class Meta:
        indexes = [GinIndex(fields=["words", "anc", "live_anc"], name="contacts_search_words")]

    def __str__(self) -> str:
        return str(self.contact_id)


class ContactUserGrant(GrantFields, UserObjectPermissionBase):
    """共享: `view_contact` or `edit_contact` of one contact to a person."""

    content_object = models.ForeignKey(Contact, models.CASCADE)
    allowed_permissions = frozenset({"view_contact", "edit_contact"})

    class Meta(UserObjectPermissionBase.Meta):
        indexes = [models.Index(fields=["user", "content_object"], name="contacts_usergrant_user")]


class ContactGroupGrant(GrantFields, GroupObjectPermissionBase):
    """The same to an internal department."""

    content_object = models.ForeignKey(Contact, models.CASCADE)
    allowed_permissions = frozenset({"view_contact", "edit_contact"})

    class Meta(GroupObjectPermissionBase.Meta):
        indexes = [
            models.Index(fields=["group", "content_object"], name="contacts_groupgrant_group")
        ]


class ContactVisibleStaff(VisibleStaff):
    """权限设置: staff whom this person may see."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="visible_staff")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=True, group__isnull=False)
                | models.Q(user__isnull=False, group__isnull=True),
                name="contacts_contactvisiblestaff_one_holder",
            ),
            models.UniqueConstraint(
                fields=["contact", "user", "group"],
                name="contacts_contactvisiblestaff_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}:{self.user_id or ''}{self.group_id or ''}"


class ContactMerge(models.Model):
    """One contact was merged into another (SPEC CON-4): it lies in the bin, or is gone for good, and never comes back
    beside the other. Its former addresses lead to the survivor, whose history shows its own too.

    `carried` says what the survivor got, by id, so that a merge can be taken back as long as the bin holds the other.
    """

    former_id = models.BigIntegerField(primary_key=True)
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="merges")
    carried = models.JSONField(default=dict)
    merged_by_label = models.CharField(max_length=200)
    merged_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.former_id}→{self.contact_id}"


class ViewAs(models.Model):
    """A maintainer looks at the address book as a member of staff (SPEC VIS-3); one at a time each."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    target = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    started_at = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(by=models.F("target")), name="contacts_viewas_somebody_else"
            ),
            models.UniqueConstraint(
                fields=["by"],
                condition=models.Q(ended_at__isnull=True),
                name="contacts_viewas_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.by_id}:{self.target_id}"

    @property
    def overdue(self) -> bool:
        return self.until <= timezone.now()
