"""Where the rows belong: organizations and departments that are there, and those to be created (SPEC ORG-3, CON-6)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from contacts.import_format import ParsedRow
from contacts.imports import organizations
from contacts.imports.organizations import About
from core import audit
from core.actors import Actor
from core.importing.rows import RowError
from core.text import pinyin
from orgs import tree, tree_bulk
from orgs.models import Node, Source
from orgs.permissions import Scope

Path = tuple[str, ...]
"""Name of the organization as the file has it, then the names of the departments."""


@dataclass(slots=True)
class Places:
    """`found`: path → node id. `missing`: paths to be created, parents first. `codes`: codes the file gives by name."""

    found: dict[Path, int] = field(default_factory=dict)
    missing: dict[Path, None] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    changed: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Id of an organization → what the file changes about it."""
    about: About = field(default_factory=About)
    errors: dict[str, tuple[str, str, Any]] = field(default_factory=dict)
    """Name of an organization → field, kind and reason why it cannot be used."""
    names: dict[int, str] = field(default_factory=dict)
    """Id of an organization → the name under which the file has it."""

    def errors_of(self, row: ParsedRow) -> list[RowError]:
        """Why the place of this row, or what it says about it, cannot be taken."""
        known = self.errors.get(row.organization)
        if known is None:
            return self.about.errors.get(row.row, [])
        name, kind, reason = known
        value = row.organization_code if name == "organization_code" else row.organization
        return [RowError(row.row, name, value, kind, reason)]

    def target(self, row: ParsedRow) -> int | None:
        """Id of the node the row belongs to; None while it does not exist."""
        return self.found.get(path_of(row))

    @property
    def new_organizations(self) -> int:
        return sum(len(path) == 1 for path in self.missing)

    @property
    def new_departments(self) -> int:
        return len(self.missing) - self.new_organizations


def path_of(row: ParsedRow) -> Path:
    """The way from the dimension to the node of this row, as the file names it."""
    return (row.organization, *row.department)


def resolve(rows: Sequence[ParsedRow], *, dimension_id: int, scope: Scope) -> Places:
    """Finds the nodes of all rows in one dimension; three queries, and those of organizations.compare.

    An organization is found by its code, else by its name anywhere in the dimension (directly below it first); a
    department by its name below its parent.
    """
    places = Places()
    wanted: dict[Path, None] = {}
    for row in rows:
        wanted.setdefault(path_of(row))
        if row.organization_code:
            places.codes.setdefault(row.organization, row.organization_code)
    known = _Tree(dimension_id, places.codes.values())
    for name in dict.fromkeys(path[0] for path in wanted):
        _find_organization(name, places, known, scope)
        _refuse_second_name(name, places)
    for path in wanted:
        if path[0] not in places.errors:
            _walk(path, places, known)
    _tell(rows, places)
    return places


def _tell(rows: Sequence[ParsedRow], places: Places) -> None:
    """What the rows say about organizations that can be used."""
    usable = [row for row in rows if row.organization not in places.errors]
    ids = {path[0]: node_id for path, node_id in places.found.items() if len(path) == 1}
    places.about = organizations.compare(usable, ids)
    for node_id, values in places.about.changed.items():
        places.changed.setdefault(node_id, {}).update(values)


class _Tree:
    """The nodes of one dimension by name, and the nodes anywhere that have one of the codes."""

    def __init__(self, dimension_id: int, codes: Iterable[str]) -> None:
        self.dimension_id = dimension_id
        self.by_code = {node.code: node for node in Node.objects.filter(code__in=set(codes))}
        self.organizations: dict[str, list[tuple[int, int, str]]] = {}
        self.departments: dict[tuple[int, str], int] = {}
        rows = Node.objects.filter(dimension_id=dimension_id).exclude(kind=Node.Kind.DIMENSION)
        for node_id, kind, parent_id, name, code in rows.order_by("id").values_list(
            "id", "kind", "parent_id", "name", "code"
        ):
            if kind == Node.Kind.ORGANIZATION:
                self.organizations.setdefault(name, []).append((node_id, parent_id, code or ""))
            else:
                self.departments.setdefault((parent_id, name), node_id)


