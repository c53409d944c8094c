"""Failures are counted per account, per known browser and per source."""

import datetime
import threading

import pytest
import time_machine
from django.db import connections
from django.test import RequestFactory
from django.utils import timezone

from accounts import throttle
from accounts.models import LoginThrottle, User
from accounts.services import access
from accounts.services.login import check
from core import context
from tests.factories.accounts import PASSWORD, AdminFactory, ExternalUserFactory, StaffFactory

pytestmark = pytest.mark.django_db


def fail(username: str, times: int, ip: str = "198.51.100.1") -> list[str]:
    with context.use(context.Context(ip=ip)):
        return [check(username=username, password="wrong").code for _ in range(times)]


def come_in(user: User, ip: str = "198.51.100.1") -> str:
    with context.use(context.Context(ip=ip)):
        return check(username=user.username.upper(), password=PASSWORD).code


def test_a_few_wrong_tries_cost_nothing_then_each_waits_longer() -> None:
    user = StaffFactory()
    assert fail(user.username, 5) == ["wrong"] * 5
    assert come_in(user) == "throttled"
    with time_machine.travel(timezone.now() + throttle.FIRST_WAIT, tick=False):
        assert come_in(user) == "ok"
        assert fail(user.username, 5) == ["wrong"] * 5


def test_ten_failures_lock_for_a_while_and_the_lock_is_not_kept_up_by_knocking() -> None:
    user, now = StaffFactory(), timezone.now()
    lock(user, now)
    assert throttle.locked_until([user.username])
    later = now + datetime.timedelta(minutes=14)
    with time_machine.travel(later, tick=False):
        assert fail(user.username, 3) == ["throttled"] * 3
    with time_machine.travel(now + datetime.timedelta(minutes=31), tick=False):
        assert not throttle.locked_until([user.username])
        assert come_in(user) == "ok"


def lock(user: User, now: datetime.datetime) -> None:
    LoginThrottle.objects.create(
        key=throttle.account_key(user.username), failures=9, consecutive=9, window_started_at=now
    )
    assert fail(user.username, 2) == ["wrong", "throttled"]


def test_unknown_login_names_are_treated_alike() -> None:
    user = StaffFactory()
    assert fail(user.username, 7) == fail("nobody-of-this-name", 7, ip="198.51.100.2")


def test_success_elsewhere_clears_nothing_here() -> None:
    user, other = StaffFactory(), StaffFactory()
    source = throttle.source_key("198.51.100.1")
    fail(user.username, 4)
    assert come_in(other) == "ok"
    assert LoginThrottle.objects.get(key=throttle.account_key(user.username)).failures == 4
    assert LoginThrottle.objects.get(key=source).failures == 4
    assert come_in(user) == "ok"
    assert LoginThrottle.objects.get(key=source).failures == 4
    assert not LoginThrottle.objects.filter(key=throttle.account_key(user.username)).exists()


def test_one_source_is_stopped_across_accounts() -> None:
    for number in range(throttle.SOURCE_TRIES):
        assert fail(f"name-{number}", 1) == ["wrong"]
    user = StaffFactory()
    assert come_in(user) == "throttled"
    assert come_in(user, ip="198.51.100.77") == "ok"


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:198.51.100.1", "198.51.100.1", True),
        ("198.51.100.1", "198.51.100.2", False),
    ],
)
def test_sources(one: str, two: str, same: bool) -> None:
    assert (throttle.source_key(one) == throttle.source_key(two)) is same
    assert throttle.source_key("nonsense") == ""


def test_a_hundred_consecutive_failures_are_the_end_for_a_day() -> None:
    user, now = StaffFactory(), timezone.now()
    LoginThrottle.objects.create(
        key=throttle.account_key(user.username), failures=0, consecutive=99, window_started_at=now
    )
    assert fail(user.username, 2) == ["wrong", "throttled"]
    with time_machine.travel(now + datetime.timedelta(hours=23), tick=False):
        assert come_in(user) == "throttled"
        access.unlock(user=user, by=AdminFactory())
        assert come_in(user) == "ok"


def test_the_owner_still_comes_in_from_a_known_browser() -> None:
    user, stranger = StaffFactory(), StaffFactory()
    lock(user, timezone.now())
    request = RequestFactory().post("/login/")
    request.COOKIES[throttle.DEVICE_COOKIE] = throttle.device_cookie(stranger)
    assert check(username=user.username, password=PASSWORD, request=request).code == "throttled"
    request.COOKIES[throttle.DEVICE_COOKIE] = throttle.device_cookie(user) + "x"
    assert check(username=user.username, password=PASSWORD, request=request).code == "throttled"
    request.COOKIES[throttle.DEVICE_COOKIE] = throttle.device_cookie(user)
    assert check(username=user.username, password=PASSWORD, request=request).code == "ok"
    assert come_in(user) == "ok"


def test_a_known_browser_is_throttled_itself() -> None:
    user = StaffFactory()
    request = RequestFactory().post("/login/")
    request.COOKIES[throttle.DEVICE_COOKIE] = throttle.device_cookie(user)
    codes = [check(username=user.username, password="x", request=request).code for _ in range(7)]
    assert codes == ["wrong"] * 5 + ["throttled"] * 2


def test_maintainers_unlock_external_people() -> None:
    user = ExternalUserFactory()
    lock(user, timezone.now())
    access.unlock(user=user, by=StaffFactory())
    assert come_in(user) == "ok"


@pytest.mark.django_db(transaction=True)
def test_many_tries_at_once_are_many_tries() -> None:
    user, codes = StaffFactory(), []
    start = threading.Barrier(20)

    def knock() -> None:
        try:
            start.wait()
            codes.append(check(username=user.username, password="wrong").code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=knock) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes.count("wrong") == 5
    assert codes.count("throttled") == 15
