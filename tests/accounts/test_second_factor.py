"""A second factor: set up, asked for, used up, required, reset."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt, encrypt
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import jobs, throttle
from accounts.models import LoginPolicy, LoginThrottle, Session, User
from accounts.selectors import factor_due
from accounts.services import access
from accounts.services import second_factor as factors
from core.errors import Conflict, Denied, Hidden, Invalid, Throttled
from core.models import AuditEntry, OutboxEntry
from tests.factories.accounts import (
    PASSWORD,
    AdminFactory,
    ExternalUserFactory,
    HolderFactory,
    StaffFactory,
)

pytestmark = pytest.mark.django_db
Enter = Callable[..., Client]
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
HOME, SECURITY = "/account/sessions/", "/account/security/"
TYPES = Authenticator.Type


def code_of(secret: str = SECRET, *, steps: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def with_app(user: User) -> list[str]:
    """An app that has used no code yet; returns the recovery codes."""
    codes = factors.add_totp(user=user, secret=SECRET, code=code_of(), keep_session=None)
    row = Authenticator.objects.get(user=user, type=TYPES.TOTP)
    row.data["used"] = 0
    row.save()
    return codes


def first_step(user: User) -> Client:
    client = Client()
    answer = client.post("/login/", {"username": user.username, "password": PASSWORD})
    assert answer["Location"] == "/login/code/"
    return client


@pytest.fixture
def still() -> Iterator[None]:
    """No step of time ends in the middle of a test."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


def test_set_up_by_the_pages(enter: Enter, still: None) -> None:
    user = StaffFactory(email="z@example.com")
    client, other = enter(user), enter(user)
    page = client.get(f"{SECURITY}app/")
    secret = page.context["secret"]
    assert page.context["qr"].startswith("data:image/svg+xml;base64,")
    assert "no-store" in page["Cache-Control"]
    assert secret not in Session.objects.get(pk=client.session.session_key).session_data
    assert client.post(f"{SECURITY}app/", {"code": "000"}).status_code == 422
    key = client.session.session_key
    done = client.post(f"{SECURITY}app/", {"code": code_of(secret)})
    codes = [one.value.replace(" ", "") for one in done.context["secrets"]]
    assert len(set(codes)) == 10
    assert all(len(code) == 12 for code in codes)
    assert "no-store" in done["Cache-Control"]
    row = Authenticator.objects.get(user=user, type=TYPES.TOTP)
    assert secret not in json.dumps(row.data)
    assert decrypt(row.data["secret"]) == secret
    assert client.session.session_key != key
    assert other.get(HOME).status_code == 302
    assert AuditEntry.objects.filter(action="second_factor.totp.add").count() == 1
    assert OutboxEntry.objects.get(task="accounts.tell_of_change").arguments["user_id"] == user.pk
    page = client.get(SECURITY)
    assert page.context["codes_left"] == 10
    assert not [code for code in codes if code in page.content.decode()]


def test_the_second_step_asks_for_a_code_and_uses_it_up(still: None) -> None:
    user = StaffFactory()
    codes = with_app(user)
    client = first_step(user)
    assert client.get(HOME).status_code == 302
    assert not Session.objects.filter(user_id=user.pk).exists()
    assert client.post("/login/code/", {"code": code_of(steps=3)}).status_code == 422
    spaced = f"{code_of()[:3]} {code_of()[3:]}"
    key = client.session.session_key
    assert client.post("/login/code/", {"code": spaced})["Location"] == "/"
    assert client.session.session_key != key
    assert client.get(HOME).status_code == 200
    row = AuditEntry.objects.get(action="session.start")
    assert row.after == {"method": "password+totp"}
    again = first_step(user)
    for used in (code_of(), code_of(steps=-1), "", "x" * 500, "１２３"):
        assert again.post("/login/code/", {"code": used}).status_code in (422, 429)
    LoginThrottle.objects.all().delete()
    assert again.post("/login/code/", {"code": codes[3]}).status_code == 302
    third = first_step(user)
    assert third.post("/login/code/", {"code": codes[3]}).status_code == 422
    assert third.post("/login/code/", {"code": codes[4]}).status_code == 302


