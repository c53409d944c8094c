"""Mail about applications leads to the one application, through the log-in (SPEC APR-3; SECURITY T50, T58)."""

from __future__ import annotations

import datetime
import re

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from approvals import services
from im import reminder_jobs
from tests.approvals.conftest import Place
from tests.factories.accounts import PASSWORD

pytestmark = pytest.mark.django_db


def mailed(user: User) -> str:
    """Path of the one address below the newest title that is mailed to this person."""
    letter = next(one for one in mail.outbox if one.to == [user.email])
    found = re.search(r"- .*\n  http://127\.0\.0\.1:8000(/\S+)\n", str(letter.body))
    assert found, letter.body
    return found[1]


def opened(user: User, path: str) -> str:
    """The page at the end of the log-in that the address asks for."""
    user.set_password(PASSWORD)
    user.save()
    client = Client()
    asked = client.get(path)
    assert asked.status_code == 302
    assert "next=" in asked.headers["Location"]
    form = {"username": user.username, "password": PASSWORD, "next": path}
    entered = client.post(asked.headers["Location"], form)
    assert entered.headers["Location"] == path
    return client.get(path).content.decode()


def test_asked_reminded_and_told(place: Place, settings: Settings) -> None:
    settings.MAIL_ENABLED = True
    people = (place.maintainer, place.holder, place.creator)
    for number, person in enumerate(people):
        User.objects.filter(pk=person.pk).update(email=f"p{number}@example.com")
        person.refresh_from_db()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        application = place.apply()
        page = f"/applications/{application.pk}/"
        clock.shift(datetime.timedelta(minutes=5))
        reminder_jobs.send_reminders()
        assert [mailed(person) for person in people[:2]] == [page, page]
        assert "林晓彤" not in "".join(str(letter.body) for letter in mail.outbox)
        assert "同意" in opened(place.maintainer, page)
        # Reminded (催办), and told of the decision.
        mail.outbox.clear()
        clock.shift(datetime.timedelta(hours=25))
        services.remind(application_id=application.pk, by=place.creator)
        clock.shift(datetime.timedelta(minutes=5))
        reminder_jobs.send_reminders()
        assert mailed(place.holder) == page
        mail.outbox.clear()
        services.decide(
            application_id=application.pk, approve=False, reason="资料不全", version=place.contact.version,
            by=place.holder,
        )  # fmt: skip
        clock.shift(datetime.timedelta(minutes=15))
        reminder_jobs.send_reminders()
        assert mailed(place.creator) == page
        assert "资料不全" in opened(place.creator, page)
