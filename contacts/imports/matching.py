"""Which contact a row means: by code, else mobile, else e-mail, else by name where it stands (SPEC CON-4, CON-6).

Only contacts that the requesting person maintains can be meant. A match outside is answered like "somebody may be
there", without a name (SECURITY T06, T13).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from contacts.import_format import ParsedRow
from contacts.imports.alike import Answer, Choice, Looking
from contacts.imports.alike import chosen as chosen_one
from contacts.imports.candidates import Candidate, Index, candidates, has_identifier
from core.importing.rows import RowError
from core.text import fold
from orgs.permissions import Scope

HIDDEN = _("May already exist; ask a holder of external directory maintenance")
BINNED = _("Belongs to a contact in the bin; restore or delete that one first")
NO_KEY = _("The column that contacts are found by is empty")
SEVERAL = _("Several contacts have this; give a code to tell them apart")


@dataclass(slots=True)
class Matcher:
    """Matches rows for one person and one file. `claimed`: contact id → row that means it already.

    `key`: "auto", or the one column that finds contacts again; then each row has to fill it. `choices`: row → what the
    person said about it; they come before every rule. `looking` collects rows that look like somebody.
    """

    scope: Scope
    shared_emails: frozenset[str] = frozenset()
    claimed: dict[int, int] = field(default_factory=dict)
    key: str = "auto"
    choices: Mapping[int, Choice] = field(default_factory=dict)
    looking: Looking | None = None

    def match(self, rows: Sequence[tuple[ParsedRow, int | None]]) -> dict[int, Answer]:
        """Row number → id of the contact, None for a new one, or why the row is refused. One query.

        `rows` come with the id of their node, None while it does not exist.
        """
        chosen = [pk for row, _node in rows if isinstance(pk := self.choices.get(row.row), int)]
        index = Index(candidates(rows, scope=self.scope, chosen=chosen))
        numbered = [pair for pair in rows if has_identifier(pair[0])]
        bare = [pair for pair in rows if not has_identifier(pair[0])]
        found: dict[int, Answer] = {}
        # Those with a number or address first: a row with only a name takes nobody who is meant by another row.
        for row, node_id in [*numbered, *bare]:
            answer = self._answer(row, node_id, index)
            if isinstance(answer, int):
                answer = self._claim(answer, row)
            found[row.row] = answer
        return found

    def _answer(self, row: ParsedRow, node_id: int | None, index: Index) -> Answer:
        choice = self.choices.get(row.row)
        if self.looking is not None:
            self.looking.see(row, node_id, self._one(row, node_id, index), index)
        if isinstance(choice, int):
            one = chosen_one(row, choice, index)
            return one if isinstance(one, RowError) else _of_another(row, one.id, index) or one.id
        return self._one(row, node_id, index.without(choice) if choice else index)

    def _claim(self, contact_id: int, row: ParsedRow) -> int | RowError:
        first = self.claimed.setdefault(contact_id, row.row)
        if first == row.row:
            return contact_id
        text = format_lazy(_("Row {row} is the same contact"), row=first)
        key, value = _identifier(row)
        return RowError(row.row, key, value, "duplicate", text)

    def _one(self, row: ParsedRow, node_id: int | None, index: Index) -> Answer:
        if self.key != "auto":
            return self._by_chosen(row, index)
        if not has_identifier(row):
            return self._by_name(row, node_id, index)
        by_code = index.code(row.code)
        if by_code:
            return _by_code(row, by_code)
        by_mobile = index.mobile(row.mobile)
        if by_mobile:
            return _by_mobile(row, by_mobile)
        by_email = index.email(row.email)
        return self._by_email(row, by_email) if by_email else None

    def _by_chosen(self, row: ParsedRow, index: Index) -> Answer:
        value: str = getattr(row, self.key)
        if not value:
            return RowError(row.row, self.key, "", "required", NO_KEY)
        answer = self._by_value(row, value, index)
        return answer if isinstance(answer, RowError) else _of_another(row, answer, index) or answer

    def _by_value(self, row: ParsedRow, value: str, index: Index) -> Answer:
        if self.key == "code":
            by_code = index.code(value)
            return _by_code(row, by_code) if by_code else None
        same = index.mobile(value) if self.key == "mobile" else index.email(value)
        if len(same) > 1 or value.lower() in self.shared_emails:
            same = [one for one in same if fold(one.name) == fold(row.name)]
        return _only(row, self.key, value, same)

    def _by_email(self, row: ParsedRow, candidates: list[Candidate]) -> Answer:
        # A mailbox may serve several people: a code or mobile that differs says that they are not the same.
        rest = [one for one in candidates if not _another(row, one)]
        if len(rest) > 1 or row.email.lower() in self.shared_emails:
            rest = [one for one in rest if fold(one.name) == fold(row.name)]
        return _only(row, "email", row.email, rest)

    def _by_name(self, row: ParsedRow, node_id: int | None, index: Index) -> Answer:
        there = [
            one
            for one in index.name(row.name)
            if node_id in one.node_ids
            and one.maintained
            and self.claimed.get(one.id, row.row) == row.row
        ]
        rest = [one for one in there if one.bare] or there
        return _only(row, "name", row.name, rest)


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


def _of_another(row: ParsedRow, found: int | None, index: Index) -> RowError | None:
    """Whether the row would give its contact a code or mobile that somebody else has."""
    holder = index.code(row.code)
    if holder is not None and holder.id != found:
        return _held(row, "code", [holder])
    holders = index.mobile(row.mobile)
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


def _only(row: ParsedRow, key: str, value: str, rest: list[Candidate]) -> Answer:
    """The one candidate there is; none: a new contact; several, or one outside: why not."""
    if not rest:
        return None
    if not all(one.maintained for one in rest):
        return RowError(row.row, key, value, "hidden", HIDDEN)
    if len(rest) > 1:
        return RowError(row.row, key, value, "ambiguous", SEVERAL)
    return rest[0].id
