"""Who sees and maintains a node, where each right comes from, and what a move would change (SPEC ORG-9)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q

from accounts.models import DepartmentMembership, User
from orgs.models import Node, NodeGroupGrant, NodeUserGrant, NodeVisibleStaff
from orgs.permissions import Scope, scope_of

PERSON, DEPARTMENT = "person", "department"
VIEW, MAINTAIN = "view_node", "maintain_node"


def maintain(dimensions: Any) -> Q:
    """The condition on people that they maintain one of these dimensions (ids, or a query of ids), by themselves or
    through an internal department.
    """
    rights = {"content_object_id__in": dimensions, "permission__codename": MAINTAIN}
    persons = NodeUserGrant.objects.filter(user_id=OuterRef("pk"), **rights)
    # A group holds the members of its department and of all departments below it.
    groups = User.groups.through.objects.filter(
        user_id=OuterRef("pk"),
        group_id__in=NodeGroupGrant.objects.filter(**rights).values("group_id"),
    )
    return Q(Exists(persons) | Exists(groups))


@dataclass(slots=True)
class Grant:
    """One right of one person or internal department, as the page shows it."""

    kind: str
    """"person" or "department"; `id` is that of the person or of the department."""
    id: int
    label: str
    node_id: int
    node_name: str
    inherited: bool
    source: str
    by_label: str
    at: datetime
    people: int = 1
    """Active staff behind it."""
    sub: str = ""
    covered_by: str = ""
    """The department of the same list through which a person has this right anyway."""
    group_id: int | None = None

    @property
    def key(self) -> str:
        """How forms name the holder, for example "person:12"."""
        return f"{self.kind}:{self.id}"

    @property
    def by_name(self) -> str:
        """Who gave it, without the login name."""
        return self.by_label.partition("（")[0]

    @property
    def removable(self) -> bool:
        """Whether it is set on this node, by hand."""
        return not self.inherited and self.source == "manual"


@dataclass(slots=True)
class Overview:
    """Everything the tab 维护者与可见范围 shows. Totals are active staff, each counted once."""

    maintainers: list[Grant] = field(default_factory=list)
    ranges: list[Grant] = field(default_factory=list)
    staff: list[Grant] = field(default_factory=list)
    total: int = 0
    always: int = 0
    """Administrators, holders and maintainers who see it anyway and are not in `total`."""
    staff_total: int = 0


def overview(node: Node) -> Overview:
    """Own and inherited rights of a node with their numbers; a constant number of queries."""
    ids = node.ancestor_ids
    names = dict(Node.objects.filter(pk__in=ids).values_list("pk", "name"))
    found = Overview()
    for codename, grant in granted(node, ids, names):
        (found.ranges if codename == VIEW else found.maintainers).append(grant)
    found.staff = staff_shown(node, ids, names)
    everything = [*found.maintainers, *found.ranges, *found.staff]
    fill_people(everything)
    _fill_places(everything)
    for grants in (found.ranges, found.staff):
        _mark_covered(grants)
    _order(found)
    _fill_totals(found)
    return found


def granted(node: Node, ids: Sequence[int], names: dict[int, str]) -> Iterable[tuple[str, Grant]]:
    """(codename, grant) of every right on the nodes `ids`, which `names` names; `inherited` is seen from `node`."""
    people = NodeUserGrant.objects.filter(content_object_id__in=ids).select_related(
        "permission", "user"
    )
    for row in people:
        yield row.permission.codename, _person(row, row.user, row.content_object_id, node, names)
    groups = NodeGroupGrant.objects.filter(content_object_id__in=ids).select_related(
        "permission", "group__department__parent"
    )
    for row in groups:
        yield row.permission.codename, _group(row, row.group, row.content_object_id, node, names)


def staff_shown(node: Node, ids: Sequence[int], names: dict[int, str]) -> list[Grant]:
    """The same for visible staff (SPEC VIS-4)."""
    rows = NodeVisibleStaff.objects.filter(node_id__in=ids).select_related(
        "user", "group__department__parent"
    )
    return [
        _person(row, row.user, row.node_id, node, names)
        if row.user
        else _group(row, row.group, row.node_id, node, names)
        for row in rows
    ]


def _person(row: Any, user: User, node_id: int, node: Node, names: dict[int, str]) -> Grant:
    return Grant(
        kind=PERSON, id=user.pk, label=user.name, node_id=node_id, node_name=names[node_id],
        inherited=node_id != node.pk, source=row.source, by_label=row.granted_by_label,
        at=row.granted_at, people=int(user.is_active and not user.is_external),
    )  # fmt: skip


def _group(row: Any, group: Any, node_id: int, node: Node, names: dict[int, str]) -> Grant:
    department = getattr(group, "department", None)
    above = department.parent if department else None
    return Grant(
        kind=DEPARTMENT, id=department.pk if department else 0,
        label=department.name if department else group.name, node_id=node_id,
        node_name=names[node_id], inherited=node_id != node.pk, source=row.source,
        by_label=row.granted_by_label, at=row.granted_at, people=0, group_id=group.pk,
        sub=above.name if above else "",
    )  # fmt: skip


def fill_people(grants: list[Grant]) -> None:
    """Puts the number of active staff on the grants of departments; one query."""
    groups = {grant.group_id for grant in grants if grant.group_id}
    rows = (
        User.groups.through.objects.filter(
            group_id__in=groups, user__is_active=True, user__kind=User.Kind.STAFF
        )
        .values("group_id")
        .annotate(people=Count("pk"))
    )
    people = {row["group_id"]: row["people"] for row in rows}
    for grant in grants:
        if grant.group_id:
            grant.people = people.get(grant.group_id, 0)


def _fill_places(grants: list[Grant]) -> None:
    """Second line of a person: his main internal department."""
    people = {grant.id for grant in grants if grant.kind == PERSON}
    rows = DepartmentMembership.objects.filter(user_id__in=people, is_main=True)
    places = dict(rows.values_list("user_id", "department__name"))
    for grant in grants:
        if grant.kind == PERSON:
            grant.sub = places.get(grant.id, "")


def _mark_covered(grants: list[Grant]) -> None:
    by_group = {grant.group_id: grant.label for grant in grants if grant.group_id}
    people = {grant.id for grant in grants if grant.kind == PERSON}
    rows = User.groups.through.objects.filter(user_id__in=people, group_id__in=by_group)
    covered = {user: by_group[group] for user, group in rows.values_list("user_id", "group_id")}
    for grant in grants:
        if grant.kind == PERSON:
            grant.covered_by = covered.get(grant.id, "")


def _order(found: Overview) -> None:
    """Departments before people, inherited before own, larger before smaller."""
    for grants in (found.maintainers, found.ranges, found.staff):
        grants.sort(
            key=lambda grant: (
                grant.kind == PERSON, not grant.inherited, -grant.people, grant.label, grant.node_id
            )
        )  # fmt: skip


def among(grants: Iterable[Grant]) -> Q:
    """People who hold any of these rights."""
    grants = list(grants)
    people = [grant.id for grant in grants if grant.kind == PERSON]
    groups = [grant.group_id for grant in grants if grant.group_id]
    return Q(pk__in=people) | Q(groups__in=groups)


def _fill_totals(found: Overview) -> None:
    staff = User.objects.active().staff()
    in_range = staff.filter(among(found.ranges)).values("pk")
    always = Q(is_superuser=True) | Q(is_holder=True) | among(found.maintainers)
    found.total = staff.filter(pk__in=in_range).count()
    found.always = staff.filter(always).exclude(pk__in=in_range).values("pk").distinct().count()
    found.staff_total = staff.filter(among(found.staff)).values("pk").distinct().count()


def inherited_labels(node: Node) -> list[str]:
    """Who has the visible range of `node` or of anything above it, for the audit trail of a move."""
    return sorted({grant.label for grant in _ranges_at(node)})


def _ranges_at(node: Node) -> list[Grant]:
    names = dict.fromkeys(node.ancestor_ids, "")
    return [
        grant for codename, grant in granted(node, node.ancestor_ids, names) if codename == VIEW
    ]


@dataclass(frozen=True, slots=True)
class Why:
    """Whether a staff member sees what is under a node, and by which rules. `rules` are (rule, name, through)."""

    visible: bool
    rules: list[tuple[str, str, str]]


def why_visible(node: Node, user: User) -> Why:
    """The rule that lets `user` see the contacts at or below `node`, as the rule engine decides it now (SPEC ORG-9).

    Rules: "administrator", "holder", "maintainer", "range"; without one: "inactive", "external", "disabled", "none".
    What a person sees by having created, followed or been shared a single contact is not asked here.
    """
    scope = scope_of(user)
    if not scope.active_staff:
        return Why(visible=False, rules=[("external" if user.is_external else "inactive", "", "")])
    if scope.everything:
        rule = "administrator" if scope.administrator else "holder"
        return Why(visible=True, rules=[(rule, "", "")])
    return _why_by_grants(node, user, scope)


def _why_by_grants(node: Node, user: User, scope: Scope) -> Why:
    names = dict(Node.objects.filter(pk__in=node.ancestor_ids).values_list("pk", "name"))
    groups = set(user.groups.values_list("pk", flat=True))
    mine = [
        (codename, grant)
        for codename, grant in granted(node, node.ancestor_ids, names)
        if (grant.kind == PERSON and grant.id == user.pk) or grant.group_id in groups
    ]
    maintained = scope.maintains(node.dimension_id)
    wanted = [(c, g) for c, g in mine if c == VIEW or (c == MAINTAIN and maintained)]
    rules = [
        ("maintainer" if codename == MAINTAIN else "range", grant.node_name,
         grant.label if grant.kind == DEPARTMENT else "")
        for codename, grant in wanted
    ]  # fmt: skip
    if not rules:
        return Why(visible=False, rules=[("none", "", "")])
    if not maintained and not node.live:
        return Why(visible=False, rules=[("disabled", "", ""), *rules])
    return Why(visible=True, rules=rules)


def maintainers_of(dimension_ids: Sequence[int]) -> dict[int, list[str]]:
    """dimension id → labels of its maintainers, departments first; two queries."""
    found: dict[int, list[str]] = {}
    groups = NodeGroupGrant.objects.filter(
        content_object_id__in=dimension_ids, permission__codename=MAINTAIN
    ).order_by("group__department__sort_key")
    people = NodeUserGrant.objects.filter(
        content_object_id__in=dimension_ids, permission__codename=MAINTAIN
    ).order_by("user__sort_key")
    rows = [
        *groups.values_list("content_object_id", "group__department__name"),
        *people.values_list("content_object_id", "user__name"),
    ]
    for dimension_id, label in rows:
        found.setdefault(dimension_id, []).append(label or "–")
    return found
