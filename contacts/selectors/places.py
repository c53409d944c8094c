"""Where people belong, as far as the viewer may know: names above a place, and which memberships he may know of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection

from contacts.branches import personal_ids
from contacts.models import Membership
from contacts.permissions import Viewer
from orgs.models import Node


@dataclass(frozen=True, slots=True)
class Place:
    """A node with the names above it. `organization`: nearest one at or above it, else the dimension."""

    node_id: int
    organization: str
    department: str
    path: str

    @property
    def line(self) -> str:
        """Organization and department on one line."""
        return f"{self.organization} · {self.department}" if self.department else self.organization


NOWHERE = Place(0, "", "", "")


@dataclass(frozen=True, slots=True)
class Known:
    """A membership that the viewer may know of."""

    contact_id: int
    node: Node
    is_main: bool
    position: str
    place: Place


def places_of(nodes: Iterable[Node]) -> dict[int, Place]:
    """Node id → its place; one query."""
    nodes = list(nodes)
    wanted = {node_id for node in nodes for node_id in node.ancestor_ids}
    rows = Node.objects.filter(pk__in=wanted).values_list("pk", "name", "kind")
    names = {pk: (name, kind) for pk, name, kind in rows}
    return {node.pk: _place(node, names) for node in nodes}


def _place(node: Node, names: dict[int, tuple[str, int]]) -> Place:
    chain = [names[pk] for pk in node.ancestor_ids if pk in names]
    organizations = [name for name, kind in chain if kind != Node.Kind.DEPARTMENT]
    departments = [name for name, kind in chain if kind == Node.Kind.DEPARTMENT]
    return Place(
        node_id=node.pk,
        organization=organizations[-1] if organizations else "",
        department=" / ".join(departments),
        path=" / ".join(name for name, _kind in chain),
    )


def known_places(viewer: Viewer, contact_ids: Sequence[int]) -> dict[int, list[Known]]:
    """Contact id → the memberships `viewer` may know of, the main one first; three queries.

    Those in dimensions he maintains; for staff those that count and lie in his visible ranges, and all that count of
    contacts he created, follows or was given. The others are not named (T08): somebody may stand in a second dimension
    that is none of his business.
    """
    if not contact_ids:
        return {}
    rows = list(
        Membership.objects.filter(contact_id__in=contact_ids)
        .select_related("node")
        .order_by("-is_main", "order", "pk")
    )
    personal = _personal(viewer, contact_ids)
    kept = [row for row in rows if _may_know(viewer, row, personal)]
    places = places_of(row.node for row in kept)
    found: dict[int, list[Known]] = {}
    for row in kept:
        known = Known(row.contact_id, row.node, row.is_main, row.position, places[row.node_id])
        found.setdefault(row.contact_id, []).append(known)
    return found


def _may_know(viewer: Viewer, row: Membership, personal: set[int]) -> bool:
    if viewer.scope.maintains(row.node.dimension_id):
        return True
    if not row.node.live:
        return False
    return row.contact_id in personal or viewer.scope.ranges_over(row.node.path)


def _personal(viewer: Viewer, contact_ids: Sequence[int]) -> set[int]:
    if viewer.everything or not viewer.scope.active_staff:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM ({personal_ids(viewer)}) AS mine(id) WHERE id = ANY(%(ids)s::bigint[])",  # noqa: S608  constants
            {"user": viewer.user_id, "groups": list(viewer.groups), "ids": list(contact_ids)},
        )
        return {row[0] for row in cursor.fetchall()}