def test_wrong_codes_are_counted_whatever_the_password_says(still: None) -> None:
    user = StaffFactory()
    codes, statuses = with_app(user), []
    for _try in range(7):
        client = first_step(user)  # the right password clears nothing of the codes
        statuses.append(client.post("/login/code/", {"code": "123"}).status_code)
    assert statuses == [422] * 5 + [429] * 2
    late = first_step(user).post("/login/code/", {"code": codes[0]})
    assert late.status_code == 429
    assert int(late["Retry-After"]) > 0
    with pytest.raises(Throttled):
        factors.check_code(user=user, code=codes[0])
    assert LoginThrottle.objects.get(key=f"code:{user.pk}").consecutive == 5
    access.unlock(user=user, by=AdminFactory())
    assert factors.check_code(user=user, code=codes[0]) == TYPES.RECOVERY_CODES
    request_cookie = throttle.device_cookie(user)
    assert throttle.code_key(user, request_cookie) != throttle.code_key(user, "")


def test_the_first_step_is_not_kept_open(still: None) -> None:
    user = StaffFactory()
    codes = with_app(user)
    for spoil in (
        lambda: User.objects.filter(pk=user.pk).update(session_epoch=user.session_epoch + 1),
        lambda: User.objects.filter(pk=user.pk).update(is_active=False),
    ):
        client = first_step(user)
        spoil()
        answer = client.post("/login/code/", {"code": codes.pop()})
        assert answer.status_code == 422
        assert client.get(HOME)["Location"].startswith("/login/")
        user.refresh_from_db()
    User.objects.filter(pk=user.pk).update(is_active=True)
    client = first_step(user)
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        answer = client.post("/login/code/", {"code": codes.pop()})
        assert answer.status_code == 422
        assert "data-errors" in answer.content.decode()
    assert not Session.objects.filter(user_id=user.pk).exists()


def test_a_fresh_proof_comes_before_every_change(enter: Enter) -> None:
    user = StaffFactory()
    client = enter(user)
    later = timezone.now() + timedelta(minutes=6)
    with time_machine.travel(later, tick=False):
        for url in ("app/", "passkey/", "codes/", "1/remove/", "1/rename/"):
            for ask in (client.get, client.post):
                assert ask(SECURITY + url)["Location"].startswith(f"{SECURITY}prove/?next=")
        dialog = client.get(f"{SECURITY}codes/", headers={"HX-Request": "true"})
        assert dialog["HX-Redirect"].startswith(f"{SECURITY}prove/")
        url = f"{SECURITY}prove/?next={SECURITY}app/"
        assert client.post(url, {"password": "wrong"}).status_code == 422
        assert client.get(f"{SECURITY}app/").status_code == 302
        key = client.session.session_key
        assert client.post(url, {"password": PASSWORD})["Location"] == f"{SECURITY}app/"
        assert client.session.session_key != key
        assert client.get(f"{SECURITY}app/").status_code == 200
        evil = client.post(f"{SECURITY}prove/?next=//evil.example/", {"password": PASSWORD})
        assert evil["Location"] == SECURITY


def test_the_fresh_proof_asks_for_both_factors(still: None) -> None:
    user = StaffFactory()
    codes = with_app(user)
    client = first_step(user)
    client.post("/login/code/", {"code": codes[0]})
    with time_machine.travel(timezone.now() + timedelta(minutes=6), tick=False):
        url = f"{SECURITY}prove/"
        assert client.post(url, {"password": PASSWORD}).status_code == 422
        assert client.post(url, {"password": PASSWORD, "code": "1"}).status_code == 422
        assert client.post(url, {"password": PASSWORD, "code": codes[1]}).status_code == 302


