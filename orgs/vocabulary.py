"""Words of the tree: kinds with their icons, actions and fields of the history."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from orgs.models import Node

ICONS = {
    Node.Kind.DIMENSION: "folder",
    Node.Kind.ORGANIZATION: "building",
    Node.Kind.DEPARTMENT: "building-community",
}
ACTIONS: dict[str, str | Promise] = {
    "node.create": gettext_lazy("Created"),
    "node.edit": gettext_lazy("Edited"),
    "node.move": gettext_lazy("Moved"),
    "node.reorder": gettext_lazy("Order changed"),
    "node.enable": gettext_lazy("Enabled"),
    "node.disable": gettext_lazy("Disabled"),
    "node.delete": gettext_lazy("Deleted"),
    "node.cancel_move": gettext_lazy("Large move stopped"),
    "node.cancel_disable": gettext_lazy("Large disabling stopped"),
    "node.cancel_enable": gettext_lazy("Large enabling stopped"),
    "dimension.create": gettext_lazy("Created"),
    "dimension.edit": gettext_lazy("Edited"),
    "dimension.enable": gettext_lazy("Enabled"),
    "dimension.disable": gettext_lazy("Disabled"),
    "dimension.delete": gettext_lazy("Deleted"),
    "range.add": gettext_lazy("Visible range added"),
    "range.remove": gettext_lazy("Visible range removed"),
    "maintainer.add": gettext_lazy("Maintainer appointed"),
    "maintainer.remove": gettext_lazy("Maintainer dismissed"),
    "visible_staff.add": gettext_lazy("Visible staff added"),
    "visible_staff.remove": gettext_lazy("Visible staff removed"),
    "category.create": gettext_lazy("Category created"),
    "category.edit": gettext_lazy("Category edited"),
    "category.reorder": gettext_lazy("Order of categories changed"),
    "category.merge": gettext_lazy("Category merged"),
    "category.delete": gettext_lazy("Category deleted"),
    "tag.rename": gettext_lazy("Tag renamed"),
    "tag.merge": gettext_lazy("Tag merged"),
    "tag.delete": gettext_lazy("Tag deleted"),
    "directory_settings.edit": gettext_lazy("Settings of the directory changed"),
    # Written by the app above about a node.
    "import.run": gettext_lazy("File imported"),
    "export.create": gettext_lazy("Export asked for"),
    "export.run": gettext_lazy("Export written"),
    "export.cancel": gettext_lazy("Export cancelled"),
    "export.download": gettext_lazy("Export downloaded"),
}
# What the filter of the history offers: a word and the actions behind it.
ACTION_KINDS = {
    "create": ("node.create", "dimension.create"),
    "edit": ("node.edit", "dimension.edit"),
    "move": ("node.move", "node.cancel_move"),
    "order": ("node.reorder",),
    "switch": (
        "node.enable",
        "node.disable",
        "dimension.enable",
        "dimension.disable",
        "node.cancel_enable",
        "node.cancel_disable",
    ),
    "delete": ("node.delete", "dimension.delete"),
    "range": ("range.add", "range.remove"),
    "maintainer": ("maintainer.add", "maintainer.remove"),
    "staff": ("visible_staff.add", "visible_staff.remove"),
}
FIELDS: dict[str, str | Promise] = {
    "name": pgettext_lazy("node", "Name"),
    "name_en": gettext_lazy("English name"),
    "full_name": gettext_lazy("Full name"),
    "code": gettext_lazy("Code"),
    "order": gettext_lazy("Order"),
    "remark": gettext_lazy("Remark"),
    "description": gettext_lazy("Description"),
    "credit_code": gettext_lazy("Unified social credit code"),
    "category": gettext_lazy("Category"),
    "tags": gettext_lazy("Tags"),
    "owners": gettext_lazy("Responsible people"),
    "cooperation_from": gettext_lazy("Cooperation from"),
    "cooperation_to": gettext_lazy("Cooperation to"),
    "parent": gettext_lazy("Stands under"),
    "inherited": gettext_lazy("Inherited visible range"),
    "children": gettext_lazy("Order below"),
    "position": gettext_lazy("Position"),
    "enabled": gettext_lazy("Enabled"),
    "holder": gettext_lazy("Person or department"),
    "file": gettext_lazy("File"),
    "count": gettext_lazy("Rows"),
    "columns": gettext_lazy("Columns"),
    "chosen": gettext_lazy("Chosen contacts"),
    "below": gettext_lazy("With everything below"),
    "q": gettext_lazy("Searched for"),
    "created": gettext_lazy("People created"),
    "updated": gettext_lazy("People updated"),
    "joined": gettext_lazy("Added to an organization"),
    "organizations": gettext_lazy("Organizations"),
    "departments": gettext_lazy("Departments"),
    "left_out": gettext_lazy("Rows left out"),
}
# Told by `holder` already.
_HIDDEN = frozenset({"holder_kind", "holder_id"})


def icon_of(node: Node) -> str:
    """The icon of a node, by its kind."""
    return ICONS[Node.Kind(node.kind)]


def action_label(action: str) -> str:
    """An action of the history in words; an unknown one stands as it is."""
    return str(ACTIONS.get(action, action))


def changed_fields(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    fields: Mapping[str, str | Promise] = FIELDS,
) -> list[tuple[str, str, str]]:
    """(field, before, after) of one change, as text; `fields` names them."""
    keys = [key for key in {**before, **after} if key not in _HIDDEN]
    return [
        (str(fields.get(key, key)), _printed(before.get(key)), _printed(after.get(key)))
        for key in keys
    ]


def _printed(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return _(", ").join(str(item) for item in value)
    return "" if value is None else str(value)
