"""Several organizations at once: each is checked, all are changed or none, one audit row each (SPEC ORG-5 to ORG-9).

The ids come from a form and prove nothing: whoever does not maintain one of them changes none (SECURITY T05).
"""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core import audit, guardian
from core.actors import Actor
from core.audit import Change
from core.errors import Denied, Hidden, Invalid
from orgs import tree
from orgs.models import Node, OrganizationDetail
from orgs.permissions import scope_for
from orgs.services import fields as node_fields
from orgs.services import grants, nodes, words
from orgs.services.grants import VIEW, Holder
from orgs.services.shared import named

LIMIT = 500
# A move rewrites the closure of everybody below; more than this belongs into several steps.
MOVE_LIMIT = 100


@transaction.atomic
def move(*, by: Actor, node_ids: Sequence[int], parent: Node) -> int:
    """Puts organizations under `parent`; what stands below a chosen one goes along with it, what is there already
    stays. Returns how many moved. What is too large for a page belongs to orgs.services.restructuring.

    Raises Hidden, Invalid (with the name of the organization that cannot go there), Denied for another dimension.
    """
    chosen = _claim(by=by, node_ids=node_ids, also=(parent.pk,))
    moving = movable(chosen, parent)
    for node in moving:
        with named(node):
            nodes.move(by=by, node=node, parent=parent)
    return len(moving)


def movable(chosen: Sequence[Node], parent: Node) -> list[Node]:
    """Those that have to move when all of these are to stand under `parent`; raises Invalid for too many."""
    if len(chosen) > MOVE_LIMIT:
        raise Invalid(_("At most %(limit)s organizations move at once") % {"limit": MOVE_LIMIT})
    return [node for node in topmost(chosen) if node.parent_id != parent.pk]


def topmost(chosen: Sequence[Node]) -> list[Node]:
    """Those that do not stand below another one of them."""
    paths = {node.path for node in chosen}
    kept = []
    for node in chosen:
        above = node.ancestor_ids[:-1]
        steps = ("".join(f"{pk}." for pk in above[:end]) for end in range(1, len(above) + 1))
        if paths.isdisjoint(steps):
            kept.append(node)
    return kept


@transaction.atomic
def set_enabled(*, by: Actor, node_ids: Sequence[int], enabled: bool) -> int:
    """Disables or enables organizations with everything below them; returns how many changed. Raises Hidden."""
    chosen = _claim(by=by, node_ids=node_ids)
    return sum(nodes.set_enabled(by=by, node=node, enabled=enabled) for node in chosen)


@transaction.atomic
def tag(*, by: Actor, node_ids: Sequence[int], names: Sequence[str]) -> int:
    """Adds tags; returns how many organizations got one they did not have.

    Raises Hidden, Invalid for no tag, too long ones, or an organization that would carry too many.
    """
    chosen = _claim(by=by, node_ids=node_ids)
    wanted = node_fields.clean_tags(names)
    if not wanted:
        raise Invalid(_("Write at least one tag"), field="tags")
    tags = words.tags(wanted).values()
    OrganizationDetail.objects.bulk_create(
        [OrganizationDetail(node_id=node.pk) for node in chosen], ignore_conflicts=True
    )
    had = _tags_of(chosen)
    new = {node.pk: [row for row in tags if row.name not in had[node.pk]] for node in chosen}
    for node in chosen:
        if len(had[node.pk]) + len(new[node.pk]) > node_fields.TAGS:
            reason = _("At most %(limit)s tags") % {"limit": node_fields.TAGS}
            raise Invalid(f"“{node.name}”: {reason}", field="tags")
    through = OrganizationDetail.tags.through
    through.objects.bulk_create(
        [
            through(organizationdetail_id=pk, tag_id=row.pk)
            for pk, rows in new.items()
            for row in rows
        ]
    )
    return _record_tags(
        by, chosen, had, {pk: [*had[pk], *(row.name for row in new[pk])] for pk in new}
    )


@transaction.atomic
def untag(*, by: Actor, node_ids: Sequence[int], names: Sequence[str]) -> int:
    """Takes tags away; returns how many organizations carried one of them. Raises Hidden, Invalid for no tag."""
    chosen = _claim(by=by, node_ids=node_ids)
    gone = set(node_fields.clean_tags(names))
    if not gone:
        raise Invalid(_("Write at least one tag"), field="tags")
    tags = words.tags(gone, make=False)
    had = _tags_of(chosen)
    OrganizationDetail.tags.through.objects.filter(
        organizationdetail__in=[node.pk for node in chosen], tag__in=tags.values()
    ).delete()
    left = {pk: [name for name in names if name not in gone] for pk, names in had.items()}
    return _record_tags(by, chosen, had, left)


