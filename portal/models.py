"""The registry of apps that external people may be given (SPEC POR-2)."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact
from orgs.models import Category, Node


class App(models.Model):
    """An app of the portal. Without an implementation or address it is 未接入 and never shown to external people."""

    class Kind(models.TextChoices):
        BUILTIN = "builtin", _("Built in")
        LINK = "link", _("Link")
        OIDC = "oidc", _("OIDC client")

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=40)
    name_en = models.CharField(_("English name"), max_length=40, blank=True)
    icon = models.CharField(max_length=40, default="apps")
    category = models.CharField(_("category"), max_length=40, blank=True)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.LINK)
    url_name = models.CharField(
        max_length=80, blank=True
    )  # built-in apps: the URL name inside the portal
    address = models.URLField(_("address"), blank=True)
    enabled = models.BooleanField(_("enabled"), default=True)
    open_by_default = models.BooleanField(_("open by default"), default=False)
    order = models.IntegerField(default=0)
    desktop = models.BooleanField(_("on desktops"), default=True, db_default=True)
    phone = models.BooleanField(_("on phones"), default=True, db_default=True)
    # Added in the back office: what comes with the product stays.
    own = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta:
        verbose_name = _("app")
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def connected(self) -> bool:
        """Whether there is anything behind the tile."""
        return bool(self.url_name if self.kind == self.Kind.BUILTIN else self.address)

    @property
    def state(self) -> str:
        """on, off or unconnected (未接入)."""
        if not self.enabled:
            return "off"
        return "on" if self.connected else "unconnected"


class AppOpening(models.Model):
    """An app is open to a place, a category or a person, or keeps them out (SPEC POR-3; portal/rule.py decides).

    Categories have no constraint of their own: two of them can be merged into one.
    """

    app = models.ForeignKey(App, models.CASCADE, related_name="openings")
    exclude = models.BooleanField(default=False)
    node = models.ForeignKey(Node, models.CASCADE, null=True, related_name="+")
    category = models.ForeignKey(Category, models.PROTECT, null=True, related_name="+")
    contact = models.ForeignKey(Contact, models.CASCADE, null=True, related_name="+")
    desktop = models.BooleanField(default=True)
    phone = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["exclude", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(node__isnull=False, category__isnull=True, contact__isnull=True)
                | models.Q(node__isnull=True, category__isnull=False, contact__isnull=True)
                | models.Q(node__isnull=True, category__isnull=True, contact__isnull=False),
                name="portal_appopening_one_target",
            ),
            models.CheckConstraint(
                condition=models.Q(desktop=True) | models.Q(phone=True), name="portal_appopening_somewhere"
            ),
            models.CheckConstraint(
                condition=models.Q(exclude=False) | models.Q(desktop=True, phone=True),
                name="portal_appopening_exclude_everywhere",
            ),
            models.UniqueConstraint(fields=["app", "node"], name="portal_appopening_node_once"),
            models.UniqueConstraint(fields=["app", "contact"], name="portal_appopening_contact_once"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.app_id}:{self.target}"

    @property
    def target(self) -> Node | Category | Contact:
        """What the line is about."""
        found = self.node or self.category or self.contact
        if found is None:
            raise ValueError("a line without a target, which the table does not admit")
        return found


class TodoSystem(models.Model):
    """Another system that puts items into 个人待办 (SPEC POR-4). Of its token only the hash is kept.

    `calls` in the minute that began at `window_started_at` are counted here, in the row that every call reads anyway.
    """

    name = models.CharField(_("name"), max_length=60, unique=True)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    enabled = models.BooleanField(_("enabled"), default=True)
    # Links of its items lead to these alone: "host" or "host:port", lower case.
    hosts = ArrayField(models.CharField(max_length=260), default=list)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    rolled_at = models.DateTimeField(default=timezone.now, editable=False)
    window_started_at = models.DateTimeField(default=timezone.now, editable=False)
    calls = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PushedTodo(models.Model):
    """One item of another system for one identity, known there as `external_id`."""

    system = models.ForeignKey(TodoSystem, models.CASCADE, related_name="items")
    external_id = models.CharField(max_length=100)
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="pushed_todos")
    title = models.CharField(max_length=200)
    link = models.CharField(max_length=1000, blank=True)
    due = models.DateTimeField(null=True)
    done = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["system", "external_id"], name="portal_pushedtodo_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["contact", "due"],
                name="portal_pushedtodo_open",
                condition=models.Q(done=False),
            ),
            models.Index(
                fields=["updated_at"],
                name="portal_pushedtodo_done",
                condition=models.Q(done=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.system_id}:{self.external_id}"
