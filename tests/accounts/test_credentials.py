"""First credentials: once, to those who may, and nowhere in plain."""

import json
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connections
from django.utils import timezone
from pytest_django import Settings as SettingsWrapper

from accounts import jobs, login_names, tasks
from accounts.models import ActivationLink, InitialSecret, User
from accounts.services import access, credentials, own
from core.errors import Conflict, Hidden, Invalid
from core.models import OutboxEntry
from tests.factories.accounts import AdminFactory, ExternalUserFactory, StaffFactory
from tests.tables import every_table

CALLS: list[int] = []
GOOD = "Wolken-Treppe 7 grün"


def hook(user_id: int) -> None:
    CALLS.append(user_id)


@pytest.fixture(autouse=True)
def _hook(settings: SettingsWrapper) -> None:
    CALLS.clear()
    settings.CREDENTIALS_ISSUED = "tests.accounts.test_credentials.hook"
    settings.MAIL_ENABLED = False
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def opened(**values: Any) -> User:
    values = {"name": "李四", "mobile": "", "email": ""} | values
    return credentials.create_external_login(by=AdminFactory(), **values)


def issued(user: User, *readers: User, key: str = "application:1") -> InitialSecret:
    credentials.start_issue(
        user=user, issue_key=key, reader_ids=[r.pk for r in readers], by=readers[0]
    )
    run_outbox()
    user.refresh_from_db()
    return InitialSecret.objects.get(issue_key=key)


def run_outbox() -> None:
    for entry in OutboxEntry.objects.filter(done_at=None).order_by("pk"):
        tasks.issue_credentials.run(entry_id=entry.pk)


@pytest.mark.django_db
def test_random_login_names_are_free() -> None:
    seen: list[str] = []

    def exists(name: str) -> bool:
        seen.append(name)
        return len(seen) < 3

    assert login_names.generate(exists) == seen[-1]
    with pytest.raises(RuntimeError):
        login_names.generate(lambda _name: True)


@pytest.mark.django_db
def test_own_credentials_must_be_replaced_at_first_login() -> None:
    user = opened(username="lisi", password=GOOD)
    assert user.check_password(GOOD)
    assert user.must_change_password
    assert user.is_external
    with pytest.raises(Invalid) as error:
        opened(username="LISI", password=GOOD)
    assert error.value.field == "username"
    with pytest.raises(Invalid) as error:
        opened(username="wangwu", password="short")
    assert error.value.field == "password"


@pytest.mark.django_db
def test_setting_own_credentials_ends_the_random_ones() -> None:
    admin, user = AdminFactory(), opened()
    secret = issued(user, admin)
    credentials.set_own_credentials(user=user, username="lisi", password=GOOD, by=admin)
    secret.refresh_from_db()
    assert secret.ciphertext is None
    with pytest.raises(Conflict):
        credentials.reveal(issue_key=secret.issue_key, by=admin)


@pytest.mark.django_db
def test_nothing_is_usable_before_the_job_has_run(
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    admin, user = AdminFactory(), opened()
    credentials.start_issue(user=user, issue_key="a:1", reader_ids=[admin.pk], by=admin)
    assert not user.has_usable_password()
    with pytest.raises(Conflict) as error:
        credentials.reveal(issue_key="a:1", by=admin)
    assert error.value.code == "preparing"


@pytest.mark.django_db
def test_one_issue_for_one_key_and_one_reveal() -> None:
    admin, applicant, user = AdminFactory(), StaffFactory(), opened()
    issued(user, admin, applicant)
    issued(user, admin, applicant)
    jobs.issue_credentials(user_id=user.pk, issue_key="application:1")
    assert [user.pk] == CALLS
    shown = credentials.reveal(issue_key="application:1", by=applicant)
    assert user.check_password(shown.password)
    assert shown.username == user.username
    assert shown.password not in repr(shown)
    for by in (applicant, admin):
        with pytest.raises(Conflict) as error:
            credentials.reveal(issue_key="application:1", by=by)
        assert error.value.code == "shown"


@pytest.mark.django_db
def test_only_readers_reveal_and_others_learn_nothing() -> None:
    admin, user = AdminFactory(), opened()
    issued(user, admin)
    stranger = AdminFactory()
    answers = []
    for key in ("application:1", "application:2"):
        with pytest.raises(Hidden) as error:
            credentials.reveal(issue_key=key, by=stranger)
        answers.append(str(error.value))
    assert answers[0] == answers[1]
    admin.is_active = False
    with pytest.raises(Hidden):
        credentials.reveal(issue_key="application:1", by=admin)


@pytest.mark.django_db(transaction=True)
def test_of_many_reveals_at_once_one_wins() -> None:
    admin, user = AdminFactory(), opened()
    issued(user, admin)
    shown, refused = [], []
    start = threading.Barrier(8)

    def reveal() -> None:
        try:
            start.wait()
            shown.append(credentials.reveal(issue_key="application:1", by=admin))
        except Conflict as error:
            refused.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=reveal) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(shown) == 1
    assert refused == ["shown"] * 7


