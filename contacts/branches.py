"""SQL of the rule: a viewer's contacts as a union of index-ordered branches, each cut at one page.

The first N of a union lie inside the union of the first N of each branch, so page 1 costs the number of granted nodes
times one page, however many contacts are visible and whatever the planner believes (research: data-model-perf, 1c).
"""

from dataclasses import dataclass, field
from typing import Any

from contacts.counts import NUMBER
from contacts.permissions import Viewer
from core.searching import range_end
from orgs.models import Node

# Rows of the scope closure for a set of nodes; {live} is empty or "AND s.live".
NODES = """
SELECT k.sort_key, k.contact_id FROM unnest(%(nodes_{n})s::bigint[]) AS g(node_id) CROSS JOIN LATERAL (
    SELECT s.sort_key, s.contact_id FROM contacts_contactscope s {join}
    WHERE s.node_id = g.node_id {live} {cut} {extra} ORDER BY s.sort_key {way}, s.contact_id {way} {limit}) AS k
"""
# The same without an order, to be counted.
COUNTED_NODES = """
SELECT s.contact_id FROM contacts_contactscope s {join} WHERE s.node_id = ANY(%(nodes_{n})s::bigint[]) {live} {extra}
"""
FEW = 20
COUNTED_ALL = "SELECT c.id FROM contacts_contact c WHERE c.deleted_at IS NULL {extra}"
# Contacts that reach the viewer without a node: created, followed, shared.
PERSONAL = {
    "created": "c.created_by_id = %(user)s",
    "followed": "c.follower_id = %(user)s",
    "shared": "c.id IN (SELECT content_object_id FROM contacts_contactusergrant WHERE user_id = %(user)s)",
    "group": "c.id IN (SELECT content_object_id FROM contacts_contactgroupgrant"
    " WHERE group_id = ANY(%(groups)s::bigint[]))",
}
# The same without those he may only see: what he may edit, he may also read unmasked (matrix row 18).
EDITED = PERSONAL | {
    "shared": "c.id IN (SELECT g.content_object_id FROM contacts_contactusergrant g"
    " JOIN auth_permission p ON p.id = g.permission_id"
    " WHERE g.user_id = %(user)s AND p.codename = 'edit_contact')",
    "group": "c.id IN (SELECT g.content_object_id FROM contacts_contactgroupgrant g"
    " JOIN auth_permission p ON p.id = g.permission_id"
    " WHERE g.group_id = ANY(%(groups)s::bigint[]) AND p.codename = 'edit_contact')",
}
PERSONAL_ROWS = """
(SELECT c.sort_key, c.id AS contact_id FROM contacts_contact c {join}
 WHERE {condition} AND c.live AND c.deleted_at IS NULL {within} {cut} {extra}
 ORDER BY c.sort_key {way}, c.id {way} {limit})
"""
NOBODYS = "SELECT NULL::bigint WHERE false"  # in place of personal_ids for who needs no such way
ALL_ROWS = """
(SELECT c.sort_key, c.id AS contact_id FROM contacts_contact c
 WHERE c.deleted_at IS NULL {cut} {extra} ORDER BY c.sort_key {way}, c.id {way} {limit})
"""


@dataclass(slots=True)
class Cut:
    """Narrowing of every branch: keyset position, sort-key range, filters on the contact, and the page size."""

    after: tuple[str, int] | None = None
    before: tuple[str, int] | None = None
    prefix: str = ""
    conditions: list[str] = field(
        default_factory=list
    )  # SQL on alias c, written by querysets.Filters only
    parameters: dict[str, Any] = field(default_factory=dict)
    limit: int | None = None
    descending: bool = False

    def position(self, sort_key: str, contact_id: str) -> str:
        """Keyset and prefix conditions on these two columns."""
        parts = []
        if self.after:
            parts.append(f"AND ({sort_key}, {contact_id}) > (%(after_key)s, %(after_id)s)")
        if self.before:
            parts.append(f"AND ({sort_key}, {contact_id}) < (%(before_key)s, %(before_id)s)")
        if self.prefix:
            parts.append(f"AND {sort_key} >= %(prefix)s AND {sort_key} < %(prefix_end)s")
        return " ".join(parts)

    def bound(self) -> dict[str, Any]:
        """Parameters of what position() and the conditions name."""
        values = dict(self.parameters)
        if self.after:
            values |= {"after_key": self.after[0], "after_id": self.after[1]}
        if self.before:
            values |= {"before_key": self.before[0], "before_id": self.before[1]}
        if self.prefix:
            values |= {"prefix": self.prefix, "prefix_end": range_end(self.prefix)}
        return values


