"""Whoever opens, resets or approves says by which way first credentials go, or that they are shown (SPEC ACC-3)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts import channels, jobs
from accounts.models import InitialSecret, User
from accounts.services import credentials
from contacts.services import accounts
from core.models import OutboxEntry
from tests.accounts.gateway import Gateway, running
from tests.approvals.conftest import Place, make_place
from tests.factories.accounts import AdminFactory, StaffFactory

pytestmark = pytest.mark.django_db
WAYS = ("link", "sms", "panel")


@pytest.fixture
def gateway(settings: Settings) -> Iterator[Gateway]:
    settings.MAIL_ENABLED = True
    with running() as found:
        settings.SMS = found.settings
        yield found


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


def enter(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.LoginBackend")
    return client


def went(gateway: Gateway) -> str:
    """The way of the newest first credentials, once the worker has made them."""
    for entry in OutboxEntry.objects.filter(task="accounts.issue_credentials"):
        jobs.issue_credentials(**entry.arguments)
    row = InitialSecret.objects.order_by("-id").first()
    assert row is not None
    sent = (len(mail.outbox) == 1, len(gateway.got) == 1, bool(row.ciphertext))
    assert sent == tuple(row.channel == way for way in WAYS)
    return str(row.channel)


@pytest.mark.parametrize("way", WAYS)
def test_at_a_reset_of_a_contact(way: str, place: Place, gateway: Gateway) -> None:
    accounts.open_directly(
        by=place.maintainer, contact=place.contact, username="lin.xt", password="Wolken-Treppe 7 grün"
    )  # fmt: skip
    url, client = f"/contacts/{place.contact.pk}/account/reissue/", enter(place.maintainer)
    assert "由我查看一次" in client.get(url).content.decode()
    assert client.post(url, {"channel": way}).status_code == 303
    assert went(gateway) == way


@pytest.mark.parametrize("way", WAYS)
def test_at_a_reset_of_staff(way: str, gateway: Gateway) -> None:
    admin: User = AdminFactory()
    user: User = StaffFactory(email="z@example.com", mobile="+8615400000001")
    url, client = f"/console/staff/{user.pk}/reissue/", enter(admin)
    assert "由我查看一次" in client.get(url).content.decode()
    assert client.post(url, {"channel": way}).status_code == 303
    assert went(gateway) == way


@pytest.mark.parametrize("way", WAYS)
def test_at_an_approval(way: str, place: Place, gateway: Gateway) -> None:
    application, client = place.apply(), enter(place.maintainer)
    card = client.get(f"/applications/{application.pk}/").content.decode()
    question = client.get(f"/console/applications/{application.pk}/approve/").content.decode()
    for page in (card, question):
        assert f'<option value="{way}">' in page
    data = {"approve": "1", "version": place.contact.version, "channel": way}
    assert client.post(f"/applications/{application.pk}/decide/", data).status_code == 303
    assert went(gateway) == way


def test_only_what_leads_there_is_offered(place: Place, settings: Settings) -> None:
    application, client = place.apply(), enter(place.maintainer)
    url = f"/applications/{application.pk}/"
    assert 'name="channel"' not in client.get(url).content.decode()
    settings.MAIL_ENABLED = True
    page = client.get(url).content.decode()
    assert '<option value="link">' in page
    assert '<option value="sms">' not in page
    assert channels.offered(email=False) == []
    data = {"approve": "1", "version": place.contact.version, "channel": "pigeon"}
    assert client.post(f"{url}decide/", data).status_code == 422
    # A wanted way that does not lead to the person gives way to one that does.
    user: User = StaffFactory(email="z@example.com")
    credentials.start_issue(
        user=user, issue_key="x", reader_ids=[], by=AdminFactory(), channel="sms"
    )
    jobs.issue_credentials(user_id=user.pk, issue_key="x")
    assert InitialSecret.objects.get(issue_key="x").channel == "link"