@pytest.mark.django_db(transaction=True)
def test_of_many_jobs_at_once_one_makes_credentials() -> None:
    admin, user = AdminFactory(), opened()
    credentials.start_issue(user=user, issue_key="a:1", reader_ids=[admin.pk], by=admin)
    start = threading.Barrier(6)

    def issue() -> None:
        try:
            start.wait()
            jobs.issue_credentials(user_id=user.pk, issue_key="a:1")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=issue) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [user.pk] == CALLS
    shown = credentials.reveal(issue_key="a:1", by=admin)
    user.refresh_from_db()
    assert user.check_password(shown.password)


@pytest.mark.django_db
def test_an_unseen_password_expires_everywhere() -> None:
    admin, user = AdminFactory(), opened()
    issued(user, admin)
    with time_machine.travel(timezone.now() + InitialSecret.LIFETIME, tick=False):
        with pytest.raises(Conflict) as error:
            credentials.reveal(issue_key="application:1", by=admin)
        assert error.value.code == "expired"
        jobs.clear_expired()
    assert InitialSecret.objects.get().ciphertext is None


@pytest.mark.django_db
def test_reissue_kills_the_former_one() -> None:
    admin, user = AdminFactory(), opened()
    issued(user, admin)
    former = credentials.reveal(issue_key="application:1", by=admin).password
    secret = credentials.reissue(user=user, reader_ids=[admin.pk], by=admin)
    user.refresh_from_db()
    assert not user.check_password(former)
    run_outbox()
    user.refresh_from_db()
    fresh = credentials.reveal(issue_key=secret.issue_key, by=admin).password
    assert user.check_password(fresh)
    assert fresh != former


@pytest.mark.django_db
def test_a_login_disabled_meanwhile_gets_nothing() -> None:
    admin, user = AdminFactory(), opened()
    credentials.start_issue(user=user, issue_key="a:1", reader_ids=[admin.pk], by=admin)
    access.disable(user=user, by=admin)
    access.enable(user=user, by=admin)
    run_outbox()
    user.refresh_from_db()
    assert not user.has_usable_password()
    assert CALLS == []


@pytest.mark.django_db
def test_secrets_stand_nowhere_in_plain(caplog: pytest.LogCaptureFixture) -> None:
    admin, user = AdminFactory(), opened()
    with caplog.at_level(0):
        issued(user, admin)
        tables_before = every_table()
        password = credentials.reveal(issue_key="application:1", by=admin).password
    assert password not in tables_before
    assert password not in every_table()
    assert password not in caplog.text
    assert password not in json.dumps(list(OutboxEntry.objects.values_list("arguments", flat=True)))
    assert list(OutboxEntry.objects.values_list("arguments", flat=True)) == [
        {"user_id": user.pk, "issue_key": "application:1"}
    ]


def link_of(settings: SettingsWrapper, **values: Any) -> tuple[User, str]:
    settings.MAIL_ENABLED = True
    user = opened(email="lisi@example.com", **values)
    issued(user, AdminFactory(), key=f"mail:{user.pk}:{len(mail.outbox)}")
    found = re.search(r"/activate/([\w-]+)/", mail.outbox[-1].body)
    assert found
    return user, found[1]


