"""Reads for external people, each of them about the active identity alone (SPEC VIS-1, VIS-4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q
from django.utils.module_loading import import_string

from accounts.models import User
from contacts import permissions as contact_permissions
from contacts.accounts_hooks import usable_identities
from contacts.models import Contact
from contacts.permissions import viewer_of
from contacts.reach import staff_seen_by
from contacts.search import search
from contacts.selectors.places import places_of
from core.ui import PickerItem
from im.reach import Party, Target, policy
from portal import permissions, rule
from portal.models import App, AppOpening, TodoSystem
from portal.rule import Surface
from portal.todo_sources import Item

PEOPLE = 200


def identity_of(user: User) -> Contact:
    """The contact this external person acts as now. Raises Denied when no identity is usable."""
    pk = contact_permissions.identity_of(user)
    rows = Contact.objects.select_related("main_node").filter(pk=pk)
    found: Contact | None = rows.first() if pk else None
    if found is None:
        raise permissions.no_identity()
    return found


def messages_open(user: User) -> bool:
    """Whether the app of messages is open to the identity that this external person acts as (settings.IM_OPEN_TO)."""
    pk = contact_permissions.identity_of(user)
    return pk is not None and "messages" in rule.open_to(pk)


def label_of(identity: Contact) -> str:
    """Organization and department of an identity on one line; one query."""
    return places_of([identity.main_node])[identity.main_node_id].line


def todo(*, user: User, identity: Contact) -> list[Item]:
    """Everything this identity has to do: what has a date first, the earliest on top."""
    items: list[Item] = []
    for path in settings.PORTAL_TODO_SOURCES:
        items += import_string(path)(user, identity)
    return sorted(items, key=lambda item: (item.due is None, item.due))


def apps_among(apps: Mapping[str, Surface]) -> list[tuple[App, Surface]]:
    """The rows of open apps (see portal.rule) in their order; one query."""
    return [(app, apps[app.key]) for app in App.objects.filter(key__in=apps)]


@dataclass(frozen=True, slots=True)
class People:
    """我的联络人: those found, and how many there are in all."""

    found: list[Target]
    total: int


def people(*, identity: Contact, q: str = "", limit: int = PEOPLE) -> People:
    """The staff this identity may see (SPEC VIS-4), by name, pinyin or initials."""
    party = Party(identity.user_id or 0, identity.pk)
    found = policy().search(party, q, limit)
    return People(found, staff_seen_by(identity.pk).count())


def registry(*, q: str = "", category: str = "", state: str = "") -> list[App]:
    """The apps in their order; `state` is on, off or unconnected, as the list names them."""
    rows = App.objects.annotate(lines=Count("openings")).order_by("order", "id")
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(name_en__icontains=q) | Q(key__icontains=q))
    if category:
        rows = rows.filter(category=category)
    return [app for app in rows if state in ("", app.state)]


def categories() -> list[str]:
    """Categories in use, in the order of their first app."""
    return list(dict.fromkeys(App.objects.exclude(category="").values_list("category", flat=True)))


def openings(app: App) -> list[AppOpening]:
    """What was said about an app: openings first, then exclusions."""
    return list(app.openings.select_related("node", "category", "contact__main_node"))


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether an app is open to a contact (`surface`), and the lines that concern him."""

    contact: Contact
    surface: Surface | None
    lines: list[AppOpening]
    usable: bool


def explain(app: App, contact: Contact) -> Answer:
    """Why an app is open to a contact or not: the answer of the rule, and the lines it looked at."""
    ids = rule.concerning(app.pk, contact.pk)
    lines = [line for line in openings(app) if line.pk in ids]
    usable = usable_identities().filter(pk=contact.pk).exists()
    return Answer(contact, rule.open_to(contact.pk).get(app.key), lines, usable)


def contacts_found(user: User, q: str, limit: int) -> list[PickerItem]:
    """Contacts that `user` sees, found by name, pinyin or number; without words nobody. Three queries at most."""
    ids = search(viewer_of(user), q, limit=limit).ids if q else []
    rows = Contact.objects.alive().select_related("main_node").in_bulk(ids)
    places = places_of([row.main_node for row in rows.values()]) if rows else {}
    return [
        PickerItem(value=str(pk), label=rows[pk].name, sub=places[rows[pk].main_node_id].line)
        for pk in ids
        if pk in rows
    ]


def systems() -> list[TodoSystem]:
    """Systems that put items into 个人待办, by name, with the number of `open` ones; one query."""
    opened = Count("items", filter=Q(items__done=False))
    return list(TodoSystem.objects.annotate(open=opened).order_by("name"))
