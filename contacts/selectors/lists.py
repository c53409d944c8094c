"""Rows of contact lists: only the columns that are shown, a fixed number of queries (SPEC CON-5, CON-7)."""

import datetime
from collections.abc import Sequence
from typing import NamedTuple

from accounts.selectors import ANYBODY_LOCKED, locked_names
from contacts import counts
from contacts.models import Contact, account_state
from contacts.permissions import Viewer
from contacts.selectors.places import NOWHERE, Known, Place, known_places
from core.fetching import fetch
from core.text import mask_email, mask_mobile
from orgs.models import Node

COUNT_CAP = 99_999
# The URL named contacts:photo; selectors know no URL map, a test holds the two together.
PHOTO = "/contacts/{pk}/photo/?v={mark}"
CONTACTS = f"""
SELECT c.id, c.name, c.reading, c.position, c.mobile, c.email, c.account, c.enabled, c.live, c.expires_at, c.avatar,
       CASE WHEN {ANYBODY_LOCKED} THEN u.username END
FROM contacts_contact c LEFT JOIN accounts_user u ON u.id = c.user_id WHERE c.id = ANY(%s::bigint[])
"""  # noqa: S608  constants


class Row(NamedTuple):
    """One contact as lists show it. Mobile and e-mail are masked for everybody (CON-7); `place` is one the viewer may
    know of, below the listed node if there is one.
    """

    id: int
    name: str
    reading: str
    position: str
    mobile: str
    email: str
    state: str
    image: str
    live: bool
    place: Place


class _Read(NamedTuple):
    """The columns of CONTACTS: tuples instead of models, which cost several times the query."""

    id: int
    name: str
    reading: str
    position: str
    mobile: str
    email: str
    account: str
    enabled: bool
    live: bool
    expires_at: datetime.datetime | None
    avatar: str
    login_name: str | None  # only while anybody's login is locked


def rows(viewer: Viewer, ids: Sequence[int], *, node: Node | None = None) -> list[Row]:
    """The rows of these visible contacts, in this order; three queries, one more while any login is locked."""
    contacts = _read(ids)
    places = known_places(viewer, ids)
    locked = locked_names([one.login_name for one in contacts.values() if one.login_name])
    return [
        _row(contacts[pk], places.get(pk, []), node, is_locked=contacts[pk].login_name in locked)
        for pk in ids
        if pk in contacts
    ]


def _read(ids: Sequence[int]) -> dict[int, _Read]:
    if not ids:
        return {}
    return {row[0]: _Read(*row) for row in fetch(CONTACTS, [list(ids)])}


def _row(contact: _Read, places: list[Known], node: Node | None, *, is_locked: bool) -> Row:
    known = best_place(places, node)
    state = account_state(contact.account, enabled=contact.enabled, expires_at=contact.expires_at)
    return Row(
        id=contact.id,
        name=contact.name,
        reading=contact.reading,
        position=(known.position if known else "") or contact.position,
        mobile=mask_mobile(contact.mobile),
        email=mask_email(contact.email),
        state=_shown_state(state, is_locked=is_locked),
        image=_picture(contact.id, contact.avatar),
        live=contact.live,
        place=known.place if known else NOWHERE,
    )


def best_place(places: list[Known], node: Node | None) -> Known | None:
    """The place to show: one below the listed node, else the main one, else the first."""
    if node is not None:
        below = [known for known in places if known.node.path.startswith(node.path)]
        places = below or places
    return places[0] if places else None


def state_of(contact: Contact, *, is_locked: bool) -> str:
    """The account state in one word; 已锁定 belongs to the login and shows only where it could be used."""
    return _shown_state(contact.account_state, is_locked=is_locked)


def _shown_state(state: str, *, is_locked: bool) -> str:
    return "locked" if is_locked and state == "active" else state


def photo_url(contact: Contact) -> str:
    """Address of the picture, with a mark that changes when the picture does; "" without one."""
    return _picture(contact.pk, contact.avatar.name or "")


def _picture(contact_id: int, file_name: str) -> str:
    return PHOTO.format(pk=contact_id, mark=file_name[-13:-5]) if file_name else ""


def node_counts(user_viewer: Viewer, node_ids: Sequence[int]) -> dict[int, int]:
    """Node id → contacts at or below it in the back office, COUNT_CAP + 1 for more; only maintained dimensions."""
    allowed = Node.objects.in_maintained(user_viewer.scope).filter(pk__in=node_ids)
    ids = list(allowed.values_list("pk", flat=True))
    return dict.fromkeys(ids, 0) | counts.numbers(ids, cap=COUNT_CAP + 1)