def union(viewer: Viewer, cut: Cut, node: Node | None = None) -> tuple[str, dict[str, Any]]:
    """SQL giving (sort_key, contact_id) of every contact `viewer` sees, at or below `node` if given; parameters.

    UNION drops what several branches hold. An empty string means: sees nothing.
    """
    parameters = cut.bound() | {"user": viewer.user_id, "groups": list(viewer.groups)}
    if viewer.nothing or viewer.identity_id is not None:
        return "", parameters
    if viewer.everything and node is None:
        return _render(ALL_ROWS, cut, alias="c"), parameters
    parts = []
    for number, (nodes, live) in enumerate(_node_branches(viewer, node)):
        parameters[f"nodes_{number}"] = nodes
        parts.append(nodes_sql(cut, number=number, live=live))
    if node is None or not _covered(viewer, node):
        parts += _personal(viewer, cut, node, parameters)
    return " UNION ".join(f"({part})" for part in parts), parameters


def counted(viewer: Viewer, cut: Cut, node: Node | None = None) -> tuple[str, dict[str, Any]]:
    """SQL giving the number of what union() gives, at most %(cap)s; parameters. Without conditions one node is not
    counted but read, see `_stored`.
    """
    parameters = cut.bound() | {"user": viewer.user_id, "groups": list(viewer.groups)}
    if viewer.nothing or viewer.identity_id is not None:
        return "", parameters
    if viewer.everything and node is None:
        if cut.conditions:
            return _number_of([_render(COUNTED_ALL, cut, alias="c")]), parameters
        return f"SELECT least({NUMBER.format(which='every', node=0)}, %(cap)s)", parameters
    places = _node_branches(viewer, node)
    alone = node is not None and _covered(viewer, node)
    personal = [] if alone else _personal(viewer, cut, node, parameters)
    if not cut.conditions and places and (len(places[0][0]) == 1 or not places[0][1]):
        return _stored(places, personal, parameters)
    parts = []
    for number, (nodes, live) in enumerate(places):
        parameters[f"nodes_{number}"] = nodes
        only = "AND s.live" if live else ""
        part = _render(COUNTED_NODES, cut, alias="s", n=number, live=only)
        if len(nodes) <= FEW:
            # Nobody stands in a branch more often than it has nodes: this many rows are more than enough people.
            part += f" LIMIT {len(nodes)} * %(cap)s"
        parts.append(part)
    parts += [f"SELECT contact_id FROM ({part}) AS p" for part in personal]
    return _number_of(parts), parameters


def _number_of(parts: list[str]) -> str:
    every = " UNION ".join(f"({part})" for part in parts)
    return f"SELECT count(*) FROM (SELECT 1 FROM ({every}) AS hits LIMIT %(cap)s) AS capped"


