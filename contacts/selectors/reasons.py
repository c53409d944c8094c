"""Who sees a contact and by which rule, and why somebody does not (SPEC VIS-3).

Whether somebody sees it is decided by contacts/permissions.py alone. One query names every rule that would give the
contact to somebody, and whether it counts now; a test holds the two together in random worlds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import connection

from accounts.models import Department, User
from contacts.models import Contact, Membership
from contacts.permissions import Role, Viewer, role_on, viewer_of
from contacts.selectors.places import places_of
from orgs.models import Node

LISTED = 50
NEAR = 3
# What gives a contact to somebody, in the order in which people ask for it.
KINDS = (
    "creator", "follower", "edit_contact", "view_contact", "view_node", "maintain_node", "holder", "administrator",
)  # fmt: skip
# One row for each rule of SPEC VIS-1 by which the contact %(contact)s reaches a person. `counts` is false where the
# contact, or its place there, is disabled. The scope closure holds its places with all nodes above them.
RULES = """
    SELECT u.id, CASE WHEN u.is_superuser THEN 'administrator' ELSE 'holder' END, NULL::bigint, NULL::bigint, true
    FROM accounts_user u WHERE u.is_superuser OR u.is_holder
  UNION ALL
    SELECT c.created_by_id, 'creator', NULL, NULL, c.live FROM contacts_contact c
    WHERE c.id = %(contact)s AND c.created_by_id IS NOT NULL
  UNION ALL
    SELECT c.follower_id, 'follower', NULL, NULL, c.live FROM contacts_contact c
    WHERE c.id = %(contact)s AND c.follower_id IS NOT NULL
  UNION ALL
    SELECT g.user_id, p.codename, NULL, NULL, c.live
    FROM contacts_contactusergrant g JOIN auth_permission p ON p.id = g.permission_id
    JOIN contacts_contact c ON c.id = g.content_object_id WHERE c.id = %(contact)s
  UNION ALL
    SELECT m.user_id, p.codename, NULL, g.group_id, c.live
    FROM contacts_contactgroupgrant g JOIN auth_permission p ON p.id = g.permission_id
    JOIN accounts_user_groups m ON m.group_id = g.group_id
    JOIN contacts_contact c ON c.id = g.content_object_id WHERE c.id = %(contact)s
  UNION ALL
    SELECT g.user_id, p.codename, s.node_id, NULL, s.live OR p.codename = 'maintain_node'
    FROM contacts_contactscope s JOIN orgs_nodeusergrant g ON g.content_object_id = s.node_id
    JOIN auth_permission p ON p.id = g.permission_id WHERE s.contact_id = %(contact)s
  UNION ALL
    SELECT m.user_id, p.codename, s.node_id, g.group_id, s.live OR p.codename = 'maintain_node'
    FROM contacts_contactscope s JOIN orgs_nodegroupgrant g ON g.content_object_id = s.node_id
    JOIN auth_permission p ON p.id = g.permission_id
    JOIN accounts_user_groups m ON m.group_id = g.group_id WHERE s.contact_id = %(contact)s
"""
OF_PEOPLE = f"""
SELECT DISTINCT r.* FROM ({RULES}) AS r(user_id, kind, node_id, group_id, counts)
WHERE r.user_id = ANY(%(people)s::bigint[])
"""  # noqa: S608  constants
SEEING = f"""
SELECT u.id, count(*) OVER () FROM (
    SELECT r.user_id, min(array_position(%(kinds)s::text[], r.kind)) AS place
    FROM ({RULES}) AS r(user_id, kind, node_id, group_id, counts) WHERE r.counts GROUP BY r.user_id) AS s