@pytest.mark.django_db
def test_with_a_channel_a_link_goes_out_and_no_password_exists(settings: SettingsWrapper) -> None:
    settings.BASE_URL = "https://wailian.example.com"
    user, token = link_of(settings)
    assert mail.outbox[0].to == ["lisi@example.com"]
    assert f"https://wailian.example.com/activate/{token}/" in mail.outbox[0].body
    assert not user.has_usable_password()
    assert token not in every_table()
    assert [user.pk] == CALLS
    with pytest.raises(Conflict) as error:
        credentials.reveal(
            issue_key=InitialSecret.objects.get().issue_key,
            by=InitialSecret.objects.get().readers.get(),
        )
    assert error.value.code == "sent"


@pytest.mark.django_db
def test_a_link_works_once(settings: SettingsWrapper) -> None:
    user, token = link_of(settings)
    with pytest.raises(Invalid):
        credentials.activate(token=token, password="too short")
    assert credentials.activate(token=token, password=GOOD).pk == user.pk
    user.refresh_from_db()
    assert user.check_password(GOOD)
    assert not user.must_change_password
    with pytest.raises(credentials.LinkDead):
        credentials.activate(token=token, password=GOOD + "2")


@pytest.mark.django_db
def test_dead_links_all_read_the_same(settings: SettingsWrapper) -> None:
    sentences = set()

    def refused(token: str) -> None:
        with pytest.raises(credentials.LinkDead) as error:
            credentials.activate(token=token, password=GOOD)
        sentences.add(str(error.value))

    user, old = link_of(settings)
    with time_machine.travel(timezone.now() + ActivationLink.LIFETIME, tick=False):
        refused(old)
    credentials.reissue(user=user, reader_ids=[], by=AdminFactory())
    refused(old)
    run_outbox()
    found = re.search(r"/activate/([\w-]+)/", mail.outbox[-1].body)
    assert found
    assert credentials.live_link(found[1]) is not None
    access.disable(user=user, by=AdminFactory())
    refused(found[1])
    access.enable(user=user, by=AdminFactory())
    refused(found[1])
    refused("nonsense")
    refused("x" * 5000)
    assert len(sentences) == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_activations_at_once_one_wins(settings: SettingsWrapper) -> None:
    user, token = link_of(settings)
    won, lost = [], []
    start = threading.Barrier(6)

    def use(number: int) -> None:
        try:
            start.wait()
            credentials.activate(token=token, password=f"{GOOD} {number}")
            won.append(number)
        except credentials.LinkDead:
            lost.append(number)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=use, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    user.refresh_from_db()
    assert len(won) == 1
    assert user.check_password(f"{GOOD} {won[0]}")


@pytest.mark.django_db
def test_a_mail_that_fails_is_sent_again_with_a_fresh_link(
    settings: SettingsWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAIL_ENABLED = True
    admin, user = AdminFactory(), opened(email="lisi@example.com")
    credentials.start_issue(user=user, issue_key="a:1", reader_ids=[admin.pk], by=admin)

    def broken(*_args: object, **_kwargs: object) -> None:
        raise OSError("connection refused")

    with monkeypatch.context() as patch:
        patch.setattr("accounts.channels.mail.send_mail", broken)
        with pytest.raises(OSError, match="refused"):
            jobs.issue_credentials(user_id=user.pk, issue_key="a:1")
    assert InitialSecret.objects.get().issued_at is None
    jobs.issue_credentials(user_id=user.pk, issue_key="a:1")
    jobs.issue_credentials(user_id=user.pk, issue_key="a:1")
    assert set(CALLS) == {user.pk}
    assert len(mail.outbox) == 1
    assert ActivationLink.objects.filter(user=user, revoked_at=None, used_at=None).count() == 1


@pytest.mark.django_db
def test_changing_the_password_closes_what_is_left() -> None:
    admin, user = AdminFactory(), opened()
    secret = issued(user, admin)
    user.set_password(GOOD)
    user.save()
    own.change_password(user=user, old=GOOD, new=GOOD + " neu", by=user)
    secret.refresh_from_db()
    user.refresh_from_db()
    assert secret.ciphertext is None
    assert not user.must_change_password
    assert user.initial_password_until is None


@pytest.mark.django_db
def test_external_people_without_a_usable_identity_cannot_activate(
    settings: SettingsWrapper,
) -> None:
    _user, token = link_of(settings)
    settings.EXTERNAL_USABLE = "tests.accounts.test_credentials.unusable"
    assert credentials.live_link(token) is None
    assert ExternalUserFactory().is_external


def unusable(_user: User) -> bool:
    return False
