"""New contact, editing, duplicates, the picture, the full number (matrix rows 18, 21, 22, 26)."""

import io

import pytest
from django.urls import reverse
from PIL import Image

from accounts.models import User
from contacts.models import Contact, Membership
from contacts.services import people
from core.models import AuditEntry
from orgs.models import DirectorySettings, Node
from tests.contacts.views.conftest import fresh
from tests.factories.contacts import make_contact

pytestmark = pytest.mark.django_db
PANE = {"HX-Request": "true", "HX-Target": "card-slot"}


def test_staff_create_without_an_account_part(as_, book) -> None:
    client = as_(book.ranged)
    page = client.get(f"/contacts/new/?node={book.purchase.pk}", headers=PANE).content.decode()
    assert 'name="password"' not in page
    assert 'name="security_level"' not in page
    data = {
        "name": "新来的",
        "mobile": "13800138000",
        "node": book.purchase.pk,
        "password": "x",
        "security_level": "-5",
    }
    answer = client.post("/contacts/new/", data)
    made = Contact.objects.get(name="新来的")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/contacts/o/{book.purchase.pk}/?c={made.pk}"
    assert (made.created_by, made.security_level, made.user) == (book.ranged, 0, None)


def test_a_new_contact_goes_to_the_built_in_dimension_by_default(as_, book) -> None:
    builtin = Node.objects.get(builtin=True)
    page = as_(book.stranger).get("/contacts/new/").content.decode()
    assert f'name="node" value="{builtin.pk}"' in page


@pytest.mark.parametrize(
    ("who", "status"), [("stranger", 404), ("viewer", 404), ("ranged", 200), ("maintainer", 200)]
)
def test_where_the_form_opens(as_, book, who, status) -> None:
    client = as_(getattr(book, who))
    assert client.get(f"/contacts/new/?node={book.hengtuo.pk}").status_code == status
    data = {"name": "某人", "node": book.secret.pk}
    assert client.post("/contacts/new/", data).status_code == 404


def test_errors_come_back_with_what_was_typed(as_, book) -> None:
    data = {"name": "", "mobile": "12", "email": "x@", "node": book.purchase.pk, "remark": "留着"}
    answer = as_(book.maintainer).post("/contacts/new/", data, headers=PANE)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "留着" in page
    assert page.count('class="error"') == 3
    assert not Contact.objects.filter(name="").exists()


def test_a_duplicate_is_offered_or_answered_neutrally(as_, book) -> None:
    data = {"name": "林小同", "mobile": "13912340457", "node": book.haichuan.pk}
    client = as_(book.maintainer)
    answer = client.post("/contacts/new/", data, headers=PANE)
    assert answer.status_code == 422
    assert f'name="same" value="{book.lin.pk}"' in answer.content.decode()
    client.post("/contacts/new/", {**data, "same": book.lin.pk})
    assert Membership.objects.filter(contact=book.lin, node=book.haichuan).exists()
    assert not Contact.objects.filter(name="林小同").exists()
    client.post("/contacts/new/", {**data, "different": "1"})
    assert Contact.objects.filter(name="林小同").exists()


def test_a_hidden_duplicate_is_not_named(as_, book) -> None:
    data = {"name": "某人", "mobile": "13700000001", "node": book.purchase.pk}
    answer = as_(book.maintainer).post("/contacts/new/", data, headers=PANE)
    assert answer.status_code == 422
    assert "秘密" not in answer.content.decode()
    answer = as_(book.maintainer).post("/contacts/new/", {**data, "same": book.hidden.pk})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("holder", 200),
        ("maintainer", 200),
        ("creator", 200),
        ("viewer", 403),
        ("ranged", 403),
        ("stranger", 404),
    ],
)
def test_who_edits(as_, book, who, status) -> None:
    client = as_(getattr(book, who))
    url = f"/contacts/{book.lin.pk}/edit/"
    assert client.get(url).status_code == status
    answer = client.post(url, {"name": "林晓彤", "position": "经理"})
    assert answer.status_code == (303 if status == 200 else status)
    assert (fresh(book.lin).position == "经理") == (status == 200)


def test_masks_left_alone_change_nothing(as_, book) -> None:
    client = as_(book.creator)
    page = client.get(f"/contacts/{book.lin.pk}/edit/").content.decode()
    assert "13912340457" not in page
    assert "lin@example.com" not in page
    data = {
        "name": "林晓彤",
        "mobile": "139****0457",
        "email": "l***@example.com",
        "position": "经理",
    }
    assert client.post(f"/contacts/{book.lin.pk}/edit/", data).status_code == 303
    lin = fresh(book.lin)
    assert (lin.mobile, lin.email, lin.position) == ("+8613912340457", "lin@example.com", "经理")
    data |= {"mobile": "13912340458", "email": ""}
    assert client.post(f"/contacts/{book.lin.pk}/edit/", data).status_code == 303
    lin = fresh(book.lin)
    assert (lin.mobile, lin.email) == ("+8613912340458", "")


