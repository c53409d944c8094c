"""Web Push against a push service on loopback: sealed, signed, to nobody else, and over when it should be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Session, User
from accounts.services import access, own
from core.errors import Invalid
from im import reminder_jobs as jobs
from im.channels import push, webpush
from im.models import Conversation, Message, PushKey, PushSubscription, Reminder
from im.services import push as subscriptions
from tests.factories.accounts import AdminFactory
from tests.im import world
from tests.im.reminders import pushing
from tests.im.reminders.test_due import notify

pytestmark = pytest.mark.django_db
Say = Callable[..., Message]
BROWSER = webpush.new_key()
KEYS = {
    "p256dh": webpush.encode(webpush.point(BROWSER)),
    "auth": webpush.encode(pushing.AUTH),
}


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pushing.certificate(tmp_path_factory.mktemp("push"))


@pytest.fixture
def service(pem: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[pushing.Service]:  # fmt: skip
    settings.PUSH_HOSTS = ["127.0.0.1"]
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    made = pushing.Service(pem)
    yield made
    made.close()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as moving:
        yield moving


def subscribe(service: pushing.Service, person: User, name: str = "a", browser: str = "b") -> str:
    endpoint = f"{service.url}/{name}"
    subscriptions.subscribe(by=person, browser=browser, endpoint=endpoint, **KEYS)
    return endpoint


def tell(clock: time_machine.Traveller, seconds: float = 120) -> int:
    clock.shift(seconds)
    return jobs.send_reminders()


def test_the_example_of_the_standard_comes_out() -> None:
    """RFC 8291, appendix A."""
    number = int.from_bytes(webpush.decode("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    to = webpush.Receiver.read(
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
    )
    sealed = webpush.encrypt(
        b"When I grow up, I want to be a watermelon", to, padded=0,
        key=ec.derive_private_key(number, webpush.CURVE), salt=webpush.decode("DGv6ra1nlYgDCS1FRnbzlw"),
    )  # fmt: skip
    assert webpush.encode(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3"
        "jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_it_says_how_much_waits_and_nothing_else(
    service: pushing.Service, talk: Conversation, zhou: User, lin: User, say: Say,
    clock: time_machine.Traveller,
) -> None:  # fmt: skip
    subscribe(service, lin)
    say(zhou, "机密：报价单")
    notify(lin)
    assert tell(clock) == 1
    assert tell(clock) == 0
    ((path, headers, body),) = service.got
    assert path == "/a"
    told = json.loads(pushing.opened(body, BROWSER, pushing.AUTH))
    assert told == {
        "title": "外联通", "body": "1 条未读通知，1 条未读消息", "url": "/portal/messages/", "lang": "zh-hans",
    }  # fmt: skip
    claims = pushing.proved(headers["Authorization"], service.url)
    assert claims["sub"] == "mailto:no-reply@localhost"
    assert headers["Content-Encoding"] == "aes128gcm"
    # However much waits: one length.
    for _ in range(3):
        say(zhou, "又一条")
    clock.shift(120)
    assert jobs.send_reminders() == 1
    assert len(service.got[1][2]) == len(body)


@pytest.mark.parametrize(
    ("answer", "left", "trouble"),
    [
        (404, 0, "refused"), (410, 0, "refused"), (403, 1, "refused"), (302, 1, "refused"),
        (429, 1, "later"), (503, 1, "later"),
    ],
)  # fmt: skip
def test_what_the_push_service_answers(
    service: pushing.Service, zhou: User, clock: time_machine.Traveller, answer: int, left: int, trouble: str
) -> None:  # fmt: skip
    subscribe(service, zhou)
    notify(zhou)
    service.answer = answer
    assert tell(clock) == 0
    assert PushSubscription.objects.count() == left
    assert Reminder.objects.get().trouble == trouble
    assert [path for path, _headers, _body in service.got] == ["/a"]  # no redirect is followed
    for number in range(push.MAX_FAILURES):
        notify(zhou, key=str(number))
        tell(clock)
    assert PushSubscription.objects.count() == int(trouble == "later")


def test_a_service_out_of_reach_is_asked_again(
    service: pushing.Service, zhou: User, clock: time_machine.Traveller
) -> None:
    subscribe(service, zhou)
    PushSubscription.objects.update(endpoint="https://127.0.0.1:9/a")
    notify(zhou)
    assert tell(clock) == 0
    assert Reminder.objects.get().attempts == 0
    subscribe(service, zhou)
    assert tell(clock) == 1


def test_a_certificate_that_nobody_vouches_for_is_not_spoken_to(
    service: pushing.Service, zhou: User, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.delenv("SSL_CERT_FILE")
    subscribe(service, zhou)
    notify(zhou)
    assert tell(clock) == 0
    assert service.got == []


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/x", "https://fcm.googleapis.com.evil.example/x", "https://evil.example/x",
        "https://fcm.googleapis.com@evil.example/x", "https://user@fcm.googleapis.com/x", "https://127.0.0.1/x",
        "https://fcm.googleapis.com:8443/x", "https://2130706433/x", "https://[::1]/x", "file:///etc/passwd",
        "https://fcm.googleapis.com/x\r\nHost: y", "https://fcm.googleapis.com/ x", "https://push.apple.com.cn/x",
        "https://fcm.googleapis.com/x#y", "//fcm.googleapis.com/x", "", "x" * 2000, "https://[/x", "https://a:x/",
        "https://fcm.googleapis.com/" + "x" * 1000, "https://ｆcm.googleapis.com/x",
    ],
)  # fmt: skip
def test_addresses_that_are_not_spoken_to(zhou: User, endpoint: str) -> None:
    with pytest.raises(Invalid):
        subscriptions.subscribe(by=zhou, browser="b", endpoint=endpoint, **KEYS)
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize(
    "keys", [{"p256dh": "AAAA"}, {"auth": "AAAA"}, {"p256dh": ""}, {"auth": "名字"}, {"p256dh": "B" * 87}]
)  # fmt: skip
def test_keys_that_are_none(zhou: User, keys: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        subscriptions.subscribe(
            by=zhou, browser="b", endpoint="https://updates.push.services.mozilla.com/x", **(KEYS | keys)
        )  # fmt: skip


def test_five_browsers_at_most_and_one_person_in_each(
    service: pushing.Service, zhou: User, stranger: User
) -> None:
    for number in range(7):
        subscribe(service, zhou, str(number))
    assert list(PushSubscription.objects.order_by("pk").values_list("endpoint", flat=True)) == [
        f"{service.url}/{number}" for number in range(2, 7)
    ]
    subscribe(service, stranger, "6")
    assert PushSubscription.objects.get(endpoint=f"{service.url}/6").user == stranger


def test_a_browser_in_which_somebody_else_logs_in_is_given_up(
    service: pushing.Service, zhou: User, stranger: User
) -> None:
    endpoint = subscribe(service, zhou)
    assert subscriptions.claim(by=zhou, browser="new", endpoint=endpoint)
    assert PushSubscription.objects.get().browser == "new"
    assert not subscriptions.claim(by=stranger, browser="x", endpoint=endpoint)
    assert not PushSubscription.objects.exists()
    assert not subscriptions.claim(by=zhou, browser="new", endpoint=endpoint)


def test_the_key_pair_is_made_once_and_kept_encrypted(settings: Settings, zhou: User) -> None:
    first = push.key_pair()
    assert push.key_pair().public == first.public
    private = push.private_key()
    assert webpush.encode(webpush.point(private)) == first.public
    number = private.private_numbers().private_value
    with connection.cursor() as cursor:
        cursor.execute("SELECT im_pushkey::text FROM im_pushkey")
        (text,) = cursor.fetchone()
    for form in (f"{number:x}", str(number), webpush.encode(number.to_bytes(32, "big"))):
        assert form not in text
        assert form.encode().hex() not in text
    # Another SECRETS_KEY: another pair, and nobody is subscribed with the old one.
    endpoint = "https://updates.push.services.mozilla.com/x"
    subscriptions.subscribe(by=zhou, browser="b", endpoint=endpoint, **KEYS)
    settings.SECRETS_KEY = "b3RoZXItb3RoZXItb3RoZXItb3RoZXItb3RoZXItISE="
    assert push.key_pair().public != first.public
    assert PushKey.objects.count() == 1
    assert not PushSubscription.objects.exists()


# --- a browser with a session


@pytest.fixture
def client(zhou: User, settings: Settings) -> Client:
    settings.IM_REACH_POLICY = world.PATH
    made = Client()
    made.force_login(zhou, backend="accounts.backends.LoginBackend")
    return made


def on(client: Client, service: pushing.Service, name: str = "a") -> Any:
    return client.post("/push/on/", {"endpoint": f"{service.url}/{name}", **KEYS})


def test_on_claim_off(client: Client, service: pushing.Service, zhou: User) -> None:
    assert on(client, service).status_code == 204
    assert client.post("/push/key/").content.decode() == push.key_pair().public
    page = client.get("/messages/settings/").content.decode()
    assert page.count("<select") == 2
    endpoint = {"endpoint": f"{service.url}/a"}
    assert client.post("/push/claim/", endpoint).status_code == 204
    assert client.post("/push/claim/", {"endpoint": "x" * 2000}).status_code == 205
    assert client.post("/push/off/", endpoint).status_code == 204
    assert not PushSubscription.objects.exists()
    bad = client.post("/push/on/", {"endpoint": "https://evil.example/"})
    assert bad.status_code == 422
    assert Client(enforce_csrf_checks=True).post("/push/on/").status_code == 403


def test_the_worker_is_there_for_everybody_and_reaches_no_page(client: Client) -> None:
    for browser in (client, Client()):
        answer = browser.get("/push/worker.js")
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/javascript")
        assert "Service-Worker-Allowed" not in answer.headers
        assert "worker-src 'self'" in answer["Content-Security-Policy"]
        assert "importScripts" not in answer.content.decode()


def _log_out(client: Client, zhou: User) -> None:
    client.post("/logout/")


def _everywhere(client: Client, zhou: User) -> None:
    access.end_sessions(user=zhou, by=zhou)


def _disabled(client: Client, zhou: User) -> None:
    access.disable(user=zhou, by=AdminFactory())


def _this_one(client: Client, zhou: User) -> None:
    row = Session.objects.get(user_id=zhou.pk)
    access.end_session(user=zhou, ref=access.session_ref(row.session_key), by=zhou)


def _password(client: Client, zhou: User) -> None:
    own.change_password(user=zhou, old="correct horse battery", new="Wolken-Treppe 7 grün", by=zhou)


@pytest.mark.parametrize("end", [_log_out, _everywhere, _disabled, _this_one, _password])
def test_what_ends_the_session_ends_the_subscription(
    client: Client, service: pushing.Service, zhou: User, end: Callable[[Client, User], None]
) -> None:
    assert on(client, service).status_code == 204
    end(client, zhou)
    assert not PushSubscription.objects.exists()


def test_other_browsers_keep_theirs(client: Client, service: pushing.Service, zhou: User) -> None:
    assert on(client, service).status_code == 204
    other = Client()
    other.force_login(zhou, backend="accounts.backends.LoginBackend")
    assert on(other, service, "other").status_code == 204
    new = {"old": "correct horse battery", "new": "Wolken-Treppe 7 grün", "again": "Wolken-Treppe 7 grün"}  # fmt: skip
    assert client.post("/account/password/", new).status_code == 302
    # The session has a new key now; its subscription is still known by it.
    assert [row.endpoint[-1] for row in PushSubscription.objects.all()] == ["a"]
    client.post("/logout/")
    assert not PushSubscription.objects.exists()
