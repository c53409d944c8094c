"""Rows of contact lists: only the columns that are shown, a fixed number of queries (SPEC CON-5, CON-7)."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from accounts.selectors import locked_until
from contacts.models import Contact
from contacts.permissions import Viewer
from contacts.querysets import ContactQuerySet
from contacts.selectors.places import NOWHERE, Known, Place, known_places
from core.text import mask_email, mask_mobile
from orgs.models import Node

COUNT_CAP = 99_999
# The URL named contacts:photo; selectors know no URL map, a test holds the two together.
PHOTO = "/contacts/{pk}/photo/?v={mark}"
COLUMNS = (
    "name", "reading", "position", "mobile", "email", "account", "enabled", "live", "expires_at", "avatar",
    "source", "main_node_id", "user_id", "user__username",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
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


def rows(viewer: Viewer, ids: Sequence[int], *, node: Node | None = None) -> list[Row]:
    """The rows of these visible contacts, in this order; six queries."""
    contacts = visible_rows(Contact.objects.all(), ids)
    places = known_places(viewer, ids)
    locked = locked_until([one.user for one in contacts.values() if one.user is not None])
    return [
        _row(contacts[pk], places.get(pk, []), node, is_locked=contacts[pk].user_id in locked)
        for pk in ids
        if pk in contacts
    ]


def visible_rows(base: ContactQuerySet, ids: Sequence[int]) -> dict[int, Contact]:
    """The rows with the columns of a list, by id; the ids come from the rule."""
    return base.filter(pk__in=ids).select_related("user").only(*COLUMNS).in_bulk()


def _row(contact: Contact, places: list[Known], node: Node | None, *, is_locked: bool) -> Row:
    known = best_place(places, node)
    return Row(
        id=contact.pk,
        name=contact.name,
        reading=contact.reading,
        position=(known.position if known else "") or contact.position,
        mobile=mask_mobile(contact.mobile),
        email=mask_email(contact.email),
        state=state_of(contact, is_locked=is_locked),
        image=photo_url(contact),
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
    state = contact.account_state
    return "locked" if is_locked and state == "active" else state


def photo_url(contact: Contact) -> str:
    """Address of the picture, with a mark that changes when the picture does; "" without one."""
    if not contact.avatar:
        return ""
    return PHOTO.format(pk=contact.pk, mark=str(contact.avatar.name)[-13:-5])


def node_counts(user_viewer: Viewer, node_ids: Sequence[int]) -> dict[int, int]:
    """Node id → contacts at or below it in the back office, COUNT_CAP + 1 for more; only maintained dimensions."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT n.id, (SELECT count(*) FROM (SELECT 1 FROM contacts_contactscope s
                             WHERE s.node_id = n.id ORDER BY s.sort_key LIMIT %(cap)s) AS capped)
               FROM orgs_node n WHERE n.id = ANY(%(ids)s::bigint[])
               AND (%(everything)s OR n.dimension_id = ANY(%(maintained)s::bigint[]))""",
            {
                "ids": list(node_ids), "cap": COUNT_CAP + 1, "everything": user_viewer.everything,
                "maintained": list(user_viewer.scope.maintained),
            },
        )  # fmt: skip
        return dict(cursor.fetchall())
