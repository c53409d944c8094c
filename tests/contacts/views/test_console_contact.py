"""The pages of one contact in the back office, and the bin (SPEC CON-3, CON-8; matrix rows 17 to 27, 41)."""

import pytest
from django.test import Client
from django.urls import reverse

from contacts.models import Contact
from contacts.services import people
from contacts.services.merge import merge
from core.models import AuditEntry
from tests.factories.accounts import ExternalUserFactory
from tests.factories.contacts import give_login, make_contact

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
AREAS = ("console-contact", "console-rights", "console-account", "console-history")
FORMS = ("console-edit", "console-picture", "console-delete", "console-credentials")
PASSWORD = "lan tian bai yun 47"


def url(name: str, contact: Contact, *args) -> str:
    return reverse(f"contacts:{name}", args=[contact.pk, *args])


def text(response, status=200) -> str:
    assert response.status_code == status, response.content.decode()[:3000]
    return response.content.decode()


@pytest.fixture
def guest(book) -> Contact:
    """Somebody of another dimension who stands in ours too."""
    return make_contact(book.secret, "两边的人", places=[book.haichuan])


# --- Doors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*AREAS, "console-edit", "console-picture", "console-delete"])
def test_who_opens_a_contact(as_, book, name) -> None:
    for who in ("holder", "maintainer"):
        assert as_(getattr(book, who)).get(url(name, book.lin)).status_code == 200, who
    for who in ("creator", "viewer", "ranged", "stranger"):
        for method in ("get", "post"):
            answer = getattr(as_(getattr(book, who)), method)(url(name, book.lin))
            assert answer.status_code == (405 if method == "post" and name in AREAS else 404), who
    assert as_(book.maintainer).get(url(name, book.hidden)).status_code == 404
    assert Client().get(url(name, book.lin)).status_code == 302
    give_login(book.lin, book.external)
    assert as_(book.external).get(url(name, book.lin)).status_code in (302, 404)


@pytest.mark.parametrize("name", FORMS)
def test_forms_from_elsewhere_are_refused(book, name) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(book.maintainer, backend="accounts.backends.LoginBackend")
    assert strict.post(url(name, book.lin)).status_code == 403


@pytest.mark.parametrize("name", ["console-delete", "console-credentials"])
def test_the_main_dimension_decides(as_, book, guest, name) -> None:
    """Whoever maintains a further place reads why not (row 41); the page itself is open to him."""
    client = as_(book.maintainer)
    for method in ("get", "post"):
        assert getattr(client, method)(url(name, guest)).status_code == 403
    page = text(client.get(url("console-contact", guest)))
    assert url("console-delete", guest) not in page
    assert "秘密商社" not in page
    assert url("account-open", guest) not in text(client.get(url("console-account", guest)))


@pytest.mark.parametrize("noise", ["", "x", "-1", "9" * 40, "<b>名字", "~"])
def test_noise_never_breaks_a_door(as_, book, noise) -> None:
    client = as_(book.maintainer)
    give_login(book.lin, ExternalUserFactory())
    read = 400 if "\x00" in noise else 200
    for name in AREAS:
        assert client.get(url(name, book.lin), {"before": noise, "tab": noise}).status_code == read
    keys = (
        "name",
        "mobile",
        "email",
        "stamp",
        "username",
        "password",
        "position",
        "order",
        "follower",
    )
    for address in (
        *(url(name, book.lin) for name in ("console-edit", "console-picture", "console-credentials")),
        url("console-place", book.lin, book.purchase.pk),
    ):  # fmt: skip
        assert client.post(address, dict.fromkeys(keys, noise)).status_code < 500
    for key in ("q", "page"):
        assert client.get(reverse("contacts:bin"), {key: noise}).status_code == read


# --- Areas ----------------------------------------------------------------------------------------------------------


