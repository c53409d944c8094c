"""Visible ranges, maintainers and visible staff: who inside sees and maintains what (SPEC ORG-9, VIS-4).

A holder of a right is a person or an internal department with everything below it. Every function is idempotent and
answers whether it changed something; only a change is audited.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Department, User
from core import audit, guardian
from core.actors import Actor
from core.errors import Denied, Hidden, Invalid
from orgs.models import Node, NodeGroupGrant, NodeUserGrant, NodeVisibleStaff
from orgs.permissions import require_dimension_management, require_maintain
from orgs.services.shared import locked

Holder = User | Department
VIEW, MAINTAIN = "view_node", "maintain_node"


@transaction.atomic
def add_range(*, by: Actor, node: Node, to: Holder) -> bool:
    """Puts a person or department into the visible range of a node, for everything below it too (matrix row 29).

    Raises Hidden unless `by` maintains the dimension, Denied for oneself (a range would outlive the maintenance,
    SECURITY T25), Invalid for external or inactive people.
    """
    (fresh,) = locked(node.pk)
    require_maintain(by=by, node=fresh)
    refuse_oneself(by, to)
    return _give(by=by, node=fresh, to=to, codename=VIEW, action="range.add")


@transaction.atomic
def remove_range(*, by: Actor, node: Node, to: Holder) -> bool:
    """Takes it out again; raises Hidden outside, Denied for a range that a synchronization rule keeps."""
    (fresh,) = locked(node.pk)
    require_maintain(by=by, node=fresh)
    return _take(by=by, node=fresh, to=to, codename=VIEW, action="range.remove")


@transaction.atomic
def add_maintainer(*, by: Actor, dimension: Node, to: Holder) -> bool:
    """Appoints a maintainer of a dimension (matrix row 30).

    Raises Denied unless `by` may do everything, and for oneself (SECURITY T25); Invalid for external or inactive
    people.
    """
    fresh = _dimension_for_appointment(by=by, dimension=dimension, to=to)
    return _give(by=by, node=fresh, to=to, codename=MAINTAIN, action="maintainer.add")


@transaction.atomic
def remove_maintainer(*, by: Actor, dimension: Node, to: Holder) -> bool:
    """Dismisses a maintainer; raises as `add_maintainer`."""
    fresh = _dimension_for_appointment(by=by, dimension=dimension, to=to)
    return _take(by=by, node=fresh, to=to, codename=MAINTAIN, action="maintainer.remove")


@transaction.atomic
def add_visible_staff(*, by: Actor, node: Node, to: Holder) -> bool:
    """Lets every external person at or below the node see a person or department (SPEC VIS-4, matrix row 29).

    Raises Hidden outside, Invalid for external or inactive people.
    """
    (fresh,) = locked(node.pk)
    require_maintain(by=by, node=fresh)
    return let_be_seen(by=by, node=fresh, to=to)


@transaction.atomic
def remove_visible_staff(*, by: Actor, node: Node, to: Holder) -> bool:
    """Takes a person or department out of the visible staff; raises as `remove_range`."""
    (fresh,) = locked(node.pk)
    require_maintain(by=by, node=fresh)
    rows = NodeVisibleStaff.objects.filter(node=fresh, **_columns(to))
    _refuse_kept_by_rule(rows.first())
    if not rows.delete()[0]:
        return False
    _record(by=by, node=fresh, to=to, action="visible_staff.remove", given=False)
    return True


def _by_name(what: str) -> tuple[Callable[..., bool], Callable[..., bool], str]:
    """(give, take, name of the node argument) of "range", "staff" or "maintainer"; raises KeyError."""
    known: dict[str, tuple[Callable[..., bool], Callable[..., bool], str]] = {
        "range": (add_range, remove_range, "node"),
        "staff": (add_visible_staff, remove_visible_staff, "node"),
        "maintainer": (add_maintainer, remove_maintainer, "dimension"),
    }
    return known[what]


@transaction.atomic
def give(*, by: Actor, node: Node, what: str, holders: Sequence[Holder]) -> int:
    """Gives "range", "staff" or "maintainer" to all of these or to none; returns how many are new.

    Raises as the single functions.
    """
    add, _take_away, argument = _by_name(what)
    return sum(add(by=by, to=to, **{argument: node}) for to in holders)


@transaction.atomic
def take(*, by: Actor, node: Node, what: str, holder: Holder) -> bool:
    """Takes "range", "staff" or "maintainer" away; raises as the single functions."""
    _add, remove, argument = _by_name(what)
    return remove(by=by, to=holder, **{argument: node})


def _dimension_for_appointment(*, by: Actor, dimension: Node, to: Holder) -> Node:
    require_dimension_management(by=by)
    refuse_oneself(by, to)
    (fresh,) = locked(dimension.pk)
    if fresh.kind != Node.Kind.DIMENSION:
        raise Hidden(_("There is no such dimension."))
    return fresh


def let_be_seen(*, by: Actor, node: Node, to: Holder, source: str = "manual") -> bool:
    """Visible staff of a locked node whose maintenance was checked; False when it is so already. Raises Invalid."""
    refuse_outsider(to)
    _row, created = NodeVisibleStaff.objects.get_or_create(
        node=node,
        **_columns(to),
        defaults={"granted_by_label": by.actor_label[:200], "source": source},
    )
    if created:
        _record(by=by, node=node, to=to, action="visible_staff.add", given=True)
    return created


def give_view(*, by: Actor, node: Node, to: Holder, source: str) -> bool:
    """A visible range of a locked node whose maintenance was checked; False when it is so already. Raises Invalid."""
    return _give(by=by, node=node, to=to, codename=VIEW, action="range.add", source=source)


def take_given(*, by: Actor, node: Node, to: Holder, source: str) -> bool:
    """Takes the visible range and the visible staff of a locked node away that `source` gave, and nothing else."""
    seen = guardian.holders(table=table_of(to), codename=VIEW, obj=node)
    shown = NodeVisibleStaff.objects.filter(node=node)
    found = False
    for rows, action in ((seen, "range.remove"), (shown, "visible_staff.remove")):
        if rows.filter(source=source, **_columns(to)).delete()[0]:
            _record(by=by, node=node, to=to, action=action, given=False)
            found = True
    return found


def _give(
    *, by: Actor, node: Node, to: Holder, codename: str, action: str, source: str = "manual"
) -> bool:
    refuse_outsider(to)
    _row, created = guardian.grant(
        table=table_of(to), codename=codename, to=principal_of(to), obj=node, by_label=by.actor_label,
        source=source,
    )  # fmt: skip
    if created:
        _record(by=by, node=node, to=to, action=action, given=True)
    return created


def _take(*, by: Actor, node: Node, to: Holder, codename: str, action: str) -> bool:
    rows = guardian.holders(table=table_of(to), codename=codename, obj=node)
    _refuse_kept_by_rule(rows.filter(**_columns(to)).first())
    if not guardian.revoke(table=table_of(to), codename=codename, to=principal_of(to), obj=node):
        return False
    _record(by=by, node=node, to=to, action=action, given=False)
    return True


def table_of(to: Holder) -> type[NodeUserGrant] | type[NodeGroupGrant]:
    """Where the rights of such a holder stand."""
    return NodeUserGrant if isinstance(to, User) else NodeGroupGrant


def principal_of(to: Holder) -> Any:
    """Whom the right is written to: a person, or the group of a department."""
    return to if isinstance(to, User) else to.group


def _columns(to: Holder) -> dict[str, Any]:
    return {"user": to} if isinstance(to, User) else {"group": to.group}


def refuse_oneself(by: Actor, to: Holder) -> None:
    """Raises Denied for whoever gives himself a right (SECURITY T25)."""
    if isinstance(to, User) and isinstance(by, User) and by.pk == to.pk:
        raise Denied(_("Nobody changes his own rights. Ask another administrator or holder."))


def refuse_outsider(to: Holder) -> None:
    """Raises Invalid for external and inactive people."""
    if isinstance(to, User) and (to.is_external or not to.is_active):
        raise Invalid(_("Only active staff can be chosen here"), field="people")


def _refuse_kept_by_rule(row: Any) -> None:
    if row is not None and row.source != "manual":
        raise Denied(_("This is kept by a synchronization rule and is changed there"))


def _record(*, by: Actor, node: Node, to: Holder, action: str, given: bool) -> None:
    kind = "person" if isinstance(to, User) else "department"
    holder = {"holder": label_of(to), "holder_kind": kind, "holder_id": to.pk}
    audit.record(
        action=action, obj=node, by=by, before={} if given else holder,
        after=holder if given else {}, dimension_id=node.dimension_id,
    )  # fmt: skip


def label_of(to: Holder) -> str:
    """The holder as the audit trail names him."""
    return to.actor_label if isinstance(to, User) else str(to.name)
