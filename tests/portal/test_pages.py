"""Pages of external people and the registry: what they show, what they refuse, what they change."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from contacts.models import Contact
from core.errors import Denied, Invalid
from core.models import AuditEntry
from im import services as im_services
from im.models import Conversation
from im.reach import Party
from portal import permissions, selectors, services, todo_sources
from portal.apps import REGISTRY, ensure_registry
from portal.models import App
from tests.portal.conftest import Place

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]


def picture(size: tuple[int, int] = (40, 20)) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, "PNG")
    return SimpleUploadedFile("me.png", out.getvalue(), "image/png")


@pytest.fixture(autouse=True)
def _media(settings: Settings, tmp_path: object) -> None:
    settings.MEDIA_ROOT = tmp_path


# --- home -------------------------------------------------------------------------------------------------------------


def test_home_shows_what_is_real_and_nothing_dead(place: Place, as_: As) -> None:
    page = as_(place.external).get("/portal/").content.decode()
    for words in (
        "个人待办",
        "完善个人资料",
        "我的联络人",
        "周明宇",
        "沈佳",
        "恒拓精密（示例） · 采购部",
        "lin",
    ):
        assert words in page, words
    for name in ("路人", "客户", "商机", "任务协作", "未接入"):
        assert name not in page, name
    assert page.index("个人待办") < page.index("应用")


def test_an_app_appears_with_its_address_and_goes_when_disabled(place: Place, as_: As) -> None:
    client = as_(place.external)
    orders = App.objects.get(key="orders")
    services.edit_app(
        app_id=orders.pk, fields={"address": "https://orders.example.com/"}, by=place.holder
    )
    page = client.get("/portal/").content.decode()
    assert 'href="https://orders.example.com/" rel="noopener noreferrer"' in page
    for fields in ({"open_by_default": False}, {"open_by_default": True, "enabled": False}):
        services.edit_app(app_id=orders.pk, fields=fields, by=place.administrator)
        assert "orders.example.com" not in client.get("/portal/").content.decode()


def test_the_end_of_the_account_is_announced(place: Place, as_: As) -> None:
    client = as_(place.external)
    assert "到期" not in client.get("/portal/").content.decode()
    ends = timezone.now() + datetime.timedelta(days=14, hours=1)
    Contact.objects.filter(pk=place.contact.pk).update(expires_at=ends)
    page = client.get("/portal/").content.decode()
    assert f"账号将于 {timezone.localtime(ends):%Y-%m-%d} 到期，还有 14 天" in page
    assert "账号即将到期" in page


def test_home_costs_the_same_with_more_people(
    place: Place, as_: As, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = as_(place.external)
    client.get("/portal/")
    with django_assert_max_num_queries(45) as first:
        client.get("/portal/")
    for number in range(12):
        user = User.objects.create_user(f"more{number}", name=f"同事{number}")
        place.contact.visible_staff.create(user=user)
    with django_assert_max_num_queries(len(first)):
        client.get("/portal/")


# --- to-do ------------------------------------------------------------------------------------------------------------


def test_the_to_do_list_is_about_now(place: Place, as_: As) -> None:
    def keys() -> list[str]:
        items = selectors.todo(user=place.external, identity=selectors.identity_of(place.external))
        return [item.key for item in items]

    assert keys() == ["profile"]
    talk = im_services.open_direct(by=place.external, other=Party(place.known.pk))
    im_services.send(conversation_id=talk.pk, body="你好", client_id="client-00001", by=place.known)
    assert keys() == ["messages", "profile"]
    Contact.objects.filter(pk=place.contact.pk).update(
        telephone="0512-1", office="苏州", expires_at=timezone.now() + datetime.timedelta(days=3)
    )
    place.external.must_change_password = True
    assert keys() == ["expiry", "password", "messages"]
    page = as_(User.objects.get(pk=place.external.pk)).get("/portal/todo/").content.decode()
    assert "1 条未读消息" in page
    assert "todo-d soon" in page


def test_days_left_only_near_the_end() -> None:
    contact = Contact(expires_at=timezone.now() + datetime.timedelta(days=31))
    assert todo_sources.days_left(contact) is None
    contact.expires_at = timezone.now() + datetime.timedelta(hours=2)
    assert todo_sources.days_left(contact) == 0


# --- people -----------------------------------------------------------------------------------------------------------


def test_people_are_those_one_may_see(place: Place, as_: As) -> None:
    client = as_(place.external)
    page = client.get("/portal/people/").content.decode()
    assert "周明宇" in page
    assert "沈佳" in page
    assert "路人" not in page
    for q, found, not_found in (("周", "周明宇", "沈佳"), ("沈", "沈佳", "周明宇")):
        part = client.get("/portal/people/", {"q": q}, headers={"HX-Request": "true"})
        text = part.content.decode()
        assert "<html" not in text
        assert "HX-Request" in part.headers["Vary"]
        assert "<mark>" in text or found in text
        assert not_found not in text
    found = client.get("/portal/people/", {"q": "路人"}, headers={"HX-Request": "true"})
    assert "路人" not in found.content.decode()


def test_noise_finds_nobody(place: Place, as_: As) -> None:
    client = as_(place.external)
    for q in ("%27%22<b>", "长" * 500):
        assert client.get(f"/portal/people/?q={q}").status_code == 200


def test_writing_to_them_starts_in_the_portal(place: Place, as_: As) -> None:
    client = as_(place.external)
    answer = client.post("/portal/messages/start/", {"target": str(place.known.pk)})
    assert answer.headers["Location"].startswith("/portal/messages/")
    assert (
        client.post("/portal/messages/start/", {"target": str(place.hidden.pk)}).status_code == 404
    )
    assert Conversation.objects.count() == 1


# --- profile ----------------------------------------------------------------------------------------------------------

GIVEN = {
    "mobile": "139 1234 5678",
    "email": "lin@example.com",
    "telephone": "0512-6666",
    "office": "苏州",
}


def test_own_fields_are_kept_and_written_down(place: Place, as_: As) -> None:
    client = as_(place.external)
    version = place.contact.version
    answer = client.post("/portal/profile/", GIVEN)
    assert answer.status_code == 303
    contact = Contact.objects.get(pk=place.contact.pk)
    assert (contact.mobile, contact.telephone, contact.office) == (
        "+8613912345678",
        "0512-6666",
        "苏州",
    )
    assert contact.version == version + 1
    entry = AuditEntry.objects.get(action="contact.own_edit")
    assert (entry.actor_kind, entry.actor_id) == ("external", str(place.external.pk))
    assert "13912345678" not in str(entry.after)
    client.post("/portal/profile/", GIVEN)
    assert AuditEntry.objects.filter(action="contact.own_edit").count() == 1
    assert Contact.objects.get(pk=place.contact.pk).version == version + 1


@pytest.mark.parametrize(
    ("field", "value"), [("mobile", "12"), ("email", "not an address"), ("email", "a@b")]
)
def test_a_bad_value_comes_back_with_its_reason(
    place: Place, as_: As, field: str, value: str
) -> None:
    answer = as_(place.external).post("/portal/profile/", GIVEN | {field: value})
    assert answer.status_code == 422
    assert value in answer.content.decode()
    assert not AuditEntry.objects.filter(action="contact.own_edit").exists()


def test_other_fields_are_nobody_elses_business(place: Place, as_: As) -> None:
    noise = GIVEN | {"name": "别人", "code": "X", "security_level": "0", "enabled": "", "user": "1"}
    as_(place.external).post("/portal/profile/", noise)
    contact = Contact.objects.get(pk=place.contact.pk)
    assert (contact.name, contact.code) == ("林晓彤", None)
    with pytest.raises(TypeError):
        services.update_profile(by=place.external, fields={"name": "别人"})
    with pytest.raises(Denied):
        services.update_profile(by=place.holder, fields={"office": "x"})


def test_the_own_picture(place: Place, as_: As) -> None:
    client = as_(place.external)
    assert client.get("/portal/profile/photo/").status_code == 404
    client.post("/portal/profile/", {**GIVEN, "picture": picture()})
    answer = client.get("/portal/profile/photo/")
    assert answer.headers["Content-Type"] == "image/webp"
    assert Image.open(io.BytesIO(b"".join(answer.streaming_content))).size == (256, 256)
    answer = client.post(
        "/portal/profile/", {**GIVEN, "picture": SimpleUploadedFile("x.png", b"<svg/>")}
    )
    assert answer.status_code == 422
    client.post("/portal/profile/", {**GIVEN, "without_picture": "on"})
    assert client.get("/portal/profile/photo/").status_code == 404
    with pytest.raises(Invalid):
        services.change_picture(by=place.external, file=io.BytesIO(b"no picture"))


def test_an_identity_that_ended_changes_nothing(place: Place) -> None:
    Contact.objects.filter(pk=place.contact.pk).update(
        expires_at=timezone.now() - datetime.timedelta(minutes=1)
    )
    with pytest.raises(Denied):
        services.update_profile(by=place.external, fields={"office": "x"})
    with pytest.raises(Denied):
        selectors.identity_of(place.external)


@pytest.mark.parametrize(
    "url", ["/portal/", "/portal/todo/", "/portal/people/", "/portal/profile/photo/"]
)
def test_pages_are_only_looked_at(place: Place, as_: As, url: str) -> None:
    assert as_(place.external).post(url).status_code == 405


# --- registry ---------------------------------------------------------------------------------------------------------


def test_the_registry_is_there_once_and_keeps_what_was_changed(place: Place) -> None:
    assert App.objects.count() == len(REGISTRY)
    assert all(App.objects.values_list("open_by_default", flat=True))
    App.objects.filter(key="orders").update(name="采购订单")
    App.objects.filter(key="funds").delete()
    ensure_registry(using="default")
    ensure_registry(using="default")
    assert App.objects.count() == len(REGISTRY)
    assert App.objects.get(key="orders").name == "采购订单"
    assert {app.key for app in App.objects.all() if app.connected} == {
        "todo", "messages", "people", "profile",
    }  # fmt: skip


@pytest.mark.parametrize("who", ["holder", "administrator"])
def test_holders_and_administrators_keep_it(place: Place, as_: As, who: str) -> None:
    client = as_(getattr(place, who))
    assert "未接入" in client.get("/console/apps/").content.decode()
    app = App.objects.get(key="orders")
    values = {
        "name": "订单",
        "icon": "cash",
        "category": "业务",
        "order": "5",
        "address": "https://o.example.com/x",
    }
    answer = client.post(f"/console/apps/{app.pk}/", values, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/console/apps/")
    app.refresh_from_db()
    assert (app.address, app.enabled, app.open_by_default) == (
        "https://o.example.com/x",
        False,
        False,
    )
    assert AuditEntry.objects.get(action="portal.app").after["enabled"] is False


def test_addresses_are_web_addresses_and_built_in_ones_stay(place: Place, as_: As) -> None:
    client = as_(place.holder)
    app = App.objects.get(key="orders")
    values = {"name": "订单", "icon": "cash", "order": "5"}
    for address in ("javascript:alert(1)", "ftp://x.example.com/", "no address"):
        answer = client.post(f"/console/apps/{app.pk}/", values | {"address": address})
        assert answer.status_code == 422, address
        assert answer.content.decode().count('<p class="error">') == 1, address
    todo = App.objects.get(key="todo")
    client.post(f"/console/apps/{todo.pk}/", values | {"address": "https://x.example.com/"})
    todo.refresh_from_db()
    assert (todo.name, todo.address) == ("订单", "")


def test_other_staff_do_not(place: Place, as_: As) -> None:
    client = as_(place.known)
    app = App.objects.get(key="orders")
    assert client.get("/console/apps/").status_code == 403
    assert client.post(f"/console/apps/{app.pk}/", {"name": "x"}).status_code == 403
    assert as_(place.holder).get("/console/apps/999999/").status_code == 404
    assert not permissions.keeps_registry(place.known)