def test_each_area_is_a_page_and_a_fragment(as_, book) -> None:
    client = as_(book.maintainer)
    for name in AREAS:
        page, fragment = (
            client.get(url(name, book.lin)),
            client.get(url(name, book.lin), headers=HTMX),
        )
        assert "<html" in text(page)
        assert "<html" not in text(fragment)
        assert "HX-Request" in fragment["Vary"]
        assert "no-store" in page["Cache-Control"]
        assert 'id="console-refetch"' in text(fragment)
        for masked in ("13912340457", "lin@example.com"):
            assert masked not in text(page)


def test_editing(as_, book) -> None:
    client, address = as_(book.maintainer), url("console-edit", book.lin)
    form = client.get(address).context["form"]
    assert "13912340457" not in text(client.get(address))
    sent = {name: field.value() or "" for name, field in ((f.name, f) for f in form)}
    answer = client.post(address, {**sent, "position": "采购经理"})
    assert answer.headers["Location"] == url("console-contact", book.lin)
    book.lin.refresh_from_db()
    assert (book.lin.position, book.lin.mobile) == ("采购经理", "+8613912340457")
    assert "采购经理" in text(client.get(url("console-history", book.lin)))
    # Somebody else was faster: nothing is lost, nothing is written.
    late = client.post(address, {**sent, "position": "总监"})
    assert "总监" in text(late, 409)
    book.lin.refresh_from_db()
    assert book.lin.position == "采购经理"
    assert client.post(address, {**sent, "name": ""}).status_code == 422


def test_places(as_, book) -> None:
    client = as_(book.maintainer)
    answer = client.post(url("membership-add", book.lin), {"node": book.haichuan.pk}, headers=HTMX)
    assert answer.status_code == 204
    assert "#console-refetch" in answer["HX-Trigger"]
    place = url("console-place", book.lin, book.haichuan.pk)
    assert "<dialog" in text(client.get(place, headers=HTMX))
    assert client.post(place, {"position": "顾问", "order": "3"}, headers=HTMX).status_code == 204
    row = book.lin.memberships.get(node=book.haichuan)
    assert (row.position, row.order) == ("顾问", 3)
    page = text(client.get(url("console-contact", book.lin)))
    assert "顾问" in page
    assert url("membership-remove", book.lin, book.haichuan.pk) in page
    assert url("membership-remove", book.lin, book.purchase.pk) not in page
    assert client.get(url("console-place", book.lin, book.secret.pk)).status_code == 404


def test_a_place_of_somebody_elses_stays_unknown(as_, book, guest) -> None:
    client = as_(book.maintainer)
    assert client.get(url("console-place", guest, book.secret.pk)).status_code == 404
    assert (
        client.post(url("console-place", guest, book.haichuan.pk), {"position": "顾问"}).status_code
        == 303
    )


def test_the_account_from_end_to_end(as_, book) -> None:
    client = as_(book.maintainer)

    def offered() -> str:
        return text(client.get(url("console-account", book.lin)))

    def act(name: str, **values) -> int:
        return client.post(url(name, book.lin), values, headers=HTMX).status_code

    assert url("account-open", book.lin) in offered()
    assert client.get(url("console-credentials", book.lin)).status_code == 409
    assert act("account-open", way="own", username="lin-xt", password=PASSWORD) == 204
    page = offered()
    for name in (
        "account-reissue",
        "account-expiry",
        "account-close",
        "console-credentials",
        "disable",
    ):
        assert url(name, book.lin) in page, name
    assert act("console-credentials", username="lin.xt", password="123") == 422
    assert act("console-credentials", username="lin.xt", password=PASSWORD + " 48") == 204
    book.lin.refresh_from_db()
    assert book.lin.user.username == "lin.xt"
    assert act("account-expiry", expires_on="2999-12-31") == 204
    assert act("account-expiry", expires_on="2020-01-01") == 422
    assert act("disable") == 204
    assert url("enable", book.lin) in offered()
    assert act("enable") == 204
    assert act("account-reissue") == 204
    assert act("account-close") == 204
    assert url("account-open", book.lin) in offered()
    book.lin.refresh_from_db()
    assert book.lin.account == "none"


# --- Bin ------------------------------------------------------------------------------------------------------------


