"""What people have chosen for the channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from im import channels
from im.models import ChannelChoice, Reminder, Rhythm, Topic

if TYPE_CHECKING:
    from accounts.models import User
    from core.ui import Text
    from im.channels import Channel


@dataclass(frozen=True, slots=True)
class Setting:
    """One channel as its owner sees it."""

    channel: Channel
    why_not: Text
    trouble: Text
    rhythms: dict[Topic, Rhythm]


def rhythms(*, user: User, channel: Channel) -> dict[Topic, Rhythm]:
    """How soon `user` is told of each topic through this channel."""
    chosen = ChannelChoice.objects.filter(user=user, channel=channel.key)
    known = {row.topic: row.rhythm for row in chosen}
    return {topic: Rhythm(known.get(topic, channel.default(topic))) for topic in Topic}


def settings_of(user: User) -> list[Setting]:
    """Every channel with what `user` has chosen, whether it works for him, and what became of the last try."""
    last = {row.channel: row for row in Reminder.objects.filter(user=user).exclude(trouble="")}
    return [
        Setting(
            channel=channel,
            why_not=channel.why_not(user),
            trouble=last[channel.key].get_trouble_display() if channel.key in last else "",
            rhythms=rhythms(user=user, channel=channel),
        )
        for channel in channels.every()
    ]
