"""Everybody at once, in threads of their own on PostgreSQL (SPEC APR-5; SECURITY T31 to T34)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import InitialSecret, User
from approvals import checks, services
from approvals.models import Application
from core.errors import Conflict
from core.models import AuditEntry, OutboxEntry
from tests.approvals.conftest import make_place
from tests.approvals.racing import race, unexpected
from tests.factories import orgs
from tests.factories.contacts import make_contact

pytestmark = pytest.mark.django_db(transaction=True)
DECIDERS = 64


def decision(application: Application, by: User) -> Callable[[], Application]:
    version = application.contact.version
    return lambda: services.decide(
        application_id=application.pk, approve=True, version=version, by=by
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
