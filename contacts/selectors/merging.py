"""Two entries that may be one person: side by side, and what became of one that was merged (SPEC CON-4)."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.db.models.functions import Lower

from contacts.models import Contact, ContactMerge
from contacts.permissions import Viewer
from contacts.querysets import ContactQuerySet
from contacts.search import search

# What a person chooses between; the reading goes with the name. Everything else is added up.
FIELDS = (
    "name", "main_node", "mobile", "email", "telephone", "position", "office", "gender", "category", "follower",
    "code", "security_level", "remark", "avatar",
)  # fmt: skip
SHOWN = 20


def proposal(mine: Contact, other: Contact) -> dict[str, str]:
    """Whose value stays when nobody says otherwise: the survivor's where it has one."""
    return {key: "mine" if _has(mine, key) or not _has(other, key) else "other" for key in FIELDS}


def _has(contact: Contact, key: str) -> bool:
    return key == "security_level" or bool(getattr(contact, ATTNAMES.get(key, key)))


ATTNAMES = {"category": "category_id", "follower": "follower_id", "main_node": "main_node_id"}


def value_of(contact: Contact, key: str) -> Any:
    """A value as two are compared."""
    found = getattr(contact, ATTNAMES.get(key, key))
    return str(found.name or "") if key == "avatar" else found


def stamp_of(mine: Contact, other: Contact) -> str:
    """What a page keeps to notice that one of the two was changed while somebody chose."""
    seen = [
        [one.pk, one.user_id, one.reading, *(value_of(one, key) for key in FIELDS)]
        for one in (mine, other)
    ]
    text = json.dumps(seen, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def candidates(viewer: Viewer, contact: Contact, q: str) -> list[Contact]:
    """Who may be the same person, of those whose main dimension `viewer` maintains: without words those with the same
    number, address or name; with words what the search finds. Ordered by name, at most SHOWN.
    """
    rows: ContactQuerySet = Contact.objects.main_maintained_by(viewer).alive()
    rows = rows.exclude(pk=contact.pk).select_related("main_node")
    if q:
        hits = search(viewer, q, limit=200)
        found = rows.filter(pk__in=hits.ids)
    else:
        found = rows.annotate(lower_email=Lower("email")).filter(_alike(contact))
    return list(found.order_by("sort_key", "pk")[:SHOWN])


def _alike(contact: Contact) -> Q:
    same = Q(sort_key=contact.sort_key, simplified=contact.simplified)
    if contact.mobile:
        same |= Q(mobile=contact.mobile)
    if contact.email:
        same |= Q(lower_email=contact.email.lower())
    return same


@dataclass(frozen=True, slots=True)
class Survivor:
    """Into which contact one was merged."""

    contact_id: int
    name: str


def survivor_of(former_id: int) -> int | None:
    """The contact that one was merged into; who may see it is asked of the rule."""
    rows = ContactMerge.objects.filter(former_id=former_id, contact__deleted_at__isnull=True)
    found: int | None = rows.values_list("contact_id", flat=True).first()
    return found


def survivors(viewer: Viewer, former_ids: list[int]) -> dict[int, Survivor]:
    """Former id → the contact it was merged into, as far as `viewer` sees that one; merged ones without sight have a
    Survivor without a name. Two queries.
    """
    rows = dict(
        ContactMerge.objects.filter(former_id__in=former_ids).values_list("former_id", "contact_id")
    )
    seen = Contact.objects.visible_to(viewer).filter(pk__in=set(rows.values()))
    names = dict(seen.values_list("pk", "name")) if rows else {}
    return {former: Survivor(pk, names.get(pk, "")) for former, pk in rows.items()}