def _find_organization(name: str, places: Places, known: _Tree, scope: Scope) -> None:
    code = places.codes.get(name, "")
    holder = known.by_code.get(code) if code else None
    if holder is not None:
        _take_holder(name, holder, places, known, scope)
        return
    same_name = known.organizations.get(name, [])
    free = [node for node in same_name if not (code and node[2])]
    top = [node for node in free if node[1] == known.dimension_id]
    usable = top or free
    if len(usable) == 1:
        places.found[(name,)] = usable[0][0]
        if code:
            places.changed[usable[0][0]] = {"code": code}
    elif usable:
        text = _("Several organizations have this name; give the organization code")
        places.errors[name] = ("organization", "ambiguous", text)
    elif any(node[1] == known.dimension_id for node in same_name):
        text = _("The organization of this name has another code")
        places.errors[name] = ("organization_code", "conflict", text)
    else:
        places.missing[(name,)] = None


def _refuse_second_name(name: str, places: Places) -> None:
    """One organization under two names in one file would get its departments twice."""
    node_id = places.found.get((name,))
    first = places.names.setdefault(node_id, name) if node_id else name
    if first != name:
        text = format_lazy(_("The file names the same organization {name} elsewhere"), name=first)
        places.errors[name] = ("organization", "conflict", text)


def _take_holder(name: str, holder: Node, places: Places, known: _Tree, scope: Scope) -> None:
    if holder.dimension_id == known.dimension_id and holder.kind == Node.Kind.ORGANIZATION:
        places.found[(name,)] = holder.pk
        return
    if scope.maintains(holder.dimension_id):
        text: Any = format_lazy(_("This code belongs to {name}"), name=holder.name)
    else:
        # Hidden and missing look alike (SECURITY T13): no name, no dimension.
        text = _("This code cannot be used; ask a holder of external directory maintenance")
    places.errors[name] = ("organization_code", "taken", text)


def _walk(path: Path, places: Places, known: _Tree) -> None:
    for depth in range(2, len(path) + 1):
        part, above = path[:depth], path[: depth - 1]
        if part in places.found:
            continue
        parent = places.found.get(above)
        node_id = known.departments.get((parent, part[-1])) if parent else None
        if node_id:
            places.found[part] = node_id
        else:
            places.missing.setdefault(part)


def create_missing(places: Places, *, by: Actor, dimension_id: int) -> None:
    """Creates the missing nodes in one go and changes what the file changes, all audited; fills `places.found`.

    The caller holds the tree lock exclusively, resolved under it, and has checked the right.
    """
    if places.missing:
        ids = tree_bulk.insert(
            dimension_id=dimension_id,
            nodes=[_new_node(path, places, dimension_id) for path in places.missing],
        )
        created = {path: ids[_key(path)] for path in places.missing}
        organizations.create_details(
            {pk: _about(path, places) for path, pk in created.items() if len(path) == 1}
        )
        _record_created(created, places, by=by, dimension_id=dimension_id)
        places.found |= created
        places.missing.clear()
    organizations.change(places.changed, by=by, dimension_id=dimension_id)
    places.changed.clear()


def _about(path: Path, places: Places) -> dict[str, Any]:
    return places.about.new.get(path[0], {})


def _key(path: Path) -> str:
    return "\x1f".join(path)  # a cleaned name holds no control character


def _new_node(path: Path, places: Places, dimension_id: int) -> tree.NewNode:
    above = path[:-1]
    reading = pinyin(path[-1], surname=False)
    values: dict[str, Any] = {
        "name": path[-1], "sort_key": reading.sort_key, "initials": reading.initials,
        "source": Source.FILE.value,
    }  # fmt: skip
    if len(path) == 1:
        values |= {"code": places.codes.get(path[0]), **organizations.columns(_about(path, places))}
    parent: int | str = places.found.get(above, _key(above)) if above else dimension_id
    kind = Node.Kind.DEPARTMENT if above else Node.Kind.ORGANIZATION
    return tree.NewNode(key=_key(path), parent=parent, kind=int(kind), values=values)


def _record_created(
    created: dict[Path, int], places: Places, *, by: Actor, dimension_id: int
) -> None:
    audit.record_many(
        action="node.create", model=Node, by=by,
        changes=[
            audit.Change(pk, path[-1], after=_shown(path, places), dimension_id=dimension_id)
            for path, pk in created.items()
        ],
    )  # fmt: skip


def _shown(path: Path, places: Places) -> dict[str, Any]:
    shown = {"name": path[-1], "source": Source.FILE.value}
    if len(path) > 1:
        return shown | {"parent": path[-2]}
    code = places.codes.get(path[0])
    return shown | ({"code": code} if code else {}) | organizations.shown(_about(path, places))
