"""The ways by which links and notices reach the person of a login (SPEC ACC-3): e-mail, else a text message.

A channel is reached in no transaction. What it carries is a secret: it stands in no log, table or task argument.
"""

from typing import Protocol

from django.conf import settings

from accounts.channels.letters import Later, Letter, Refused, Values
from accounts.channels.mail import Mail
from accounts.channels.sms import Sms
from accounts.models import User

__all__ = ["Channel", "Later", "Letter", "Refused", "Values", "chosen", "reaching", "several"]


class Channel(Protocol):
    """One way."""

    key: str
    """As in InitialSecret.Channel."""

    def reaches(self, user: User) -> bool:
        """Whether this installation has this way, and this person an address for it."""

    def send(self, letter: Letter) -> None:
        """Hands it over. Raises Refused, Later, or an error of the way itself, after which the worker tries again."""


_IN_ORDER: tuple[Channel, ...] = (Mail(), Sms())


def several() -> bool:
    """Whether whoever opens a login has a choice."""
    return bool(getattr(settings, "MAIL_ENABLED", False) and settings.SMS)


def reaching(user: User) -> list[Channel]:
    """All ways that lead to this person, in their order."""
    return [channel for channel in _IN_ORDER if channel.reaches(user)]


def chosen(user: User, wanted: str = "") -> Channel | None:
    """The way to this person: the wanted one where it leads to him, else the first that does; None without one."""
    open_ = reaching(user)
    return next((channel for channel in open_ if channel.key == wanted), next(iter(open_), None))
