"""Log-in, log-out, sessions, and what comes before everything else."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Consent, InitialSecret, Session, User
from accounts.services import access, credentials
from core.models import AuditEntry
from tests.factories.accounts import (
    PASSWORD,
    AdminFactory,
    ExternalUserFactory,
    PrivacyNoticeFactory,
    StaffFactory,
)

pytestmark = pytest.mark.django_db
Enter = Callable[..., Client]
HOME = "/account/sessions/"


def unusable(_user: User) -> bool:
    return False


def because(_user: User) -> str:
    return "组织已停用"


def body_of(client: Client, username: str, password: str) -> tuple[int, str]:
    answer = client.post("/login/", {"username": username, "password": password})
    text = answer.content.decode()
    start = text.index("data-errors")
    return answer.status_code, text[start : text.index("</div>", start)]


def test_page_opens_in_chinese_whatever_the_browser_prefers(client: Client) -> None:
    answer = client.get("/login/", headers={"Accept-Language": "en-US,en"})
    assert answer.status_code == 200
    assert "登录" in answer.content.decode()
    assert answer["Content-Language"] == "zh-hans"
    assert "no-store" in answer["Cache-Control"]


def test_login_whatever_the_case_gives_a_new_key(client: Client) -> None:
    user = StaffFactory(username="ZhangSan")
    client.get("/login/")
    answer = client.post("/login/", {"username": " zhangsan ", "password": PASSWORD})
    assert answer.status_code == 302
    session = Session.objects.get(user_id=user.pk)
    assert session.ip == "127.0.0.1"
    assert client.cookies["wl-session"]["httponly"]
    assert AuditEntry.objects.filter(action="session.start", object_id=str(user.pk)).count() == 1


def test_every_failure_looks_alike(client: Client) -> None:
    never_activated = ExternalUserFactory()
    never_activated.set_unusable_password()
    never_activated.save()
    disabled, known = StaffFactory(is_active=False), StaffFactory()
    names = ["nobody", known.username, disabled.username, never_activated.username]
    answers = {body_of(client, name, "wrong password 1") for name in names}
    assert len(answers) == 1
    status, _text = answers.pop()
    assert status == 422


def test_reasons_come_after_the_right_password_only(client: Client, settings: Settings) -> None:
    disabled, outside = StaffFactory(is_active=False), ExternalUserFactory()
    assert "停用" in body_of(client, disabled.username, PASSWORD)[1]
    settings.EXTERNAL_USABLE = "tests.accounts.test_login_page.unusable"
    settings.EXTERNAL_WHY = "tests.accounts.test_login_page.because"
    assert "组织已停用" in body_of(client, outside.username, PASSWORD)[1]
    assert "组织已停用" not in body_of(client, outside.username, "wrong")[1]
    assert not Session.objects.exclude(user_id=None).exists()


def test_too_many_tries_answer_429_for_known_and_unknown(client: Client) -> None:
    user, answers = StaffFactory(), set()
    for name in (user.username, "nobody"):
        for _try in range(5):
            body_of(client, name, "wrong")
        answers.add(body_of(client, name, PASSWORD))
    assert len(answers) == 1
    assert answers.pop()[0] == 429


def test_an_unused_first_password_dies() -> None:
    user = StaffFactory(
        must_change_password=True, initial_password_until=timezone.now() + timedelta(hours=1)
    )
    with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
        assert "过期" in body_of(Client(), user.username, PASSWORD)[1]


@pytest.mark.parametrize(
    ("wish", "goes"),
    [
        ("/account/password/?a=1", "/account/password/?a=1"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("\\\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("http://testserver/x", "/"),
        ("", "/"),
    ],
)
def test_next_stays_on_this_site(client: Client, wish: str, goes: str) -> None:
    user = StaffFactory()
    answer = client.post("/login/", {"username": user.username, "password": PASSWORD, "next": wish})
    assert answer["Location"] == goes
    again = client.get("/login/", {"next": wish})
    assert again["Location"] == goes


def test_home_is_the_first_place_of_everybody(enter: Enter, client: Client) -> None:
    assert client.get("/")["Location"] == "/login/"
    for user in (StaffFactory(), ExternalUserFactory()):
        answer = enter(user).get("/")
        assert answer.status_code == 302
        assert answer["Location"] != "/"


def test_logout_needs_post_and_forgets(enter: Enter) -> None:
    user = StaffFactory()
    client = enter(user)
    assert client.get("/logout/").status_code == 405
    key = client.cookies["wl-session"].value
    answer = client.post("/logout/")
    assert answer["Location"] == "/login/"
    assert "storage" in answer["Clear-Site-Data"]
    old = Client()
    old.cookies["wl-session"] = key
    assert old.get(HOME).status_code == 302
    assert not Session.objects.filter(user_id=user.pk).exists()


def test_unsafe_requests_need_the_token(enter: Enter) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/login/", {"username": "x", "password": "y"}).status_code == 403
    strict.cookies = enter(StaffFactory()).cookies
    for url in ("/logout/", "/preferences/", "/account/sessions/end-all/", "/account/password/"):
        assert strict.post(url).status_code == 403


def test_anonymous_visitors_go_to_the_login(client: Client) -> None:
    answer = client.get("/console/staff/?q=a")
    assert answer["Location"] == "/login/?next=%2Fconsole%2Fstaff%2F%3Fq%3Da"
    fragment = client.get(
        "/console/staff/",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/x/?y=1"},
    )
    assert fragment.status_code == 401
    assert fragment["HX-Redirect"] == "/login/?next=%2Fx%2F%3Fy%3D1"
    assert client.get("/healthz").status_code == 200


def test_disable_ends_the_session_and_enable_does_not_revive_the_cookie(enter: Enter) -> None:
    admin, user = AdminFactory(), StaffFactory()
    client = enter(user)
    assert client.get(HOME).status_code == 200
    access.disable(user=user, by=admin)
    assert client.get(HOME).status_code == 302
    access.enable(user=user, by=admin)
    assert client.get(HOME).status_code == 302


def test_a_cookie_whose_row_comes_back_is_dead_by_its_epoch(enter: Enter) -> None:
    admin, user = AdminFactory(), StaffFactory()
    client = enter(user)
    row = Session.objects.get(user_id=user.pk)
    access.disable(user=user, by=admin)
    access.enable(user=user, by=admin)
    row.save(force_insert=True)
    assert client.get(HOME).status_code == 302


def test_external_people_without_a_usable_identity_are_logged_out(
    enter: Enter, settings: Settings
) -> None:
    user = ExternalUserFactory()
    client = enter(user)
    assert client.get(HOME).status_code == 200
    settings.EXTERNAL_USABLE = "tests.accounts.test_login_page.unusable"
    assert client.get(HOME).status_code == 302
    assert not Session.objects.filter(user_id=user.pk).exists()


def test_demo_logins_work_from_this_machine_only(enter: Enter) -> None:
    user = StaffFactory(demo=True)
    client = enter(user)
    assert client.get(HOME).status_code == 200
    far = Client(REMOTE_ADDR="203.0.113.5")
    assert far.post("/login/", {"username": user.username, "password": PASSWORD}).status_code == 422
    proxied = Client(headers={"X-Forwarded-For": "127.0.0.1"})
    assert (
        proxied.post("/login/", {"username": user.username, "password": PASSWORD}).status_code
        == 422
    )
    far.cookies = client.cookies
    assert far.get(HOME).status_code == 302


def test_a_first_password_comes_before_everything(enter: Enter) -> None:
    user = StaffFactory(must_change_password=True)
    client = enter(user)
    for url in (HOME, "/console/staff/", "/pick/people/"):
        assert client.get(url)["Location"] == "/account/password/"
    fragment = client.get("/console/staff/", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment["HX-Redirect"]) == (204, "/account/password/")
    assert client.post("/preferences/", {"language": "en"}).status_code == 302
    new = "Wolken-Treppe 7 grün"
    wrong = {"old": "not this one", "new": new, "again": new}
    assert client.post("/account/password/", wrong).status_code == 422
    assert (
        client.post(
            "/account/password/", {"old": PASSWORD, "new": new, "again": new + "x"}
        ).status_code
        == 422
    )
    assert (
        client.post(
            "/account/password/", {"old": PASSWORD, "new": "short", "again": "short"}
        ).status_code
        == 422
    )
    same = {"old": PASSWORD, "new": PASSWORD, "again": PASSWORD}
    assert client.post("/account/password/", same).status_code == 422
    other = Client()
    other.cookies = enter(user).cookies
    key = client.cookies["wl-session"].value
    assert (
        client.post("/account/password/", {"old": PASSWORD, "new": new, "again": new}).status_code
        == 302
    )
    assert client.cookies["wl-session"].value != key
    assert client.get(HOME).status_code == 200
    assert other.get(HOME).status_code == 302


def test_guessing_the_old_password_is_throttled(enter: Enter) -> None:
    client = enter(StaffFactory())
    new = "Wolken-Treppe 7 grün"
    data = {"old": "wrong", "new": new, "again": new}
    answers = [client.post("/account/password/", data).status_code for _ in range(7)]
    assert answers == [422] * 5 + [429] * 2


def test_the_privacy_notice_comes_before_the_portal(enter: Enter) -> None:
    notice = PrivacyNoticeFactory(version=900, body="第一版")
    user = ExternalUserFactory(consented=False)
    client = enter(user)
    assert client.get(HOME)["Location"] == "/account/privacy/"
    assert "第一版" in client.get("/account/privacy/").content.decode()
    assert client.post("/account/privacy/", {"version": "899"}).status_code == 422
    assert client.post("/account/privacy/", {"version": "900"}).status_code == 302
    assert Consent.objects.get(user=user).notice == notice
    assert client.get(HOME).status_code == 200
    PrivacyNoticeFactory(version=901, body="第二版")
    assert client.get(HOME)["Location"] == "/account/privacy/"
    assert client.post("/account/privacy/", {"version": "900"}).status_code == 422
    assert enter(StaffFactory()).get(HOME).status_code == 200


def test_own_sessions_are_listed_and_ended(enter: Enter) -> None:
    user = StaffFactory()
    one, two, three = enter(user), enter(user), enter(user)
    page = one.get(HOME).content.decode()
    for row in Session.objects.filter(user_id=user.pk):
        assert row.session_key not in page
    stranger = enter(StaffFactory())
    ref = next(s.ref for s in one.get(HOME).context["sessions"] if not s.current)
    stranger.post("/account/sessions/end/", {"ref": ref})
    assert Session.objects.filter(user_id=user.pk).count() == 3
    one.post("/account/sessions/end/", {"ref": ref})
    assert Session.objects.filter(user_id=user.pk).count() == 2
    one.post("/account/sessions/end-all/")
    assert one.get(HOME).status_code == 200
    assert {two.get(HOME).status_code, three.get(HOME).status_code} == {302}


def test_sessions_note_their_use_at_most_every_five_minutes(enter: Enter) -> None:
    user = StaffFactory()
    client = enter(user)
    first = Session.objects.get(user_id=user.pk)
    client.get(HOME)
    assert Session.objects.get(user_id=user.pk).seen_at == first.seen_at
    with time_machine.travel(timezone.now() + timedelta(minutes=6), tick=False):
        client.get(HOME)
    row = Session.objects.get(user_id=user.pk)
    assert row.seen_at > first.seen_at
    assert row.created_at == first.created_at


def test_preferences_before_and_after_login(client: Client, enter: Enter) -> None:
    answer = client.post("/preferences/", {"language": "en", "next": "/login/"})
    assert answer["Location"] == "/login/"
    assert "Log in" in client.get("/login/").content.decode()
    assert (
        client.post("/preferences/", {"theme": "dark", "next": "//evil.example"})["Location"] == "/"
    )
    assert 'data-bs-theme="dark"' in client.get("/login/").content.decode()
    assert client.post("/preferences/", {"language": "xx", "theme": "pink"}).status_code == 302
    user = StaffFactory()
    enter(user).post("/preferences/", {"language": "en", "theme": "auto"})
    user.refresh_from_db()
    assert (user.language, user.theme) == ("en", "auto")


def test_activation_page(client: Client, settings: Settings) -> None:
    settings.MAIL_ENABLED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    from django.core import mail

    from accounts import jobs

    user = credentials.create_external_login(
        name="李四", mobile="", email="l@example.com", by=AdminFactory()
    )
    credentials.start_issue(user=user, issue_key="a:1", reader_ids=[], by=AdminFactory())
    jobs.issue_credentials(user_id=user.pk, issue_key="a:1")
    path = mail.outbox[0].body.split(settings.BASE_URL)[1].split()[0]
    for _look in range(2):
        shown = client.get(path)
        assert shown.status_code == 200
    assert shown["Referrer-Policy"] == "same-origin"
    assert user.username in shown.content.decode()
    new = "Wolken-Treppe 7 grün"
    assert client.post(path, {"new": "short", "again": "short"}).status_code == 422
    assert client.post(path, {"new": new, "again": new}).status_code == 302
    assert Session.objects.filter(user_id=user.pk).count() == 1
    dead = Client().get(path)
    unknown = Client().get("/activate/nonsense/")
    assert dead.status_code == unknown.status_code == 410
    assert InitialSecret.objects.get().channel == "link"
