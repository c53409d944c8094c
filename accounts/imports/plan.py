"""What an import of staff would do; nothing is written (SPEC ACC-6; SECURITY T06, T76)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from django.db.models.functions import Lower
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts import permissions
from accounts.imports import table
from accounts.imports.table import StaffRow
from accounts.models import Department, DepartmentMembership, User
from core.importing import headers
from core.importing.headers import Header
from core.importing.rows import BadRow, RowError, first_rows, row_error, unpacked
from core.sheets import UnreadableFile, iter_sandboxed

CHUNK = 1000
FIELDS = ("name", "username", "employee_code", "email", "mobile", "position")
COUNTED = ("created", "updated", "moved", "disabled", "enabled", "unchanged", "departments")

T = TypeVar("T")


@dataclass(slots=True)
class StaffPlan:
    """A file compared with the people who are there. With `problems` nothing of it may be written."""

    header: Header
    people: list[StaffRow] = field(default_factory=list)
    problems: list[RowError] = field(default_factory=list)
    bad: dict[int, BadRow] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))
    new_departments: list[table.Path] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows the file has."""
        return len(self.people) + len(self.bad)

    def numbers(self) -> dict[str, int]:
        """What the check counted."""
        return self.counts | {"rows": self.rows, "errors": len(self.bad)}

    def refuse(self, name: str, *errors: RowError) -> None:
        """Keeps why a row is not taken."""
        for error in errors:
            self.problems.append(error)
            self.bad.setdefault(error.row, BadRow(error.row, name, [])).errors.append(error)


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to one row. `user` is None for a new person; the rest says what changes."""

    row: StaffRow
    user: User | None
    fields: Mapping[str, Any]
    places: Sequence[int] | None = None
    active: bool | None = None

    @property
    def kinds(self) -> list[str]:
        """How it counts."""
        if self.user is None:
            return ["created"]
        found = ["updated"] if self.fields else []
        found += ["moved"] if self.places is not None else []
        if self.active is not None:
            found.append("enabled" if self.active else "disabled")
        return found or ["unchanged"]


def make(
    *, path: Path, by: User, kept: Path | None = None, columns: Mapping[int, str] | None = None,
    new_departments: bool = False, left_out: frozenset[int] = frozenset(),
) -> StaffPlan:  # fmt: skip
    """Reads a file and works out what importing it would do. Administrators only (Denied).

    Raises UnreadableFile or NoHeader (Invalid) for the file as a whole. Rows that cannot be taken are in `problems`.
    """
    permissions.require_admin(by)
    with unpacked(path, kept=kept) as lines:
        plan = StaffPlan(headers.find(table.TABLE, first_rows(lines), columns))
        _read(plan, iter_sandboxed(lines), left_out)
    if not (plan.rows or left_out):
        raise UnreadableFile("empty")
    places = known_places()
    _decide_all(plan, by=by, places=places, creating=new_departments)
    plan.people = [row for row in plan.people if row.row not in plan.bad]
    plan.new_departments = _missing(plan.people, places) if new_departments else []
    plan.counts["departments"] = len(plan.new_departments)
    plan.problems.sort(key=lambda error: error.row)
    return plan


def _decide_all(plan: StaffPlan, **more: Any) -> None:
    claimed: dict[int, int] = {}
    for chunk in chunks(plan.people, CHUNK):
        decisions, errors = decide(chunk, **more)
        for decision in decisions:
            row, user = decision.row, decision.user
            other = claimed.setdefault(user.pk, row.row) if user else row.row
            if other != row.row:
                text = format_lazy(_("Row {row} means the same person"), row=other)
                errors.append(row_error(row.row, "username", row.username, "duplicate", text))
                continue
            for kind in decision.kinds:
                plan.counts[kind] += 1
        names = {row.row: row.name or row.username for row in chunk}
        for error in errors:
            plan.refuse(names[error.row], error)


def _read(
    plan: StaffPlan, lines: Iterator[tuple[int, list[str]]], left_out: frozenset[int]
) -> None:
    seen: dict[tuple[str, str], int] = {}
    for number, cells in lines:
        if number <= plan.header.row:
            continue
        values = plan.header.values(cells)
        row = table.parse(number, values)
        if row is None:
            continue
        errors = _twice(row, seen) if isinstance(row, StaffRow) else row
        if number in left_out:
            continue
        if errors or not isinstance(row, StaffRow):
            plan.refuse(values.get("name", ""), *errors)
        else:
            plan.people.append(row)


def _twice(row: StaffRow, seen: dict[tuple[str, str], int]) -> list[RowError]:
    errors = []
    for key in ("username", "employee_code"):
        value = getattr(row, key)
        other = seen.setdefault((key, value.lower()), row.row) if value else row.row
        if other != row.row:
            text = format_lazy(_("Row {row} has the same"), row=other)
            errors.append(row_error(row.row, key, value, "duplicate", text))
    return errors


def known_places() -> dict[str, int]:
    """Departments by their path from the top, levels joined with /."""
    found = Department.objects.values_list("pk", "name", "parent_id")
    rows = {pk: (name, parent) for pk, name, parent in found}
    return {"/".join(_way(pk, rows)): pk for pk in rows}


def _way(pk: int | None, rows: Mapping[int, tuple[str, int | None]]) -> list[str]:
    way: list[str] = []
    while pk is not None:
        name, pk = rows[pk]
        way.insert(0, name)
    return way


def _missing(rows: Iterable[StaffRow], places: Mapping[str, int]) -> list[table.Path]:
    """Departments to be made, those above before those below; levels between are made as well."""
    wanted = {
        path[:depth]
        for row in rows
        for path in row.departments
        if "/".join(path) not in places
        for depth in range(1, len(path) + 1)
    }
    return sorted(
        (path for path in wanted if "/".join(path) not in places),
        key=lambda path: (len(path), path),
    )


def decide(
    rows: Sequence[StaffRow], *, by: User, places: Mapping[str, int], creating: bool
) -> tuple[list[Decision], list[RowError]]:
    """Decisions for these rows, and refusals. Five queries. Lock the people and decide again before writing.

    `creating`: departments that are not in `places` will be made, and count as a change.
    """
    users = _users(rows)
    standing = _standing([user.pk for user in users.values()])
    kept = set(Department.objects.exclude(kept="").values_list("pk", flat=True))
    admins = set(User.objects.active().filter(is_superuser=True).values_list("pk", flat=True))
    decisions, errors = [], []
    for row in rows:
        decided = _decide(row, users, standing, places, creating=creating)
        if isinstance(decided, Decision):
            decided = _unkept(decided, standing, kept) or _guarded(decided, by, admins)
        if isinstance(decided, RowError):
            errors.append(decided)
        else:
            decisions.append(decided)
    return decisions, errors


def _users(rows: Sequence[StaffRow]) -> dict[tuple[str, str], User]:
    logins = [row.username.lower() for row in rows if row.username]
    codes = [row.employee_code for row in rows if row.employee_code]
    by_login = User.objects.annotate(login=Lower("username")).filter(login__in=logins)
    found = {("username", user.username.lower()): user for user in by_login}
    known = {user.pk: user for user in found.values()}
    for user in User.objects.filter(employee_code__in=codes):
        found["employee_code", user.employee_code or ""] = known.get(user.pk, user)
    return found


def _standing(user_ids: Sequence[int]) -> dict[int, list[int]]:
    """Id of each person → ids of his departments, the main one first."""
    rows = DepartmentMembership.objects.filter(user__in=user_ids).order_by("-is_main", "pk")
    found: dict[int, list[int]] = {pk: [] for pk in user_ids}
    for user_id, department_id in rows.values_list("user_id", "department_id"):
        found[user_id].append(department_id)
    return found


def _decide(
    row: StaffRow, users: Mapping[tuple[str, str], User], standing: Mapping[int, list[int]],
    places: Mapping[str, int], *, creating: bool,
) -> Decision | RowError:  # fmt: skip
    by_login = users.get(("username", row.username.lower())) if row.username else None
    by_code = users.get(("employee_code", row.employee_code)) if row.employee_code else None
    if by_login and by_login.is_external:
        return row_error(row.row, "username", row.username, "taken", _("This login name is taken"))
    if by_login and by_code and by_login.pk != by_code.pk:
        text = _("Login name and code belong to two different people")
        return row_error(row.row, "employee_code", row.employee_code, "conflict", text)
    user = by_login or by_code
    unknown = [path for path in row.departments if "/".join(path) not in places]
    if unknown and not creating:
        text = _("There is no such department")
        return row_error(row.row, "departments", "/".join(unknown[0]), "unknown", text)
    wanted = [places.get("/".join(path), 0) for path in row.departments]
    if user is None:
        return _new(row, wanted)
    fields = {
        name: value
        for name in FIELDS
        if (value := getattr(row, name)) and value != (getattr(user, name) or "")
    }
    if by_login:
        fields.pop("username", None)  # at most other letters, capital or small
    moved = bool(wanted) and wanted != standing[user.pk]
    active = row.active if row.active not in (None, user.is_active) else None
    return Decision(row, user, fields, wanted if moved else None, active)


def _new(row: StaffRow, wanted: Sequence[int]) -> Decision | RowError:
    for key, text in (
        ("username", _("The login name is missing")),
        ("name", _("The name is missing")),
    ):
        if not getattr(row, key):
            return row_error(row.row, key, "", "required", text)
    fields = {name: getattr(row, name) for name in FIELDS}
    return Decision(row, None, fields, wanted, row.active)


def _unkept(
    decision: Decision, standing: Mapping[int, list[int]], kept: set[int]
) -> RowError | None:
    """Why a row is refused that changes what a synchronization keeps (SPEC WEC-7); None for others."""
    user, before = decision.user, set(standing[decision.user.pk] if decision.user else ())
    name = user is not None and "name" in decision.fields and "name" in user.kept.split()
    moves = decision.places is not None and not kept.isdisjoint(before ^ set(decision.places))
    if not (name or moves):
        return None
    text = _("This is synchronized from WeCom. Change it there")
    return row_error(decision.row.row, "name" if name else "departments", "", "kept", text)


def _guarded(decision: Decision, by: User, admins: set[int]) -> Decision | RowError:
    """Nobody disables himself or the last administrator; `admins` loses those who are disabled."""
    user, row = decision.user, decision.row
    if user is None or decision.active is not False:
        return decision
    text = None
    if user.pk == by.pk:
        text = _("You cannot disable yourself; ask another administrator")
    elif user.is_superuser and admins <= {user.pk}:
        text = _("This is the last active administrator; appoint another one first")
    if text:
        return row_error(row.row, "active", "", "denied", text)
    admins.discard(user.pk)
    return decision


def chunks(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The rows in portions."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
