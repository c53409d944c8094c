"""What an import would do, worked out as the requesting person; nothing is written (SPEC CON-6, SECURITY T06, T76)."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contacts.import_format import ParsedRow
from contacts.imports import rows as file_rows
from contacts.imports.alike import Alike, Choice, Looking
from contacts.imports.candidates import has_identifier
from contacts.imports.decisions import decide
from contacts.imports.matching import Matcher
from contacts.imports.places import Places, resolve
from contacts.imports.rows import NO_WISHES, FileRows
from contacts.imports.wishes import Wishes
from core.actors import Actor
from core.importing.headers import Header
from core.importing.rows import BadRow, RowError
from core.sheets import Limits
from orgs.models import Node
from orgs.permissions import Scope, require_maintain

CHUNK = 1000
KINDS = ("created", "updated", "joined", "unchanged")


@dataclass(slots=True)
class Counts:
    """Numbers of one import, of people except where they say otherwise; `errors` are refused rows."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    joined: int = 0
    unchanged: int = 0
    organizations: int = 0
    departments: int = 0
    organizations_updated: int = 0
    errors: int = 0

    def add(self, kind: str, number: int = 1) -> None:
        setattr(self, kind, getattr(self, kind) + number)

    def as_dict(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def changes(self) -> int:
        """How much would be written; 0 when the file says nothing new."""
        people = self.created + self.updated + self.joined
        return people + self.organizations + self.departments + self.organizations_updated


@dataclass(slots=True)
class Plan:
    """A file compared with the database. With `problems` nothing of it may be written."""

    file: FileRows
    dimension_id: int
    counts: Counts = field(default_factory=Counts)
    problems: list[RowError] = field(default_factory=list)
    bad: dict[int, BadRow] = field(default_factory=dict)
    claimed: dict[int, int] = field(default_factory=dict)
    key: str = "auto"
    choices: Mapping[int, Choice] = field(default_factory=dict)
    alike: dict[int, Alike] = field(default_factory=dict)
    """Rows that a person may decide about, asked for by Wishes.looking."""

    def matcher(
        self, scope: Scope, claimed: dict[int, int], looking: Looking | None = None
    ) -> Matcher:
        """What finds the contacts that the rows mean."""
        return Matcher(scope, self.file.shared_emails, claimed, self.key, self.choices, looking)

    @property
    def people(self) -> list[ParsedRow]:
        """Rows about somebody, in the order of the file."""
        return [row for row in self.file.rows if row.name]

    @property
    def header(self) -> Header:
        """The header of the file."""
        return self.file.header

    @property
    def rows(self) -> int:
        """How many rows the file has."""
        return self.counts.rows

    def numbers(self) -> dict[str, int]:
        """What the check counted."""
        return self.counts.as_dict() | {"people": len(self.people), "alike": len(self.alike)}

    @property
    def empty(self) -> bool:
        """Whether everything is there already."""
        return not self.counts.changes


def make(
    *, path: Path | str, dimension: Node, by: Actor, limits: Limits | None = None, wishes: Wishes = NO_WISHES
) -> Plan:  # fmt: skip
    """Reads a file and works out what importing it into `dimension` would do.

    Raises Hidden unless `by` maintains the dimension, UnreadableFile or NoHeader (Invalid) for the file as a whole.
    Rows that cannot be taken are in `problems`, by row; the counts are those of the others.
    """
    scope = require_maintain(by=by, node=dimension)
    file = file_rows.read(path, limits=limits, wishes=wishes)
    plan = Plan(file, dimension.pk, key=wishes.key, choices=wishes.choices)
    for bad in file.bad:
        plan.problems += bad.errors
        plan.bad[bad.row] = bad
    places = resolve(file.rows, dimension_id=dimension.pk, scope=scope)
    refused = [error for row in file.rows for error in places.errors_of(row)]
    looking = _looking(plan, places) if wishes.looking else None
    errors, unchanged = _people(plan, places, plan.matcher(scope, plan.claimed, looking))
    _refuse(plan, [*refused, *errors])
    if looking is not None:
        _keep_alike(plan, looking, refused={error.row for error in refused}, unchanged=unchanged)
    if refused or errors:
        # What only refused rows name is not created.
        good = [row for row in file.rows if row.row not in plan.bad]
        places = resolve(good, dimension_id=dimension.pk, scope=scope)
    plan.problems.sort(key=lambda error: error.row)
    plan.counts.rows = file.total
    plan.counts.organizations = places.new_organizations
    plan.counts.departments = places.new_departments
    plan.counts.organizations_updated = len(places.changed)
    return plan


def _people(plan: Plan, places: Places, matcher: Matcher) -> tuple[list[RowError], set[int]]:
    """Why rows are refused, and the rows that change nothing."""
    # Rows with a number or address come first in the whole file, as within one chunk (see Matcher.match).
    ordered = sorted(plan.people, key=lambda row: not has_identifier(row))
    problems, unchanged = [], set()
    for chunk in chunks(ordered):
        decisions, errors = decide([(row, places.target(row)) for row in chunk], matcher=matcher)
        problems += errors
        for decision in decisions:
            if decision.row.organization not in places.errors:
                plan.counts.add(decision.kind)
            if decision.kind == "unchanged":
                unchanged.add(decision.row.row)
    return problems, unchanged


def _looking(plan: Plan, places: Places) -> Looking:
    homes = {path[0]: node_id for path, node_id in places.found.items() if len(path) == 1}
    return Looking(homes, plan.key, plan.file.shared_emails)


def _keep_alike(
    plan: Plan, looking: Looking, *, refused: Container[int], unchanged: Container[int]
) -> None:
    """Nobody is asked about a row that cannot be taken anyway, or changes nothing, unless he has answered before."""
    looking.finish(plan.claimed, plan.choices)
    for at, one in looking.found.items():
        idle = at in unchanged and one.proposed is not None
        if at in plan.choices or not (idle or at in refused):
            plan.alike[at] = one


def _refuse(plan: Plan, refused: Iterable[RowError]) -> None:
    names = {row.row: row.name for row in plan.file.rows}
    for error in refused:
        plan.problems.append(error)
        bad = plan.bad.setdefault(error.row, BadRow(error.row, names.get(error.row, ""), []))
        bad.errors.append(error)
    plan.counts.errors = len(plan.bad)


def chunks(rows: Sequence[ParsedRow], size: int = CHUNK) -> Iterator[Sequence[ParsedRow]]:
    """The rows in portions of one transaction each."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
