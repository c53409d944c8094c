"""新建联系人 in the back office, with the account, and the account opened later (SPEC CON-2, CON-4, ACC-2, ACC-3)."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from PIL import Image

from accounts import jobs
from accounts.models import InitialSecret, User
from contacts.models import Contact, Membership
from orgs.models import DirectorySettings
from tests.factories.contacts import give_login, make_contact

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
PASSWORD = "lan tian bai yun 47"


def new_url(node) -> str:
    return reverse("contacts:console-new", args=[node.pk])


def fields(**values):
    return {"name": "贺知远", "security_level": "0", "way": "none", **values}


def text(response, status=200) -> str:
    assert response.status_code == status, response.content.decode()[:3000]
    return response.content.decode()


# --- Doors ----------------------------------------------------------------------------------------------------------


def test_who_may_create_here(as_, book) -> None:
    for who, status in (("holder", 200), ("maintainer", 200), ("creator", 404), ("ranged", 404)):
        assert as_(getattr(book, who)).get(new_url(book.hengtuo)).status_code == status, who
    for method in ("get", "post"):
        assert getattr(as_(book.maintainer), method)(new_url(book.secret)).status_code == 404
        assert getattr(Client(), method)(new_url(book.hengtuo)).status_code == 302
    give_login(book.lin, book.external)
    assert as_(book.external).get(new_url(book.hengtuo)).status_code in (302, 404)
    assert as_(book.maintainer).put(new_url(book.hengtuo)).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(book.maintainer, backend="accounts.backends.LoginBackend")
    assert strict.post(new_url(book.hengtuo), fields()).status_code == 403
    assert not Contact.objects.filter(name="贺知远").exists()


@pytest.mark.parametrize("noise", ["", "x", "-1", "9" * 40, "\x00", "名字", "<b>", "=1+1"])
def test_noise_never_breaks_the_form(as_, book, noise) -> None:
    keys = (
        "name",
        "mobile",
        "email",
        "category",
        "follower",
        "security_level",
        "code",
        "way",
        "username",
        "password",
    )
    keys += ("same", "different", "tags", "gender", "stamp")
    values = dict.fromkeys(keys, noise)
    client = as_(book.maintainer)
    assert client.post(new_url(book.hengtuo), values).status_code < 500
    assert client.post(new_url(book.hengtuo), {**values, "same": ""}).status_code < 500


# --- Creating -------------------------------------------------------------------------------------------------------


def test_all_fields_are_kept(as_, book) -> None:
    sent = fields(
        mobile="138 0013 8000", email="He@Example.com", position="顾问", telephone="0512-1234", office="三楼",
        gender="m", reading="he zhi yuan", code="C-77", security_level="-5", tags="重点，驻场", remark="一\n二",
        follower=str(book.creator.pk),
    )  # fmt: skip
    answer = as_(book.maintainer).post(new_url(book.purchase), sent)
    made = Contact.objects.get(name="贺知远")
    assert answer.headers["Location"] == reverse("contacts:console-contact", args=[made.pk])
    assert (made.mobile, made.email, made.code) == ("+8613800138000", "He@example.com", "C-77")
    assert (made.position, made.telephone, made.office, made.gender) == (
        "顾问",
        "0512-1234",
        "三楼",
        "m",
    )
    assert (made.security_level, made.follower, made.main_node_id) == (
        -5,
        book.creator,
        book.purchase.pk,
    )
    assert set(made.tags.values_list("name", flat=True)) == {"重点", "驻场"}
    assert made.account == "none"


def picture(kind: str = "PNG") -> SimpleUploadedFile:
    made = io.BytesIO()
    Image.new("RGB", (80, 60), "navy").save(made, kind)
    return SimpleUploadedFile("p.png", made.getvalue(), "image/png")


def test_a_picture_comes_along(as_, book) -> None:
    client = as_(book.maintainer)
    broken = SimpleUploadedFile("p.png", b"no picture", "image/png")
    page = text(client.post(new_url(book.hengtuo), fields(picture=broken)), 422)
    assert 'id="id_picture_error"' in page
    assert not Contact.objects.filter(name="贺知远").exists()
    client.post(new_url(book.hengtuo), fields(picture=picture()))
    made = Contact.objects.get(name="贺知远")
    assert made.avatar
    address = reverse("contacts:console-picture", args=[made.pk])
    assert 'type="file"' in text(client.get(address, headers=HTMX))
    assert client.post(address, {"picture": broken}, headers=HTMX).status_code == 422
    assert (
        client.post(address, {}, headers=HTMX).status_code == 422
    )  # nothing chosen takes nothing away
    assert client.post(address, {"remove": "on"}, headers=HTMX).status_code == 204
    made.refresh_from_db()
    assert not made.avatar


def test_an_empty_security_level_is_that_of_the_settings(as_, book) -> None:
    DirectorySettings.objects.update_or_create(id=1, defaults={"default_security_level": -7})
    client = as_(book.maintainer)
    assert 'value="-7"' in text(client.get(new_url(book.hengtuo)))
    client.post(new_url(book.hengtuo), fields(security_level=""))
    assert Contact.objects.get(name="贺知远").security_level == -7


def test_errors_stand_beside_their_fields(as_, book) -> None:
    page = text(
        as_(book.maintainer).post(new_url(book.hengtuo), fields(name="", mobile="12", way="own")),
        422,
    )
    for field in ("name", "mobile", "password"):
        assert f'id="id_{field}_error"' in page, field
    assert not Contact.objects.filter(created_by=book.maintainer).exists()


def test_a_weak_password_creates_nothing(as_, book) -> None:
    sent = fields(way="own", username="he-zhiyuan", password="123")
    page = text(as_(book.maintainer).post(new_url(book.hengtuo), sent), 422)
    assert 'id="id_password_error"' in page
    assert not Contact.objects.filter(name="贺知远").exists()
    assert not User.objects.filter(username="he-zhiyuan").exists()


# --- The same person ------------------------------------------------------------------------------------------------


def test_a_known_person_is_asked_about(as_, book) -> None:
    client = as_(book.maintainer)
    sent = fields(mobile="13912340457", way="own", username="hezy", password=PASSWORD)
    page = text(client.post(new_url(book.haichuan), sent), 422)
    assert "林晓彤" in page
    assert "13912340457" in page  # what he typed himself, in the field
    assert PASSWORD not in page
    assert not Contact.objects.filter(name="贺知远").exists()
    key = re.search(r'name="different" value="(\w+)"', page)[1]
    # Said of these numbers alone: other ones are asked about again.
    again = client.post(
        new_url(book.haichuan), {**sent, "different": key, "email": "lin@example.com"}
    )
    assert again.status_code == 422
    assert client.post(new_url(book.haichuan), {**sent, "different": key}).status_code == 303
    assert Contact.objects.get(name="贺知远").mobile == book.lin.mobile


def test_the_same_person_gets_a_further_place(as_, book) -> None:
    answer = as_(book.maintainer).post(new_url(book.haichuan), fields(same=book.lin.pk))
    assert answer.headers["Location"] == reverse("contacts:console-contact", args=[book.lin.pk])
    assert Membership.objects.filter(contact=book.lin, node=book.haichuan, is_main=False).exists()
    assert as_(book.maintainer).post(
        new_url(book.haichuan), fields(same=book.hidden.pk)
    ).status_code == 404  # fmt: skip


def test_a_hidden_match_is_not_named(as_, book) -> None:
    page = text(as_(book.maintainer).post(new_url(book.hengtuo), fields(mobile="13700000001")), 422)
    assert 'name="different"' in page
    assert 'name="same"' not in page
    for secret in ("秘密人", "秘密商社", "渠道"):
        assert secret not in page


# --- Accounts: both people log in -----------------------------------------------------------------------------------


def logs_in(username: str, password: str) -> Client:
    """Through the page, as the person does; the first password must be replaced before anything else."""
    client = Client()
    answer = client.post("/login/", {"username": username, "password": password})
    assert answer.status_code in (302, 303), answer.content.decode()[:2000]
    home = client.get("/portal/")
    assert home.status_code == 302
    assert home.headers["Location"].startswith("/account/password/")
    return client


def test_one_account_is_opened_with_the_contact_and_one_later(as_, book) -> None:
    maintainer = as_(book.maintainer)
    sent = fields(way="own", username="he-zhiyuan", password=PASSWORD)
    answer = maintainer.post(new_url(book.hengtuo), sent)
    first = Contact.objects.get(name="贺知远")
    assert answer.headers["Location"] == reverse("contacts:console-account", args=[first.pk])
    assert first.account == "active"
    logs_in("he-zhiyuan", PASSWORD)

    text(maintainer.get(reverse("contacts:console-account", args=[book.lin.pk])))
    sent = {"way": "own", "username": "lin-xt", "password": PASSWORD + "!"}
    opened = maintainer.post(
        reverse("contacts:account-open", args=[book.lin.pk]), sent, headers=HTMX
    )
    assert opened.status_code == 204
    book.lin.refresh_from_db()
    assert book.lin.account_state == "active"
    logs_in("lin-xt", PASSWORD + "!")


def test_the_way_of_the_link_is_chosen_where_there_are_two(as_, book, settings) -> None:
    maintainer, address = as_(book.maintainer), new_url(book.hengtuo)
    later = reverse("contacts:account-open", args=[book.lin.pk])
    assert 'name="channel"' not in text(maintainer.get(address)) + text(maintainer.get(later))
    settings.MAIL_ENABLED, settings.SMS = True, {"url": "https://sms.example.com/"}
    assert 'name="channel"' in text(maintainer.get(address))
    maintainer.post(address, fields(way="random", channel="sms"))
    assert InitialSecret.objects.get().wanted == "sms"
    text(maintainer.post(later, {"way": "random", "channel": "pigeon"}, headers=HTMX), 422)
    sent = {"way": "random", "channel": "link"}
    assert maintainer.post(later, sent, headers=HTMX).status_code == 204
    book.lin.refresh_from_db()
    assert InitialSecret.objects.get(user=book.lin.user).wanted == "link"


def test_a_random_account_is_handed_over_once(as_, book) -> None:
    maintainer = as_(book.maintainer)
    maintainer.post(new_url(book.hengtuo), fields(way="random"))
    made = Contact.objects.get(name="贺知远")
    assert made.account == "opening"
    secret = InitialSecret.objects.get(user=made.user)
    page = text(maintainer.get(reverse("contacts:console-account", args=[made.pk])))
    assert reverse("approvals:account-panel", args=[made.pk]) in page
    jobs.issue_credentials(user_id=made.user_id, issue_key=secret.issue_key)
    panel = text(maintainer.get(reverse("approvals:account-panel", args=[made.pk]), headers=HTMX))
    reveal = reverse("accounts:reveal", args=[secret.issue_key])
    assert reveal in panel
    shown = text(maintainer.post(reveal, headers=HTMX))
    name, password = re.findall(r'<code id="once-\d">([^<]+)</code>', shown)
    assert maintainer.post(reveal, headers=HTMX).status_code == 409
    logs_in(name, password)


def test_a_disabled_branch_says_why_no_account(as_, book) -> None:
    client = as_(book.maintainer)
    client.post(reverse("orgs:node-disable", args=[book.haichuan.pk]))
    page = text(client.post(new_url(book.haichuan), fields(way="random")), 422)
    assert 'id="id_way_error"' in page
    assert not Contact.objects.filter(name="贺知远").exists()
    assert client.post(new_url(book.haichuan), fields()).status_code == 303


def test_what_was_written_is_sound(as_, book) -> None:
    as_(book.maintainer).post(new_url(book.hengtuo), fields(way="random"))
    make_contact(book.hengtuo)
    call_command("check_invariants", "--only", "scope")