JOIN accounts_user u ON u.id = s.user_id AND u.is_active AND u.kind = 'staff'
ORDER BY s.place, u.sort_key, u.id LIMIT %(limit)s
"""  # noqa: S608  constants


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule by which a contact reaches a person: `kind` is one of KINDS. `counts` is False where something disabled
    stands in its way: `obstacle`, or the contact itself.

    `node` is the node of a visible range or the maintained dimension; None, with `elsewhere`, in a dimension that the
    reader does not maintain: what stands there is none of his business (SECURITY T08).
    """

    kind: str
    counts: bool = True
    node: Node | None = None
    path: str = ""
    department: str = ""
    elsewhere: bool = False
    obstacle: Node | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether `user` sees the contact, by which rules, and if not: what would hold but for something disabled, and
    the nearest visible ranges that do not reach it.
    """

    user: User
    visible: bool
    reasons: Sequence[Reason] = ()
    blocked: Sequence[Reason] = ()
    near: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SeenBy:
    """Active staff who see a contact: how many, and the first LISTED with their reasons."""

    total: int
    people: list[tuple[User, list[Reason]]] = field(default_factory=list)


def explain(reader: Viewer, user: User, contact: Contact) -> Answer:
    """Why the member of staff `user` sees `contact` now, or why not, told to `reader`, who maintains it.

    Ten queries at most.
    """
    viewer = viewer_of(user)
    visible = role_on(viewer, contact.pk) > Role.NONE
    found = _reasons(reader, contact, [user.pk]).get(user.pk, [])
    if visible:
        return Answer(user, visible, reasons=[one for one in found if one.counts])
    if contact.deleted_at or not user.is_active:
        return Answer(user, visible)
    blocked = [one for one in found if not one.counts and not one.elsewhere]
    if blocked:
        return Answer(user, visible, blocked=_with_obstacles(reader, contact, blocked))
    return Answer(user, visible, near=_near(reader, viewer, contact))


def seen_by(reader: Viewer, contact: Contact) -> SeenBy:
    """Who sees `contact` now, those with a rule of their own first, told to `reader`; six queries whoever they are."""
    if contact.deleted_at:
        return SeenBy(0)
    rows = _fetch(SEEING, {"contact": contact.pk, "kinds": list(KINDS), "limit": LISTED})
    ids = [row[0] for row in rows]
    users = User.objects.in_bulk(ids)
    found = _reasons(reader, contact, ids)
    people = [
        (users[pk], [one for one in found.get(pk, []) if one.counts]) for pk in ids if pk in users
    ]
    return SeenBy(rows[0][1] if rows else 0, people)


def _reasons(reader: Viewer, contact: Contact, ids: list[int]) -> dict[int, list[Reason]]:
    """Person → every rule that gives him the contact, whether it counts or not; four queries."""
    rows = _fetch(OF_PEOPLE, {"contact": contact.pk, "people": ids})
    nodes = Node.objects.in_bulk({row[2] for row in rows if row[2]})
    paths = places_of(node for node in nodes.values() if reader.scope.maintains(node.dimension_id))
    groups = {row[3] for row in rows if row[3]}
    departments = dict(
        Department.objects.filter(group_id__in=groups).values_list("group_id", "name")
    )
    found: dict[int, list[Reason]] = {}
    for user_id, kind, node_id, group_id, counts in rows:
        known = node_id in paths
        found.setdefault(user_id, []).append(
            Reason(
                kind, counts,
                node=nodes[node_id] if known else None,
                path=paths[node_id].path if known else "",
                department=departments.get(group_id, ""),
                elsewhere=node_id is not None and not known,
            )
        )  # fmt: skip
    for reasons in found.values():
        reasons.sort(key=lambda one: (KINDS.index(one.kind), one.path, one.department))
    return found


def _with_obstacles(reader: Viewer, contact: Contact, blocked: list[Reason]) -> list[Reason]:
    """Names the disabled node in the way of each; None where the contact itself is disabled. Two queries."""
    if not contact.enabled:
        return blocked
    places = [row.node for row in Membership.objects.filter(contact=contact).select_related("node")]
    ids = {pk for node in places for pk in node.ancestor_ids}
    disabled = Node.objects.filter(pk__in=ids, enabled=False).in_bulk()
    shown = {pk: node for pk, node in disabled.items() if reader.scope.maintains(node.dimension_id)}
    found = []
    for reason in blocked:
        within = reason.node.path if reason.node else ""
        ways = [place.ancestor_ids for place in places if place.path.startswith(within)]
        nearest = next((shown[pk] for way in ways for pk in reversed(way) if pk in shown), None)
        found.append(replace(reason, obstacle=nearest))
    return found


def _near(reader: Viewer, viewer: Viewer, contact: Contact) -> list[str]:
    """Paths of visible ranges the person has in the same dimensions, that do not reach the contact. Three queries."""
    dimensions = set(
        Membership.objects.filter(contact=contact).values_list("node__dimension_id", flat=True)
    )
    nodes: Iterable[Node] = Node.objects.filter(pk__in=viewer.scope.ranges).order_by("path")
    shown = [
        node
        for node in nodes
        if node.dimension_id in dimensions and reader.scope.maintains(node.dimension_id)
    ][:NEAR]
    paths = places_of(shown)
    return [paths[node.pk].path for node in shown]


def _fetch(sql: str, parameters: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
