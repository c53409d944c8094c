"""Links by text message, through a gateway that answers over HTTP (SPEC ACC-3; docs/sms-gateway.md)."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import jobs, tasks
from accounts.channels import Later, sms
from accounts.models import ActivationLink, InitialSecret, User
from accounts.selectors import issue_for_reader
from accounts.services import credentials, notices
from config.env import Environment
from core.models import AuditEntry, OutboxEntry
from tests.accounts.gateway import TOKEN, Gateway, running
from tests.factories.accounts import AdminFactory, ExternalUserFactory
from tests.tables import every_table

pytestmark = pytest.mark.django_db
MOBILE, NEW = "+8613812345678", "Wolken-Treppe 7 grün"


@pytest.fixture
def gateway(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    monkeypatch.setattr(sms, "PAUSE_SECONDS", 0)
    with running() as server:
        settings.SMS, settings.BASE_URL = server.settings, "https://wailian.example.com"
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        settings.MAIL_ENABLED = True
        yield server


def issued(user: User, by: User, channel: str = "") -> OutboxEntry:
    """Asks for first credentials; the entry for the worker."""
    key = f"a:{user.pk}"
    credentials.start_issue(user=user, issue_key=key, reader_ids=[by.pk], by=by, channel=channel)
    return OutboxEntry.objects.get(task="accounts.issue_credentials")


def opened(admin: User, **values: Any) -> User:
    values = {"name": "李四", "mobile": MOBILE, "email": ""} | values
    return credentials.create_external_login(by=admin, **values)


def path_in(message: dict[str, Any]) -> str:
    url = str(message["body"]["parameters"]["url"])
    assert url.startswith("https://wailian.example.com/activate/")
    return url.removeprefix("https://wailian.example.com")


def status_of(path: str) -> int:
    return Client().get(path).status_code


def test_a_link_goes_to_the_mobile_and_its_secret_nowhere_else(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    admin = AdminFactory()
    user = opened(admin)
    with caplog.at_level(logging.DEBUG):
        entry = issued(user, admin)
        tasks.issue_credentials.run(entry_id=entry.pk)
    (message,) = gateway.got
    assert message["path"] == "/send"
    assert message["headers"]["Authorization"] == f"Bearer {TOKEN}"
    assert len(message["headers"]["Idempotency-Key"]) == 32
    path = path_in(message)
    assert message["body"] == {
        "to": MOBILE, "template": "activation", "language": "zh-hans",
        "parameters": {
            "name": "李四", "login": user.username, "url": f"https://wailian.example.com{path}", "hours": 72
        },
    }  # fmt: skip
    seen = every_table() + caplog.text + str([row.__dict__ for row in caplog.records])
    assert path.split("/")[2] not in seen
    assert TOKEN not in seen
    assert entry.arguments == {"user_id": user.pk, "issue_key": f"a:{user.pk}"}
    issue = issue_for_reader(issue_key=f"a:{user.pk}", reader=admin)
    assert issue is not None
    assert (issue.state, issue.address) == ("sent", MOBILE)
    client = Client()
    client.force_login(admin, backend="accounts.backends.LoginBackend")
    page = client.get(f"/credentials/a:{user.pk}/").content.decode()
    assert "138****5678" in page
    assert MOBILE not in page
    assert Client().post(path, {"new": NEW, "again": NEW}).status_code == 302


def test_what_did_not_get_through_is_repeated_with_one_mark_then_later_with_a_new_link(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms, "ANSWER_SECONDS", 0.2)
    admin = AdminFactory()
    user = opened(admin)
    entry = issued(user, admin)
    gateway.answers = [0, 503]
    with pytest.raises(Later):
        tasks.issue_credentials.run(entry_id=entry.pk)
    first, again = gateway.got
    assert first["headers"]["Idempotency-Key"] == again["headers"]["Idempotency-Key"]
    assert first["body"] == again["body"]
    entry.refresh_from_db()
    assert entry.available_at > timezone.now()
    assert path_in(first).split("/")[2] not in every_table()
    OutboxEntry.objects.filter(pk=entry.pk).update(available_at=timezone.now())
    gateway.answers = [429, 202]
    tasks.issue_credentials.run(entry_id=entry.pk)
    assert len(gateway.got) == 4
    assert gateway.got[2]["headers"]["Idempotency-Key"] != first["headers"]["Idempotency-Key"]
    assert [status_of(path_in(one)) for one in (first, gateway.got[3])] == [410, 200]
    assert InitialSecret.objects.get().channel == "sms"


@pytest.mark.parametrize("status", [302, 401, 500])
def test_a_redirect_or_a_wrong_token_is_nobodys_refusal(gateway: Gateway, status: int) -> None:
    admin = AdminFactory()
    gateway.answers = [status] * 2
    with pytest.raises(Later):
        tasks.issue_credentials.run(entry_id=issued(opened(admin), admin).pk)
    assert {message["path"] for message in gateway.got} == {"/send"}


def test_a_number_that_is_refused_for_good_leaves_a_password_to_show(gateway: Gateway) -> None:
    admin = AdminFactory()
    user = opened(admin)
    gateway.answers = [422]
    tasks.issue_credentials.run(entry_id=issued(user, admin).pk)
    assert status_of(path_in(gateway.got[0])) == 410
    shown = credentials.reveal(issue_key=f"a:{user.pk}", by=admin)
    user.refresh_from_db()
    assert user.check_password(shown.password)


@pytest.mark.parametrize(
    ("wanted", "email", "way"),
    [("", "li@example.com", "link"), ("sms", "li@example.com", "sms"), ("link", "", "sms")],
)
def test_the_way_is_the_maintainers_where_there_are_two(
    gateway: Gateway, wanted: str, email: str, way: str
) -> None:
    admin = AdminFactory()
    tasks.issue_credentials.run(entry_id=issued(opened(admin, email=email), admin, wanted).pk)
    assert InitialSecret.objects.get().channel == way
    assert (len(mail.outbox), len(gateway.got)) == ((1, 0) if way == "link" else (0, 1))


def test_a_new_password_by_text_message_is_told_by_text_message(gateway: Gateway) -> None:
    user = ExternalUserFactory(mobile=MOBILE, email="")
    jobs.send_reset(user_id=user.pk, ip="198.51.100.7")
    assert gateway.got[0]["body"]["template"] == "reset"
    path = path_in(gateway.got[0])
    assert Client().post(path, {"new": NEW, "again": NEW}).status_code == 302
    tasks.tell_of_change.run(entry_id=OutboxEntry.objects.get(task="accounts.tell_of_change").pk)
    told = gateway.got[1]["body"]
    assert (told["template"], told["parameters"]["what"]) == ("changed", "通过链接重置密码")
    gateway.answers = [400]
    jobs.send_reset(user_id=user.pk, ip="")
    rows = AuditEntry.objects.filter(object_id=str(user.pk), action__startswith="password.reset_")
    assert [row.action for row in rows.order_by("pk")] == [
        "password.reset_ask", "password.reset_ask", "password.reset_lost",
    ]  # fmt: skip
    assert not ActivationLink.objects.filter(user=user, used_at=None, revoked_at=None).exists()
    notices.tell(ExternalUserFactory(mobile="", email=""), "password.change")
    assert OutboxEntry.objects.filter(task="accounts.tell_of_change").count() == 1


@pytest.mark.parametrize(
    ("url", "token", "near", "ok"),
    [
        ("https://sms.example.com/send", TOKEN, "", True),
        ("http://127.0.0.1:9000/send", TOKEN, "1", True),
        ("http://127.0.0.1:9000/send", TOKEN, "", False),
        ("http://sms.example.com/send", TOKEN, "1", False),
        ("https://user:pass@sms.example.com/", TOKEN, "", False),
        ("https://sms.example.com/send?key=1", TOKEN, "", False),
        ("https://sms.example.com/send", "short", "", False),
        ("https://sms.example.com/send", f"{TOKEN}\nX-More: 1", "", False),
    ],
)
def test_only_https_and_a_sound_token(
    monkeypatch: pytest.MonkeyPatch, url: str, token: str, near: str, ok: bool
) -> None:
    monkeypatch.setenv("SMS_GATEWAY_URL", url)
    monkeypatch.setenv("SMS_GATEWAY_TOKEN", token)
    monkeypatch.setenv("SMS_GATEWAY_ALLOW_LOOPBACK", near)
    if ok:
        assert Environment().gateway("SMS_GATEWAY")["url"] == url
    else:
        with pytest.raises(ImproperlyConfigured, match="SMS_GATEWAY_") as error:
            Environment().gateway("SMS_GATEWAY")
        assert token not in str(error.value)
