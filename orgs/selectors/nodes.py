"""Reads on single nodes, lists below them, and the search over the tree."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from core.text import clean, fold, parse_query, simplified
from orgs.models import (
    Category,
    DirectorySettings,
    Node,
    OrganizationDetail,
    Restructuring,
    Tag,
)
from orgs.permissions import Scope
from orgs.querysets import NodeQuerySet
from orgs.selectors import levels

SEARCH_LIMIT = 50
_CANDIDATES = 400
# Above this, restructuring is slow and administrators are told so (SPEC ORG-10).
LARGE_DIMENSION = 10_000


@dataclass(frozen=True, slots=True)
class Summary:
    """How many nodes stand below one: directly, and at any depth."""

    organizations: int
    departments: int
    all_organizations: int
    all_departments: int


def summary(node: Node) -> Summary:
    """Counts below `node`; one query."""
    direct = Q(parent_id=node.pk)
    counts = Node.objects.below(node, include_self=False).aggregate(
        organizations=Count("pk", filter=direct & Q(kind=Node.Kind.ORGANIZATION)),
        departments=Count("pk", filter=direct & Q(kind=Node.Kind.DEPARTMENT)),
        all_organizations=Count("pk", filter=Q(kind=Node.Kind.ORGANIZATION)),
        all_departments=Count("pk", filter=Q(kind=Node.Kind.DEPARTMENT)),
    )
    return Summary(**counts)


def organizations_in(dimension: Node) -> int:
    """How many organizations a dimension has; one query over an index."""
    rows = Node.objects.filter(dimension_id=dimension.pk, kind=Node.Kind.ORGANIZATION)
    return int(rows.count())


def dimensions_in(scope: Scope) -> list[Node]:
    """The dimensions that this scope maintains, in display order, the built-in one last."""
    rows = Node.objects.dimensions().in_maintained(scope)
    return list(rows.order_by("builtin", "order", "sort_key", "id"))


def all_dimensions() -> list[Node]:
    """All dimensions for 维度管理 with their descriptions, the built-in one last."""
    rows = Node.objects.dimensions().select_related("dimension_detail")
    return list(rows.order_by("builtin", "order", "sort_key", "id"))


def counts_by_dimension() -> dict[int, tuple[int, int]]:
    """dimension id → (organizations, departments); one query."""
    rows = (
        Node.objects.exclude(kind=Node.Kind.DIMENSION)
        .order_by()
        .values("dimension_id")
        .annotate(
            organizations=Count("pk", filter=Q(kind=Node.Kind.ORGANIZATION)),
            departments=Count("pk", filter=Q(kind=Node.Kind.DEPARTMENT)),
        )
    )
    return {row["dimension_id"]: (row["organizations"], row["departments"]) for row in rows}


def search(scope: Scope, q: str, *, limit: int = SEARCH_LIMIT) -> list[Node]:
    """Nodes of the maintained dimensions by name, full name, pinyin, initials or code (SPEC ORG-8); one query.

    Names that begin with the query come first. Filtered before matching (SECURITY T10).
    """
    return search_in(Node.objects.in_maintained(scope), q, limit=limit)


def _matches(q: str) -> Q:
    text = clean(q, 100)
    plain = "".join(char for char in fold(text) if char.isalnum())
    found = _spelled(text)
    if plain:
        found |= Q(initials__contains=plain)
    query = parse_query(text, surname=False)
    if query and query.sort_prefix:
        found |= Q(sort_key__contains=query.sort_prefix)
    return found


def _spelled(text: str) -> Q:
    found = Q(name__icontains=text) | Q(full_name__icontains=text) | Q(code__istartswith=text)
    return found | Q(name__icontains=simplified(text)) | Q(name_en__icontains=text)


def matching(rows: NodeQuerySet, q: str) -> Q:
    """The condition for what `q` finds among `rows`, for lists. Homophones of Chinese that was typed are left out; to
    tell them apart, rows that match by their pinyin alone are read once, _CANDIDATES at most.
    """
    text = clean(q, 100)
    query = parse_query(text, surname=False)
    if query is None or not query.recheck:
        return _matches(text)
    spelled = _spelled(text)
    alike = rows.filter(_matches(text)).exclude(spelled).only("name", "full_name", "code")
    return spelled | Q(pk__in=[node.pk for node in alike[:_CANDIDATES] if _really(node, text)])


def _really(node: Node, text: str) -> bool:
    """Homophones share their pinyin: Chinese that was typed must stand in the name."""
    query = parse_query(text, surname=False)
    if query is None or not query.recheck:
        return True
    return any(query.recheck in fold(name) for name in (node.name, node.full_name)) or bool(
        node.code and fold(node.code).startswith(fold(text))
    )


def organization_detail(node: Node) -> OrganizationDetail | None:
    """The detail row of an organization with category, tags and responsible people; three queries."""
    rows = OrganizationDetail.objects.select_related("category").prefetch_related("tags", "owners")
    return rows.filter(node_id=node.pk).first()


def categories() -> QuerySet[Category]:
    """外部用户分类 with `organizations`, the number that uses each."""
    return Category.objects.annotate(organizations=Count("organizationdetail")).order_by(
        "order", "id"
    )


def tags() -> QuerySet[Tag]:
    """Tags with `organizations`, the number that carries each."""
    return Tag.objects.annotate(organizations=Count("organizationdetail")).order_by("name")


def directory_settings() -> DirectorySettings:
    """The one row of settings."""
    return DirectorySettings.objects.filter(pk=1).first() or DirectorySettings()


def large_warning(node_count: int) -> str:
    """The sentence for a dimension that is slow to restructure; empty below the limit."""
    if node_count <= LARGE_DIMENSION:
        return ""
    return _(
        "This dimension has %(count)s nodes. Moving and importing whole branches takes noticeably long here."
    ) % {"count": node_count}


def under_way(node: Node) -> Restructuring | None:
    """The job of the worker that is to change this node, or one above it; one query."""
    rows = Restructuring.objects.open().filter(node_id__in=node.ancestor_ids)
    job: Restructuring | None = rows.order_by("pk").first()
    return job


def places_for(scope: Scope, node: Node, *, limit: int = 500) -> list[tuple[int, str]]:
    """(id, way) of the nodes under which `node` may be put by somebody with this scope."""
    kinds = {Node.Kind.ORGANIZATION: (0, 1), Node.Kind.DEPARTMENT: (1, 2)}[Node.Kind(node.kind)]
    rows = Node.objects.in_maintained(scope).filter(kind__in=kinds).exclude(pk=node.parent_id)
    rows = rows.exclude(path__startswith=node.path)
    if not scope.everything:
        rows = rows.filter(dimension_id=node.dimension_id)
    found = list(rows.order_by("tree_id", "lft")[:limit])
    names = levels.names_above(found)
    return [(row.pk, " / ".join(names[pk] for pk in row.ancestor_ids)) for row in found]


def creatable(scope: Scope) -> NodeQuerySet:
    """Where somebody may create contacts (matrix row 21): what he maintains, at or below his visible ranges where it
    counts for staff, and the built-in dimension itself if the setting allows it (the names below it are not his).
    """
    maintained = Q() if scope.everything else Q(dimension_id__in=scope.maintained)
    allowed = maintained
    if not scope.everything:
        in_range = Q(pk__in=Node.objects.at_or_below_any(scope.paths).values("pk"))
        allowed = maintained | (in_range & Q(live=True))
        if directory_settings().staff_create_in_builtin:
            allowed |= Q(builtin=True)
    rows: NodeQuerySet = Node.objects.filter(allowed)
    return rows


def search_in(rows: NodeQuerySet, q: str, *, limit: int) -> list[Node]:
    """As `search`, among these rows."""
    text = clean(q, 100)
    if not text:
        return []
    found = [
        node
        for node in rows.filter(_matches(text)).in_display_order()[:_CANDIDATES]
        if _really(node, text)
    ]
    found.sort(key=lambda node: (not fold(node.name).startswith(fold(text)), node.kind))
    return found[:limit]


def level_of(rows: NodeQuerySet, *, under: int | None, limit: int) -> list[Node]:
    """The children of `under` among these rows; without it those whose parent is not among them."""
    if under is not None:
        return list(rows.filter(parent_id=under).in_display_order()[:limit])
    tops = rows.exclude(parent_id__in=rows.values("pk"))
    return list(tops.order_by("level", "builtin", "order", "sort_key", "id")[:limit])
