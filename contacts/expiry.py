"""Telling people that an account is about to expire, 14, 7 and 1 days before (SPEC ACC-4)."""

from __future__ import annotations

import datetime
import time
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone, translation
from django.utils.translation import ngettext

from accounts.models import User
from contacts.models import Contact, ExpiryNotice
from core import live
from im.services import notify
from orgs.selectors.ranges import maintain

CARD: Final = "contacts.expiry"
STEPS: Final = (14, 7, 1)
RUN_SECONDS: Final = 20.0


def announce(*, limit: int = 2000) -> int:
    """Tells of accounts that come to their end, each once per step and end; returns how many. Safe late and twice.

    Whoever was not told in time is told of the step that has come by now, not of those that were missed. Nobody is
    woken up: nothing happens before the hour at which people are told of their day.
    """
    if timezone.localtime().hour < settings.IM_DIGEST_HOUR:
        return 0
    until, told = time.monotonic() + RUN_SECONDS, 0
    for pk, step in _due(limit):
        told += _announce(pk, step)
        if time.monotonic() > until:
            break
    return told


def _due(limit: int) -> list[tuple[int, int]]:
    """Contacts and the step that has come, the soonest first."""
    found: list[tuple[int, int]] = []
    for step in sorted(STEPS):
        done = ExpiryNotice.objects.filter(
            contact_id=OuterRef("pk"), expires_at=OuterRef("expires_at"), step__lte=step
        )
        rows = _valid().filter(~Exists(done), expires_at__lt=_day_after(step))
        ids = rows.order_by("expires_at", "pk").values_list("pk", flat=True)
        known = {pk for pk, _step in found}
        found += [(pk, step) for pk in ids[:limit] if pk not in known]
    return found[:limit]


def _valid() -> QuerySet[Contact]:
    rows: QuerySet[Contact] = Contact.objects.alive().filter(
        enabled=True, user__isnull=False, expires_at__gt=timezone.now()
    )
    return rows


def _day_after(days: int) -> datetime.datetime:
    """The first moment that is more than so many days away, counted in days of the calendar."""
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return today + datetime.timedelta(days=days + 1)


@transaction.atomic
def _announce(pk: int, step: int) -> bool:
    """Claims the contact, so that two workers do not both tell; False when another one does or has, or it changed."""
    rows = _valid().select_for_update(no_key=True, skip_locked=True, of=("self",))
    contact = (
        rows.select_related("main_node").filter(pk=pk, expires_at__lt=_day_after(step)).first()
    )
    if contact is None or contact.expires_at is None:
        return False
    notice, new = ExpiryNotice.objects.get_or_create(
        contact=contact, expires_at=contact.expires_at, step=step
    )
    if not new:
        return False
    days = (timezone.localdate(contact.expires_at) - timezone.localdate()).days
    notify(
        user_ids=people(contact), card_kind=CARD, card_ref=str(notice.pk), body=_words(days),
        dedupe_key=f"expiry:{notice.pk}",
    )  # fmt: skip
    return True


def _words(days: int) -> str:
    # A notification is kept as it was written, so it is written in the language of the installation.
    with translation.override(settings.LANGUAGE_CODE):
        if not days:
            return translation.gettext("An external account expires today")
        return ngettext(
            "An external account expires in %(n)s day", "An external account expires in %(n)s days", days
        ) % {"n": days}  # fmt: skip


def people(contact: Contact) -> list[int]:
    """Who is told: those who maintain the main dimension, and the follower; two queries, four at most.

    Where nobody maintains it: holders, and where there are none, administrators.
    """
    staff: QuerySet[User] = User.objects.active().staff()
    who = (maintain([contact.main_node.dimension_id]), Q(is_holder=True), Q(is_superuser=True))
    found: list[int] = next(
        (
            ids
            for ids in (list(staff.filter(one).values_list("pk", flat=True)) for one in who)
            if ids
        ),
        [],
    )
    # The follower only while he sees the contact.
    if contact.live and contact.follower_id is not None:
        found += staff.filter(pk=contact.follower_id).values_list("pk", flat=True)
    return sorted(set(found))


def show(contact: Contact) -> None:
    """Tells open pages of all these people that cards about this contact look different now."""
    live.tell(people(contact), "card", card=CARD, ref=contact.pk)
