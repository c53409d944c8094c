"""Organizations and departments: the actions of 外部组织维护 (SPEC ORG-3 to ORG-6, matrix rows 11 to 14).

Rights are checked on the rows as they stand under the lock of the tree, so that a move or a right taken away in between
counts. The dimensions themselves are written by orgs.services.dimensions.
"""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import audit
from core.actors import Actor
from core.errors import Denied, Hidden, Invalid
from core.kept import refuse_kept
from orgs import tree
from orgs.events import Report
from orgs.models import Node
from orgs.permissions import require_maintain
from orgs.selectors.ranges import inherited_labels
from orgs.services import fields as node_fields
from orgs.services.fields import Fields
from orgs.services.shared import locked, refuse_stale, refuse_twin, unique_code


@transaction.atomic
def create(*, by: Actor, parent: Node, kind: int, fields: Fields) -> Node:
    """A new organization or department below `parent` (SPEC ORG-5).

    Raises Hidden outside the maintained dimensions, tree.UnableToPlace for a wrong kind, Invalid (with the field) for
    values, a name that stands there already, or a code that is taken.
    """
    (above,) = locked(parent.pk)
    require_maintain(by=by, node=above)
    values = node_fields.cleaned(kind, fields, new=True)
    tree.guard_kind(kind=kind, parent_kind=above.kind)
    refuse_twin(kind=kind, name=values["name"], parent=above)
    values.setdefault("order", _last_order(above))
    with unique_code(by=by, code=values.get("code")):
        node = tree.add(kind=kind, parent=above, **node_fields.columns(values))
    node_fields.write_detail(node, values)
    after = {"parent": above.name, **_filled(node_fields.snapshot(node))}
    audit.record(action="node.create", obj=node, by=by, after=after, dimension_id=node.dimension_id)
    return node


def _last_order(parent: Node) -> int:
    """Once siblings were put in an order by hand, a new one comes last; else all stand by pinyin."""
    highest = (
        Node.objects.filter(parent_id=parent.pk).order_by("-order").values_list("order", flat=True)
    )
    last = highest.first() or 0
    return last + 1 if last > 0 else 0


def _filled(values: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in values.items() if value not in (None, "", [], 0)}


@transaction.atomic
def edit(*, by: Actor, node: Node, fields: Fields, version: str = "") -> Node:
    """Changes the given fields; an edit that changes nothing leaves no audit row (SPEC ORG-3, ORG-4).

    Raises Hidden outside the maintained dimensions, Conflict when `version` (shared.version_of) is an old one, Invalid
    as `create`.
    """
    (fresh,) = locked(node.pk)
    require_maintain(by=by, node=fresh)
    _refuse_dimension(fresh)
    refuse_stale(fresh, version)
    if fields.get("name", fresh.name) != fresh.name:
        refuse_kept(fresh.kept, "name")
    return rewrite(by=by, fresh=fresh, fields=fields, action="node.edit")


def rewrite(*, by: Actor, fresh: Node, fields: Fields, action: str) -> Node:
    """The change itself, of a dimension too; the node is locked, every right was checked."""
    values = node_fields.cleaned(Node.Kind(fresh.kind), fields, new=False)
    if values.get("name", fresh.name) != fresh.name:
        refuse_twin(kind=fresh.kind, name=values["name"], parent=fresh.parent, besides=fresh.pk)
    before = node_fields.snapshot(fresh)
    with unique_code(by=by, code=values.get("code"), node_id=fresh.pk):
        node_fields.write(fresh, values)
    edited = tree.reread(fresh.pk)
    changed = audit.changes(before, node_fields.snapshot(edited))
    if changed[1]:
        audit.record(
            action=action, obj=edited, by=by, before=changed[0], after=changed[1],
            dimension_id=edited.dimension_id,
        )  # fmt: skip
    return edited


@transaction.atomic
def move(*, by: Actor, node: Node, parent: Node, report: Report | None = None) -> Node:
    """Puts a node with everything below it under `parent` (SPEC ORG-5, SECURITY T20, T21).

    Raises as `check_move`. What is too large for a page belongs to orgs.services.restructuring.
    """
    fresh, target = locked(node.pk, parent.pk)
    check_move(by=by, node=fresh, parent=target)
    return put(by=by, node=fresh, parent=target, report=report)


def put(*, by: Actor, node: Node, parent: Node, report: Report | None = None) -> Node:
    """The move itself; both are locked, every right was checked. Raises tree.UnableToPlace."""
    before = {"parent": node.parent.name, "inherited": inherited_labels(node.parent)}
    after = {"parent": parent.name, "inherited": inherited_labels(parent)}
    moved, _former = tree.move(node_id=node.pk, parent_id=parent.pk, report=report)
    audit.record(
        action="node.move", obj=moved, by=by, before=before, after=after,
        dimension_id=moved.dimension_id,
    )  # fmt: skip
    return moved


def check_move(*, by: Actor, node: Node, parent: Node) -> None:
    """Raises Hidden unless `by` maintains both ends, Denied for another dimension without the right to everything
    (matrix row 14), tree.UnableToPlace with the reason, Invalid when the name stands there already.

    Also asked before the question, so that nobody answers one that cannot be granted.
    """
    require_maintain(by=by, node=node)
    scope = require_maintain(by=by, node=parent)
    refuse_kept(node.kept, "place")
    if node.dimension_id != parent.dimension_id and not scope.everything:
        raise Denied(
            _("Only holders of external directory maintenance move between dimensions"),
            code="other_dimension",
        )
    tree.guard_move(node=node, parent=parent)
    refuse_twin(kind=node.kind, name=node.name, parent=parent, besides=node.pk)


