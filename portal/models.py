"""The registry of apps that external people may be given (SPEC POR-2)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


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

    class Meta:
        verbose_name = _("app")
        ordering = ["order", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def connected(self) -> bool:
        """Whether there is anything behind the tile."""
        return bool(self.url_name if self.kind == self.Kind.BUILTIN else self.address)
