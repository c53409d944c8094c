"""Rows of 回收站."""

import datetime
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from contacts.models import Contact
from contacts.permissions import Viewer
from contacts.querysets import ContactQuerySet
from contacts.selectors.merging import Survivor, survivors
from contacts.selectors.places import known_places
from core.text import mask_mobile, parse_query, range_end
from core.ui import Column

DAYS = 30
SOON = 4


@dataclass(frozen=True, slots=True)
class Binned:
    """One deleted contact. `may_restore`: its main dimension is maintained by the viewer, and it was not merged into
    another; `survivor` is that one, without a name for those who do not see it.
    """

    contact: Contact
    mobile: str
    place: str
    until: datetime.datetime
    may_restore: bool
    survivor: Survivor | None = None

    @property
    def days_left(self) -> int:
        """Whole days until it is gone for good."""
        return max(0, (self.until - timezone.now()).days)

    @property
    def ends_soon(self) -> bool:
        return self.days_left < SOON


def rows(viewer: Viewer, q: str) -> ContactQuerySet:
    """Deleted contacts that `viewer` maintains, newest first, by name or digits of the mobile."""
    found: ContactQuerySet = Contact.objects.maintained_by(viewer).binned()
    if q:
        matches = Q(name__icontains=q) | Q(simplified__icontains=q)
        query = parse_query(q)
        if query is not None and query.sort_prefix:
            prefix = query.sort_prefix
            matches |= Q(sort_key__gte=prefix, sort_key__lt=range_end(prefix))
        if q.isdecimal():
            matches |= Q(mobile__endswith=q)
        found = found.filter(matches)
    return found.order_by("-deleted_at", "-pk")


def shown(viewer: Viewer, page: list[Contact]) -> list[Binned]:
    """One page with places and what may be done; six queries."""
    ids = [contact.pk for contact in page]
    places = known_places(viewer, ids)
    mine = Contact.objects.main_maintained_by(viewer).filter(pk__in=ids)
    restorable = set(mine.values_list("pk", flat=True))
    merged = survivors(viewer, ids)
    return [
        Binned(
            contact=contact,
            mobile=mask_mobile(contact.mobile),
            place=places[contact.pk][0].place.line if places.get(contact.pk) else "",
            until=_deleted_at(contact) + datetime.timedelta(days=DAYS),
            may_restore=contact.pk in restorable and contact.pk not in merged,
            survivor=merged.get(contact.pk),
        )
        for contact in page
    ]


def _deleted_at(contact: Contact) -> datetime.datetime:
    assert contact.deleted_at is not None  # noqa: S101  for the type checker: rows() gives only deleted ones
    return contact.deleted_at


def columns() -> list[Column]:
    """Columns of the bin."""
    return [
        Column(pgettext("person", "Name")),
        Column(_("Mobile")),
        Column(_("Organization")),
        Column(_("Deleted by")),
        Column(_("Kept until")),
        Column(_("Actions"), css="c-op", hidden=True),
    ]
