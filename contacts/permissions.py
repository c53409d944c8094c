"""The one rule: who sees which contact, and what he may do with it (SPEC VIS-1, CON-3; SECURITY part 3).

Every door asks here: lists and counts through contacts/querysets.py, single objects through `role_on`. Nothing else
decides visibility.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from django.db import connection

from core.actors import SystemActor
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
        return Viewer(
            Scope(user_id=user.pk, active_staff=False), identity_id=active_identity(user.pk)
        )
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


def active_identity(user_id: int) -> int | None:
    """The contact an external login acts as: the usable identity opened first (a switcher comes later, SPEC ACC-1)."""
    return active_identities([user_id]).get(user_id)


def active_identities(user_ids: Iterable[int]) -> dict[int, int]:
    """The same for many logins, in one query; those without a usable identity are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (user_id) user_id, id FROM contacts_contact WHERE user_id = ANY(%s::bigint[]) AND live"
            " AND deleted_at IS NULL AND account = 'active' AND (expires_at IS NULL OR expires_at > now())"
            " ORDER BY user_id, opened_at NULLS LAST, id",
            [list(user_ids)],
        )
        return dict(cursor.fetchall())


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
