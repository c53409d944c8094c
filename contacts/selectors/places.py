"""Where people belong, as far as the viewer may know: names above a place, and which memberships he may know of.

Fifty of each are made for a page: named tuples, because frozen dataclasses take several times as long to make.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from contacts.branches import NOBODYS, personal_ids
from contacts.permissions import Viewer
from core.fetching import fetch
from orgs.models import Node


class Place(NamedTuple):
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
DEPARTMENT = int(Node.Kind.DEPARTMENT)


class Spot(NamedTuple):
    """Where a node stands. A page reads fifty of them: whole nodes would cost several times the query."""

    pk: int
    name: str
    path: str
    dimension_id: int
    live: bool

    @property
    def ancestor_ids(self) -> list[int]:
        """As Node.ancestor_ids."""
        return [int(part) for part in self.path[:-1].split(".")]


class Known(NamedTuple):
    """A membership that the viewer may know of."""

    contact_id: int
    node: Spot
    is_main: bool
    position: str
    place: Place


MEMBERSHIPS = """
WITH mine(id) AS MATERIALIZED (SELECT id FROM ({personal}) AS every(id) WHERE id = ANY(%(ids)s::bigint[]))
SELECT m.contact_id, m.is_main, m.position, m.contact_id IN (SELECT id FROM mine),
       n.id, n.name, n.path, n.dimension_id, n.live
FROM contacts_membership m JOIN orgs_node n ON n.id = m.node_id
WHERE m.contact_id = ANY(%(ids)s::bigint[]) ORDER BY m.is_main DESC, m."order", m.id
"""
NAMES = "SELECT id, name, kind FROM orgs_node WHERE id = ANY(%(ids)s::bigint[])"


def places_of(nodes: Iterable[Node | Spot]) -> dict[int, Place]:
    """Node id → its place; one query."""
    chains = {node.pk: node.ancestor_ids for node in nodes}
    wanted = set().union(*chains.values())
    rows = fetch(NAMES, {"ids": list(wanted)}) if wanted else []
    names = {row[0]: row for row in rows}
    return {
        pk: _place(pk, [names[one] for one in chain if one in names])
        for pk, chain in chains.items()
    }


def _place(node_id: int, chain: list[tuple[int, str, int]]) -> Place:
    """`chain`: (id, name, kind) from the dimension down."""
    organization, departments = "", []
    for _pk, name, kind in chain:
        if kind == DEPARTMENT:
            departments.append(name)
        else:
            organization = name
    path = " / ".join([name for _pk, name, _kind in chain])
    return Place(node_id, organization, " / ".join(departments), path)


def known_places(viewer: Viewer, contact_ids: Sequence[int]) -> dict[int, list[Known]]:
    """Contact id → the memberships `viewer` may know of, the main one first; two queries.

    Those in dimensions he maintains; for staff those that count and lie in his visible ranges, and all that count of
    contacts he created, follows or was given. The others are not named (T08): somebody may stand in a second dimension
    that is none of his business.
    """
    if not contact_ids:
        return {}
    kept = []
    for contact_id, is_main, position, personal, *columns in _memberships(viewer, contact_ids):
        node = Spot(*columns)
        if _may_know(viewer, node, personal=personal):
            kept.append((contact_id, node, is_main, position))
    places = places_of(node for _contact, node, _main, _position in kept)
    found: dict[int, list[Known]] = {}
    for contact_id, node, is_main, position in kept:
        known = Known(contact_id, node, is_main, position, places[node.pk])
        found.setdefault(contact_id, []).append(known)
    return found


def _may_know(viewer: Viewer, node: Spot, *, personal: bool) -> bool:
    if viewer.scope.maintains(node.dimension_id):
        return True
    if viewer.within is not None and node.dimension_id not in viewer.within:
        return False
    return node.live and (personal or viewer.scope.ranges_over(node.path))


def _memberships(viewer: Viewer, contact_ids: Sequence[int]) -> list[Any]:
    nobody = viewer.everything or not viewer.scope.active_staff
    sql = MEMBERSHIPS.format(personal=NOBODYS if nobody else personal_ids(viewer))
    parameters = {"user": viewer.user_id, "groups": list(viewer.groups), "ids": list(contact_ids)}
    return fetch(sql, parameters)
