"""The areas of the card, rights, places, state and account, each for whom it is (rows 19, 20, 23, 24, 28, 41)."""

import pytest

from accounts.models import InitialSecret, User
from contacts.models import Contact, ContactUserGrant, ContactVisibleStaff, Membership
from contacts.services import places
from orgs.services import nodes
from tests.contacts.views.conftest import fresh
from tests.factories import orgs as org
from tests.factories.contacts import give_login

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
PEOPLE = ("holder", "maintainer", "creator", "viewer", "ranged", "stranger")


def statuses(as_, book, method: str, path: str, data=None) -> list[int]:
    """The answers to all kinds of people, in the order of PEOPLE."""
    found = []
    for who in PEOPLE:
        client = as_(getattr(book, who))
        call = client.post if method == "post" else client.get
        found.append(call(path.format(pk=book.lin.pk), data or {}).status_code)
    return found


@pytest.mark.parametrize(
    ("tab", "expected"),
    [
        ("basic", [200, 200, 200, 200, 200, 404]),
        ("rights", [200, 200, 200, 404, 404, 404]),
        ("account", [200, 200, 200, 404, 404, 404]),
        ("history", [200, 200, 404, 404, 404, 404]),
    ],
)
def test_areas_are_refused_and_not_only_hidden(as_, book, tab, expected) -> None:
    assert statuses(as_, book, "get", f"/contacts/?c={{pk}}&tab={tab}") == expected


def test_a_viewer_reads_basic_information_only(as_, book) -> None:
    page = as_(book.viewer).get(f"/contacts/?c={book.lin.pk}").content.decode()
    for word in ("tab=rights", "tab=account", "tab=history", "/edit/", "/reveal/", "/disable/"):
        assert word not in page
    page = as_(book.maintainer).get(f"/contacts/?c={book.lin.pk}").content.decode()
    for word in ("tab=rights", "tab=account", "tab=history", "/edit/", "/reveal/", "/disable/"):
        assert word in page


MAIN = [200, 200, 404, 404, 404, 404]


@pytest.mark.parametrize(
    "path", ["disable", "enable", "delete", "account/open", "account/expiry", "account/reissue", "account/unlock",
             "account/sessions", "account/close", "account/reset-factor"],
)  # fmt: skip
def test_questions_are_for_those_who_maintain_the_main_dimension(as_, book, path) -> None:
    assert statuses(as_, book, "get", f"/contacts/{{pk}}/{path}/") == MAIN


@pytest.mark.parametrize("path", ["move", "places/add"])
def test_choosers_are_for_them_too(as_, book, path) -> None:
    assert statuses(as_, book, "get", f"/contacts/{{pk}}/{path}/") == [302, 302, 404, 404, 404, 404]


def test_who_sees_it_and_why(as_, book) -> None:
    path = f"/contacts/{book.lin.pk}/why/"
    assert statuses(as_, book, "get", path) == [200, 200, 403, 403, 403, 404]
    client = as_(book.maintainer)
    page = client.get(path).content.decode()
    for person in (book.creator, book.viewer, book.ranged, book.maintainer, book.holder):
        assert f"?person={person.pk}" in page
    assert f"?person={book.stranger.pk}" not in page
    answers = {
        "creator": "创建了", "viewer": "共享给", "ranged": "恒拓精密”的可见范围", "maintainer": "维护“供应商”",
        "holder": "外部互联维护", "stranger": "看不到",
    }  # fmt: skip
    for who, words in answers.items():
        assert words in client.get(f"{path}?person={getattr(book, who).pk}").content.decode(), who
    for nobody in ("999999", "abc", str(book.external.pk)):
        assert client.get(f"{path}?person={nobody}").status_code == 404


def test_why_not_names_what_stands_in_the_way(as_, book) -> None:
    client = as_(book.maintainer)
    path = f"/contacts/{book.lin.pk}/why/?person="

    def said(person) -> str:
        return (
            client.get(f"{path}{person.pk}")
            .content.decode()
            .partition('class="hints"')[2]
            .partition("</ul>")[0]
        )

    org.let_view(book.stranger, book.haichuan)
    assert "供应商 / 海川电子" in said(book.stranger)
    nodes.set_enabled(by=book.maintainer, node=book.hengtuo, enabled=False)
    for person in (book.creator, book.viewer, book.ranged):
        assert "“恒拓精密”已停用" in said(person)
    nodes.set_enabled(by=book.maintainer, node=book.hengtuo, enabled=True)
    places.set_enabled(by=book.maintainer, contact=book.lin, enabled=False)
    assert "此联系人已停用" in said(book.creator)
    places.set_enabled(by=book.maintainer, contact=fresh(book.lin), enabled=True)
    User.objects.filter(pk=book.creator.pk).update(is_active=False)
    assert "已停用，看不到任何人" in said(book.creator)


def test_what_lies_in_another_dimension_is_not_named(as_, book) -> None:
    """A contact of two dimensions, seen through the one that the reader does not maintain (T08)."""
    places.add_membership(by=book.holder, contact=book.lin, node=book.secret)
    group = org.make_internal_department("渠道部", book.stranger)
    org.let_view(group, book.secret)
    page = as_(book.maintainer).get(f"/contacts/{book.lin.pk}/why/?person={book.stranger.pk}")
    assert "可以看到" in page.content.decode()
    assert "秘密商社" not in page.content.decode()
    assert "秘密商社" in as_(book.holder).get(page.request["PATH_INFO"]).content.decode()


