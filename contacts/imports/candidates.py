"""The contacts that the rows of one batch could mean, and how they are looked up (SPEC CON-4, CON-6)."""

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.db import connection

from contacts.import_format import ParsedRow
from orgs.permissions import Scope

# The last branch finds rows without number and address: people of that name standing directly at that node.
CANDIDATES = """
SELECT c.id, c.name, coalesce(c.code, ''), c.mobile, lower(c.email), c.deleted_at IS NOT NULL,
       coalesce(bool_or(%(everything)s OR n.dimension_id = ANY(%(maintained)s::bigint[])), false),
       coalesce(array_agg(m.node_id) FILTER (WHERE m.node_id IS NOT NULL), '{}')
FROM contacts_contact c
LEFT JOIN contacts_membership m ON m.contact_id = c.id LEFT JOIN orgs_node n ON n.id = m.node_id
WHERE c.id IN (
    SELECT id FROM contacts_contact WHERE code = ANY(%(codes)s::text[])
    UNION SELECT id FROM contacts_contact WHERE id = ANY(%(chosen)s::bigint[])
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
    node_ids: Sequence[int]

    @property
    def bare(self) -> bool:
        """Nothing but its name tells it from others."""
        return not (self.code or self.mobile or self.email)


def candidates(
    rows: Sequence[tuple[ParsedRow, int | None]], *, scope: Scope, chosen: Iterable[int] = ()
) -> list[Candidate]:
    """Everybody with a code, mobile or e-mail of these rows, those chosen by id, and for rows with a name alone those
    of that name at the node. One query.
    """
    bare = [(row.name, node_id) for row, node_id in rows if node_id and not has_identifier(row)]
    parameters: dict[str, Any] = {
        "everything": scope.everything,
        "maintained": list(scope.maintained),
        "codes": [row.code for row, _node in rows if row.code],
        "mobiles": [row.mobile for row, _node in rows if row.mobile],
        "emails": [row.email.lower() for row, _node in rows if row.email],
        "chosen": list(chosen),
        "nodes": list({node_id for _name, node_id in bare}),
        "names": list({name for name, _node in bare}),
    }
    with connection.cursor() as cursor:
        cursor.execute(CANDIDATES, parameters)
        return [Candidate(*row) for row in cursor.fetchall()]


def has_identifier(row: ParsedRow) -> bool:
    """Whether the row says more than a name to find its contact by."""
    return bool(row.code or row.mobile or row.email)


class Index:
    """Candidates by what rows ask for; contacts in the bin keep only their code."""

    def __init__(self, found: Iterable[Candidate]) -> None:
        self.ids: dict[int, Candidate] = {}
        self._codes: dict[str, Candidate] = {}
        self._mobiles: dict[str, list[Candidate]] = {}
        self._emails: dict[str, list[Candidate]] = {}
        self._names: dict[str, list[Candidate]] = {}
        self._without: frozenset[int] = frozenset()
        for one in found:
            self.ids[one.id] = one
            if one.code:
                self._codes[one.code] = one
            if one.binned:
                continue
            self._mobiles.setdefault(one.mobile, []).append(one)
            self._emails.setdefault(one.email, []).append(one)
            self._names.setdefault(one.name, []).append(one)

    def without(self, ids: frozenset[int]) -> Self:
        """The same, but for these contacts; a code is found still, because nobody else can have it."""
        view = copy.copy(self)
        view._without = ids
        return view

    def code(self, code: str) -> Candidate | None:
        """Who has this code; nobody when it is empty."""
        return self._codes.get(code) if code else None

    def mobile(self, mobile: str) -> list[Candidate]:
        """Those with this mobile; none when it is empty."""
        return self._kept(self._mobiles.get(mobile, []) if mobile else [])

    def email(self, email: str) -> list[Candidate]:
        """Those with this address in any case; none when it is empty."""
        return self._kept(self._emails.get(email.lower(), []) if email else [])

    def name(self, name: str) -> list[Candidate]:
        """Those with exactly this name."""
        return self._kept(self._names.get(name, []))

    def _kept(self, found: list[Candidate]) -> list[Candidate]:
        return [one for one in found if one.id not in self._without] if self._without else found
