"""Whoever disables by the pages ends the session for good, whatever was disabled (SECURITY T45, T46, M6)."""

from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import jobs
from accounts.models import ActivationLink, Session, User
from accounts.services import credentials
from contacts.models import Contact
from tests.factories.accounts import PASSWORD
from tests.matrix.world import E2, Matrix, login

pytestmark = pytest.mark.django_db


def page(client: Client, name: str, *args: Any, status: int = 200, **data: Any) -> HttpResponse:
    """The answer to a form that was sent."""
    response: HttpResponse = client.post(reverse(name, args=args), data)
    assert response.status_code == status, response.content.decode()[:2000]
    return response


def cookie_of(user: User) -> str:
    """The cookie of a session made by the log-in page."""
    client = Client()
    assert (
        client.post(
            reverse("accounts:login"), {"username": user.username, "password": PASSWORD}
        ).status_code
        == 302
    )
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


def alive(cookie: str) -> bool:
    """Whether somebody is logged in by this cookie."""
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = cookie
    return client.get(reverse("accounts:sessions")).status_code == 200


def external(matrix: Matrix) -> tuple[User, int]:
    person = matrix.people["EC"]
    assert person is not None
    # With another identity the login would go on (tests/contacts/test_identities.py).
    Contact.objects.filter(pk=matrix.identities[E2]).update(user=None, account="none")
    return person, matrix.identities["EC"]


WAYS = {
    "the contact": ("contacts:disable", "contacts:enable", lambda matrix: external(matrix)[1]),
    "the organization": (
        "orgs:node-disable", "orgs:node-enable", lambda matrix: matrix.inside["organization"]["SA"],
    ),
    "the dimension": (
        "orgs:dimension-disable", "orgs:dimension-enable", lambda matrix: matrix.inside["dimension"]["SA"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WAYS)
def test_disabling_ends_the_session_and_enabling_does_not_bring_it_back(
    what: str, matrix: Matrix
) -> None:
    """By the pages: the old cookie is dead for good, a new log-in works (SECURITY T45, T46, M6)."""
    off, on, found = WAYS[what]
    person = external(matrix)[0]
    with transaction.atomic():
        cookie = cookie_of(person)
        assert alive(cookie)
        holder = login(Client(), matrix.people["GM"])
        page(holder, off, found(matrix), status=303)
        assert not alive(cookie)
        assert not Session.objects.filter(user_id=person.pk).exists()
        refused = Client().post(
            reverse("accounts:login"), {"username": person.username, "password": PASSWORD}
        )
        assert refused.status_code == 422
        page(holder, on, found(matrix), status=303)
        assert not alive(cookie)
        assert alive(cookie_of(person))
        transaction.set_rollback(True)


def test_a_staff_cookie_stays_dead_and_so_does_the_link_of_an_external_login(
    matrix: Matrix,
) -> None:
    staff = matrix.people["CR"]
    assert staff is not None
    with transaction.atomic():
        cookie = cookie_of(staff)
        administrator = login(Client(), matrix.people["SA"])
        for action in ("disable", "enable"):
            page(administrator, "accounts:staff-act", staff.pk, action, status=303)
            assert not alive(cookie)
        user = User.objects.get(identities=matrix.inside["open_contact"]["SA"])
        token = "t" * 43
        ActivationLink.objects.create(
            user=user, token_hash=_hash(token), expires_at=_later(), created_by_label="test"
        )
        assert credentials.live_link(token)
        for name in ("contacts:disable", "contacts:enable"):
            page(administrator, name, matrix.inside["open_contact"]["SA"], status=303)
            assert credentials.live_link(token) is None
        transaction.set_rollback(True)


def _hash(token: str) -> str:
    return jobs.token_hash(token)


def _later() -> Any:
    return timezone.now() + ActivationLink.LIFETIME