def test_new_codes_kill_the_former_and_removing_takes_them_along(enter: Enter, still: None) -> None:
    user, stranger = StaffFactory(), StaffFactory()
    client = enter(user)
    assert client.post(f"{SECURITY}codes/").status_code == 409
    old = with_app(user)
    client = first_step(user)
    client.post("/login/code/", {"code": old[0]})
    assert client.get(f"{SECURITY}codes/").status_code == 200
    fresh = client.post(f"{SECURITY}codes/").context["secrets"]
    assert not {one.value.replace(" ", "") for one in fresh} & set(old)
    with pytest.raises(Invalid):
        factors.check_code(user=user, code=old[1])
    pk = Authenticator.objects.get(user=user, type=TYPES.TOTP).pk
    theirs = enter(stranger)
    assert theirs.get(f"{SECURITY}{pk}/remove/").status_code == 404
    assert theirs.post(f"{SECURITY}{pk}/remove/").status_code == 404
    with pytest.raises(Hidden):
        factors.rename_passkey(user=user, pk=pk, name="x")
    assert client.get(f"{SECURITY}{pk}/remove/").status_code == 200
    assert client.post(f"{SECURITY}{pk}/remove/").status_code == 303
    assert not Authenticator.objects.filter(user=user).exists()
    assert client.get(SECURITY).context["codes_left"] is None


@pytest.mark.parametrize(
    ("group", "factory", "asked"),
    [
        ("admins", AdminFactory, True),
        ("admins", HolderFactory, False),
        ("holders", HolderFactory, True),
        ("staff", StaffFactory, True),
        ("staff", ExternalUserFactory, False),
        ("external", ExternalUserFactory, True),
        ("external", AdminFactory, False),
    ],
)
def test_whom_the_policy_asks(group: str, factory: type, asked: bool, still: None) -> None:
    LoginPolicy.objects.update_or_create(id=1, defaults={group: True})
    user = factory()
    assert factor_due(user) is asked
    with_app(user)
    assert not factor_due(user)
    if asked:
        pk = Authenticator.objects.get(user=user, type=TYPES.TOTP).pk
        with pytest.raises(Conflict):
            factors.remove(user=user, pk=pk, keep_session=None)


def test_whoever_must_is_led_to_set_up_and_nowhere_else(enter: Enter, still: None) -> None:
    for user in (AdminFactory(), ExternalUserFactory()):
        LoginPolicy.objects.update_or_create(id=1, defaults={"admins": True, "external": True})
        client = enter(user)
        for url in ("/", HOME, "/account/password/", "/console/staff/", "/portal/", "/messages/"):
            answer = client.get(url)
            assert answer.get("Location") == SECURITY or answer.status_code == 404, url
        fragment = client.get(HOME, headers={"HX-Request": "true"})
        assert fragment["HX-Redirect"] == SECURITY
        page = client.get(SECURITY)
        assert "base_setup.html" in {template.name for template in page.templates}
        secret = client.get(f"{SECURITY}app/").context["secret"]
        assert client.post(f"{SECURITY}app/", {"code": code_of(secret)}).status_code == 200
        assert client.get(HOME).status_code == 200


def test_the_policy_is_the_administrators_and_written_down(enter: Enter) -> None:
    admin = AdminFactory()
    client = enter(admin)
    assert client.get("/console/login-policy/").status_code == 200
    assert client.post("/console/login-policy/", {"holders": "on"}).status_code == 302
    assert LoginPolicy.objects.values_list("admins", "holders", "staff", "external").get() == (
        False, True, False, False,
    )  # fmt: skip
    row = AuditEntry.objects.get(action="login_policy.update")
    assert (row.before, row.after) == ({"holders": False}, {"holders": True})
    client.post("/console/login-policy/", {"holders": "on"})
    assert AuditEntry.objects.filter(action="login_policy.update").count() == 1
    with pytest.raises(Denied):
        factors.set_policy(values={"admins": False}, by=HolderFactory())


def test_an_installation_asks_administrators_by_default(settings: Settings) -> None:
    from django.apps import apps

    from accounts.apps import ensure_policy

    for asked in (True, False):
        settings.SECOND_FACTOR_REQUIRED = asked
        LoginPolicy.objects.all().delete()
        assert factor_due(HolderFactory()) is asked
        ensure_policy(using="default", apps=apps)
        row = LoginPolicy.objects.get()
        assert (row.admins, row.holders, row.staff) == (asked, asked, False)
        ensure_policy(using="default", apps=apps)


