"""What one row does: a new contact, a change, a further membership, or nothing (SPEC CON-4, CON-6).

An empty cell says nothing: it changes nothing. Tags are added, never taken away. A contact that stands elsewhere gets a
further membership; moving people is done by hand.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from contacts.import_format import ParsedRow
from contacts.imports.matching import Matcher
from contacts.models import Contact, Membership
from core.importing.rows import RowError
from orgs.permissions import Scope

FIELDS = (
    "name", "code", "mobile", "email", "gender", "telephone", "office", "remark", "security_level",
)  # fmt: skip
NOT_MAIN = _("Stands in another dimension; only those who maintain that one can add him here")


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to one row. `contact` is None for a new one; the rest says what changes."""

    row: ParsedRow
    node_id: int | None
    contact: Contact | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    join: bool = False
    membership_position: str | None = None
    dimension_id: int | None = None
    """Main dimension of the contact; its maintainers read the audit row."""

    @property
    def kind(self) -> str:
        """created, joined, updated or unchanged."""
        if self.contact is None:
            return "created"
        if self.join:
            return "joined"
        changed = self.fields or self.tags or self.membership_position is not None
        return "updated" if changed else "unchanged"


@dataclass(slots=True)
class Standing:
    """A matched contact as it is: its row, its tags, node id → its membership."""

    contact: Contact
    tags: frozenset[str] = frozenset()
    memberships: dict[int, Membership] = field(default_factory=dict)


def decide(
    rows: Sequence[tuple[ParsedRow, int | None]], *, matcher: Matcher
) -> tuple[list[Decision], list[RowError]]:
    """Decisions for these rows (each with the id of its node, None while that does not exist), and refusals.

    The number of queries does not depend on the number of rows. Lock the contacts and decide again before writing.
    """
    found = matcher.match(rows)
    standing = _standing([answer for answer in found.values() if isinstance(answer, int)])
    decisions, errors = [], []
    for row, node_id in rows:
        answer = found[row.row]
        if isinstance(answer, int):
            decided = _matched(row, node_id, standing[answer], matcher.scope)
        else:
            decided = answer or Decision(row, node_id)
        if isinstance(decided, RowError):
            errors.append(decided)
        else:
            decisions.append(decided)
    return decisions, errors


def _standing(contact_ids: list[int]) -> dict[int, Standing]:
    found = {
        contact.pk: Standing(contact) for contact in Contact.objects.filter(pk__in=contact_ids)
    }
    tags = Contact.tags.through.objects.filter(contact_id__in=found)
    for contact_id, name in tags.values_list("contact_id", "tag__name"):
        found[contact_id].tags |= {name}
    places = Membership.objects.filter(contact_id__in=found).select_related("node")
    for membership in places:
        found[membership.contact_id].memberships[membership.node_id] = membership
    return found


def _matched(
    row: ParsedRow, node_id: int | None, standing: Standing, scope: Scope
) -> Decision | RowError:
    membership = standing.memberships.get(node_id) if node_id else None
    main = _main_dimension(standing.memberships.values())
    if membership is None and not scope.maintains(main):
        return RowError(row.row, "organization", row.organization, "main_dimension", NOT_MAIN)
    fields = _changed(standing.contact, row)
    position = None
    if membership is not None and row.position:
        if membership.is_main and row.position != standing.contact.position:
            fields["position"] = row.position
        elif not membership.is_main and row.position != membership.position:
            position = row.position
    new_tags = tuple(name for name in row.tags if name not in standing.tags)
    return Decision(
        row, node_id, standing.contact, fields, new_tags, membership is None, position, main
    )


def _main_dimension(memberships: Iterable[Membership]) -> int | None:
    return next((one.node.dimension_id for one in memberships if one.is_main), None)


def _changed(contact: Contact, row: ParsedRow) -> dict[str, Any]:
    """Fields that the row fills with something else than the contact has."""
    changed = {}
    for name in FIELDS:
        value = getattr(row, name)
        if value not in ("", None) and value != (getattr(contact, name) or _empty(name)):
            changed[name] = value
    return changed


def _empty(name: str) -> Any:
    return 0 if name == "security_level" else ""
