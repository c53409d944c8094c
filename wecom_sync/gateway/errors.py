"""What can go wrong, in two kinds: a person must do something, or it may be tried again later.

Neither holds an address, a token or a secret: what is raised here may be logged and shown as it is.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _


class Reaction(StrEnum):
    """What the caller does."""

    FIX = "fix"  # stop the run, show the sentence to a person
    OFFLINE = "offline"  # this corp cannot be read now: keep what is known of it, go on with others
    SKIP = "skip"  # this object is not there or not to be seen; one object, not a sign of departure
    LOGIN = "login"  # the login starts anew
    SPLIT = "split"  # the answer is too large: ask for less at once
    BUG = "bug"  # the gateway or its caller asked wrongly
    AGAIN = "again"  # later, unchanged


class WeComError(Exception):
    """`code` is WeCom's errcode, or one of ours as a word. `sentence` is for people, in their language."""

    def __init__(
        self, sentence: Any, *, code: int | str, api: str, corpid: str = "", reaction: Reaction
    ) -> None:
        super().__init__(f"{api}: {code}")
        self.sentence, self.code, self.api = sentence, code, api
        self.corpid, self.reaction = corpid, reaction

    def __str__(self) -> str:
        return f"{self.sentence} ({self.api}: {self.code})"


class Permanent(WeComError):
    """Trying again changes nothing until somebody has changed something."""


class Retryable(WeComError):
    """It may be tried again after `after` seconds. `uncertain`: a message may have been delivered all the same."""

    def __init__(
        self, sentence: Any, *, code: int | str, api: str, corpid: str = "", after: float,
        uncertain: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(sentence, code=code, api=api, corpid=corpid, reaction=Reaction.AGAIN)
        self.after, self.uncertain = after, uncertain

    def told(self, *, by_itself: bool) -> str:
        """As str(), with what comes next: this system tries again by itself, or whoever reads it does."""
        then = _("It is tried again by itself.") if by_itself else _("Try again in a while.")
        said = _("%(what)s %(then)s") % {"what": self.sentence, "then": then}
        return f"{said} ({self.api}: {self.code})"


class CallbackRefused(Exception):
    """A callback that is not from WeCom, not for us, too old or not to be read. The answer never says which."""
