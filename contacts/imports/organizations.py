"""What a file says about organizations beside name and code (SPEC ORG-3): put together, checked, written.

As with people an empty cell changes nothing; tags and responsible people are added, never taken away.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from contacts.import_checks import ADDED
from contacts.import_columns import DETAILS
from contacts.import_format import ParsedRow, printed
from core import audit
from core.actors import Actor
from core.importing.rows import RowError, row_error
from orgs.models import Category, Node, OrganizationDetail
from orgs.services import words
from orgs.services.fields import COLUMNS, DETAIL, OWNERS, TAGS

KEYS = {field_name: key for key, field_name in DETAILS.items()}
NAMES_SHOWN = 5
LIMITS: Mapping[str, tuple[int, Any]] = {
    "tags": (TAGS, _("The organization would have more than {limit} tags")),
    "owners": (OWNERS, _("The organization would have more than {limit} responsible people")),
}
PERIOD = _("The end of the cooperation lies before its beginning")

Values = dict[str, Any]
"""Field of orgs.services.fields → value; `category` is the row, `tags` names, `owners` people."""


@dataclass(slots=True)
class About:
    """`new`: name in the file → values of an organization that is to be created. `changed`: id → what is different.
    `errors`: row → why what it says about its organization cannot be taken.
    """

    new: dict[str, Values] = field(default_factory=dict)
    changed: dict[int, Values] = field(default_factory=dict)
    errors: dict[int, list[RowError]] = field(default_factory=dict)


def compare(rows: Iterable[ParsedRow], ids: Mapping[str, int]) -> About:
    """What the rows say about organizations against what is there; `ids` are those found, by name in the file.

    No query where no row says anything, else six at most.
    """
    telling = [row for row in rows if row.details]
    about = About()
    if not telling:
        return about
    known, said = _Known(telling), _said_by(telling)
    wanted: dict[str, Values] = {}
    for row in telling:
        values, errors = known.read(row)
        if errors:
            about.errors[row.row] = errors
        else:
            _merge(wanted.setdefault(row.organization, {}), values)
    there = _current([ids[name] for name in wanted if name in ids])
    for name, values in wanted.items():
        old = there.get(ids.get(name, 0), {})
        refused = _refused(old, values)
        for field_name, reason in refused.items():
            for row in said[name]:
                if KEYS[field_name] in row.details:
                    about.errors.setdefault(row.row, []).append(_error(row, field_name, reason))
        _keep(about, name, ids.get(name), old, values if not refused else {})
    return about


def _said_by(telling: Iterable[ParsedRow]) -> dict[str, list[ParsedRow]]:
    said: dict[str, list[ParsedRow]] = {}
    for row in telling:
        said.setdefault(row.organization, []).append(row)
    return said


def _merge(values: Values, more: Values) -> None:
    for name, value in more.items():
        if KEYS[name] in ADDED:
            values[name] = list(dict.fromkeys([*values.get(name, ()), *value]))
        else:
            values[name] = value


def _keep(about: About, name: str, node_id: int | None, old: Values, values: Values) -> None:
    if node_id is None:
        about.new[name] = values
        return
    changed = {key: value for key, value in values.items() if _differs(key, old.get(key), value)}
    if changed:
        about.changed[node_id] = changed


def _differs(name: str, old: Any, value: Any) -> bool:
    return bool(set(value) - set(old or ())) if KEYS[name] in ADDED else bool(old != value)


def _refused(old: Values, values: Values) -> dict[str, Any]:
    """Field → why the organization cannot have this value beside what it has."""
    found: dict[str, Any] = {}
    for name, (limit, text) in LIMITS.items():
        if len({*old.get(name, ()), *values.get(name, ())}) > limit and name in values:
            found[name] = format_lazy(text, limit=limit)
    begin, end = (
        values.get(name) or old.get(name) for name in ("cooperation_from", "cooperation_to")
    )
    if begin and end and begin > end:
        last = "cooperation_to" if "cooperation_to" in values else "cooperation_from"
        if last in values:
            found[last] = PERIOD
    return found


def _error(row: ParsedRow, field_name: str, reason: Any, kind: str = "conflict") -> RowError:
    key = KEYS[field_name]
    return row_error(row.row, key, printed(row.details[key]), kind, reason)


def _current(node_ids: Sequence[int]) -> dict[int, Values]:
    """Id → every value of these organizations; three queries."""
    nodes = Node.objects.filter(pk__in=node_ids).select_related("organization_detail__category")
    found: dict[int, Values] = {}
    for node in nodes.prefetch_related("organization_detail__tags", "organization_detail__owners"):
        values: Values = {name: getattr(node, name) for name in KEYS if name in COLUMNS}
        detail = getattr(node, "organization_detail", None)
        if detail is not None:
            values |= {name: getattr(detail, name) for name in KEYS if name in DETAIL}
            values["tags"] = sorted(tag.name for tag in detail.tags.all())
            values["owners"] = list(detail.owners.all())
        found[node.pk] = values
    return found


class _Known:
    """Categories and staff by what a file calls them."""

    def __init__(self, telling: Sequence[ParsedRow]) -> None:
        self.categories: dict[str, Category] = {}
        if any("organization_category" in row.details for row in telling):
            self.categories = {one.name.casefold(): one for one in Category.objects.all()}
        people = {word for row in telling for word in row.details.get("organization_owners", ())}
        self.logins: dict[str, User] = {}
        self.names: dict[str, list[User]] = {}
        logins = [word.lower() for word in people]
        staff = User.objects.active().staff().annotate(login=Lower("username"))
        for person in staff.filter(Q(login__in=logins) | Q(name__in=people)) if people else ():
            self.logins[person.username.lower()] = person
            self.names.setdefault(person.name, []).append(person)

    def read(self, row: ParsedRow) -> tuple[Values, list[RowError]]:
        """Its details as values, and why some of them mean nothing here."""
        values = {DETAILS[key]: value for key, value in row.details.items()}
        errors = []
        if "category" in values:
            category = self.categories.get(values["category"].casefold())
            if category is None:
                errors.append(_error(row, "category", self._no_category(), "unknown"))
            values["category"] = category
        for word in values.get("owners", ()):
            reason = self._no_person(word)
            if reason:
                errors.append(_error(row, "owners", reason, "unknown"))
        if not errors and "owners" in values:
            values["owners"] = [self._people(word)[0] for word in values["owners"]]
        return values, errors

    def _no_category(self) -> Any:
        if not self.categories:
            return _("There is no such category; there are none yet")
        names = [one.name for one in self.categories.values()]
        shown = "、".join(names[:NAMES_SHOWN]) + ("…" if len(names) > NAMES_SHOWN else "")
        return format_lazy(_("There is no such category. There are: {names}"), names=shown)

    def _people(self, word: str) -> list[User]:
        login = self.logins.get(word.lower())
        return [login] if login else self.names.get(word, [])

    def _no_person(self, word: str) -> Any:
        people = self._people(word)
        if len(people) == 1:
            return ""
        if people:
            text = _("Several of our people are called {name}; write the login name")
        else:
            text = _("None of our people has the name or login name {name}")
        return format_lazy(text, name=word)


# --- Writing -----------------------------------------------------------------------------------------------------


def columns(values: Values) -> Values:
    """What a new organization with these values has in its own row."""
    return {name: value for name, value in values.items() if name in COLUMNS}


def create_details(values: Mapping[int, Values]) -> None:
    """Details, tags and responsible people of new organizations, by id. Raises Invalid for a category that is gone."""
    _keep_categories(values)
    OrganizationDetail.objects.bulk_create(
        [OrganizationDetail(node_id=pk, **_detail(one)) for pk, one in values.items()],
        batch_size=2000,
    )
    _add(values)


def _keep_categories(values: Mapping[int, Values]) -> None:
    for category in {one["category"] for one in values.values() if "category" in one}:
        words.keep_category(category)


def _detail(values: Values) -> Values:
    return {name: value for name, value in values.items() if name in DETAIL}


def change(changed: Mapping[int, Values], *, by: Actor, dimension_id: int) -> None:
    """Writes what is different about existing organizations, one audit row each. The caller holds the tree lock.

    Raises Invalid for a category that is gone.
    """
    if not changed:
        return
    _keep_categories(changed)
    before = _current(list(changed))
    nodes = list(Node.objects.filter(pk__in=changed).select_for_update())
    codes = {node.pk: node.code for node in nodes}
    for node in nodes:
        for name, value in columns(changed[node.pk]).items():
            setattr(node, name, value)
        node.updated_at = timezone.now()
    Node.objects.bulk_update(nodes, [*COLUMNS & {*KEYS, "code"}, "updated_at"], batch_size=500)
    _update_details(changed)
    _add(changed)
    audit.record_many(
        action="node.edit", model=Node, by=by,
        changes=[
            audit.Change(
                node.pk, node.name, dimension_id=dimension_id,
                **_difference({**before[node.pk], "code": codes[node.pk]}, changed[node.pk]),
            )
            for node in nodes
        ],
    )  # fmt: skip


def _update_details(changed: Mapping[int, Values]) -> None:
    wanted = {pk: _detail(values) for pk, values in changed.items()}
    OrganizationDetail.objects.bulk_create(
        [OrganizationDetail(node_id=pk) for pk in wanted], ignore_conflicts=True, batch_size=2000
    )
    rows = list(OrganizationDetail.objects.filter(pk__in=[pk for pk in wanted if wanted[pk]]))
    for row in rows:
        for name, value in wanted[row.pk].items():
            setattr(row, name, value)
    OrganizationDetail.objects.bulk_update(rows, sorted(DETAIL & KEYS.keys()), batch_size=500)


def _add(values: Mapping[int, Values]) -> None:
    kept = words.tags(name for one in values.values() for name in one.get("tags", ()))
    tags, owners = OrganizationDetail.tags.through, OrganizationDetail.owners.through
    tags.objects.bulk_create(
        [
            tags(organizationdetail_id=pk, tag_id=kept[name].pk)
            for pk, one in values.items()
            for name in one.get("tags", ())
        ],
        ignore_conflicts=True, batch_size=2000,
    )  # fmt: skip
    owners.objects.bulk_create(
        [
            owners(organizationdetail_id=pk, user_id=person.pk)
            for pk, one in values.items()
            for person in one.get("owners", ())
        ],
        ignore_conflicts=True, batch_size=2000,
    )  # fmt: skip


def _difference(old: Values, values: Values) -> dict[str, Values]:
    added = {
        name: [*old.get(name, ()), *(one for one in values[name] if one not in old.get(name, ()))]
        for name in LIMITS
        if name in values
    }
    return {
        "before": shown({name: old.get(name) for name in values}),
        "after": shown({**values, **added}),
    }


def shown(values: Values) -> Values:
    """Values as the audit trail prints them (orgs.services.fields.snapshot)."""
    return {name: _shown(value) for name, value in values.items()}


def _shown(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_shown(one) for one in value]
    if isinstance(value, User):
        return value.actor_label
    if isinstance(value, Category):
        return value.name
    return value.isoformat() if hasattr(value, "isoformat") else value
