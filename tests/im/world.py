"""A small directory for the tests of messages: who sees whom is a set of pairs that a test may change."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import Consent, PrivacyNotice, User
from im.reach import Card, Party, Target

PATH = "tests.im.world.FakeReach"


class World:
    """State of the fake policy, emptied for each test."""

    sees: set[tuple[Party, Party]] = set()
    identities: dict[int, int] = {}
    cards: dict[Party, Card] = {}
    calls: list[str] = []

    @classmethod
    def clear(cls) -> None:
        cls.sees, cls.identities, cls.cards, cls.calls = set(), {}, {}, []


class FakeReach:
    """What contacts/reach.py is in the product."""

    def may_start(self, a: Party, b: Party) -> bool:
        World.calls.append("may_start")
        return (a, b) in World.sees

    def may_write(self, a: Party, b: Party) -> bool:
        World.calls.append("may_write")
        return (a, b) in World.sees or (b, a) in World.sees

    def search(self, a: Party, q: str, limit: int) -> list[Target]:
        World.calls.append("search")
        found = [
            b
            for viewer, b in sorted(World.sees, key=str)
            if viewer == a and q in World.cards[b].name
        ]
        return [
            Target(b, World.cards[b].name, World.cards[b].line, World.cards[b].external)
            for b in found[:limit]
        ]

    def identity_of(self, user: User) -> int | None:
        return World.identities.get(user.pk)

    def identities_of(self, user_ids: Iterable[int]) -> dict[int, int]:
        return {pk: World.identities[pk] for pk in user_ids if pk in World.identities}

    def labels(self, parties: Iterable[Party]) -> dict[Party, Card]:
        World.calls.append("labels")
        return {party: World.cards[party] for party in parties if party in World.cards}


def staff(login: str, name: str = "") -> User:
    user = User.objects.create_user(
        login, "correct horse battery", name=name or login, kind="staff"
    )
    World.cards[Party(user.pk)] = Card(user.name, "采购中心")
    return user


def external(login: str, *, name: str = "", identity: int, active: bool = True) -> User:
    """A login with one identity, which is the active one when `active`."""
    user, _new = User.objects.get_or_create(
        username=login, defaults={"name": name or login, "kind": "external"}
    )
    for notice in PrivacyNotice.objects.order_by("-version")[:1]:
        Consent.objects.get_or_create(user=user, notice=notice)
    World.cards[Party(user.pk, identity)] = Card(user.name, "恒拓精密", external=True)
    if active:
        World.identities[user.pk] = identity
    return user


def sees(a: Party, b: Party, *, both: bool = False) -> None:
    World.sees.add((a, b))
    if both:
        World.sees.add((b, a))
