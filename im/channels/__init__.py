"""The ways in which somebody is told that something waits for him (SPEC IM-4). settings.IM_CHANNELS names them.

Inside the product everything is always told; a channel reaches people who are not looking. What leaves says how much
waits and where, never a message, a name or a secret.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol, cast

from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from django.db.models import Q

    from accounts.models import User
    from core.ui import Text
    from im.channel_models import Rhythm, Topic


class Away(Exception):
    """The other end cannot be reached by anybody now: nothing was sent, everybody waits a little."""


class Later(Exception):
    """This one did not get through now; it may have arrived all the same."""


class Refused(Exception):
    """This person cannot be told in this way; trying again would change nothing."""


@dataclass(frozen=True, slots=True)
class News:
    """One notification: its title, which holds no personal data, and the page of what it is about, if there is one.

    `kind` and `ref` name its card, for a channel that can draw cards itself.
    """

    title: str
    url: str = ""
    kind: str = ""
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What waits for somebody, as it may leave the product."""

    mark: str
    """The same for every repetition of one telling."""
    notices: int
    news: tuple[News, ...]
    """The newest notifications that were not told yet."""
    messages: int
    conversations: int


def address(user: User, name: str) -> str:
    """A page of messages for this person, behind the log-in, on BASE_URL and no other host (SECURITY T48)."""
    place = "portal-im" if user.is_external else "im"
    return settings.BASE_URL + reverse(f"im:{name}", current_app=place)


def page_of(user: User, kind: str, ref: str) -> str:
    """The page of a card, behind the log-in; "" for plain words, and for external people: cards are pages of staff."""
    name = settings.IM_CARDS.get(kind)
    return "" if not name or user.is_external else settings.BASE_URL + reverse(name, args=[ref])


def open_to(user: User) -> bool:
    """Whether he can read messages at all: nobody is called to a door that is closed to him (SPEC POR-3).

    settings.IM_OPEN_TO is asked about external people.
    """
    path = settings.IM_OPEN_TO
    return not (user.is_external and path) or bool(import_string(path)(user))


class Channel(Protocol):
    """One way. Reached in no transaction; its address, its limits and its secrets are its own business."""

    key: str
    label: Text
    icon: str
    grace: datetime.timedelta
    """How long "at once" waits for somebody who is looking anyway."""
    pause: datetime.timedelta
    """How long it keeps quiet at least after it has told something "at once"."""

    def configured(self) -> bool:
        """Whether this installation has it."""

    def reaches(self) -> Q:
        """Whom it can reach, as a condition on people."""

    def why_not(self, user: User) -> Text:
        """A sentence for somebody whom it cannot reach; "" for others."""

    def default(self, topic: Topic) -> Rhythm:
        """How soon it tells somebody who has chosen nothing."""

    def available(self, user: User) -> bool:
        """Whether it can reach this person now."""

    def deliver(self, user: User, summary: Summary) -> None:
        """Tells him, in his language. Raises Away, Later or Refused when it could not."""


@cache
def _load(path: str) -> Channel:
    return cast("Channel", import_string(path)())


def every() -> list[Channel]:
    """All channels there are, in the order of the settings."""
    return [_load(path) for path in settings.IM_CHANNELS]


def configured() -> list[Channel]:
    """Those that this installation has."""
    return [channel for channel in every() if channel.configured()]


def by_key(key: str) -> Channel | None:
    """The configured channel of this name, or None."""
    return next((channel for channel in configured() if channel.key == key), None)
