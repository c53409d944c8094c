"""A failed log-in costs the same whoever was named (SECURITY T40)."""

import os
import statistics
import time
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import throttle
from accounts.models import LoginThrottle
from tests.factories.accounts import ExternalUserFactory, StaffFactory

pytestmark = pytest.mark.django_db
DEEP = bool(os.environ.get("DEEP"))
TRIES = 300 if DEEP else 5
# The work of this process; what the machine does beside it is only in the long version.
CLOCK = time.perf_counter if DEEP else time.process_time


@pytest.fixture
def names(settings: Settings) -> dict[str, str]:
    """A login name for each reason to be refused; the passwords are hashed as in production."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    users = {
        "wrong": StaffFactory(),
        "disabled": StaffFactory(is_active=False),
        "never activated": ExternalUserFactory(),
        "locked": StaffFactory(),
    }
    for kind, user in users.items():
        if kind == "never activated":
            user.set_unusable_password()
        else:
            user.set_password("correct horse battery 42")
        user.save()
    return {kind: user.username for kind, user in users.items()} | {"unknown": "nobody.at.all"}


def lock(name: str) -> None:
    now = timezone.now()
    LoginThrottle.objects.all().delete()
    if name:
        LoginThrottle.objects.create(
            key=throttle.account_key(name), failures=10, consecutive=10, window_started_at=now,
            locked_until=now + timedelta(minutes=15),
        )  # fmt: skip


def test_medians_lie_close_together(names: dict[str, str]) -> None:
    client, took = Client(), {kind: [] for kind in names}
    for number in range(TRIES + 1):
        for kind, name in names.items():
            lock(name if kind == "locked" else "")
            begun = CLOCK()
            answer = client.post("/login/", {"username": name, "password": "wrong password 1"})
            if number:  # the first ones warm up
                took[kind].append(CLOCK() - begun)
            assert answer.status_code == (429 if kind == "locked" else 422)
    medians = {kind: statistics.median(values) for kind, values in took.items()}
    spread = max(medians.values()) - min(medians.values())
    assert spread <= max(0.010, 0.1 * min(medians.values())), medians


def test_asking_for_a_new_password_takes_as_long_for_every_name(names: dict[str, str]) -> None:
    client, took = Client(), {kind: [] for kind in names}
    for number in range(TRIES + 1):
        for kind, name in names.items():
            LoginThrottle.objects.all().delete()
            begun = CLOCK()
            assert client.post("/login/forgotten/", {"username": name}).status_code == 200
            if number:
                took[kind].append(CLOCK() - begun)
    medians = {kind: statistics.median(values) for kind, values in took.items()}
    assert max(medians.values()) - min(medians.values()) <= 0.010, medians
