"""The ways by which links and notices reach the person of a login (SPEC ACC-3): e-mail, else a text message.

A channel is reached in no transaction. What it carries is a secret: it stands in no log, table or task argument.
"""

from typing import Protocol

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.channels.letters import Later, Letter, Refused, Values
from accounts.channels.mail import Mail
from accounts.channels.sms import Sms
from accounts.models import InitialSecret, User

__all__ = [
    "SHOWN",
    "Channel",
    "Later",
    "Letter",
    "Refused",
    "Values",
    "chosen",
    "offered",
    "reaching",
]


class Channel(Protocol):
    """One way."""

    key: str
    """As in InitialSecret.Channel."""

    def reaches(self, user: User) -> bool:
        """Whether this installation has this way, and this person an address for it."""

    def send(self, letter: Letter) -> None:
        """Hands it over. Raises Refused, Later, or an error of the way itself, after which the worker tries again."""


_IN_ORDER: tuple[Channel, ...] = (Mail(), Sms())
SHOWN = str(InitialSecret.Channel.PANEL)
_DEFAULTS = (
    _("As an activation link, where there is an address"),
    _("By e-mail, without an address by text message"),
)


def offered(*, email: bool = True, mobile: bool = True) -> list[tuple[str, str | Promise]]:
    """What whoever opens a login chooses from, for a person with or without these addresses; nothing where first
    credentials can only be shown.
    """
    ways: list[tuple[str, str | Promise]] = []
    if email and getattr(settings, "MAIL_ENABLED", False):
        ways.append((Mail.key, pgettext_lazy("first credentials", "By e-mail")))
    if mobile and settings.SMS:
        ways.append((Sms.key, _("By text message")))
    if not ways:
        return []
    return [("", _DEFAULTS[len(ways) > 1]), *ways, (SHOWN, _("Shown to me once"))]


def reaching(user: User) -> list[Channel]:
    """All ways that lead to this person, in their order."""
    return [channel for channel in _IN_ORDER if channel.reaches(user)]


def chosen(user: User, wanted: str = "") -> Channel | None:
    """The way to this person: the wanted one where it leads to him, else the first that does; None without one, and
    where it was wanted that credentials are SHOWN.
    """
    open_ = [] if wanted == SHOWN else reaching(user)
    return next((channel for channel in open_ if channel.key == wanted), next(iter(open_), None))
