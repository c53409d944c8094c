"""Everybody at once, in threads of their own on PostgreSQL (SPEC APR-5; SECURITY T31 to T34)."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import InitialSecret, User
from approvals import checks, services
from approvals.models import Application
from contacts.models import Contact
from contacts.services import accounts as contact_accounts
from contacts.services import people, places
from core.errors import Conflict, UserError
from core.models import AuditEntry, OutboxEntry
from orgs.models import NodeUserGrant
from tests.approvals.conftest import Place, make_place
from tests.factories import orgs
from tests.factories.contacts import make_contact

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 200 if os.environ.get("DEEP") == "1" else 4
DECIDERS = 64


def race(*acts: Callable[[], object]) -> list[object]:
    """Starts all at the same moment; what each returned or raised, in order."""
    results: list[object] = [None] * len(acts)
    gate = threading.Barrier(len(acts))

    def body(number: int) -> None:
        try:
            gate.wait()
            results[number] = acts[number]()
        except BaseException as error:  # noqa: BLE001 - the test wants to see everything
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=body, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def unexpected(results: list[object]) -> list[object]:
    return [
        found
        for found in results
        if isinstance(found, BaseException) and not isinstance(found, UserError)
    ]


def decision(
    application: Application, by: User, *, approve: bool = True
) -> Callable[[], Application]:
    version = application.contact.version
    return lambda: services.decide(
        application_id=application.pk, approve=approve, reason="不行", version=version, by=by
    )


def test_sixty_four_deciders_make_one_account() -> None:
    place = make_place()
    application = place.apply()
    people = [place.holder, place.maintainer, place.administrator]
    people += [orgs.make_maintainer(place.dimension) for _ in range(DECIDERS - len(people))]
    results = race(*[decision(application, person) for person in people])
    assert unexpected(results) == []
    won = [found for found in results if isinstance(found, Application)]
    lost = [found for found in results if isinstance(found, Conflict)]
    assert (len(won), len(lost)) == (1, DECIDERS - 1)
    winner = User.objects.get(pk=won[0].decided_by_id)
    clock = f"{timezone.localtime(won[0].decided_at):%H:%M}"
    assert all(winner.name in str(error) and clock in str(error) for error in lost)
    assert User.objects.filter(kind="external", identities=place.contact).count() == 1
    assert User.objects.filter(kind="external").exclude(pk=place.external.pk).count() == 1
    assert InitialSecret.objects.count() == 1
    assert OutboxEntry.objects.filter(task="accounts.issue_credentials").count() == 1
    assert AuditEntry.objects.filter(action="application.approve").count() == 1
    assert checks.problems() == []


def test_one_of_many_applications_for_one_contact() -> None:
    place = make_place()
    acts = [
        lambda by=by: services.apply(contact_id=place.contact.pk, remark="x", by=by)
        for by in (place.creator, place.sharer)
        for _ in range(8)
    ]
    results = race(*acts)
    assert unexpected(results) == []
    assert sum(isinstance(found, Application) for found in results) == 1
    assert checks.problems() == []


def test_numbers_of_a_day_are_given_once() -> None:
    place = make_place()
    contacts = [make_contact(place.organization, created_by=place.creator) for _ in range(16)]
    results = race(
        *[
            lambda pk=contact.pk: services.apply(contact_id=pk, remark="x", by=place.creator)
            for contact in contacts
        ]
    )
    assert unexpected(results) == []
    numbers = sorted(Application.objects.values_list("number", flat=True))
    assert [number[-4:] for number in numbers] == [f"{n:04d}" for n in range(1, 17)]


def _withdraw(place: Place, application: Application) -> object:
    return services.withdraw(application_id=application.pk, by=place.creator)


def _disable(place: Place, application: Application) -> object:
    return contact_accounts.disable(by=place.holder, contact=place.contact)


def _delete(place: Place, application: Application) -> object:
    return people.delete(by=place.holder, contact=place.contact)


def _open(place: Place, application: Application) -> object:
    return contact_accounts.open_directly(by=place.holder, contact=place.contact)


def _move(place: Place, application: Application) -> object:
    target = orgs.make_organization(place.other)
    return places.move(by=place.holder, contact=place.contact, node=target)


def _lose_right(place: Place, application: Application) -> object:
    return NodeUserGrant.objects.filter(user=place.maintainer).delete()


def _refuse(place: Place, application: Application) -> object:
    return decision(application, place.holder, approve=False)()


OTHERS = [_withdraw, _disable, _delete, _open, _move, _lose_right, _refuse]


@pytest.mark.parametrize("other", OTHERS, ids=lambda act: act.__name__.strip("_"))
def test_approving_against_something_else(other: Callable[[Place, Application], object]) -> None:
    for _ in range(ROUNDS):
        place = make_place()
        application = place.apply()
        results = race(
            decision(application, place.maintainer),
            lambda place=place, application=application: other(place, application),
        )
        assert unexpected(results) == []
        assert checks.problems() == []
        application.refresh_from_db()
        contact = Contact.objects.get(pk=place.contact.pk)
        logins = InitialSecret.objects.filter(user__identities=contact).count()
        assert logins == (1 if contact.user_id else 0)
        if isinstance(results[0], Application):
            assert application.status == Application.Status.APPROVED
            # Deleting closes an account that was opened a moment before.
            assert application.secret.user_id == contact.user_id or contact.deleted_at
        else:
            assert application.status != Application.Status.APPROVED
