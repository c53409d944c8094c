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
        f"{kind}, {who}": make(is_active=kind != "disabled")
        for who, make in (("staff", StaffFactory), ("external", ExternalUserFactory))
        for kind in ("wrong", "disabled", "never activated", "locked")
        if DEEP or (who == "external") == (kind == "never activated")
    }
    for kind, user in users.items():
        if kind.startswith("never activated"):
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
            locked = kind.startswith("locked")
            lock(name if locked else "")
            begun = CLOCK()
            answer = client.post("/login/", {"username": name, "password": "wrong password 1"})
            if number:  # the first ones warm up
                took[kind].append(CLOCK() - begun)
            assert answer.status_code == (429 if locked else 422)
    medians = told(took)
    spread = max(medians.values()) - min(medians.values())
    assert spread <= max(0.010, 0.1 * min(medians.values())), medians


def told(took: dict[str, list[float]]) -> dict[str, float]:
    """The median of each kind; the long version prints them, with the quarter that was fastest and slowest."""
    medians = {kind: statistics.median(values) for kind, values in took.items()}
    if DEEP:
        for kind, values in took.items():
            low, middle, high = (1000 * one for one in statistics.quantiles(values, n=4))
            print(f"{kind:28} {len(values):4} tries  {low:7.1f} {middle:7.1f} {high:7.1f} ms")
    return medians


def test_asking_for_a_new_password_takes_as_long_for_every_name(names: dict[str, str]) -> None:
    client, took = Client(), {kind: [] for kind in names}
    for number in range(TRIES + 1):
        for kind, name in names.items():
            LoginThrottle.objects.all().delete()
            begun = CLOCK()
            assert client.post("/login/forgotten/", {"username": name}).status_code == 200
            if number:
                took[kind].append(CLOCK() - begun)
    medians = told(took)
    assert max(medians.values()) - min(medians.values()) <= 0.010, medians
