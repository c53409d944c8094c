"""Reads for external people, each of them about the active identity alone (SPEC VIS-1, VIS-4)."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import User
from contacts.models import Contact
from contacts.permissions import active_identity
from contacts.reach import staff_seen_by
from contacts.selectors.places import places_of
from im.reach import Party, Target, policy
from portal import permissions
from portal.models import App
from portal.todo_sources import Item

PEOPLE = 200


def identity_of(user: User) -> Contact:
    """The contact this external person acts as now. Raises Denied when no identity is usable."""
    pk = active_identity(user.pk) if user.is_external and user.is_active else None
    rows = Contact.objects.select_related("main_node").filter(pk=pk)
    found: Contact | None = rows.first() if pk else None
    if found is None:
        raise permissions.no_identity()
    return found


def label_of(identity: Contact) -> str:
    """Organization and department of an identity on one line; one query."""
    return places_of([identity.main_node])[identity.main_node_id].line


def todo(*, user: User, identity: Contact) -> list[Item]:
    """Everything this identity has to do: what has a date first, the earliest on top."""
    items: list[Item] = []
    for path in settings.PORTAL_TODO_SOURCES:
        items += import_string(path)(user, identity)
    return sorted(items, key=lambda item: (item.due is None, item.due))


def apps_for(identity: Contact) -> list[App]:
    """Apps this identity is given: enabled, connected, open by default (SPEC POR-2; single grants come later)."""
    rows = App.objects.filter(enabled=True, open_by_default=True)
    return [app for app in rows if app.connected]


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


def registry() -> list[App]:
    """Every app, connected or not, in its order."""
    return list(App.objects.all())
