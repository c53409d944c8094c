"""The page of channels: what works, what does not and why, and a choice that is kept at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from im.models import ChannelChoice, Reminder

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]
CHOICE = {"channel": "mail", "topic": "messages", "rhythm": "hourly"}


def addressed(person: User) -> None:
    User.objects.filter(pk=person.pk).update(email="a@example.com")


def test_a_channel_that_cannot_be_used_says_why(zhou: User, as_: As, settings: Settings) -> None:
    client = as_(zhou)
    assert (
        "This installation sends no e-mail." in client.get("/messages/settings/").content.decode()
    )
    settings.MAIL_ENABLED = True
    html = client.get("/messages/settings/").content.decode()
    assert "No e-mail address is known of you." in html
    assert "<select" not in html
    refused = client.post("/messages/settings/choose/", CHOICE)
    assert refused.status_code == 422
    assert not ChannelChoice.objects.exists()


@pytest.mark.parametrize("place", ["/messages/", "/portal/messages/"])
def test_a_choice_is_kept_at_once(
    zhou: User, lin: User, as_: As, settings: Settings, htmx: dict[str, str], place: str
) -> None:
    settings.MAIL_ENABLED = True
    person = lin if "portal" in place else zhou
    addressed(person)
    client = as_(person)
    page = client.get(f"{place}settings/").content.decode()
    assert page.count('<option value="now" selected>') == 1
    assert f'action="{place}settings/choose/"' in page
    saved = client.post(f"{place}settings/choose/", CHOICE, headers=htmx)
    assert saved.status_code == 200
    assert "Saved" in saved.content.decode()
    assert client.post(f"{place}settings/choose/", CHOICE)["Location"] == f"{place}settings/"
    row = ChannelChoice.objects.get()
    assert (row.user, row.topic, row.rhythm) == (person, "messages", "hourly")
    assert '<option value="hourly" selected>' in client.get(f"{place}settings/").content.decode()


def test_what_became_of_the_last_try_is_said(zhou: User, as_: As, settings: Settings) -> None:
    settings.MAIL_ENABLED = True
    addressed(zhou)
    Reminder.objects.create(user=zhou, channel="mail", trouble="refused")
    html = as_(zhou).get("/messages/settings/").content.decode()
    assert "The last one was refused" in html
