"""The one rule: who sees which contact, and what he may do with it (SPEC VIS-1, CON-3; SECURITY part 3).

Every door asks here: lists and counts through contacts/querysets.py, single objects through `role_on`. Nothing else
decides visibility.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from django.db import connection

from core.actors import SystemActor
from core.fetching import fetch
from orgs.permissions import NOTHING, Scope, scope_of

if TYPE_CHECKING:
    from contacts.models import Contact
    from orgs.models import Node


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person and everything the rule needs to know of him, read once per request and passed along.

    `identity_id` is set for external people only: the contact he acts as. `within` and `read_only` are set while
    somebody else looks through his eyes, see `seen_through`.
    """

    scope: Scope
    identity_id: int | None = None
    within: tuple[int, ...] | None = None
    read_only: bool = False

    @property
    def user_id(self) -> int:
        return self.scope.user_id

    @property
    def groups(self) -> tuple[int, ...]:
        return self.scope.groups

    @property
    def everything(self) -> bool:
        return self.scope.everything

    @property
    def nothing(self) -> bool:
        """Inactive, anonymous, or external without an identity: sees no contact at all."""
        return not self.scope.active_staff and self.identity_id is None


NOBODY = Viewer(NOTHING)
SYSTEM = Viewer(Scope(user_id=0, active_staff=True, everything=True, administrator=True))


def viewer_of(user: Any, *, scope: Scope | None = None) -> Viewer:
    """The viewer `user` is now; one query at most. A named part of the system sees everything.

    `scope`: that of this person, where this request has read it already.
    """
    if isinstance(user, Viewer):
        return user
    if isinstance(user, SystemActor):
        return SYSTEM
    if not (user.is_authenticated and user.is_active):
        return NOBODY
    if user.is_external:
        return Viewer(Scope(user_id=user.pk, active_staff=False), identity_id=identity_of(user))
    return Viewer(scope or scope_of(user))


def seen_through(viewer: Viewer, reader: Viewer) -> Viewer:
    """`viewer` as `reader` may look through his eyes (SPEC VIS-3, matrix row 28): read-only, and nothing that
    `reader` may not see himself.

    A maintainer is shown what lies in the dimensions he maintains: their nodes, and the contacts that reach `viewer`
    through a place in them. Whoever maintains nothing is shown nothing.
    """
    if viewer.nothing or viewer.identity_id is not None or not reader.scope.maintains_any:
        return NOBODY
    if reader.everything:
        return replace(viewer, read_only=True)
    mine, scope = reader.scope.maintained, viewer.scope
    kept = [
        (pk, path)
        for pk, path in zip(scope.ranges, scope.paths, strict=True)
        if int(path.split(".", 1)[0]) in mine
    ]
    cut = replace(
        scope, everything=False, administrator=False,
        maintained=tuple(pk for pk in mine if scope.maintains(pk)),
        ranges=tuple(pk for pk, _path in kept), paths=tuple(path for _pk, path in kept),
    )  # fmt: skip
    return replace(viewer, scope=cut, within=mine, read_only=True)


# A login, and the identity that a session of his has chosen, if any.
Chosen = tuple[int, int | None]
ACTIVE = """
SELECT DISTINCT ON (a.user_id, a.chosen) a.user_id, a.chosen, c.id
FROM unnest(%(users)s::bigint[], %(chosen)s::bigint[]) AS a(user_id, chosen)
JOIN accounts_user u ON u.id = a.user_id
JOIN contacts_contact c ON c.user_id = a.user_id AND c.live AND c.deleted_at IS NULL AND c.account = 'active'
    AND (c.expires_at IS NULL OR c.expires_at > now())
ORDER BY a.user_id, a.chosen, (c.id = a.chosen) IS TRUE DESC, (c.id = u.last_identity_id) IS TRUE DESC,
    c.opened_at NULLS LAST, c.id
"""


def active_identity(user_id: int, chosen: int | None = None) -> int | None:
    """The contact an external login acts as (SPEC ACC-1): the one its session has chosen, else the one chosen last
    anywhere, else the one opened first; only usable ones of this login count.
    """
    return active_identities([(user_id, chosen)]).get((user_id, chosen))


def identity_of(user: Any) -> int | None:
    """The same for a person, none for staff and the disabled; no query where the door of this request has asked."""
    if not (user.is_external and user.is_active):
        return None
    return user.acts_as or active_identity(user.pk, user.chosen_identity)


def active_identities(wanted: Iterable[Chosen]) -> dict[Chosen, int]:
    """The same for many, in one query; those without a usable identity are left out."""
    pairs = list(dict.fromkeys(wanted))
    columns = {"users": [user for user, _ in pairs], "chosen": [one for _, one in pairs]}
    return {(user, chosen): pk for user, chosen, pk in fetch(ACTIVE, columns)}


