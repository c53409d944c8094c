"""Entries of 外部组织维护; what a person may not open is absent."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.nav import CONSOLE, TOP, NavItem
from orgs.views.guards import scope


def items(request: HttpRequest) -> Iterable[NavItem]:
    """Back office for whoever maintains something; 维度管理 for those who may do everything."""
    if not request.user.is_authenticated or request.user.is_external:
        return
    allowed = scope(request)
    if not allowed.maintains_any:
        return
    yield NavItem(
        "console", _("Administration"), reverse("orgs:console"), "settings", TOP, order=400,
        match=("/console/",), short=_("Manage"),
    )  # fmt: skip
    group = _("Organization structure")
    yield NavItem(
        "orgs", _("External organizations"), reverse("orgs:home"), "sitemap", CONSOLE, group, 110,
        match=("/console/contacts/",),
    )  # fmt: skip
    if allowed.everything:
        url = reverse("orgs:dimensions")
        yield NavItem("dimensions", _("Dimensions"), url, "adjustments", CONSOLE, group, 120)
        url = reverse("orgs:categories")
        yield NavItem(
            "categories", _("Categories and tags"), url, "tags", CONSOLE, group, 130,
            match=("/console/tags/",),
        )  # fmt: skip
    if allowed.administrator:
        url = reverse("orgs:settings")
        yield NavItem("directory", _("Directory settings"), url, "settings", CONSOLE, group, 140)
