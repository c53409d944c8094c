"""The registry of apps that external people may be given (SPEC POR-2)."""

from django.db import models
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