def test_an_old_form_is_a_conflict(as_, book) -> None:
    people.edit(by=book.holder, contact=book.lin, fields={"office": "一楼"})
    data = {"name": "林晓彤", "office": "二楼", "stamp": "stale"}
    assert as_(book.creator).post(f"/contacts/{book.lin.pk}/edit/", data).status_code == 409


@pytest.mark.parametrize(
    ("who", "status"), [("creator", 200), ("viewer", 403), ("ranged", 403), ("stranger", 404)]
)
def test_reveal_is_a_logged_post(as_, book, who, status) -> None:
    client = as_(getattr(book, who))
    url = f"/contacts/{book.lin.pk}/reveal/mobile/"
    assert client.get(url).status_code == 405
    answer = client.post(url)
    assert answer.status_code == status
    assert ("139 1234 0457" in answer.content.decode()) == (status == 200)
    assert AuditEntry.objects.filter(action="contact.reveal").count() == (status == 200)
    if status == 200:
        assert answer.headers["Cache-Control"] == "no-store"
        assert "delay:30s" in answer.content.decode()
        for into in ("form", "call"):
            assert "13912340457" in client.post(f"{url}?into={into}").content.decode()
        assert client.post(f"/contacts/{book.lin.pk}/reveal/remark/").status_code == 404
        mask = client.get(f"/contacts/{book.lin.pk}/masked/mobile/").content.decode()
        assert "139****0457" in mask


def test_the_picture_follows_the_rule(as_, book, settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path
    raw = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(raw, "PNG")
    raw.seek(0)
    raw.name = "me.png"
    url = f"/contacts/{book.lin.pk}/picture/"
    assert as_(book.viewer).post(url, {"picture": raw}).status_code == 403
    raw.seek(0)
    assert as_(book.creator).post(url, {"picture": raw}).status_code == 303
    photo = reverse("contacts:photo", args=[book.lin.pk])
    assert f'src="{photo}?v=' in as_(book.viewer).get("/contacts/").content.decode()
    answer = as_(book.viewer).get(photo)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/webp")
    assert as_(book.stranger).get(photo).status_code == 404
    assert as_(book.holder).get(f"/contacts/{book.wang.pk}/photo/").status_code == 404
    text = io.BytesIO(b"<svg onload=alert(1)>")
    text.name = "x.svg"
    assert as_(book.creator).post(url, {"picture": text}).status_code == 422


def test_the_follower_is_staff(as_, book) -> None:
    contact = make_contact(book.purchase, "无跟进")
    data = {"name": "无跟进", "follower": book.external.pk}
    client = as_(book.maintainer)
    assert client.post(f"/contacts/{contact.pk}/edit/", data).status_code == 422
    data["follower"] = book.stranger.pk
    assert client.post(f"/contacts/{contact.pk}/edit/", data).status_code == 303
    assert User.objects.get(followed_contacts=contact) == book.stranger


def test_an_empty_level_is_the_default_one(as_, book) -> None:
    DirectorySettings.objects.update_or_create(id=1, defaults={"default_security_level": -7})
    client = as_(book.maintainer)
    assert (
        client.post("/contacts/new/", {"name": "新人", "node": book.purchase.pk}).status_code == 303
    )
    made = Contact.objects.get(name="新人")
    assert made.security_level == -7
    data = {"name": "新人", "security_level": "-3"}
    assert client.post(f"/contacts/{made.pk}/edit/", data).status_code == 303
    assert client.post(f"/contacts/{made.pk}/edit/", {"name": "新人"}).status_code == 303
    assert fresh(made).security_level == -3


def test_maintainers_choose_the_place_themselves(as_, book) -> None:
    page = as_(book.maintainer).get("/contacts/new/").content.decode()
    assert 'name="node" value=' not in page
    answer = as_(book.maintainer).post("/contacts/new/", {"name": "无处"}, headers=PANE)
    assert answer.status_code == 422


def test_how_a_name_is_read_while_it_is_written(as_, book) -> None:
    client, url = as_(book.stranger), reverse("contacts:pinyin")

    def shown(**query) -> str:
        answer = client.get(url, query)
        assert answer.status_code == 200
        return answer.content.decode()

    page = shown(name="单晓彤")
    assert "shan xiao tong" in page
    assert "<b>sxt</b>" in page
    assert ">dan xiao tong</button>" in page
    assert "dxt" in shown(name="单晓彤", reading="dān xiǎo tóng")
    assert 'class="bad"' in shown(name="单晓彤", reading="dan")
    assert shown().strip() == shown(name=" ").strip() == ""
    assert "<script" not in shown(name="<script>", reading="<script>")