def test_an_administrator_lets_somebody_back_in(enter: Enter, still: None) -> None:
    admin, user = AdminFactory(), StaffFactory(email="z@example.com")
    with_app(user)
    client = enter(admin)
    assert "factor-reset" in client.get(f"/console/staff/{user.pk}/").content.decode()
    assert client.post(f"/console/staff/{user.pk}/factor-reset/").status_code == 303
    assert not Authenticator.objects.filter(user=user).exists()
    assert (
        AuditEntry.objects.filter(action="second_factor.reset", object_id=str(user.pk)).count() == 1
    )
    assert enter(user).get(HOME).status_code == 200
    with pytest.raises(Conflict):
        factors.reset(user=user, by=admin)
    with_app(user)
    with pytest.raises(Denied):
        factors.reset(user=user, by=HolderFactory())
    with_app(admin)
    with pytest.raises(Denied):
        factors.reset(user=admin, by=admin)


def test_the_mail_says_what_and_goes_only_where_it_can(settings: Settings) -> None:
    settings.MAIL_ENABLED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    user = StaffFactory(email="z@example.com")
    jobs.tell_of_change(user_id=user.pk, what="second_factor.reset", ip="198.51.100.7")
    assert "双重验证已被管理员重置" in mail.outbox[0].body
    assert "198.51.100.7" in mail.outbox[0].body
    User.objects.filter(pk=user.pk).update(is_active=False)
    jobs.tell_of_change(user_id=user.pk, what="password.change", ip="")
    settings.MAIL_ENABLED = False
    jobs.tell_of_change(
        user_id=StaffFactory(email="y@example.com").pk, what="password.change", ip=""
    )
    assert len(mail.outbox) == 1


CREDENTIALS = (
    "", "x", "[]", "null", "{}", '{"response": []}', '{"response": {}}', '{"response": {"userHandle": 1}}',
    '{"response": {"userHandle": "!"}}', '{"response": {"userHandle": "MQ"}}',
    json.dumps({"response": {"userHandle": "MQ", "clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA"},
                "id": "AA", "rawId": "AA", "type": "public-key"}),
    "[" * 5000, "{" * 30_000,
)  # fmt: skip


def test_a_hostile_passkey_answer_is_refused_in_words(enter: Enter, still: None) -> None:
    user = StaffFactory()
    inside = enter(user)
    assert (
        inside.post(f"{SECURITY}passkey/", {"options": "1"}).json()["publicKey"]["rp"]["id"]
        == "testserver"
    )
    outside = Client()
    options = outside.post("/login/passkey/", {"options": "1"}).json()["publicKey"]
    assert options["userVerification"] == "required"
    assert not options.get("allowCredentials")
    for text in CREDENTIALS:
        assert (
            inside.post(f"{SECURITY}passkey/", {"name": "x", "credential": text}).status_code == 422
        ), text
        LoginThrottle.objects.all().delete()
        assert outside.post("/login/passkey/", {"credential": text}).status_code == 422, text
        assert inside.post(f"{SECURITY}prove/", {"credential": text}).status_code == 422, text
    assert not Authenticator.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_one_code_at_once_is_one_log_in(still: None) -> None:
    user, kinds = StaffFactory(), []
    Authenticator.objects.create(user=user, type=TYPES.TOTP, data={"secret": encrypt(SECRET)})
    start, code = threading.Barrier(4), code_of()

    def use() -> None:
        try:
            start.wait()
            kinds.append(factors.check_code(user=user, code=code))
        except Invalid:
            kinds.append("")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(kinds) == ["", "", "", TYPES.TOTP]


def test_the_command_of_the_server_lets_the_only_administrator_in(still: None) -> None:
    admin = AdminFactory()
    with_app(admin)
    call_command("reset_second_factor", admin.username.upper(), stdout=StringIO())
    assert not Authenticator.objects.filter(user=admin).exists()
    for name in (admin.username, "nobody"):
        with pytest.raises(CommandError):
            call_command("reset_second_factor", name)
