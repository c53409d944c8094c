"""维度管理: for administrators and holders of 外部互联维护 alone (SPEC ORG-2, matrix row 10)."""

from django.db import transaction
from django.utils.translation import gettext as _

from core import audit
from core.actors import Actor
from core.errors import Hidden
from orgs import tree
from orgs.events import Report
from orgs.models import Node
from orgs.permissions import require_dimension_management
from orgs.services import fields as node_fields
from orgs.services import nodes
from orgs.services.fields import Fields
from orgs.services.shared import locked, refuse_stale, refuse_twin, unique_code


@transaction.atomic
def create(*, by: Actor, fields: Fields) -> Node:
    """A new dimension; raises Denied without the right, Invalid (with the field) for values."""
    require_dimension_management(by=by)
    values = node_fields.cleaned(Node.Kind.DIMENSION, fields, new=True)
    tree.lock(0)
    refuse_twin(kind=Node.Kind.DIMENSION, name=values["name"], parent=None)
    with unique_code(by=by, code=values.get("code")):
        node = tree.create_dimension(**node_fields.columns(values))
    node_fields.write_detail(node, values)
    audit.record(
        action="dimension.create", obj=node, by=by, after=node_fields.snapshot(node),
        dimension_id=node.pk,
    )  # fmt: skip
    return node


@transaction.atomic
def edit(*, by: Actor, dimension: Node, fields: Fields, version: str = "") -> Node:
    """Changes the given fields; raises Denied, Conflict for an old `version`, Invalid (with the field)."""
    require_dimension_management(by=by)
    tree.lock(0)
    fresh = _dimension(dimension.pk)
    refuse_stale(fresh, version)
    return nodes.rewrite(by=by, fresh=fresh, fields=fields, action="dimension.edit")


@transaction.atomic
def set_enabled(*, by: Actor, dimension: Node, enabled: bool, report: Report | None = None) -> bool:
    """Disables or enables a dimension with everything in it; False when it was so already.

    Raises Denied without the right, Invalid for the built-in dimension.
    """
    require_dimension_management(by=by)
    fresh = _dimension(dimension.pk)
    if not tree.set_enabled(node_id=fresh.pk, enabled=enabled, report=report):
        return False
    audit.record(
        action="dimension.enable" if enabled else "dimension.disable", obj=fresh, by=by,
        before={"enabled": not enabled}, after={"enabled": enabled}, dimension_id=fresh.pk,
    )  # fmt: skip
    return True


@transaction.atomic
def delete(*, by: Actor, dimension: Node) -> None:
    """Deletes an empty dimension; raises Denied, or Invalid with what is still in it."""
    require_dimension_management(by=by)
    tree.lock(0)
    nodes.remove(by=by, node=_dimension(dimension.pk))


def _dimension(node_id: int) -> Node:
    (node,) = locked(node_id)
    if node.kind != Node.Kind.DIMENSION:
        raise Hidden(_("There is no such dimension."))
    return node
