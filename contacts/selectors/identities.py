"""Identities of one login, and what is asked of the person behind it (SPEC ACC-1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import F, Q

from contacts.accounts_hooks import is_usable, usable_identities
from contacts.models import Contact, IdentityOffer
from contacts.permissions import viewer_of
from contacts.selectors.duplicates import same_person
from contacts.selectors.places import NOWHERE, Place, places_of
from core.phones import InvalidPhone, to_mobile_e164
from orgs.models import Node

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User
    from core.actors import Actor

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Identity:
    """One identity of a login. `why` says why it cannot be used: "opening", "disabled", "expired", "organization"."""

    contact: Contact
    place: Place
    why: str

    @property
    def usable(self) -> bool:
        return not self.why


def identities_of(user: User) -> list[Identity]:
    """All identities of an external login, the one opened first on top; two queries."""
    rows = Contact.objects.alive().filter(user=user).select_related("main_node")
    return _placed(rows.order_by(F("opened_at").asc(nulls_last=True), "pk"))


def _placed(rows: Iterable[Contact]) -> list[Identity]:
    contacts = list(rows)
    places = places_of(row.main_node for row in contacts)
    return [Identity(row, places[row.main_node_id], _why(row)) for row in contacts]


def _why(contact: Contact) -> str:
    if is_usable(contact):
        return ""
    state = contact.account_state
    return "organization" if state == "active" else state


def has_others(contact: Contact) -> bool:
    """Whether the login of a contact has further identities; one query."""
    rows = Contact.objects.filter(user__isnull=False, user=contact.user_id)
    return bool(rows.exclude(pk=contact.pk).exists())


@dataclass(frozen=True, slots=True)
class Offer:
    """A question to the person. `organization` is all he reads before he agrees; empty for somebody without one."""

    row: IdentityOffer
    organization: str


def offers_to(user: User) -> list[Offer]:
    """What this person is asked now, the oldest first; two queries at most."""
    rows = IdentityOffer.objects.filter(user=user).open().select_related("contact__main_node")
    found = list(rows.order_by("pk"))
    names = organizations_of(row.contact for row in found)
    return [Offer(row, names[row.contact_id]) for row in found]


def organizations_of(contacts: Iterable[Contact]) -> dict[int, str]:
    """Contact id → its organization, empty for somebody who stands in a dimension itself; one query at most."""
    nodes = {row.pk: row.main_node for row in contacts}
    inside = [node for node in nodes.values() if node.kind != Node.Kind.DIMENSION]
    places = places_of(inside) if inside else {}
    return {pk: places.get(node.pk, NOWHERE).organization for pk, node in nodes.items()}


def offer_about(contact: Contact) -> IdentityOffer | None:
    """What the person behind this contact is asked now, for those who maintain its main dimension; one query."""
    rows = IdentityOffer.objects.filter(contact=contact).open()
    return rows.select_related("user").first()


def knows_login(by: Actor, offer: IdentityOffer) -> bool:
    """Whether `by` maintains the identity through which the login was chosen, and so may read its name."""
    rows = Contact.objects.main_maintained_by(viewer_of(by)).filter(pk=offer.through_id)
    return bool(rows.exists())


def candidates(*, by: Actor, contact: Contact, word: str = "") -> list[Identity]:
    """Usable identities that may be the person of `contact`: with the same mobile or e-mail, or those whose login name
    or mobile is `word`.

    Only of contacts whose main dimension `by` maintains: what is elsewhere is as good as missing (SPEC CON-4).
    """
    rows = usable_identities().main_maintained_by(viewer_of(by)).filter(user__is_active=True)
    if word:
        rows = rows.filter(Q(user__username__iexact=word[:64]) | Q(mobile=_number(word)))
    else:
        rows = same_person(rows, mobile=contact.mobile, email=contact.email)
    rows = rows.exclude(pk=contact.pk).select_related("main_node", "user")
    return _placed(rows.order_by("sort_key", "pk")[:SHOWN])


def _number(text: str) -> str:
    """E.164, or what no contact has."""
    try:
        return to_mobile_e164(text)
    except InvalidPhone:
        return "-"
