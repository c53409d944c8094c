"""Words of the tree: kinds with their icons, actions and fields of the history."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from orgs.models import Node

ICONS = {
    Node.Kind.DIMENSION: "folder",
    Node.Kind.ORGANIZATION: "building",
    Node.Kind.DEPARTMENT: "building-community",
}
ACTIONS: dict[str, str | Promise] = {
    "node.create": _l("Created"),
    "node.edit": _l("Edited"),
    "node.move": _l("Moved"),
    "node.reorder": _l("Order changed"),
    "node.enable": _l("Enabled"),
    "node.disable": _l("Disabled"),
    "node.delete": _l("Deleted"),
    "dimension.create": _l("Created"),
    "dimension.edit": _l("Edited"),
    "dimension.enable": _l("Enabled"),
    "dimension.disable": _l("Disabled"),
    "dimension.delete": _l("Deleted"),
    "range.add": _l("Visible range added"),
    "range.remove": _l("Visible range removed"),
    "maintainer.add": _l("Maintainer appointed"),
    "maintainer.remove": _l("Maintainer dismissed"),
    "visible_staff.add": _l("Visible staff added"),
    "visible_staff.remove": _l("Visible staff removed"),
}
FIELDS: dict[str, str | Promise] = {
    "name": _l("Name"),
    "name_en": _l("English name"),
    "full_name": _l("Full name"),
    "code": _l("Code"),
    "order": _l("Order"),
    "remark": _l("Remark"),
    "description": _l("Description"),
    "credit_code": _l("Unified social credit code"),
    "category": _l("Category"),
    "tags": _l("Tags"),
    "owners": _l("Responsible people"),
    "cooperation_from": _l("Cooperation from"),
    "cooperation_to": _l("Cooperation to"),
    "parent": _l("Stands under"),
    "inherited": _l("Inherited visible range"),
    "children": _l("Order below"),
    "position": _l("Position"),
    "enabled": _l("Enabled"),
    "holder": _l("Person or department"),
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
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[tuple[str, str, str]]:
    """(field, before, after) of one change, as text."""
    keys = [key for key in {**before, **after} if key not in _HIDDEN]
    return [
        (str(FIELDS.get(key, key)), _printed(before.get(key)), _printed(after.get(key)))
        for key in keys
    ]


def _printed(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return _(", ").join(str(item) for item in value)
    return "" if value is None else str(value)
