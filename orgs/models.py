"""The tree: dimension → organization → department, and the rights that flow down it."""

from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _
from mptt.models import MPTTModel, TreeForeignKey

from core.guardian import GrantFields, GroupObjectPermissionBase, UserObjectPermissionBase
from orgs.querysets import NodeManager, RestructuringBatchManager, RestructuringManager


class Source(models.TextChoices):
    MANUAL = "manual", _("Manual")
    FILE = "file", _("File")
    WECOM = "wecom", _("WeCom")


class Category(models.Model):
    """外部用户分类, a managed list (SPEC ORG-3)."""

    name = models.CharField(_("name"), max_length=50, unique=True)
    order = models.IntegerField(_("order"), default=0)
    description = models.CharField(_("description"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("category")
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A free label on organizations and contacts."""

    name = models.CharField(_("name"), max_length=30, unique=True)

    class Meta:
        verbose_name = _("tag")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Node(MPTTModel):  # type: ignore[misc]  # django-mptt has no types
    """One place in the tree. Structure is written only by orgs/tree.py.

    `parent` is the truth. lft/rght/tree_id/level, `path`, `dimension` and `live` derive from it and can be rebuilt.
    """

    class Kind(models.IntegerChoices):
        DIMENSION = 0, _("Dimension")
        ORGANIZATION = 1, _("Organization")
        DEPARTMENT = 2, _("Department")

    kind = models.PositiveSmallIntegerField(choices=Kind.choices)
    parent = TreeForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    dimension = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", editable=False
    )
    path = models.TextField(default="", editable=False, db_collation="C")  # "3.88.1021."
    name = models.CharField(_("name"), max_length=100)
    name_en = models.CharField(_("English name"), max_length=100, blank=True)
    full_name = models.CharField(_("full name"), max_length=200, blank=True)
    sort_key = models.CharField(max_length=300, db_collation="C", blank=True)
    initials = models.CharField(max_length=100, blank=True)
    code = models.CharField(_("code"), max_length=64, null=True, blank=True, unique=True)
    order = models.IntegerField(_("order"), default=0)
    remark = models.TextField(_("remark"), blank=True, max_length=2000)
    enabled = models.BooleanField(_("enabled"), default=True)
    # Enabled itself and everything above it; derived, written by orgs/tree.py.
    live = models.BooleanField(default=True, editable=False)
    builtin = models.BooleanField(default=False, editable=False)
    source = models.CharField(
        max_length=8, choices=Source.choices, default=Source.MANUAL, editable=False
    )
    remote_key = models.CharField(max_length=200, blank=True, editable=False)
    synced_at = models.DateTimeField(null=True, editable=False)
    # What of it a synchronization keeps, by words ("name place"): nobody changes that here (SPEC WEC-1).
    kept = models.CharField(max_length=60, blank=True, db_default="", default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[NodeManager] = NodeManager()

    class Meta:
        verbose_name = _("node")
        default_permissions = ()
        permissions = [
            ("maintain_node", "maintains the dimension"),
            ("view_node", "sees the contacts below"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind=0, parent__isnull=True)
                | models.Q(kind__gt=0, parent__isnull=False),
                name="orgs_node_root_is_dimension",
            ),
            models.CheckConstraint(
                condition=~models.Q(parent=models.F("id")), name="orgs_node_not_own_parent"
            ),
            models.CheckConstraint(
                condition=models.Q(lft__lt=models.F("rght")), name="orgs_node_interval"
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="orgs_node_named"),
            models.CheckConstraint(
                condition=models.Q(builtin=False) | models.Q(enabled=True),
                name="orgs_node_builtin_on",
            ),
            models.UniqueConstraint(
                fields=["dimension", "remote_key"],
                condition=~models.Q(remote_key=""),
                name="orgs_node_remote_key",
            ),
            models.UniqueConstraint(
                fields=["builtin"], condition=models.Q(builtin=True), name="orgs_node_one_builtin"
            ),
        ]
        indexes = [
            models.Index(fields=["parent", "order", "sort_key", "id"], name="orgs_node_level"),
            models.Index(fields=["path"], name="orgs_node_path"),
            models.Index(fields=["dimension", "kind"], name="orgs_node_dimension_kind"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ancestor_ids(self) -> list[int]:
        """Ids from the dimension down to this node, itself included."""
        return [int(part) for part in self.path.split(".") if part]


# django-mptt declares an index on (tree_id, lft) unasked. Nothing reads it, and with an index on an end of the interval
# every insert would write half a tree into every index (docs/adr/0009).
Node._meta.indexes = [index for index in Node._meta.indexes if index.fields != ["tree_id", "lft"]]


class DimensionDetail(models.Model):
    """What only a dimension has."""

    node = models.OneToOneField(
        Node, models.CASCADE, primary_key=True, related_name="dimension_detail"
    )
    description = models.CharField(_("description"), max_length=500, blank=True)

    def __str__(self) -> str:
        return str(self.node_id)


class OrganizationDetail(models.Model):
    """What only an organization has (SPEC ORG-3)."""

    node = models.OneToOneField(
        Node, models.CASCADE, primary_key=True, related_name="organization_detail"
    )
    credit_code = models.CharField(_("unified social credit code"), max_length=18, blank=True)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, verbose_name=_("category")
    )
    tags = models.ManyToManyField(Tag, blank=True, verbose_name=_("tags"))
    owners = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, verbose_name=_("responsible people")
    )
    cooperation_from = models.DateField(_("cooperation from"), null=True, blank=True)
    cooperation_to = models.DateField(_("cooperation to"), null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(cooperation_from__isnull=True)
                | models.Q(cooperation_to__isnull=True)
                | models.Q(cooperation_from__lte=models.F("cooperation_to")),
                name="orgs_organizationdetail_period",
            )
        ]

    def __str__(self) -> str:
        return str(self.node_id)


class NodeUserGrant(GrantFields, UserObjectPermissionBase):
    """`maintain_node` on a dimension, `view_node` on any node, to a person."""

    content_object = models.ForeignKey(Node, models.CASCADE)
    allowed_permissions = frozenset({"maintain_node", "view_node"})

    class Meta(UserObjectPermissionBase.Meta):
        indexes = [
            models.Index(
                fields=["user", "permission", "content_object"], name="orgs_nodeusergrant_user"
            )
        ]


class NodeGroupGrant(GrantFields, GroupObjectPermissionBase):
    """The same to an internal department."""

    content_object = models.ForeignKey(Node, models.CASCADE)
    allowed_permissions = frozenset({"maintain_node", "view_node"})

    class Meta(GroupObjectPermissionBase.Meta):
        indexes = [
            models.Index(
                fields=["group", "permission", "content_object"], name="orgs_nodegroupgrant_group"
            )
        ]


class VisibleStaff(models.Model):
    """Staff whom external people may see: a person or an internal department. Subclassed per object (SPEC VIS-4)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    group = models.ForeignKey(Group, models.CASCADE, null=True, blank=True, related_name="+")
    granted_at = models.DateTimeField(auto_now_add=True)
    granted_by_label = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=16, default="manual")

    class Meta:
        abstract = True


class NodeVisibleStaff(VisibleStaff):
    """Holds for every external person at or below the node."""

    node = models.ForeignKey(Node, models.CASCADE, related_name="visible_staff")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=True, group__isnull=False)
                | models.Q(user__isnull=False, group__isnull=True),
                name="orgs_nodevisiblestaff_one_holder",
            ),
            models.UniqueConstraint(
                fields=["node", "user", "group"],
                name="orgs_nodevisiblestaff_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.node_id}:{self.user_id or ''}{self.group_id or ''}"


class DirectorySettings(models.Model):
    """One row of choices for the whole installation."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    staff_create_in_builtin = models.BooleanField(
        _("staff may create in the built-in dimension"), default=True
    )
    default_security_level = models.SmallIntegerField(_("default security level"), default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="orgs_directorysettings_one_row")
        ]

    def __str__(self) -> str:
        return "settings"


class RestructuringBatch(models.Model):
    """Several nodes that the worker moves, disables or enables one after the other, each for itself."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    dimension = models.ForeignKey(Node, models.CASCADE, related_name="+")  # where they stood
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[RestructuringBatchManager] = RestructuringBatchManager()

    def __str__(self) -> str:
        return f"batch {self.pk}"


class Restructuring(models.Model):
    """A move, disabling or enabling of so many people that the worker carries it out (docs/adr/0010)."""

    class Action(models.TextChoices):
        MOVE = "move", _("Move")
        DISABLE = "disable", _("Disable")
        ENABLE = "enable", _("Enable")

    class Status(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        SUCCEEDED = "succeeded", _("Succeeded")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    action = models.CharField(max_length=8, choices=Action.choices)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    # User.session_epoch when it was asked for: whoever is disabled and enabled again starts from nothing (T46).
    epoch = models.PositiveIntegerField(db_default=0)
    batch = models.ForeignKey(
        RestructuringBatch, models.CASCADE, null=True, related_name="restructurings"
    )
    node = models.ForeignKey(Node, models.CASCADE, related_name="restructurings")
    parent = models.ForeignKey(Node, models.CASCADE, null=True, related_name="+")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    # People gone over so far; nothing of it can be seen before the end.
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    message = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[RestructuringManager] = RestructuringManager()

    class Meta:
        verbose_name = _("restructuring")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(action="move", parent__isnull=False)
                | (~models.Q(action="move") & models.Q(parent__isnull=True)),
                name="orgs_restructuring_target",
            ),
            models.UniqueConstraint(
                fields=["node"],
                condition=models.Q(status__in=["queued", "running"]),
                name="orgs_restructuring_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.node_id}"

    @property
    def is_open(self) -> bool:
        """Whether it is still to happen."""
        return self.status in (self.Status.QUEUED, self.Status.RUNNING)
