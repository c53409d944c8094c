"""Items of other systems in 个人待办 (SPEC POR-4): the token, what is refused, what is seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from contacts import events
from contacts.models import Contact
from core.models import AuditEntry
from portal.models import PushedTodo, TodoSystem
from portal.services import pushed, systems
from tests.factories.contacts import make_contact
from tests.portal.conftest import Place

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]
ALLOWED = ["oa.example.com", "oa.example.com:8443"]


class Caller:
    """Another system, without cookies."""

    def __init__(self, token: str) -> None:
        self.client = Client(raise_request_exception=False)
        self.token = token

    def __call__(
        self, method: str, path: str = "", body: Any = None, **headers: str
    ) -> tuple[int, Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body) if body is not None else ""
        given = {"Authorization": f"Bearer {self.token}"} | headers
        kind = given.pop("kind", "application/json")
        answer = self.client.generic(
            method, f"/api/todo/{path}", raw, content_type=kind, headers=given
        )
        assert not answer.cookies
        assert answer.headers["Cache-Control"] == "no-store"
        self.answer = answer
        return answer.status_code, json.loads(answer.content) if answer.content else None


@pytest.fixture
def oa(place: Place) -> Caller:
    Contact.objects.filter(pk=place.contact.pk).update(code="C-7")
    return Caller(systems.create_system(by=place.holder, name="办公系统", hosts=ALLOWED)[1])


ITEM = {
    "contact_code": "C-7",
    "title": "确认订单 7",
    "link": "https://oa.example.com/7",
    "due": "2026-12-01T18:00:00+08:00",
}


def test_an_item_comes_changes_and_is_done(place: Place, oa: Caller, as_: As) -> None:
    page = as_(place.external)
    assert oa("PUT", "order-7/", ITEM)[0] == 201
    assert oa("PUT", "order-7/", ITEM)[0] == 200
    assert oa("POST", "", ITEM | {"external_id": "order-7"})[0] == 200
    assert PushedTodo.objects.count() == 1
    shown = page.get("/portal/todo/").content.decode()
    for words in (
        "确认订单 7",
        "办公系统",
        'href="https://oa.example.com/7" target="_blank" rel="noopener noreferrer"',
    ):
        assert words in shown, words
    code, found = oa("GET", "order-7/")
    assert (code, found["title"], found["contact_id"], found["done"]) == (
        200,
        "确认订单 7",
        place.contact.pk,
        False,
    )
    TodoSystem.objects.update(hosts=["elsewhere.example.com"])
    assert "oa.example.com" not in page.get("/portal/todo/").content.decode()
    for _twice in range(2):
        assert oa("POST", "order-7/done/")[1]["done"] is True
        assert "确认订单 7" not in page.get("/portal/").content.decode()
    by_id = {"contact_id": place.contact.pk, "title": "按编号"}
    assert oa("PUT", "b/", by_id)[0] == 201
    TodoSystem.objects.update(enabled=False)
    assert "按编号" not in page.get("/portal/todo/").content.decode()
    assert oa("GET", "b/")[0] == 401
    TodoSystem.objects.update(enabled=True)
    assert oa("DELETE", "b/") == (204, None)
    assert oa("DELETE", "b/")[0] == 404


def test_only_the_own_token_reaches_the_own_items(place: Place, oa: Caller) -> None:
    oa("PUT", "x/", ITEM)
    system, token = systems.create_system(by=place.administrator, name="另一个", hosts=[])
    other = Caller(token)
    for method, path in (("GET", "x/"), ("DELETE", "x/"), ("POST", "x/done/")):
        assert other(method, path)[0] == 404, method
    assert other("PUT", "x/", {"contact_code": "C-7", "title": "同号"})[0] == 201
    assert sorted(PushedTodo.objects.values_list("title", flat=True)) == ["同号", "确认订单 7"]
    new = systems.roll_token(by=place.holder, system_id=system.pk)[1]
    assert (other("GET", "x/")[0], Caller(new)("GET", "x/")[0]) == (401, 200)
    for forged in ("", "wlt_forged", new[:-1], f"{new}x", "é"):
        code, said = Caller(forged)("GET", "x/")
        assert (code, said["error"]["code"], said["error"]["message_en"]) == (
            401, "bad_token", "The token is missing, wrong or disabled.",
        )  # fmt: skip
    assert Caller("")("GET", "x/", Authorization=f"Basic {new}")[0] == 401
    assert token not in str(list(AuditEntry.objects.values_list("after", flat=True)))
    assert not TodoSystem.objects.filter(token_hash__in=[token, new]).exists()


WRONG: tuple[tuple[str, dict[str, Any]], ...] = (
    ("title", {"title": ""}), ("title", {"title": 7}), ("title", {"title": "长" * 201}), ("title", {"title": "\u0000"}),
    ("contact_id", {"contact_id": 1}), ("contact_code", {"contact_code": []}),
    ("contact_code", {"contact_code": "\ud800"}),
    ("done", {"done": "yes"}), ("due", {"due": "2026-12-01"}), ("due", {"due": "0001-01-01T00:00:00+08:00"}),
    ("due", {"due": 5}), ("colour", {"colour": "red"}),
    *(("link", {"link": link}) for link in (
        "http://oa.example.com/", "https://evil.example/", "https://oa.example.com@evil.example/",
        "javascript:alert(1)", "https://oa.example.com:444/", "https://x@oa.example.com/", "https://oa.example.com\\@evil.example/",
        "//oa.example.com/",
        "https://oa.example.com/" + "x" * 1000, "https://[::1", 7,
    )),
)  # fmt: skip


def test_what_is_wrong_is_named_and_nothing_is_kept(place: Place, oa: Caller) -> None:
    for field, wrong in WRONG:
        code, said = oa("PUT", "w/", ITEM | wrong)
        assert (code, said["error"]["field"]) == (422, field), wrong
        assert said["error"]["message"] != said["error"]["message_en"]
    for body in (
        b"[]",
        b"{",
        b"[" * 9000,
        b'{"title": "\xff"}',
        b'{"a": 1, "a": 2}',
        b"9" * 9000,
    ):
        assert oa("PUT", "w/", body)[0] == 422, body[:9]
    assert oa("PUT", "w/", ITEM, kind="text/plain")[0] == 415
    assert oa("PUT", "w/", b" " * 20_000)[0] == 413
    for key in ("-x", "a b", "x" * 101, "中"):
        assert oa("PUT", f"{key}/", ITEM)[0] == 422, key
    assert not PushedTodo.objects.exists()


def test_an_unknown_person_is_like_one_without_an_account(place: Place, oa: Caller) -> None:
    without = make_contact(place.department, "没有账号", code="C-8")
    answers = set()
    for code in ("C-8", "C-9"):
        oa("PUT", "p/", ITEM | {"contact_code": code})
        answers.add((oa.answer.status_code, oa.answer.content))
    Contact.objects.filter(pk=place.contact.pk).update(enabled=False, live=False)
    oa("PUT", "p/", ITEM)
    answers.add((oa.answer.status_code, oa.answer.content))
    assert len(answers) == 1
    by_id = {"title": "x", "contact_id": without.pk}
    assert oa("PUT", "p/", by_id)[1] == oa("PUT", "p/", by_id | {"contact_id": 2**62})[1]


def test_calls_are_counted_in_the_database(
    oa: Caller, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    }
    monkeypatch.setattr(pushed, "RATE", 3)
    assert [oa("GET", "none/")[0] for _n in range(5)] == [404, 404, 404, 429, 429]
    assert 0 < int(oa.answer.headers["Retry-After"]) <= 60
    TodoSystem.objects.update(window_started_at="2026-01-01T00:00:00Z")
    assert oa("GET", "none/")[0] == 404


def test_one_person_gets_no_more_than_can_be_read(
    oa: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushed, "OPEN_LIMIT", 2)
    codes = [oa("PUT", f"n{number}/", ITEM)[0] for number in (1, 2, 3, 2)]
    assert codes == [201, 201, 422, 200]


def test_items_go_on_with_the_contact_that_remains(place: Place, oa: Caller) -> None:
    oa("PUT", "m/", ITEM)
    into = make_contact(place.department, "林晓彤")
    events.announce_gone(
        contact_id=place.contact.pk, reason="merged", by=place.holder, into=into.pk
    )
    assert PushedTodo.objects.get().contact_id == into.pk


def test_a_session_opens_nothing_and_external_people_find_nothing(place: Place, as_: As) -> None:
    assert as_(place.holder).get("/api/todo/x/").status_code == 401
    assert as_(place.external).get("/api/todo/x/").status_code == 404
    assert Client().get("/api/todo/").status_code == 405


# --- the back office --------------------------------------------------------------------------------------------------


def test_the_token_is_shown_once(place: Place, as_: As) -> None:
    client, new = as_(place.holder), reverse("portal-console:system-new")
    assert (
        "不是主机名"
        in client.post(new, {"name": "办公", "hosts": "https://oa.example.com/"}).content.decode()
    )
    answer = client.post(new, {"name": "办公", "hosts": "OA.example.com\noa.example.com"})
    assert answer.headers["Cache-Control"] == "no-store"
    token = answer.content.decode().partition("wlt_")[2].partition("<")[0]
    system = TodoSystem.objects.get()
    assert (system.hosts, system.token_hash) == (["oa.example.com"], systems.hashed(f"wlt_{token}"))
    assert client.post(new, {"name": "办公"}).status_code == 422
    roll = reverse("portal-console:system-roll", args=[system.pk])
    assert "立即失效" in client.get(roll).content.decode()
    again = client.post(roll, headers={"HX-Request": "true"})
    assert "wlt_" in again.content.decode()
    edit = reverse("portal-console:system-edit", args=[system.pk])
    assert client.post(edit, {"name": "办公二"}).status_code == 303
    system.refresh_from_db()
    assert (system.name, system.hosts, system.enabled) == ("办公二", [], False)
    listed = client.get(reverse("portal-console:systems")).content.decode()
    assert ("办公二" in listed, "wlt_" in listed) == (True, False)
