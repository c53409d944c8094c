"""The lists 下级组织 and 下级部门: what the address asks for, as rows (SPEC ORG-7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode

from core.text import clean
from orgs.models import Node, Source
from orgs.querysets import NodeQuerySet
from orgs.selectors import nodes

DIRECT, EVERY = "direct", "all"
STATES = ("enabled", "disabled")
# What a column sorts by; the id makes every order a whole one.
SORTS = {
    "name": ("sort_key", "id"),
    "code": ("code", "id"),
    "category": ("organization_detail__category__order", "organization_detail__category__name", "sort_key", "id"),
    "source": ("source", "sort_key", "id"),
    "state": ("enabled", "sort_key", "id"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """Filters and order of such a list. `sort` is a key of SORTS, with "-" in front for the other way; "" is the order
    set by hand.
    """

    level: str = DIRECT
    q: str = ""
    state: str = ""
    source: str = ""
    category: int | None = None
    tag: int | None = None
    owner: int | None = None
    sort: str = ""

    @classmethod
    def read(cls, given: Mapping[str, Any], *, level: str = "") -> Self:
        """From the query of an address; what makes no sense is not asked. `level` overrules the address."""
        sort = given.get("sort", "")
        return cls(
            level=level or (EVERY if given.get("level") == EVERY else DIRECT),
            q=clean(given.get("q", ""), 100),
            state=_one_of(given.get("state", ""), STATES),
            source=_one_of(given.get("source", ""), Source.values),
            category=number(given.get("category", "")),
            tag=number(given.get("tag", "")),
            owner=number(given.get("owner", "")),
            sort=sort if sort.removeprefix("-") in SORTS else "",
        )

    @property
    def filtered(self) -> bool:
        """Whether the list shows less than there is at this level."""
        return bool(self.q or self.state or self.source or self.category or self.tag or self.owner)

    def query(self, **more: Any) -> str:
        """The same as the query of an address."""
        names = ("level", "q", "state", "source", "category", "tag", "owner", "sort")
        values = {name: getattr(self, name) for name in names} | more
        return urlencode({key: value for key, value in values.items() if value not in (None, "")})


def _one_of(value: str, known: Any) -> str:
    return value if value in known else ""


def number(text: str) -> int | None:
    """An id in an address; None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def rows(node: Node, *, kind: int, asked: Asked) -> NodeQuerySet:
    """The nodes of one kind below `node` that were asked for, in the order that was asked for."""
    found: NodeQuerySet = Node.objects.filter(kind=kind)
    every = asked.level == EVERY
    found = found.below(node, include_self=False) if every else found.filter(parent=node)
    if asked.q:
        found = found.filter(nodes.matching(found, asked.q))
    if asked.state:
        found = found.filter(enabled=asked.state == "enabled")
    if asked.source:
        found = found.filter(source=asked.source)
    if kind == Node.Kind.ORGANIZATION:
        found = _narrowed(found, asked)
    return _ordered(found, asked.sort)


def _narrowed(found: NodeQuerySet, asked: Asked) -> NodeQuerySet:
    found = found.select_related("organization_detail__category")
    if asked.category:
        found = found.filter(organization_detail__category=asked.category)
    # Each a subquery: a join would repeat an organization and count it twice.
    for name, value in (("tags", asked.tag), ("owners", asked.owner)):
        if value:
            having = Node.objects.filter(**{f"organization_detail__{name}": value}).values("pk")
            found = found.filter(pk__in=having)
    return found


def _ordered(found: NodeQuerySet, sort: str) -> NodeQuerySet:
    if not sort:
        return found.in_display_order()
    way = "-" if sort.startswith("-") else ""
    ordered: NodeQuerySet = found.order_by(
        *(f"{way}{key}" for key in SORTS[sort.removeprefix("-")])
    )
    return ordered