def _stored(
    places: list[tuple[list[int], bool]], personal: list[str], parameters: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The stored number of the first node, and what the other nodes and the ways without one hold besides it; nothing
    is looked at where the number of one node alone is over %(cap)s.
    """
    (first, *rest), live = places[0]
    number = NUMBER.format(which="live" if live else "every", node="%(node)s")
    parameters |= {"node": first, "nodes_first": [first]}
    parts, besides = [number], _besides("first", live=live)
    for key, (nodes, only_live) in enumerate([(rest, live), *places[1:]]):
        if nodes:
            parameters[f"nodes_{key}"] = nodes
            distinct = "DISTINCT " if len(nodes) > 1 else ""
            parts.append(
                f"(SELECT count({distinct}s.contact_id) FROM contacts_contactscope s"
                f" WHERE s.node_id = ANY(%(nodes_{key})s::bigint[]) {'AND s.live' if only_live else ''} {besides})"
            )
            besides += _besides(str(key), live=only_live)
    if personal:
        every = " UNION ".join(personal)
        parts.append(f"(SELECT count(*) FROM ({every}) AS s WHERE true {besides})")
    total = f"least({' + '.join(parts)}, %(cap)s)"
    if not rest:
        return f"SELECT {total}", parameters
    parameters["nodes_all"] = [first, *rest]
    largest = NUMBER.format(which="live" if live else "every", node="n.id")
    enough = f"(SELECT max({largest}) FROM unnest(%(nodes_all)s::bigint[]) AS n(id)) >= %(cap)s"
    return f"SELECT CASE WHEN {enough} THEN %(cap)s ELSE {total} END", parameters


def several(viewer: Viewer, node: Node | None) -> bool:
    """Whether the viewer's people stand in several ranges, so that those who stand in two must not count twice."""
    scope = viewer.scope
    return node is None and not viewer.everything and len(scope.maintained) + len(scope.ranges) > 1


def _besides(key: str, *, live: bool) -> str:
    """Leaves out what stands at or below the nodes bound as nodes_<key>."""
    return (
        f" AND NOT EXISTS (SELECT 1 FROM contacts_contactscope w WHERE w.contact_id = s.contact_id"
        f" AND w.node_id = ANY(%(nodes_{key})s::bigint[]) {'AND w.live' if live else ''})"
    )


def nodes_sql(cut: Cut, *, number: int, live: bool) -> str:
    """One branch over the nodes bound as nodes_<number>; `live` leaves out what does not count for staff."""
    return _render(NODES, cut, alias="s", n=number, live="AND s.live" if live else "")


def _covered(viewer: Viewer, node: Node) -> bool:
    return viewer.scope.maintains(node.dimension_id) or viewer.scope.ranges_over(node.path)


def _node_branches(viewer: Viewer, node: Node | None) -> list[tuple[list[int], bool]]:
    """(node ids, only live rows?) per branch of the scope closure; disjoint enough for UNION to be cheap."""
    scope = viewer.scope
    if node is None:
        branches = [(list(scope.maintained), False), (list(scope.ranges), True)]
    elif scope.maintains(node.dimension_id):
        branches = [([node.pk], False)]
    elif scope.ranges_over(node.path):
        branches = [([node.pk], True)]
    else:
        below = [
            pk
            for pk, path in zip(scope.ranges, scope.paths, strict=True)
            if path.startswith(node.path)
        ]
        branches = [(below, True)]
    return [(nodes, live) for nodes, live in branches if nodes]


def _personal(viewer: Viewer, cut: Cut, node: Node | None, parameters: dict[str, Any]) -> list[str]:
    """The branches of created, followed and shared contacts, at or below `node` if given."""
    join = ""
    if node is not None:
        parameters["under"] = node.pk
        join = "JOIN contacts_contactscope u ON u.contact_id = c.id AND u.node_id = %(under)s AND u.live"
    names = [name for name in PERSONAL if name != "group" or viewer.groups]
    return [
        _render(
            PERSONAL_ROWS,
            cut,
            alias="c",
            condition=PERSONAL[name],
            join=join,
            within=_within(viewer),
        )
        for name in names
    ]


def _within(viewer: Viewer) -> str:
    """Only contacts with a place that counts in the dimensions the rule is cut to, see permissions.seen_through."""
    if viewer.within is None:
        return ""
    ids = ", ".join(str(int(pk)) for pk in viewer.within)
    return (
        "AND EXISTS (SELECT 1 FROM contacts_contactscope w WHERE w.contact_id = c.id AND w.live"
        f" AND w.node_id = ANY(ARRAY[{ids}]::bigint[]))"
    )


def _render(template: str, cut: Cut, *, alias: str, **parts: Any) -> str:
    extra = " ".join(f"AND {condition}" for condition in cut.conditions)
    join = parts.pop("join", "")
    if alias == "s" and extra:
        # Nobody in the closure is deleted; said again, so that the partial indexes of the filters can be used.
        join = "JOIN contacts_contact c ON c.id = s.contact_id AND c.deleted_at IS NULL"
    identifier = "contact_id" if alias == "s" else "id"
    return template.format(
        join=join,
        extra=extra,
        cut=cut.position(f"{alias}.sort_key", f"{alias}.{identifier}"),
        way="DESC" if cut.before or cut.descending else "ASC",
        limit=f"LIMIT {int(cut.limit)}" if cut.limit else "",
        **parts,
    )


def personal_ids(viewer: Viewer, *, editing: bool = False) -> str:
    """SQL of the ids of a viewer's created, followed and shared contacts that count; uses %(user)s, %(groups)s.

    With `editing` those that are only shared for viewing are left out.
    """
    parts = [
        f"SELECT c.id FROM contacts_contact c WHERE {condition} AND c.live AND c.deleted_at IS NULL {_within(viewer)}"
        for name, condition in (EDITED if editing else PERSONAL).items()
        if name != "group" or viewer.groups
    ]
    return " UNION ".join(parts)