def _tags_of(chosen: Sequence[Node]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {node.pk: [] for node in chosen}
    rows = OrganizationDetail.tags.through.objects.filter(organizationdetail__in=found)
    for node_id, name in rows.order_by("tag__name").values_list(
        "organizationdetail_id", "tag__name"
    ):
        found[node_id].append(name)
    return found


def _record_tags(
    by: Actor, chosen: Sequence[Node], had: dict[int, list[str]], has: dict[int, list[str]]
) -> int:
    changed = [node for node in chosen if had[node.pk] != has[node.pk]]
    # A form that was opened before must notice (shared.refuse_stale).
    Node.objects.filter(pk__in=[node.pk for node in changed]).update(updated_at=timezone.now())
    _record(by, "node.edit", [
        _change(node, before={"tags": had[node.pk]}, after={"tags": has[node.pk]}) for node in changed
    ])  # fmt: skip
    return len(changed)


@transaction.atomic
def add_range(*, by: Actor, node_ids: Sequence[int], to: Sequence[Holder]) -> int:
    """Puts people and departments into the visible range of organizations; returns how many organizations got a new
    one. Raises Hidden, and as grants.add_range.
    """
    chosen = _claim(by=by, node_ids=node_ids)
    new: dict[int, list[Holder]] = {}
    for one in to:
        grants.refuse_oneself(by, one)
        grants.refuse_outsider(one)
        given = guardian.grant_many(
            table=grants.table_of(one), codename=VIEW, to=grants.principal_of(one), objs=chosen,
            by_label=by.actor_label,
        )  # fmt: skip
        for node_id in given:
            new.setdefault(node_id, []).append(one)
    changed = [node for node in chosen if node.pk in new]
    _record(by, "range.add", [
        _change(node, after={"holder": [grants.label_of(one) for one in new[node.pk]]})
        for node in changed
    ])  # fmt: skip
    return len(changed)


@transaction.atomic
def remove_range(*, by: Actor, node_ids: Sequence[int], to: Sequence[Holder]) -> int:
    """Takes them out of the range set on these organizations; what is inherited from above stays. Returns how many
    organizations lost one. Raises Hidden, Denied (with the name) for a range that a synchronization rule keeps.
    """
    chosen = _claim(by=by, node_ids=node_ids)
    gone: dict[int, list[Holder]] = {}
    for one in to:
        table, principal = grants.table_of(one), grants.principal_of(one)
        rows = guardian.held(table=table, codename=VIEW, to=principal, objs=chosen)
        for row in rows.select_related("content_object"):
            if row.source != "manual":
                raise Denied(
                    _("“%(name)s” is kept by a synchronization rule and is changed there")
                    % {"name": f"{row.content_object.name} · {grants.label_of(one)}"}
                )
            gone.setdefault(row.content_object_id, []).append(one)
        rows.delete()
    changed = [node for node in chosen if node.pk in gone]
    _record(by, "range.remove", [
        _change(node, before={"holder": [grants.label_of(one) for one in gone[node.pk]]})
        for node in changed
    ])  # fmt: skip
    return len(changed)


def _claim(*, by: Actor, node_ids: Sequence[int], also: Sequence[int] = ()) -> list[Node]:
    """The chosen organizations, read under the locks of their trees and of those of the nodes `also`."""
    wanted = sorted(set(node_ids))
    if not wanted:
        raise Invalid(_("Choose at least one organization"))
    if len(wanted) > LIMIT:
        raise Invalid(_("At most %(limit)s organizations at once") % {"limit": LIMIT})
    dimensions = set(
        Node.objects.filter(pk__in=[*wanted, *also]).values_list("dimension_id", flat=True)
    )
    tree.lock(*dimensions)
    found = Node.objects.filter(pk__in=wanted, kind=Node.Kind.ORGANIZATION)
    chosen = list(found.select_related("parent").order_by("pk"))
    scope = scope_for(by)
    if len(chosen) < len(wanted) or any(
        node.dimension_id not in dimensions or not scope.maintains(node.dimension_id)
        for node in chosen
    ):
        raise Hidden(_("There is no such organization or department."))
    return chosen


def _change(node: Node, **values: Any) -> Change:
    return Change(node.pk, node.name, dimension_id=node.dimension_id, **values)


def _record(by: Actor, action: str, changes: Sequence[Change]) -> None:
    audit.record_many(action=action, model=Node, by=by, changes=changes)
