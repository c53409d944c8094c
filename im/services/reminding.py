"""Making somebody due to be told, and what he chooses about it (SPEC IM-4, ADR 13)."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import CharField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Invalid
from im import channels
from im.models import ChannelChoice, Reminder, Rhythm, Topic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from im.channels import Channel

HOUR: Final = datetime.timedelta(hours=1)
# Whoever is due sooner stays so. The row is locked even then: what is being told right now does not hold this yet. In
# one order, so that two never wait for each other.
MAKE_DUE: Final = """
INSERT INTO im_reminder (user_id, channel, due_at, attempts, trouble)
SELECT user_id, channel, due_at, 0, '' FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[])
  AS new(user_id, channel, due_at) ORDER BY user_id, channel
ON CONFLICT (user_id, channel) DO UPDATE SET due_at = EXCLUDED.due_at
  WHERE im_reminder.due_at IS NULL OR im_reminder.due_at > EXCLUDED.due_at
"""


def remind(people: Sequence[int] | QuerySet[Any, Any], *, topic: Topic) -> int:
    """These people (ids of logins) have something new of `topic`; returns how many tellings are due.

    Part of the transaction that says it, its last locks: at most two queries, however many they are, none where the
    installation has no channel. Nothing leaves here.
    """
    ways = {channel.key: channel for channel in channels.configured()}
    if not ways:
        return 0
    first, *others = [_wanted(way, people, topic) for way in ways.values()]
    now = timezone.now()
    due = [
        (pk, key, _moment(ways[key], Rhythm(rhythm), now, told_until))
        for pk, key, rhythm, told_until in (first.union(*others, all=True) if others else first)
    ]
    if due:
        with connection.cursor() as cursor:
            cursor.execute(MAKE_DUE, [list(column) for column in zip(*due, strict=True)])
    return len(due)


def _wanted(
    channel: Channel, people: Sequence[int] | QuerySet[Any, Any], topic: Topic
) -> QuerySet[Any, Any]:
    """Those among `people` who want to be told through `channel`: person, channel, rhythm, told until when."""
    mine = {"user_id": OuterRef("pk"), "channel": channel.key}
    chosen = ChannelChoice.objects.filter(**mine, topic=topic).values("rhythm")
    told = Reminder.objects.filter(**mine).values("told_until")
    reached: QuerySet[User] = User.objects.active().filter(channel.reaches(), pk__in=people)
    return (
        reached.annotate(
            way=Value(channel.key, output_field=CharField()),
            rhythm=Coalesce(Subquery(chosen), Value(channel.default(topic).value)),
            told_until=Subquery(told),
        )
        .exclude(rhythm=Rhythm.OFF)
        .values_list("pk", "way", "rhythm", "told_until")
    )


def _moment(
    channel: Channel, rhythm: Rhythm, now: datetime.datetime, told_until: datetime.datetime | None
) -> datetime.datetime:
    """When something that is new now is told; those who are looking have the channel's grace to read it."""
    if rhythm != Rhythm.DAILY:
        soon, pause = now + channel.grace, channel.pause if rhythm == Rhythm.NOW else HOUR
        return max(soon, told_until + pause) if told_until else soon
    local = timezone.localtime(now)
    morning = local.replace(hour=settings.IM_DIGEST_HOUR, minute=0, second=0, microsecond=0)
    return morning if morning > local else morning + datetime.timedelta(days=1)


@transaction.atomic
def choose(*, by: User, channel: str, topic: str, rhythm: str) -> ChannelChoice:
    """How soon `by` wants to be told of `topic` through `channel`; holds for what comes from now on.

    One's own setting like language and appearance: not audited. Raises Invalid for what does not exist, and for a
    channel that cannot reach him.
    """
    way = channels.by_key(channel)
    if way is None or topic not in Topic.values or rhythm not in Rhythm.values:
        raise Invalid(_("There is no such setting. Reload the page."), field="rhythm")
    if not way.available(by):
        raise Invalid(str(way.why_not(by)), field="rhythm")
    row, _new = ChannelChoice.objects.update_or_create(
        user=by, channel=channel, topic=topic, defaults={"rhythm": rhythm}
    )
    return row