def test_into_the_bin_and_back(as_, book) -> None:
    client = as_(book.maintainer)
    assert "<dialog" in text(client.get(url("console-delete", book.lin), headers=HTMX))
    answer = client.post(url("console-delete", book.lin))
    assert answer.headers["Location"] == reverse("contacts:console-list", args=[book.purchase.pk])
    assert client.get(url("console-contact", book.lin)).status_code == 404
    page = text(client.get(reverse("contacts:bin")))
    assert "林晓彤" in page
    assert "139****0457" in page
    assert "13912340457" not in page
    assert "林晓彤" in text(client.get(reverse("contacts:bin"), {"q": "linxiao"}, headers=HTMX))
    assert "林晓彤" not in text(client.get(reverse("contacts:bin"), {"q": "王"}))
    restored = client.post(url("bin-restore", book.lin))
    assert restored.headers["Location"] == reverse("contacts:bin")
    assert client.get(url("console-contact", book.lin)).status_code == 200
    assert client.post(url("bin-restore", book.lin)).status_code == 404
    assert (
        AuditEntry.objects.filter(action="contact.restore", object_id=str(book.lin.pk)).count() == 1
    )


def test_the_bin_is_for_those_who_maintain(as_, book, guest) -> None:
    for contact in (book.lin, book.hidden, guest):
        people.delete(by=book.holder, contact=contact)
    address = reverse("contacts:bin")
    for who in ("creator", "stranger"):
        assert as_(getattr(book, who)).get(address).status_code == 403
        assert as_(getattr(book, who)).post(url("bin-restore", book.lin)).status_code == 404
    assert Client().get(address).status_code == 302
    client = as_(book.maintainer)
    assert client.post(address).status_code == 405
    assert client.get(url("bin-restore", book.lin)).status_code == 405
    page = text(client.get(address))
    assert "秘密人" not in page
    assert "两边的人" in page
    assert url("bin-restore", guest) not in page
    assert client.post(url("bin-restore", guest)).status_code == 403
    assert client.post(url("bin-restore", book.hidden)).status_code == 404
    assert "秘密人" in text(as_(book.holder).get(address))


def test_the_bin_asks_as_much_for_many(as_, book, django_assert_max_num_queries) -> None:
    for number in range(12):
        people.delete(by=book.holder, contact=make_contact(book.hengtuo, f"某人{number}"))
    client = as_(book.maintainer)
    text(client.get(reverse("contacts:bin")))
    with django_assert_max_num_queries(22):
        text(client.get(reverse("contacts:bin")))


def test_the_bin_stands_in_the_navigation_of_maintainers(as_, book) -> None:
    link = f'href="{reverse("contacts:bin")}"'
    assert link in text(as_(book.maintainer).get(reverse("contacts:bin")))
    assert link not in text(as_(book.stranger).get("/contacts/"))


def test_several_out_of_the_bin(as_, book) -> None:
    """All or none; one that was merged away says into whom and has nothing to tick."""
    client, url = as_(book.maintainer), reverse("contacts:bin-restore-many")
    twin = make_contact(book.haichuan, "林小彤")
    merge(by=book.maintainer, contact=book.wang, other=twin, picks={})
    for contact in (book.lin, book.hidden):
        people.delete(by=book.holder, contact=contact)
    page = client.get(reverse("contacts:bin"))
    shown = {row.contact.pk: row for row in page.context["rows"]}
    assert (shown[book.lin.pk].may_restore, shown[book.lin.pk].days_left) == (True, 29)
    assert (shown[twin.pk].may_restore, shown[twin.pk].survivor.name) == (False, "王嘉禾")
    assert "王嘉禾" in text(page)
    for ids, status in (
        ([], 422),
        ([book.lin.pk, book.hidden.pk], 404),
        ([book.lin.pk, twin.pk], 409),
    ):
        assert client.post(url, {"ids": ids}).status_code == status
    assert Contact.objects.binned().count() == 3
    assert client.post(url, {"ids": [book.lin.pk]}).status_code == 303
    assert Contact.objects.alive().filter(pk=book.lin.pk).exists()
