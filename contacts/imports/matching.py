"""Which contact a row means: by code, else mobile, else e-mail, else by name where it stands (SPEC CON-4, CON-6).

Only contacts that the requesting person maintains can be meant. A match outside is answered like "somebody may be
there", without a name (SECURITY T06, T13).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from contacts.import_format import ParsedRow, RowError
from core.text import fold
from orgs.permissions import Scope

HIDDEN = _("May already exist; ask a holder of external directory maintenance")
BINNED = _("Belongs to a contact in the bin; restore or delete that one first")
NO_KEY = _("The column that contacts are found by is empty")
SEVERAL = _("Several contacts have this; give a code to tell them apart")

# The last branch finds rows without number and address: people of that name standing directly at that node.
CANDIDATES = """
SELECT c.id, c.name, coalesce(c.code, ''), c.mobile, lower(c.email), c.deleted_at IS NOT NULL,
       coalesce(bool_or(%(everything)s OR n.dimension_id = ANY(%(maintained)s::bigint[])), false),
       coalesce(array_agg(m.node_id) FILTER (WHERE m.node_id IS NOT NULL), '{}')
FROM contacts_contact c
LEFT JOIN contacts_membership m ON m.contact_id = c.id LEFT JOIN orgs_node n ON n.id = m.node_id
WHERE c.id IN (
    SELECT id FROM contacts_contact WHERE code = ANY(%(codes)s::text[])
    UNION SELECT id FROM contacts_contact
    WHERE mobile = ANY(%(mobiles)s::text[]) AND NOT mobile = '' AND deleted_at IS NULL
    UNION SELECT id FROM contacts_contact
    WHERE lower(email) = ANY(%(emails)s::text[]) AND NOT email = '' AND deleted_at IS NULL
    UNION SELECT x.id FROM contacts_membership y JOIN contacts_contact x ON x.id = y.contact_id
    WHERE y.node_id = ANY(%(nodes)s::bigint[]) AND x.name = ANY(%(names)s::text[]) AND x.deleted_at IS NULL
)
GROUP BY c.id ORDER BY c.id
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A contact that a row could mean."""

    id: int
    name: str
    code: str
    mobile: str
    email: str
    binned: bool
    maintained: bool
    node_ids: frozenset[int]

    @property
    def bare(self) -> bool:
        """Nothing but its name tells it from others."""
        return not (self.code or self.mobile or self.email)


@dataclass(slots=True)
class Matcher:
    """Matches rows for one person and one file. `claimed`: contact id → row that means it already.

    `key`: "auto", or the one column that finds contacts again; then each row has to fill it.
    """

    scope: Scope
    shared_emails: frozenset[str] = frozenset()
    claimed: dict[int, int] = field(default_factory=dict)
    key: str = "auto"

    def match(
        self, rows: Sequence[tuple[ParsedRow, int | None]]
    ) -> dict[int, int | RowError | None]:
        """Row number → id of the contact, None for a new one, or why the row is refused. One query.

        `rows` come with the id of their node, None while it does not exist.
        """
        index = _Index(self._candidates(rows))
        numbered = [pair for pair in rows if has_identifier(pair[0])]
        bare = [pair for pair in rows if not has_identifier(pair[0])]
        found: dict[int, int | RowError | None] = {}
        # Those with a number or address first: a row with only a name takes nobody who is meant by another row.
        for row, node_id in [*numbered, *bare]:
            answer = self._one(row, node_id, index)
            if isinstance(answer, int):
                answer = self._claim(answer, row)
            found[row.row] = answer
        return found

    def _claim(self, contact_id: int, row: ParsedRow) -> int | RowError:
        first = self.claimed.setdefault(contact_id, row.row)
        if first == row.row:
            return contact_id
        text = format_lazy(_("Row {row} is the same contact"), row=first)
        key, value = _identifier(row)
        return RowError(row.row, key, value, "duplicate", text)

    def _candidates(self, rows: Sequence[tuple[ParsedRow, int | None]]) -> list[Candidate]:
        bare = [(row.name, node_id) for row, node_id in rows if node_id and not has_identifier(row)]
        parameters: dict[str, Any] = {
            "everything": self.scope.everything,
            "maintained": list(self.scope.maintained),
            "codes": [row.code for row, _node in rows if row.code],
            "mobiles": [row.mobile for row, _node in rows if row.mobile],
            "emails": [row.email.lower() for row, _node in rows if row.email],
            "nodes": list({node_id for _name, node_id in bare}),
            "names": list({name for name, _node in bare}),
        }
        with connection.cursor() as cursor:
            cursor.execute(CANDIDATES, parameters)
            answered = cursor.fetchall()
        return [
            Candidate(
                id=row[0],
                name=row[1],
                code=row[2],
                mobile=row[3],
                email=row[4],
                binned=row[5],
                maintained=row[6],
                node_ids=frozenset(row[7]),
            )
            for row in answered
        ]

    def _one(self, row: ParsedRow, node_id: int | None, index: "_Index") -> int | RowError | None:
        if self.key != "auto":
            return self._by_chosen(row, index)
        if not has_identifier(row):
            return self._by_name(row, node_id, index)
        by_code = index.codes.get(row.code) if row.code else None
        if by_code:
            return _by_code(row, by_code)
        by_mobile = index.mobiles.get(row.mobile, []) if row.mobile else []
        if by_mobile:
            return _by_mobile(row, by_mobile)
        by_email = index.emails.get(row.email.lower(), []) if row.email else []
        return self._by_email(row, by_email) if by_email else None

    def _by_chosen(self, row: ParsedRow, index: "_Index") -> int | RowError | None:
        value: str = getattr(row, self.key)
        if not value:
            return RowError(row.row, self.key, "", "required", NO_KEY)
        answer = self._by_value(row, value, index)
        return answer if isinstance(answer, RowError) else _of_another(row, answer, index) or answer

    def _by_value(self, row: ParsedRow, value: str, index: "_Index") -> int | RowError | None:
        if self.key == "code":
            by_code = index.codes.get(value)
            return _by_code(row, by_code) if by_code else None
        known = index.mobiles if self.key == "mobile" else index.emails
        same = known.get(value.lower(), [])
        if len(same) > 1 or value.lower() in self.shared_emails:
            same = [one for one in same if fold(one.name) == fold(row.name)]
        return _only(row, self.key, value, same)

    def _by_email(self, row: ParsedRow, candidates: list[Candidate]) -> int | RowError | None:
        # A mailbox may serve several people: a code or mobile that differs says that they are not the same.
        rest = [one for one in candidates if not _another(row, one)]
        if len(rest) > 1 or row.email.lower() in self.shared_emails:
            rest = [one for one in rest if fold(one.name) == fold(row.name)]
        return _only(row, "email", row.email, rest)

    def _by_name(
        self, row: ParsedRow, node_id: int | None, index: "_Index"
    ) -> int | RowError | None:
        there = [
            one
            for one in index.names.get(row.name, ())
            if node_id in one.node_ids
            and one.maintained
            and self.claimed.get(one.id, row.row) == row.row
        ]
        rest = [one for one in there if one.bare] or there
        return _only(row, "name", row.name, rest)


def has_identifier(row: ParsedRow) -> bool:
    """Whether the row says more than a name to find its contact by."""
    return bool(row.code or row.mobile or row.email)


def _identifier(row: ParsedRow) -> tuple[str, str]:
    for key in ("code", "mobile", "email"):
        value: str = getattr(row, key)
        if value:
            return key, value
    return "name", row.name


def _by_code(row: ParsedRow, candidate: Candidate) -> int | RowError:
    if not candidate.maintained:
        return RowError(row.row, "code", row.code, "hidden", HIDDEN)
    if candidate.binned:
        return RowError(row.row, "code", row.code, "binned", BINNED)
    return candidate.id


def _by_mobile(row: ParsedRow, candidates: list[Candidate]) -> int | RowError:
    rest = [one for one in candidates if not (row.code and one.code)]
    if not rest:
        # Two people, one mobile: somebody must say which of the two it is.
        return _taken(row, candidates)
    if len(rest) > 1:
        rest = [one for one in rest if fold(one.name) == fold(row.name)] or rest
    answer = _only(row, "mobile", row.mobile, rest)
    return answer if answer is not None else _taken(row, candidates)


def _taken(row: ParsedRow, candidates: list[Candidate]) -> RowError:
    seen = next((one for one in candidates if one.maintained), None)
    if seen is None:
        return RowError(row.row, "mobile", row.mobile, "hidden", HIDDEN)
    text = format_lazy(
        _("{name} with the code {code} has this mobile"), name=seen.name, code=seen.code
    )
    return RowError(row.row, "mobile", row.mobile, "taken", text)


def _of_another(row: ParsedRow, found: int | None, index: "_Index") -> RowError | None:
    """Whether the row would give its contact a code or mobile that somebody else has."""
    holder = index.codes.get(row.code) if row.code else None
    if holder is not None and holder.id != found:
        return _held(row, "code", [holder])
    holders = index.mobiles.get(row.mobile, []) if row.mobile else []
    if holders and found not in [one.id for one in holders]:
        return _held(row, "mobile", holders)
    return None


def _held(row: ParsedRow, key: str, holders: list[Candidate]) -> RowError:
    seen = next((one for one in holders if one.maintained), None)
    value: str = getattr(row, key)
    if seen is None:
        return RowError(row.row, key, value, "hidden", HIDDEN)
    reason = BINNED if seen.binned else format_lazy(_("Belongs to {name} already"), name=seen.name)
    return RowError(row.row, key, value, "binned" if seen.binned else "taken", reason)


def _another(row: ParsedRow, one: Candidate) -> bool:
    return bool(row.code and one.code) or bool(
        row.mobile and one.mobile and row.mobile != one.mobile
    )


def _only(row: ParsedRow, key: str, value: str, rest: list[Candidate]) -> int | RowError | None:
    """The one candidate there is; none: a new contact; several, or one outside: why not."""
    if not rest:
        return None
    if not all(one.maintained for one in rest):
        return RowError(row.row, key, value, "hidden", HIDDEN)
    if len(rest) > 1:
        return RowError(row.row, key, value, "ambiguous", SEVERAL)
    return rest[0].id


class _Index:
    """Candidates by what rows ask for; contacts in the bin keep only their code."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self.codes: dict[str, Candidate] = {}
        self.mobiles: dict[str, list[Candidate]] = {}
        self.emails: dict[str, list[Candidate]] = {}
        self.names: dict[str, list[Candidate]] = {}
        for one in candidates:
            if one.code:
                self.codes[one.code] = one
            if one.binned:
                continue
            self.mobiles.setdefault(one.mobile, []).append(one)
            self.emails.setdefault(one.email, []).append(one)
            self.names.setdefault(one.name, []).append(one)
