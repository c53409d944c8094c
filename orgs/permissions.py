"""Which nodes a person maintains and which visible ranges he has: the base of the one visibility rule (SPEC VIS-1)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from accounts.models import User
from core.actors import Actor, SystemActor
from core.errors import Denied, Hidden
from core.fetching import fetch

if TYPE_CHECKING:
    from orgs.models import Node

# Groups of the internal departments a person belongs to, and the grants of both. A plain union over the
# direct-foreign-key tables takes a hundredth of guardian's own list shortcut (research: data-model-perf, 1f).
GRANTS = """
WITH mine AS MATERIALIZED (SELECT group_id FROM accounts_user_groups WHERE user_id = %(user)s)
SELECT codename, id, path FROM (
    SELECT p.codename, n.id, n.path
    FROM (
        SELECT permission_id, content_object_id FROM orgs_nodeusergrant WHERE user_id = %(user)s
        UNION
        SELECT permission_id, content_object_id FROM orgs_nodegroupgrant WHERE group_id IN (SELECT group_id FROM mine)
    ) AS g
    JOIN auth_permission AS p ON p.id = g.permission_id
    JOIN orgs_node AS n ON n.id = g.content_object_id
    UNION ALL SELECT 'group', group_id, '' FROM mine
) AS every
ORDER BY path COLLATE "C", id
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """What one person may reach through the tree, read once and passed along; never stored (SECURITY T12).

    `everything`: system administrators and holders of 外部互联维护. `maintained`: dimension ids. `ranges`: ids of the
    minimal disjoint nodes whose visible range holds the person, those in maintained dimensions left out; `paths` are
    their paths in the same order. `groups` are the groups of his internal departments and of all above them; not read
    for those who see everything. `active_staff` is False for external, inactive and anonymous people: they see
    nothing.
    """

    user_id: int
    active_staff: bool
    everything: bool = False
    administrator: bool = False
    maintained: tuple[int, ...] = ()
    ranges: tuple[int, ...] = ()
    paths: tuple[str, ...] = ()
    groups: tuple[int, ...] = ()

    @property
    def maintains_any(self) -> bool:
        """Whether the person works in 外部组织维护 at all."""
        return self.everything or bool(self.maintained)

    def maintains(self, dimension_id: int | None) -> bool:
        """Whether the person may do everything inside this dimension."""
        return self.everything or dimension_id in self.maintained

    def ranges_over(self, path: str) -> bool:
        """Whether a visible range of the person lies at or above the node with this path."""
        return path.startswith(self.paths)


NOTHING = Scope(user_id=0, active_staff=False)


def scope_of(user: Any) -> Scope:
    """The scope of `user` as it is now; one query, none for administrators and holders."""
    if not (user.is_authenticated and user.is_active and not user.is_external):
        return NOTHING
    if user.privileged:
        return Scope(user.pk, active_staff=True, everything=True, administrator=user.is_superuser)
    rows = fetch(GRANTS, {"user": user.pk})
    found: dict[str, list[tuple[int, str]]] = {"maintain_node": [], "view_node": [], "group": []}
    for codename, pk, path in rows:
        found[codename].append((pk, path))
    maintained, groups = (
        tuple(pk for pk, _path in found[key]) for key in ("maintain_node", "group")
    )
    ranges, paths = minimal(found["view_node"], maintained)
    return Scope(
        user.pk, active_staff=True, maintained=maintained, ranges=ranges, paths=paths, groups=groups
    )


def minimal(
    nodes: list[tuple[int, str]], covered: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Drops every node that lies at or below another one, and those in `covered` dimensions.

    `nodes` are (id, path) ordered by path in code point order, so that what lies below a kept node follows it.
    """
    ids: list[int] = []
    paths: list[str] = []
    for node_id, path in nodes:
        if int(path.split(".", 1)[0]) in covered or (paths and path.startswith(paths[-1])):
            continue
        ids.append(node_id)
        paths.append(path)
    return tuple(ids), tuple(paths)


def scope_for(by: Actor) -> Scope:
    """The scope of an actor as he is in the database now; a named part of the system may do everything."""
    if isinstance(by, SystemActor):
        return Scope(user_id=0, active_staff=True, everything=True, administrator=True)
    return scope_of(as_now(by))


def as_now(by: Any) -> Any:
    """A person read anew, the system as it is: a service may have waited for a lock since the request began, and a
    right that was taken away meanwhile is gone (SPEC VIS-5, SECURITY T32). Whoever is not logged in has no row and no
    scope. Raises Hidden for a person who is gone.
    """
    if isinstance(by, SystemActor) or not by.is_authenticated:
        return by
    found = User.objects.filter(pk=by.pk).first()
    if found is None:
        raise Hidden(_("There is no such person."))
    return found


def require_maintain(*, by: Actor, node: "Node") -> Scope:
    """Raises Hidden unless `by` maintains the dimension of `node` (matrix rows 11 to 15: outside is missing)."""
    scope = scope_for(by)
    if not scope.maintains(node.dimension_id):
        raise Hidden(_("There is no such organization or department."))
    return scope


def require_dimension_management(*, by: Actor) -> Scope:
    """Raises Denied unless `by` is an administrator or holder (维度管理, appointing maintainers: rows 10, 14, 30)."""
    scope = scope_for(by)
    if not scope.everything:
        raise Denied(_("Only holders of external directory maintenance manage dimensions."))
    return scope


def has_node_perm(user: Any, codename: str, node: "Node") -> bool:
    """The answer of user.has_perm("orgs.<codename>", node); equals the querysets (tested)."""
    scope = scope_of(user)
    if scope.maintains(node.dimension_id):
        return scope.active_staff
    return codename == "view_node" and scope.ranges_over(node.path)