class Role(IntEnum):
    """What a viewer is to one contact, weakest first; each may do what the weaker ones may."""

    NONE = 0  # the contact does not exist for him: 404
    VIEWER = 1  # visible range or view share: 基本信息 only, masked
    EDITOR = (
        2  # creator, follower, edit share: edits 基本信息, 权限设置, 共享; applies for an account
    )
    MAINTAINER = 3  # maintains one of the contact's dimensions: everything but what asks for the main dimension
    MAIN_MAINTAINER = (
        4  # maintains the main dimension: opening, disabling, moving, merging, deleting
    )


ROLE = """
SELECT CASE
  WHEN %(everything)s THEN 4
  WHEN m.dimension_id = ANY(%(maintained)s::bigint[]) THEN 4
  WHEN EXISTS (SELECT 1 FROM contacts_membership x JOIN orgs_node n ON n.id = x.node_id
               WHERE x.contact_id = c.id AND n.dimension_id = ANY(%(maintained)s::bigint[])) THEN 3
  WHEN NOT c.live THEN 0
  WHEN NOT (%(within)s::bigint[] IS NULL OR EXISTS (SELECT 1 FROM contacts_contactscope s
               WHERE s.contact_id = c.id AND s.live AND s.node_id = ANY(%(within)s::bigint[]))) THEN 0
  WHEN c.created_by_id = %(user)s OR c.follower_id = %(user)s THEN 2
  WHEN EXISTS (SELECT 1 FROM contacts_contactusergrant g JOIN auth_permission p ON p.id = g.permission_id
               WHERE g.content_object_id = c.id AND g.user_id = %(user)s AND p.codename = 'edit_contact')
    OR EXISTS (SELECT 1 FROM contacts_contactgroupgrant g JOIN auth_permission p ON p.id = g.permission_id
               WHERE g.content_object_id = c.id AND g.group_id = ANY(%(groups)s::bigint[])
                 AND p.codename = 'edit_contact')
    THEN 2
  WHEN EXISTS (SELECT 1 FROM contacts_contactusergrant g WHERE g.content_object_id = c.id AND g.user_id = %(user)s)
    OR EXISTS (SELECT 1 FROM contacts_contactgroupgrant g
               WHERE g.content_object_id = c.id AND g.group_id = ANY(%(groups)s::bigint[]))
    OR EXISTS (SELECT 1 FROM contacts_contactscope s
               WHERE s.contact_id = c.id AND s.live AND s.node_id = ANY(%(ranges)s::bigint[]))
    THEN 1
  ELSE 0 END, c.deleted_at IS NOT NULL
FROM contacts_contact c JOIN orgs_node m ON m.id = c.main_node_id WHERE c.id = %(contact)s
"""


