"""Rows of an export of contacts, batch by batch, each read as the person is at that moment (T01, T07)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from contacts.models import Contact, ContactScope, Membership
from contacts.permissions import Viewer
from contacts.querysets import ContactQuerySet
from contacts.selection import Selection
from core.phones import split_e164
from core.vocabulary import word
from orgs.models import Category, Node

BATCH = 2000
NEVER_SO_MANY = 100_000_000
COLUMNS = (
    "name", "code", "mobile", "email", "position", "gender", "telephone", "office", "remark", "security_level",
    "account", "enabled", "expires_at", "category_id", "created_at",
)  # fmt: skip


def count(selection: Selection, viewer: Viewer, node: Node) -> int:
    """How many rows of an export of `node` it would be now."""
    if selection.everything:
        return selection.count(viewer, cap=NEVER_SO_MANY)
    return int(_readable(viewer, node, selection.ids).count())


def batches(
    selection: Selection, viewer_now: Callable[[], Viewer]
) -> Iterator[tuple[Viewer, list[int]]]:
    """Ids in order of pinyin, `BATCH` at a time, each batch with the viewer as he is at that moment."""
    after = None
    while True:
        viewer = viewer_now()
        page = next(iter(selection.pages(viewer, after=after, size=BATCH)), None)
        if page is None:
            return
        yield viewer, page.ids
        after = page.next
        if after is None:
            return


def _readable(viewer: Viewer, node: Node, ids: Sequence[int]) -> ContactQuerySet:
    """Only those who maintain a contact get its number and address unmasked in a file (matrix rows 18, 34).

    And only those at or below the node: the right to its dimension is what the download asks for (SECURITY T07).
    """
    here = ContactScope.objects.filter(
        node_id=node.pk, sort_key=OuterRef("sort_key"), contact_id=OuterRef("pk")
    )
    rows: ContactQuerySet = Contact.objects.maintained_by(viewer).alive()
    return rows.filter(Exists(here), pk__in=ids)


@dataclass(slots=True)
class Reader:
    """Turns ids into rows of these columns. Names of nodes are kept: a directory has far fewer of them than people."""

    node: Node
    keys: Sequence[str]
    _nodes: dict[int, tuple[str, int, str]] = field(default_factory=dict)
    _categories: dict[int | None, str] | None = None
    _states: dict[str, str] = field(default_factory=dict)
    _genders: dict[str, str] = field(default_factory=dict)

    def rows(self, viewer: Viewer, ids: Sequence[int]) -> list[list[str]]:
        """One row each, in this order; five queries. Whoever he does not maintain here is left out."""
        contacts = _readable(viewer, self.node, ids).only(*COLUMNS).in_bulk()
        places = self._places(viewer, ids)
        tags = self._tags(ids) if "tags" in self.keys else {}
        if self._categories is None:
            self._categories = {None: "", **dict(Category.objects.values_list("pk", "name"))}
        return [
            self._row(contacts[pk], places.get(pk), tags.get(pk, []))
            for pk in ids
            if pk in contacts
        ]

    def _places(self, viewer: Viewer, ids: Sequence[int]) -> dict[int, tuple[str, bool, str]]:
        """Contact → path, whether it is the main place, position: the main one at or below the node, else the first.

        Only places in dimensions that are maintained: a further one may be nobody's business (T08).
        """
        rows = (
            Membership.objects.filter(contact_id__in=ids)
            .order_by("-is_main", "order", "pk")
            .values_list("contact_id", "node__path", "node__dimension_id", "is_main", "position")
        )
        found: dict[int, tuple[str, bool, str]] = {}
        for contact_id, path, dimension_id, is_main, position in rows:
            if not viewer.scope.maintains(dimension_id):
                continue
            known = found.get(contact_id)
            below = path.startswith(self.node.path)
            if known is None or (below and not known[0].startswith(self.node.path)):
                found[contact_id] = (path, is_main, position)
        self._learn(path for path, _main, _position in found.values())
        return found

    def _learn(self, paths: Iterable[str]) -> None:
        wanted = {int(part) for path in paths for part in path.split(".") if part}
        missing = wanted - self._nodes.keys()
        if missing:
            rows = Node.objects.filter(pk__in=missing).values_list("pk", "name", "kind", "code")
            for pk, name, kind, code in rows:
                self._nodes[pk] = (name, kind, code or "")

    def _tags(self, ids: Sequence[int]) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        rows = Contact.tags.through.objects.filter(contact_id__in=ids).order_by("tag__name")
        for contact_id, name in rows.values_list("contact_id", "tag__name"):
            found.setdefault(contact_id, []).append(name)
        return found

    def _row(
        self, contact: Contact, place: tuple[str, bool, str] | None, tags: list[str]
    ) -> list[str]:
        path, is_main, position = place or ("", True, "")
        organization, code, departments = self._names(path)
        known = {
            "organization": organization,
            "organization_code": code,
            "department": "/".join(departments),
            "mobile": _mobile(contact.mobile),
            "position": contact.position if is_main else position or contact.position,
            "gender": self._gender(contact.gender),
            "tags": ";".join(tags),
            "account": self._state(contact.account_state),
            "category": (self._categories or {}).get(contact.category_id, ""),
            "created_at": timezone.localtime(contact.created_at).isoformat(
                sep=" ", timespec="minutes"
            ),
        }
        return [
            known[key] if key in known else str(_or_empty(getattr(contact, key)))
            for key in self.keys
        ]

    def _names(self, path: str) -> tuple[str, str, list[str]]:
        """Nearest organization with its code, and the departments below it; nothing for who stands in a dimension."""
        organization, code = "", ""
        departments: list[str] = []
        for part in path.split(".")[:-1]:
            name, kind, own = self._nodes.get(int(part), ("", Node.Kind.DIMENSION, ""))
            if kind == Node.Kind.ORGANIZATION:
                organization, code, departments = name, own, []
            elif kind == Node.Kind.DEPARTMENT:
                departments.append(name)
        return organization, code, departments

    def _gender(self, gender: str) -> str:
        if not self._genders:
            self._genders = {value: str(label) for value, label in Contact.Gender.choices if value}
        return self._genders.get(gender, "")

    def _state(self, state: str) -> str:
        if state not in self._states:
            self._states[state] = str(word("account", state).label)
        return self._states[state]


def _or_empty(value: Any) -> Any:
    return "" if value is None else value


def _mobile(e164: str) -> str:
    """As people write it: eleven digits in China, with the country code elsewhere."""
    country, national = split_e164(e164) if e164 else ("", "")
    return national if country in ("86", "") else e164