@transaction.atomic
def reorder(*, by: Actor, parent: Node, ordered_ids: Sequence[int]) -> None:
    """Gives the children of `parent` this order (SPEC ORG-5). Raises Hidden outside, Invalid for an outdated list."""
    (above,) = locked(parent.pk)
    require_maintain(by=by, node=above)
    before = _names(above)
    tree.reorder(parent_id=above.pk, ordered_ids=list(ordered_ids))
    after = _names(above)
    if before != after:
        audit.record(
            action="node.reorder", obj=above, by=by, before={"children": before},
            after={"children": after}, dimension_id=above.dimension_id,
        )  # fmt: skip


@transaction.atomic
def shift(*, by: Actor, node: Node, step: int) -> bool:
    """One place up (-1) or down (1) among its siblings; False at the end. Raises Hidden outside."""
    (fresh,) = locked(node.pk)
    require_maintain(by=by, node=fresh)
    _refuse_dimension(fresh)
    siblings = _siblings(fresh)
    return _put(by=by, node=fresh, siblings=siblings, there=siblings.index(fresh.pk) + step)


@transaction.atomic
def place(*, by: Actor, node: Node, beside: Node, after: bool) -> bool:
    """Puts a node right before or after one of its siblings; False when it stands there already.

    Raises Hidden outside, Invalid when the two do not stand side by side (any more).
    """
    (fresh,) = locked(node.pk)
    require_maintain(by=by, node=fresh)
    _refuse_dimension(fresh)
    siblings = _siblings(fresh)
    if beside.pk not in siblings or beside.pk == fresh.pk:
        raise Invalid(_("The list has changed meanwhile. Reload the page and order it again."))
    here, other = siblings.index(fresh.pk), siblings.index(beside.pk)
    there = other + (1 if after else 0) - (1 if here < other else 0)
    return _put(by=by, node=fresh, siblings=siblings, there=there)


def _siblings(node: Node) -> list[int]:
    rows = Node.objects.filter(parent_id=node.parent_id).in_display_order()
    return list(rows.values_list("pk", flat=True))


def _put(*, by: Actor, node: Node, siblings: list[int], there: int) -> bool:
    """Gives a locked node another place among its siblings; False where that is none or the one it has."""
    here = siblings.index(node.pk)
    if here == there or not 0 <= there < len(siblings):
        return False
    siblings.insert(there, siblings.pop(here))
    tree.reorder(parent_id=node.parent_id, ordered_ids=siblings)
    audit.record(
        action="node.reorder", obj=node, by=by, before={"position": here + 1},
        after={"position": there + 1}, dimension_id=node.dimension_id,
    )  # fmt: skip
    return True


def _names(parent: Node) -> list[str]:
    rows = Node.objects.filter(parent_id=parent.pk).in_display_order()
    return list(rows.values_list("name", flat=True)[:200])


@transaction.atomic
def set_enabled(*, by: Actor, node: Node, enabled: bool, report: Report | None = None) -> bool:
    """Disables or enables a node with everything below it (SPEC ORG-6); False when it was so already.

    Who derives something from it (address book, accounts, sessions) hears it from orgs.events in this transaction.
    """
    (fresh,) = locked(node.pk)
    require_maintain(by=by, node=fresh)
    _refuse_dimension(fresh)
    if not tree.set_enabled(node_id=fresh.pk, enabled=enabled, report=report):
        return False
    audit.record(
        action="node.enable" if enabled else "node.disable", obj=fresh, by=by,
        before={"enabled": not enabled}, after={"enabled": enabled}, dimension_id=fresh.dimension_id,
    )  # fmt: skip
    return True


@transaction.atomic
def delete(*, by: Actor, node: Node) -> None:
    """Deletes a node on which nothing hangs (SPEC ORG-5, matrix row 12).

    Raises Hidden outside, Invalid with the sentence that says what is still below or directly under it.
    """
    (fresh,) = locked(node.pk)
    require_maintain(by=by, node=fresh)
    _refuse_dimension(fresh)
    refuse_kept(fresh.kept, "place")
    remove(by=by, node=fresh)


def remove(*, by: Actor, node: Node) -> None:
    """The last step of deleting, for dimensions too: the rights were checked, the tree is locked."""
    before = {
        "parent": node.parent.name if node.parent else None,
        **_filled(node_fields.snapshot(node)),
    }
    audit.record(
        action="dimension.delete" if node.kind == Node.Kind.DIMENSION else "node.delete",
        obj=node, by=by, before=before, dimension_id=node.dimension_id,
    )  # fmt: skip
    try:
        tree.delete(node_id=node.pk)
    except ProtectedError as error:
        raise Invalid(_what_hangs_on(node, error), code="in_use") from error


def _what_hangs_on(node: Node, error: ProtectedError) -> str:
    """The sentence that says why a node stays. Contacts in the bin hang on it too."""
    found = {obj.pk for obj in error.protected_objects if obj._meta.model_name == "membership"}
    if found:
        return ngettext(
            "%(count)s contact is directly under “%(name)s”, the bin included. Move or delete it first.",
            "%(count)s contacts are directly under “%(name)s”, the bin included. Move or delete them first.",
            len(found),
        ) % {"name": node.name, "count": len(found)}
    kinds = sorted({str(obj._meta.verbose_name) for obj in error.protected_objects})
    return _("“%(name)s” is still in use: %(what)s") % {
        "name": node.name,
        "what": ", ".join(kinds),
    }


def _refuse_dimension(node: Node) -> None:
    """Dimensions have services of their own, with another right; here they do not exist."""
    if node.kind == Node.Kind.DIMENSION:
        raise Hidden(_("There is no such organization or department."))
