"""Telling people of what waits for them, outside of any transaction (SPEC IM-4, ADR 13; SECURITY T58, T82)."""

from __future__ import annotations

import datetime
import logging
import time
from collections.abc import Collection
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from im import channels
from im.channels import Away, Channel, Later, News, Refused, Summary, page_of
from im.models import Reminder, Rhythm
from im.selectors.choices import rhythms
from im.selectors.waiting import Waiting, waiting

log = logging.getLogger(__name__)

# Longer than the longest time that one telling may take.
LEASE: Final = datetime.timedelta(minutes=5)
# How long one run goes on claiming: other work of the worker waits meanwhile.
RUN_SECONDS: Final = 10.0
RUN_MAX: Final = 500
# What was said a little before somebody was told may have been committed a little after it.
SLACK: Final = datetime.timedelta(minutes=1)
NEVER: Final = datetime.datetime.min.replace(tzinfo=datetime.UTC)
AWAY_WAITS: Final = datetime.timedelta(minutes=1)
LATER_WAITS: Final = datetime.timedelta(minutes=2)
MAX_ATTEMPTS: Final = 8
TITLES: Final = 10


def send_reminders(*, limit: int = RUN_MAX) -> int:
    """Tells those who are due, one after the other; returns how many were told. Safe at any time and twice at once.

    Each is claimed before anything is sent; what a killed worker left is told again after LEASE, recognizably the
    same. A channel that is away is left alone until the next run.
    """
    until, away, told = time.monotonic() + RUN_SECONDS, set[str](), 0
    for _ in range(limit):
        ways = [way for way in channels.configured() if way.key not in away]
        row = _claim([way.key for way in ways])
        if row is None:
            break
        try:
            told += _tell(row, next(way for way in ways if way.key == row.channel))
        except Away as error:
            log.warning("channel %s is away: %s", row.channel, type(error.__cause__).__name__)
            away.add(row.channel)
            _again(row, AWAY_WAITS, claimed_at=None)
        if time.monotonic() > until:
            break
    return told


@transaction.atomic
def _claim(keys: Collection[str]) -> Reminder | None:
    """The reminder that has been due longest, for this worker alone."""
    now = timezone.now()
    rows = Reminder.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        channel__in=keys
    )
    due = rows.annotate(ready=Coalesce("lease_until", "due_at")).filter(ready__lte=now)
    row: Reminder | None = due.select_related("user").order_by("ready").first()
    if row is None:
        return None
    if row.lease_until is None:
        # What comes from now on makes it due anew.
        row.due_at = None
    else:
        # Whoever had it was killed, or failed in a way that nobody foresaw.
        row.attempts += 1
    row.lease_until, row.claimed_at = now + LEASE, row.claimed_at or now
    row.save(update_fields=["due_at", "lease_until", "claimed_at", "attempts"])
    return row


def _tell(row: Reminder, channel: Channel) -> bool:
    """Tells the person of a claimed row what waits for him by now, or finds that nothing does."""
    wanted = rhythms(user=row.user, channel=channel)
    topics = [topic for topic, rhythm in wanted.items() if rhythm != Rhythm.OFF]
    reached = channel.available(row.user) and channels.open_to(row.user)
    found = waiting(user=row.user, topics=topics) if reached else Waiting()
    if found.newest is None or found.newest <= _told(row):
        _finish(row, told_until=row.told_until)
        return False
    if row.attempts >= MAX_ATTEMPTS:
        return _give_up(row)
    try:
        channel.deliver(row.user, summary(row, found))
    except Later as error:
        return _later(row, error)
    except Refused as error:
        log.warning("reminder %s (%s) was refused: %s", row.pk, row.channel, _why(error))
        _finish(row, told_until=row.claimed_at, trouble=Reminder.Trouble.REFUSED)
        return False
    _finish(row, told_until=row.claimed_at)
    return True


def _told(row: Reminder) -> datetime.datetime:
    return row.told_until - SLACK if row.told_until else NEVER


def summary(row: Reminder, found: Waiting) -> Summary:
    """What may leave of `found`: numbers, and titles of what is new with the page of each."""
    new = [notice for notice in found.notices if notice.created_at > _told(row)]
    claimed = row.claimed_at or timezone.now()
    return Summary(
        mark=f"reminder-{row.pk}-{int(claimed.timestamp() * 1_000_000)}",
        notices=len(found.notices),
        news=tuple(
            News(
                " ".join(one.body.split()),
                page_of(row.user, one.card_kind, one.card_ref),
                one.card_kind,
                one.card_ref,
            )
            for one in new[:TITLES]
        ),
        messages=found.messages,
        conversations=found.conversations,
    )


def _finish(row: Reminder, *, told_until: datetime.datetime | None, trouble: str = "") -> None:
    """Over: told, refused, or nothing to tell. Only for whoever still holds the lease."""
    _mine(row).update(
        told_until=told_until, claimed_at=None, lease_until=None, attempts=0, trouble=trouble
    )


def _later(row: Reminder, error: Later) -> bool:
    log.warning("reminder %s (%s) comes later: %s", row.pk, row.channel, _why(error))
    row.attempts += 1
    if row.attempts >= MAX_ATTEMPTS:
        return _give_up(row)
    wait = LATER_WAITS * 2 ** (row.attempts - 1)
    _again(row, wait, attempts=row.attempts, trouble=Reminder.Trouble.LATER)
    return False


def _give_up(row: Reminder) -> bool:
    """Until something new comes: an alarm, never silence."""
    log.error("reminder %s (%s) failed for good", row.pk, row.channel)
    _finish(row, told_until=row.claimed_at, trouble=Reminder.Trouble.REFUSED)
    return False


def _again(row: Reminder, wait: datetime.timedelta, **values: object) -> None:
    _mine(row).update(due_at=timezone.now() + wait, lease_until=None, **values)


def _mine(row: Reminder) -> QuerySet[Reminder]:
    return Reminder.objects.filter(pk=row.pk, lease_until=row.lease_until)


def _why(error: Exception) -> str:
    """The kind of fault; never its words, which may hold an address."""
    return type(error.__cause__ or error).__name__