def test_queries_do_not_grow_with_those_who_see_it(
    as_, book, django_assert_max_num_queries
) -> None:
    client = as_(book.maintainer)
    org.let_view(
        org.make_internal_department("大部门", *(org.make_person() for _ in range(70))),
        book.hengtuo,
    )
    with django_assert_max_num_queries(45):
        page = client.get(f"/contacts/{book.lin.pk}/why/?person={book.ranged.pk}").content.decode()
    assert page.count(f'"text-reset" href="/contacts/{book.lin.pk}/why/?person=') == 50
    assert "75 人" in page


def test_sharing(as_, book) -> None:
    client = as_(book.creator)
    url = f"/contacts/{book.lin.pk}/share/"
    answer = client.post(f"{url}view/", {"people": [f"p{book.stranger.pk}"]}, headers=HTMX)
    assert answer.status_code == 204
    assert "card-refetch" in answer.headers["HX-Trigger"]
    assert ContactUserGrant.objects.filter(user=book.stranger).exists()
    assert client.post(f"{url}own/", {"people": [f"p{book.stranger.pk}"]}).status_code == 404
    assert client.post(f"{url}view/", {"people": ["p0", "zz"]}).status_code == 422
    assert client.post(f"{url}view/", {"people": [f"p{book.external.pk}"]}).status_code == 422
    assert client.post(f"{url}remove/", {"people": [f"p{book.stranger.pk}"]}).status_code == 303
    assert not ContactUserGrant.objects.filter(user=book.stranger).exists()
    assert (
        as_(book.viewer).post(f"{url}view/", {"people": [f"p{book.stranger.pk}"]}).status_code
        == 404
    )


def test_visible_staff(as_, book) -> None:
    client = as_(book.creator)
    people = {"people": [f"p{book.stranger.pk}"]}
    assert client.post(f"/contacts/{book.lin.pk}/staff/add/", people).status_code == 303
    assert ContactVisibleStaff.objects.filter(user=book.stranger).exists()
    page = client.get(f"/contacts/?c={book.lin.pk}&tab=rights").content.decode()
    assert "陌生人" in page
    assert client.post(f"/contacts/{book.lin.pk}/staff/remove/", people).status_code == 303
    assert not ContactVisibleStaff.objects.exists()


def test_places(as_, book) -> None:
    client = as_(book.maintainer)
    url = f"/contacts/{book.lin.pk}/"
    assert client.post(f"{url}places/add/", {"node": book.secret.pk}).status_code == 404
    assert (
        client.post(f"{url}places/add/", {"node": book.haichuan.pk}, headers=HTMX).status_code
        == 204
    )
    assert client.post(f"{url}places/{book.haichuan.pk}/remove/").status_code == 303
    assert client.post(f"{url}places/{book.purchase.pk}/remove/").status_code == 409
    assert client.post(f"{url}move/", {"node": book.haichuan.pk}).status_code == 303
    assert fresh(book.lin).main_node == book.haichuan
    assert Membership.objects.filter(contact=book.lin).count() == 1


def test_disable_enable_delete(as_, book) -> None:
    client = as_(book.maintainer)
    url = f"/contacts/{book.lin.pk}/"
    assert client.post(f"{url}disable/", headers=HTMX).status_code == 204
    assert not fresh(book.lin).live
    assert as_(book.creator).get(f"/contacts/?c={book.lin.pk}").status_code == 404
    assert client.post(f"{url}enable/").status_code == 303
    assert fresh(book.lin).live
    assert client.post(f"{url}delete/").status_code == 303
    assert fresh(book.lin).deleted_at
    assert client.get(f"/contacts/?c={book.lin.pk}").status_code == 404


def test_opening_with_own_and_random_log_in(as_, book) -> None:
    client = as_(book.maintainer)
    url = f"/contacts/{book.lin.pk}/account/open/"
    assert client.post(url, {"way": "own", "username": "lin.xt"}).status_code == 422
    assert (
        client.post(url, {"way": "own", "username": "lin.xt", "password": "short"}).status_code
        == 422
    )
    good = {"way": "own", "username": "lin.xt", "password": "correct horse battery 42"}
    assert client.post(url, good).status_code == 303
    assert fresh(book.lin).account == "active"
    assert client.post(url, good).status_code == 409
    assert (
        client.post(f"/contacts/{book.wang.pk}/account/open/", {"way": "random"}).status_code == 303
    )
    assert fresh(book.wang).account == "opening"
    assert InitialSecret.objects.get(user=book.wang.user).readers.get() == book.maintainer
    page = client.get(f"/contacts/?c={book.wang.pk}&tab=account").content.decode()
    assert "battery" not in page


def test_the_life_of_an_account(as_, book) -> None:
    user = org.make_external()
    give_login(book.lin, user)
    client = as_(book.maintainer)
    url = f"/contacts/{book.lin.pk}/account/"
    assert client.post(f"{url}expiry/", {"expires_on": "2020-01-01"}).status_code == 422
    assert client.post(f"{url}expiry/", {"expires_on": "2099-12-31"}).status_code == 303
    assert fresh(book.lin).expires_at.year == 2099
    for act in ("unlock", "sessions", "reissue", "close"):
        assert client.post(f"{url}{act}/", headers=HTMX).status_code == 204, act
    assert Contact.objects.get(pk=book.lin.pk).user is None
    for act in ("unlock", "sessions", "reissue", "close"):
        assert client.post(f"{url}{act}/").status_code == 409, act


def test_history_masks_what_it_tells(as_, book) -> None:
    client = as_(book.maintainer)
    client.post(f"/contacts/{book.lin.pk}/edit/", {"name": "林晓彤", "mobile": "13912340999"})
    page = client.get(f"/contacts/?c={book.lin.pk}&tab=history").content.decode()
    assert "0999" in page
    assert "13912340999" not in page
