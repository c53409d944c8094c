"""Who may find and write to whom (SPEC IM-2), asked of the policy that settings.IM_REACH_POLICY names.

This app knows logins only. What an identity is, and who sees it, is known higher up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Party:
    """One end of a conversation: a login, and for an external person the identity (contact) that speaks."""

    user_id: int
    identity_id: int | None = None

    def __str__(self) -> str:
        """`34:56`, or `12` for staff: the form in which it stands in keys and form fields."""
        return (
            str(self.user_id) if self.identity_id is None else f"{self.user_id}:{self.identity_id}"
        )

    @classmethod
    def parse(cls, text: str) -> Party | None:
        """The party that `text` names, or None when it names none."""
        user, colon, identity = text.partition(":")
        if not _is_id(user) or (colon and not _is_id(identity)):
            return None
        return cls(int(user), int(identity) if colon else None)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 15


@dataclass(frozen=True, slots=True)
class Card:
    """How a party is shown: name, one further line (organization, position), whether external."""

    name: str
    line: str = ""
    external: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody who may be written to."""

    party: Party
    name: str
    line: str = ""
    external: bool = False


@dataclass(frozen=True, slots=True)
class Circle:
    """The people of a group: its organization, its staff by login, and the external people in question."""

    organization_id: int | None
    staff: frozenset[int]
    external: frozenset[Party]


class ReachPolicy(Protocol):
    """What messages ask of the directory. Every answer is about now: nothing is kept between requests (T12)."""

    def may_start(self, a: Party, b: Party) -> bool:
        """Whether `a` finds `b` and may begin a conversation: `a` sees `b`, and both may log in."""

    def reachable(self, a: Party, others: Iterable[Party]) -> set[Party]:
        """Those of `others` that `a` may start with or take into a group, in a fixed number of queries."""

    def may_write(self, a: Party, b: Party) -> bool:
        """Whether a conversation of the two may be written in: either sees the other."""

    def search(self, a: Party, q: str, limit: int) -> list[Target]:
        """At most `limit` people that `a` may start with, best first. An empty `q` gives the likely ones."""

    def identity_of(self, user: User) -> int | None:
        """The active identity of an external person; None when he has no usable one."""

    def parties_of(self, user: User) -> list[Party]:
        """All ends at which `user` can stand now: one for staff, one for each usable identity of somebody external."""

    def identities_of(
        self, chosen: Iterable[tuple[int, int | None]]
    ) -> Mapping[tuple[int, int | None], int]:
        """As `identity_of` for many logins at once, each with the identity that its session has chosen, if any; those
        without a usable one are left out.
        """

    def organizations_of(self, parties: Iterable[Party]) -> Mapping[Party, int]:
        """The organization whose person each external party is; somebody without one is one of his own. Parties that
        are gone are left out. A fixed number of queries.
        """

    def taking_part(self, circles: Sequence[Circle]) -> list[set[Party]]:
        """For each group those of its external people who may take part now: usable, of the organization of the group,
        and seen by somebody of its staff. A fixed number of queries.
        """

    def labels(self, parties: Iterable[Party]) -> Mapping[Party, Card]:
        """How these parties are shown, in a fixed number of queries. Parties that are gone may be left out."""


@lru_cache(maxsize=8)
def _load(path: str) -> ReachPolicy:
    return cast("ReachPolicy", import_string(path)())


def policy() -> ReachPolicy:
    """The policy of this installation."""
    return _load(settings.IM_REACH_POLICY)


def party_of(user: User) -> Party:
    """The end at which `user` stands: staff by login, an external person by the active identity."""
    return Party(user.pk, policy().identity_of(user) if user.is_external else None)
