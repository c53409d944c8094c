"""Approving against everything else that can happen to an application, its contact or its decider, over and over, in
threads and transactions of their own (SPEC APR-2, APR-5, APR-6; SECURITY T31 to T34).

20 times in `make test`, by turns alone and in a selection; 200 times each with DEEP=1. Who begins first, and by how
much, changes from round to round, so that both orders come about and everything between them.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable

import pytest
from django.core.management import call_command

from approvals import services
from approvals.models import Application
from contacts.models import Contact
from contacts.services import accounts as contact_accounts
from contacts.services import identities, merge, people, places
from core import audit
from core.errors import Conflict, UserError
from orgs.services import grants
from tests.approvals.racing import Race, lanes, unexpected, unsound
from tests.factories import orgs
from tests.factories.contacts import make_many

pytestmark = pytest.mark.django_db(transaction=True)
DEEP = os.environ.get("DEEP") == "1"
ROUNDS = 400 if DEEP else 20
# Seconds that the decision begins before (after, where below zero) the other act.
AHEAD = (0.0, 0.004, -0.004, 0.0, 0.012, -0.012, 0.03, -0.03)


class Ground:
    """One dimension whose maintainer decides, and everything that the rounds of one pair use up, made at once."""

    def __init__(self, rounds: int) -> None:
        self.dimension = orgs.make_dimension()
        self.elsewhere = orgs.make_organization(orgs.make_dimension())
        self.applicant, self.holder = orgs.make_person(), orgs.make_holder()
        self.maintainer = orgs.make_maintainer(self.dimension)
        self.partners = make_many(self.dimension, rounds)
        applied = make_many(self.dimension, 2 * rounds, account=Contact.Account.PENDING)
        self.waiting = Application.objects.bulk_create(
            Application(
                number=f"AR-20261129-{number:04}", contact_id=pk, contact_version=1,
                applicant=self.applicant, remark="x",
            )
            for number, pk in enumerate(applied)
        )  # fmt: skip
        self.contacts: list[int] = []

    def application(self) -> Application:
        """One that nobody has touched; `contacts` are those of this round."""
        one = self.waiting.pop()
        self.contacts = [one.contact_id]
        return one

    def partner(self) -> Contact:
        """Somebody to merge with."""
        self.contacts.append(self.partners.pop())
        return Contact.objects.get(pk=self.contacts[-1])


Other = Callable[[Ground, Application], Callable[[], object]]


def withdraw(ground: Ground, one: Application) -> Callable[[], object]:
    return lambda: services.withdraw(application_id=one.pk, by=ground.applicant)


def disable(ground: Ground, one: Application) -> Callable[[], object]:
    return lambda: contact_accounts.disable(by=ground.holder, contact=one.contact)


def delete(ground: Ground, one: Application) -> Callable[[], object]:
    return lambda: people.delete(by=ground.holder, contact=one.contact)


def open_directly(ground: Ground, one: Application) -> Callable[[], object]:
    return lambda: contact_accounts.open_directly(by=ground.holder, contact=one.contact)


def move(ground: Ground, one: Application) -> Callable[[], object]:
    return lambda: places.move(by=ground.holder, contact=one.contact, node=ground.elsewhere)


def edit(ground: Ground, one: Application) -> Callable[[], object]:
    """Of what the decider has seen and stands for."""
    return lambda: people.edit(by=ground.holder, contact=one.contact, fields={"position": "总监"})


def merge_away(ground: Ground, one: Application) -> Callable[[], object]:
    into = ground.partner()
    return lambda: merge.merge(by=ground.holder, contact=into, other=one.contact, picks={})


def merge_into(ground: Ground, one: Application) -> Callable[[], object]:
    """The one that goes has an account: the application is superseded, or there are two accounts and no merge."""
    gone = ground.partner()
    contact_accounts.open_directly(by=ground.holder, contact=gone)
    return lambda: merge.merge(by=ground.holder, contact=one.contact, other=gone, picks={})


def agree(ground: Ground, one: Application) -> Callable[[], object]:
    """Somebody who has a login says that he is this person, too."""
    other = ground.partner()
    contact_accounts.open_directly(by=ground.holder, contact=other)
    Contact.objects.filter(pk=other.pk).update(account=Contact.Account.ACTIVE)
    other.refresh_from_db()
    offer = identities.offer(by=ground.holder, contact=one.contact, through=other)
    return lambda: identities.answer(by=other.user, offer_id=offer.pk, agree=True)


def lose_the_right(ground: Ground, one: Application) -> Callable[[], object]:
    grants.add_maintainer(by=ground.holder, dimension=ground.dimension, to=ground.maintainer)
    return lambda: grants.remove_maintainer(
        by=ground.holder, dimension=ground.dimension, to=ground.maintainer
    )


def approve_as_well(ground: Ground, one: Application) -> Callable[[], object]:
    return lambda: services.decide(
        application_id=one.pk, approve=True, version=one.contact.version, by=ground.holder
    )


def refuse(ground: Ground, one: Application) -> Callable[[], object]:
    return lambda: services.decide(
        application_id=one.pk,
        approve=False,
        reason="不行",
        version=one.contact.version,
        by=ground.holder,
    )


# Each other act, what becomes of the application where the decision comes too late, and whether one of both is refused.
OTHERS = {
    withdraw: ("withdrawn", True),
    disable: ("lapsed", False),
    delete: ("lapsed", False),
    open_directly: ("lapsed", True),
    move: ("pending", False),
    edit: ("pending", False),
    merge_away: ("lapsed", False),
    merge_into: ("lapsed", True),
    agree: ("lapsed", True),
    lose_the_right: ("pending", False),
    approve_as_well: ("approved", True),
    refuse: ("refused", True),
}


@pytest.mark.parametrize("other", OTHERS, ids=lambda act: act.__name__)
def test_approving_against(other: Other) -> None:
    rounds = [(number // 2, (alone, in_bulk)[number % 2]) for number in range(ROUNDS)]
    ground, won = Ground(len(rounds)), Counter[bool]()
    with lanes(2) as race:
        for number, decided in rounds:
            won[decided(ground, other, race, AHEAD[number % len(AHEAD)])] += 1
    while audit.seal():  # as the schedule does
        pass
    call_command("check_invariants")
    if DEEP:
        print(f"\n{other.__name__}: approved {won[True]}, not {won[False]}")
        assert min(won[True], won[False]) > ROUNDS // 10, "one of the two orders hardly came about"


def alone(ground: Ground, other: Other, race: Race, ahead: float) -> bool:
    one = ground.application()
    version = one.contact.version
    results = race(
        lambda: services.decide(
            application_id=one.pk, approve=True, version=version, by=ground.maintainer
        ),
        other(ground, one),
        ahead=ahead,
    )
    return judged(ground, other, one, results)


def in_bulk(ground: Ground, other: Other, race: Race, ahead: float) -> bool:
    """Of two in one selection the second is raced for; the first has nothing to fear but the loss of the right."""
    first = ground.application()
    one = ground.application()
    items = [(each.pk, each.contact.version) for each in (first, one)]
    act = other(ground, one)
    decided, came = race(
        lambda: services.decide_many(items=items, approve=True, by=ground.maintainer),
        act,
        ahead=ahead,
    )
    assert isinstance(decided, list), decided
    assert [row.application_id for row in decided] == [first.pk, one.pk]
    first.refresh_from_db()
    assert decided[0].ok == (first.status == "approved")
    assert decided[0].ok or other is lose_the_right, decided
    assert unsound([first.contact_id], [first.pk]) == []
    return judged(
        ground, other, one, [one if decided[1].ok else Conflict(decided[1].message), came]
    )


def judged(ground: Ground, other: Other, one: Application, results: list[object]) -> bool:
    """Holds the outcome against the rules; whether the decision came through."""
    assert unexpected(results) == []
    won, came = (not isinstance(found, UserError) for found in results)
    otherwise, one_of_both = OTHERS[other]
    one.refresh_from_db()
    assert one.status == ("approved" if won else otherwise), results
    assert (one.decided_by_id == ground.maintainer.pk) == won
    assert came == (not won if one_of_both else True), results
    assert unsound(ground.contacts, [one.pk]) == []
    if one.status == "pending":  # nobody is left with it
        services.withdraw(application_id=one.pk, by=ground.applicant)
    return won