def role_on(viewer: Viewer, contact_id: int, *, binned: bool = False) -> Role:
    """The role of `viewer` on one contact, read from the database now; one query.

    `binned` asks about a deleted contact, which only those who maintain it may see (matrix row 27).
    """
    if not viewer.scope.active_staff:
        return Role.NONE
    parameters: dict[str, Any] = {
        "everything": viewer.everything, "maintained": list(viewer.scope.maintained), "user": viewer.user_id,
        "groups": list(viewer.groups), "ranges": list(viewer.scope.ranges), "contact": contact_id,
        "within": None if viewer.within is None else list(viewer.within),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(ROLE, parameters)
        row = cursor.fetchone()
    if row is None:
        return Role.NONE
    role = Role(row[0])
    if row[1]:
        return role if binned and role >= Role.MAINTAINER else Role.NONE
    return role


# The rule once more, for many viewers at once: which contacts somebody of a team sees. `everything` and `maintained`
# open what does not count, too; the rest needs a contact that counts.
SEEN = """
WITH team AS MATERIALIZED (
    SELECT t.team, u.id AS user_id, u.is_superuser OR u.is_holder AS everything
    FROM unnest(%(teams)s::int[], %(users)s::bigint[]) AS t(team, user_id)
    JOIN accounts_user u ON u.id = t.user_id AND u.is_active AND u.kind = 'staff'),
groups AS MATERIALIZED (
    SELECT DISTINCT t.team, g.group_id FROM team t JOIN accounts_user_groups g ON g.user_id = t.user_id),
grants AS MATERIALIZED (
    SELECT t.team, g.permission_id, g.content_object_id AS node_id
    FROM team t JOIN orgs_nodeusergrant g ON g.user_id = t.user_id
    UNION SELECT t.team, g.permission_id, g.content_object_id
    FROM groups t JOIN orgs_nodegroupgrant g ON g.group_id = t.group_id),
nodes AS MATERIALIZED (
    SELECT g.team, g.node_id, p.codename = 'maintain_node' AS maintained
    FROM grants g JOIN auth_permission p ON p.id = g.permission_id)
SELECT a.team, c.id
FROM unnest(%(asked)s::int[], %(contacts)s::bigint[]) AS a(team, contact_id)
JOIN contacts_contact c ON c.id = a.contact_id AND c.deleted_at IS NULL
WHERE EXISTS (SELECT FROM team t WHERE t.team = a.team AND t.everything)
   OR EXISTS (SELECT FROM contacts_membership m JOIN orgs_node n ON n.id = m.node_id
              JOIN nodes k ON k.node_id = n.dimension_id AND k.team = a.team AND k.maintained WHERE m.contact_id = c.id)
   OR c.live AND (
      EXISTS (SELECT FROM team t WHERE t.team = a.team AND t.user_id IN (c.created_by_id, c.follower_id))
      OR EXISTS (SELECT FROM contacts_contactusergrant g JOIN team t ON t.user_id = g.user_id AND t.team = a.team
                 WHERE g.content_object_id = c.id)
      OR EXISTS (SELECT FROM contacts_contactgroupgrant g JOIN groups t ON t.group_id = g.group_id AND t.team = a.team
                 WHERE g.content_object_id = c.id)
      OR EXISTS (SELECT FROM contacts_contactscope s JOIN nodes k ON k.node_id = s.node_id AND k.team = a.team
                 WHERE s.contact_id = c.id AND s.live))
"""


def seen_by_any(
    teams: Sequence[Collection[int]], asked: Sequence[Collection[int]]
) -> set[tuple[int, int]]:
    """Which contacts somebody of a team sees now: `teams` are ids of staff, `asked` at the same place ids of contacts.

    Returns (place, contact id) pairs; one query. Equals `role_on` for each pair of a team (tested in random worlds).
    """
    members = [(place, pk) for place, team in enumerate(teams) for pk in team]
    contacts = [(place, pk) for place, ids in enumerate(asked) for pk in ids]
    if not members or not contacts:
        return set()
    values = {
        "teams": [place for place, _pk in members], "users": [pk for _place, pk in members],
        "asked": [place for place, _pk in contacts], "contacts": [pk for _place, pk in contacts],
    }  # fmt: skip
    return {(place, pk) for place, pk in fetch(SEEN, values)}


def has_contact_perm(user: Any, codename: str, contact: "Contact") -> bool:
    """The answer of user.has_perm("contacts.view_contact" or "contacts.edit_contact", contact)."""
    viewer = viewer_of(user)
    if viewer.identity_id is not None:
        return codename == "view_contact" and viewer.identity_id == contact.pk
    needed = Role.VIEWER if codename == "view_contact" else Role.EDITOR
    return role_on(viewer, contact.pk) >= needed


def create_role(viewer: Viewer, node: "Node") -> Role:
    """What `viewer` would be to a contact he creates in `node`; NONE when he may not (CON-2, matrix row 21).

    Staff create at or below their visible ranges, and directly in the built-in dimension where the setting allows it;
    never in a disabled branch. One query at most.
    """
    if not viewer.scope.active_staff or viewer.read_only:
        return Role.NONE
    if viewer.scope.maintains(node.dimension_id):
        return Role.MAIN_MAINTAINER
    if not node.live:
        return Role.NONE
    if viewer.scope.ranges_over(node.path) or (node.builtin and staff_create_in_builtin()):
        return Role.EDITOR
    return Role.NONE


def staff_create_in_builtin() -> bool:
    """The setting of SPEC CON-2; yes where nothing was set."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT staff_create_in_builtin FROM orgs_directorysettings")
        row = cursor.fetchone()
    return bool(row is None or row[0])


@dataclass(frozen=True, slots=True)
class Allowed:
    """Which areas of the card and which actions a role opens (CON-3; rows 17 to 25, 36, 41). Views hand it on.

    `read_only`: somebody else looks through these eyes; the areas stay, every action goes.
    """

    role: Role
    read_only: bool = False

    def _acts(self, needs: Role) -> bool:
        return self.role >= needs and not self.read_only

    @property
    def reveal(self) -> bool:
        return self._acts(Role.EDITOR)

    @property
    def edit(self) -> bool:
        return self._acts(Role.EDITOR)

    @property
    def rights(self) -> bool:
        """权限设置 and 共享."""
        return self.role >= Role.EDITOR

    @property
    def share(self) -> bool:
        """Changing them."""
        return self._acts(Role.EDITOR)

    @property
    def account(self) -> bool:
        """账号信息."""
        return self.role >= Role.EDITOR

    @property
    def apply(self) -> bool:
        """申请开通: those who maintain the main dimension open directly instead."""
        return self._acts(Role.EDITOR) and self.role < Role.MAIN_MAINTAINER

    @property
    def history(self) -> bool:
        return self.role >= Role.MAINTAINER

    @property
    def explain(self) -> bool:
        """Who sees the contact, and why."""
        return self._acts(Role.MAINTAINER)

    @property
    def manage(self) -> bool:
        """Open, disable, move, delete: the main dimension."""
        return self._acts(Role.MAIN_MAINTAINER)
