"""Rows that look like somebody who is there: same mobile, e-mail, or name at the organization (SPEC CON-4, CON-6).

Only contacts that the importing person maintains are offered (SECURITY T06, T13). What he says about a row is kept as
a `Choice`, so that it means the same when it is read again after a kill: "not these" still finds the contact that the
first run made of the row.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext_lazy as _

from contacts.import_format import ParsedRow
from contacts.imports.candidates import Candidate, Index
from core.importing.rows import RowError
from core.text import fold

Choice = int | frozenset[int]
"""The id of the contact that a row means, or the ids of those that it does not mean."""
Answer = int | RowError | None

NEW: Final = 0
SHOWN: Final = 5
EMAIL = _("Somebody has this e-mail already; code or mobile say that it is another person")
NAME = _("Somebody of this name stands at this organization already")
PLACE = _("Is taken for the one of this name who stands there; what differs is changed")
RENAMED = _("Is taken for the contact that has this; the name is changed")
GONE = _("The contact chosen for this row cannot be it any more; choose again")

NAMESAKES = """
SELECT a.at, c.id
FROM unnest(%(rows)s::integer[], %(names)s::text[], %(homes)s::bigint[]) AS a(at, name, home)
JOIN contacts_contact c ON c.name = a.name AND c.deleted_at IS NULL
JOIN contacts_contactscope s ON s.contact_id = c.id AND s.node_id = a.home
ORDER BY a.at, c.id
"""


@dataclass(frozen=True, slots=True)
class Alike:
    """A row and the contacts it may mean. `proposed`: what happens without a word of the person: the id of a contact,
    NEW, or None when the row is refused until he chooses.
    """

    row: int
    name: str
    field: str
    value: str
    reason: Any
    contact_ids: tuple[int, ...]
    proposed: int | None


def chosen(row: ParsedRow, contact_id: int, index: Index) -> Candidate | RowError:
    """The contact that was chosen for a row, unless it is none any more that the row could mean."""
    one = index.ids.get(contact_id)
    if one is not None and one.maintained and not one.binned and _similar(row, one):
        return one
    return RowError(row.row, "name", row.name, "gone", GONE)


def _similar(row: ParsedRow, one: Candidate) -> bool:
    return (
        fold(row.name) == fold(one.name)
        or bool(row.mobile and row.mobile == one.mobile)
        or bool(row.email and row.email.lower() == one.email)
    )


@dataclass(slots=True)
class Looking:
    """Collects look-alikes while a file is checked. `homes`: name of an organization in the file → its id."""

    homes: Mapping[str, int]
    key: str = "auto"
    shared_emails: frozenset[str] = frozenset()
    found: dict[int, Alike] = field(default_factory=dict)
    _nameless: list[ParsedRow] = field(default_factory=list)

    def see(self, row: ParsedRow, node_id: int | None, answer: Answer, index: Index) -> None:
        """A row and what the rules make of it."""
        if isinstance(answer, RowError):
            self._undecided(row, node_id, answer, index)
        elif answer is not None:
            self._decided(row, index.ids[answer])
        elif not self._same_email(row, index) and row.organization in self.homes:
            self._nameless.append(row)

    def _keep(
        self, row: ParsedRow, key: str, reason: Any, same: Iterable[int], proposed: int | None
    ) -> bool:
        ids = tuple(same)[:SHOWN]
        if ids:
            value: str = getattr(row, key)
            self.found[row.row] = Alike(row.row, row.name, key, value, reason, ids, proposed)
        return bool(ids)

    def _undecided(
        self, row: ParsedRow, node_id: int | None, error: RowError, index: Index
    ) -> None:
        # With one key alone a mobile of somebody else is a mistake: the key has decided.
        if error.kind != "ambiguous" and not (error.kind == "taken" and self.key == "auto"):
            return
        same = {
            "mobile": index.mobile(row.mobile),
            "email": index.email(row.email),
            "name": [one for one in index.name(row.name) if node_id in one.node_ids],
        }.get(error.field, [])
        self._keep(row, error.field, error.reason, _offered(same), None)

    def _decided(self, row: ParsedRow, one: Candidate) -> None:
        if self.key != "auto" or (row.code and row.code == one.code):
            return
        if not (row.code or row.mobile or row.email):
            self._keep(row, "name", PLACE, [one.id], one.id)
        elif fold(row.name) != fold(one.name):
            key = "mobile" if row.mobile and row.mobile == one.mobile else "email"
            self._keep(row, key, RENAMED, [one.id], one.id)

    def _same_email(self, row: ParsedRow, index: Index) -> bool:
        same = index.email(row.email)
        if len(same) > 1 or row.email.lower() in self.shared_emails:
            same = [one for one in same if fold(one.name) == fold(row.name)]
        return self._keep(row, "email", EMAIL, _offered(same), NEW)

    def finish(self, claimed: Mapping[int, int], chosen: Container[int]) -> None:
        """Adds those of the same name at the organization; one query. Whom another row means is not offered as one
        that a new contact looks like; rows that were `chosen` about keep what they were offered.
        """

        def free(pk: int, at: int) -> bool:
            return at in chosen or claimed.get(pk, at) == at

        by_row = {row.row: row for row in self._nameless}
        for at, ids in _namesakes(self._nameless, self.homes).items():
            self._keep(by_row[at], "name", NAME, (pk for pk in ids if free(pk, at)), NEW)
        for at, one in list(self.found.items()):
            if one.proposed == NEW and not all(free(pk, at) for pk in one.contact_ids):
                del self.found[at]


def _offered(same: Sequence[Candidate]) -> list[int]:
    return [one.id for one in same if one.maintained]


def _namesakes(rows: Sequence[ParsedRow], homes: Mapping[str, int]) -> dict[int, list[int]]:
    """Row → contacts of that name at or below its organization, all in the dimension of the import."""
    if not rows:
        return {}
    found: dict[int, list[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            NAMESAKES,
            {
                "rows": [row.row for row in rows],
                "names": [row.name for row in rows],
                "homes": [homes[row.organization] for row in rows],
            },
        )
        for at, contact_id in cursor.fetchall():
            found.setdefault(at, []).append(contact_id)
    return found
