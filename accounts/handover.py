"""What hangs on a staff member who is to be disabled, and what can be handed over to somebody else (SPEC ACC-6).

Apps above name their parts in settings.HAND_OVER; nothing here knows what they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.models import User
from core.actors import Actor
from core.ui import Text


@dataclass(frozen=True, slots=True)
class Hanging:
    """One line: how many of what, some of them by name, and what becomes of them when nobody takes over."""

    label: Text
    count: int
    names: Sequence[str] = ()
    note: Text = ""
    warning: bool = False


class Part(Protocol):
    """What one app knows of it."""

    key: str
    """Names the form field of the successor; empty where nothing can be handed over."""
    label: Text
    """Of that field."""

    def hanging(self, user: User) -> list[Hanging]:
        """What hangs on him now; lines without anything may be left out."""

    def hand_over(self, *, user: User, to: User, by: Actor) -> int:
        """Gives all of it to `to`, in the transaction of the disabling; returns how much. Raises UserError."""

    def left(self, user: User) -> None:
        """Called in the transaction that disabled him, whichever way it was done."""


def parts() -> list[Part]:
    """Those of this installation, in the order of the page."""
    return [import_string(path)() for path in settings.HAND_OVER]
