"""A small directory for the tests of messages: who sees whom is a set of pairs that a test may change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from accounts.models import Consent, PrivacyNotice, User
from im.reach import Card, Circle, Party, Target

PATH = "tests.im.world.FakeReach"
ORGANIZATION = 9000


class World:
    """State of the fake policy, emptied for each test."""

    sees: set[tuple[Party, Party]] = set()
    identities: dict[int, int] = {}
    cards: dict[Party, Card] = {}
    organizations: dict[Party, int] = {}  # ORGANIZATION where nothing is said
    unusable: set[Party] = set()
    calls: list[str] = []

    @classmethod
    def clear(cls) -> None:
        cls.sees, cls.identities, cls.cards, cls.calls = set(), {}, {}, []
        cls.organizations, cls.unusable = {}, set()


class FakeReach:
    """What contacts/reach.py is in the product."""

    def may_start(self, a: Party, b: Party) -> bool:
        World.calls.append("may_start")
        return (a, b) in World.sees

    def reachable(self, a: Party, others: Iterable[Party]) -> set[Party]:
        World.calls.append("reachable")
        return {b for b in others if (a, b) in World.sees and b not in World.unusable}

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

    def parties_of(self, user: User) -> list[Party]:
        identity = World.identities.get(user.pk)
        return [Party(user.pk, identity)] if identity or not user.is_external else []

    def identities_of(
        self, chosen: Iterable[tuple[int, int | None]]
    ) -> dict[tuple[int, int | None], int]:
        return {one: World.identities[one[0]] for one in chosen if one[0] in World.identities}

    def organizations_of(self, parties: Iterable[Party]) -> dict[Party, int]:
        World.calls.append("organizations_of")
        return {
            one: World.organizations.get(one, ORGANIZATION) for one in parties if one.identity_id
        }

    def taking_part(self, circles: Sequence[Circle]) -> list[set[Party]]:
        World.calls.append("taking_part")
        return [
            {
                one
                for one in circle.external - World.unusable
                if World.organizations.get(one, ORGANIZATION) == circle.organization_id
                and any((Party(pk), one) in World.sees for pk in circle.staff)
            }
            for circle in circles
        ]

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
