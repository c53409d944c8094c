"""The address book as a page: what each person finds in it, and the pieces htmx asks for."""

import pytest

from tests.factories import orgs as org
from tests.factories.contacts import make_contact, make_many

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def text(response) -> str:
    assert response.status_code == 200, response.content.decode()[:3000]
    return response.content.decode()


def test_the_front_door(client, as_, book) -> None:
    assert client.get("/").headers["Location"].startswith("/login/")
    assert as_(book.stranger).get("/").headers["Location"] == "/contacts/"


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("holder", "林王秘"),
        ("maintainer", "林王"),
        ("creator", "林"),
        ("viewer", "林"),
        ("ranged", "林"),
        ("stranger", ""),
    ],
)
def test_everybody_finds_his_own(as_, book, who, seen) -> None:
    page = text(as_(getattr(book, who)).get("/contacts/"))
    for letter, name in (("林", "林晓彤"), ("王", "王嘉禾"), ("秘", "秘密人")):
        assert (name in page) == (letter in seen)
    for letter, name in (("林", "恒拓精密"), ("秘", "渠道")):
        assert (name in page) == (letter in seen), name
    assert "13912340457" not in page
    assert "lin@example.com" not in page


def test_external_people_find_no_page(as_, book) -> None:
    # external_usable is asked first: without an identity there is no session at all.
    client = as_(book.external)
    for path in ("/contacts/", f"/contacts/{book.lin.pk}/", f"/contacts/o/{book.hengtuo.pk}/"):
        assert client.get(path).status_code in (302, 404)


def test_a_node_shows_its_people_and_hides_foreign_ones(as_, book) -> None:
    page = text(as_(book.ranged).get(f"/contacts/o/{book.purchase.pk}/"))
    assert "林晓彤" in page
    assert "供应商" in page
    assert as_(book.ranged).get(f"/contacts/o/{book.haichuan.pk}/").status_code == 404
    assert as_(book.stranger).get(f"/contacts/o/{book.hengtuo.pk}/").status_code == 404
    assert as_(book.maintainer).get(f"/contacts/o/{book.secret.pk}/").status_code == 404
    # A visible range without people is still a place to work in.
    empty = org.make_department(book.hengtuo, "空部门")
    assert as_(book.ranged).get(f"/contacts/o/{empty.pk}/").status_code == 200


def test_pieces_for_htmx(as_, book) -> None:
    client = as_(book.maintainer)
    url = f"/contacts/o/{book.hengtuo.pk}/"
    people = text(client.get(url, headers={**HTMX, "HX-Target": "people"}))
    assert "<html" not in people
    assert 'id="card-slot"' in people
    typed = text(
        client.get(f"{url}?q=wjh", headers={**HTMX, "HX-Target": "people", "HX-Trigger": "search"})
    )
    assert "王嘉禾" in typed.replace("<mark>", "").replace("</mark>", "")
    assert 'id="book-search"' not in typed
    card = text(client.get(f"{url}?c={book.lin.pk}", headers={**HTMX, "HX-Target": "card-slot"}))
    assert "<html" not in card
    assert "林晓彤" in card
    restored = client.get(
        f"{url}?c={book.lin.pk}", headers={**HTMX, "HX-History-Restore-Request": "true"}
    )
    assert "<html" in text(restored)
    assert "HX-Request" in restored.headers["Vary"]


@pytest.mark.parametrize("q", ["林晓彤", "lxt", "linxiaotong", "0457", "恒拓", "xiaotong"])
def test_search_reaches_all_visible_organizations(as_, book, q) -> None:
    page = text(as_(book.ranged).get(f"/contacts/o/{book.hengtuo.pk}/", {"q": q}))
    assert f'id="row-{book.lin.pk}"' in page
    assert f'id="row-{book.hidden.pk}"' not in page


def test_a_second_place_is_nobodys_business(as_, book) -> None:
    """A contact in two dimensions: who sees one of the places does not read of the other (T08)."""
    from contacts.services import places

    places.move(by=book.holder, contact=book.lin, node=book.secret)
    places.add_membership(by=book.holder, contact=book.lin, node=book.purchase)
    for who in (book.ranged, book.maintainer):
        for path in ("/contacts/", f"/contacts/?c={book.lin.pk}", "/contacts/?q=lxt"):
            page = text(as_(who).get(path))
            assert f'id="row-{book.lin.pk}"' in page
            assert "秘密商社" not in page, (who.name, path)


def test_filters_and_addresses_that_mean_nothing(as_, book) -> None:
    client = as_(book.maintainer)
    assert f'id="row-{book.lin.pk}"' in text(client.get("/contacts/?status=none"))
    assert f'id="row-{book.lin.pk}"' not in text(client.get("/contacts/?status=active"))
    for query in (
        "status=x&category=-1&tag=9999999999999999999&after=~&before=a~b", "c=abc",
        "tab=zzz", "category=777777777", "after=zzzz~99", "q=" + "长" * 300,
    ):  # fmt: skip
        assert client.get(f"/contacts/?{query}").status_code == 200, query
    assert client.get("/contacts/?c=99999999").status_code == 404


def test_pages_by_keyset(as_, book) -> None:
    make_many(book.haichuan, 120)
    client = as_(book.maintainer)
    seen: list[str] = []
    url = "/contacts/"
    for _page in range(5):
        page = text(client.get(url))
        seen += [part.split('"')[0] for part in page.split('id="row-')[1:]]
        if 'rel="next"' not in page:
            break
        url = page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 122


def test_queries_do_not_grow(as_, book) -> None:
    """Page 1, a search, a tree level and a card: the same number at 30 and at 3,000 contacts."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = as_(book.ranged)
    paths = ("/contacts/", f"/contacts/o/{book.hengtuo.pk}/", "/contacts/?q=wang", f"/contacts/?c={book.lin.pk}",
             f"/contacts/o/{book.suppliers.pk}/children/")  # fmt: skip
    counts: list[list[int]] = []
    for more in (30, 3000):
        make_many(book.purchase, more)
        for path in paths:
            client.get(path)
        found = []
        for path in paths:
            with CaptureQueriesContext(connection) as captured:
                assert client.get(path).status_code == 200
            found.append(len(captured))
        counts.append(found)
    # A search that is full after its first step saves the others.
    assert all(many <= few for few, many in zip(*counts, strict=True))
    assert max(counts[1]) <= 45


def test_tree_levels(as_, book) -> None:
    client = as_(book.ranged)
    level = text(client.get(f"/contacts/o/{book.suppliers.pk}/children/"))
    assert "恒拓精密" in level
    assert "海川电子" not in level
    assert client.get(f"/contacts/o/{book.channels.pk}/children/").status_code == 404


def test_a_disabled_branch_is_gone_for_staff(as_, book) -> None:
    from orgs.services import nodes

    nodes.set_enabled(by=book.maintainer, node=book.hengtuo, enabled=False)
    assert "林晓彤" not in text(as_(book.ranged).get("/contacts/"))
    assert as_(book.creator).get(f"/contacts/?c={book.lin.pk}").status_code == 404
    assert "林晓彤" in text(as_(book.maintainer).get("/contacts/"))


def test_one_row(as_, book) -> None:
    row = text(as_(book.ranged).get(f"/contacts/{book.lin.pk}/row/"))
    assert row.count("<tr") == 1
    assert as_(book.ranged).get(f"/contacts/{book.wang.pk}/row/").status_code == 404


def test_the_address_of_a_contact_leads_to_its_card(as_, book) -> None:
    response = as_(book.ranged).get(f"/contacts/{book.lin.pk}/")
    assert response.status_code == 302
    assert f"c={book.lin.pk}" in response.headers["Location"]
    assert as_(book.ranged).get(f"/contacts/{make_contact(book.secret).pk}/").status_code == 404


def test_a_card_beside_a_conversation(as_, book) -> None:
    url = f"/contacts/{book.lin.pk}/beside/"
    html = as_(book.viewer).get(url, headers={"HX-Request": "true"}).content.decode()
    assert "139****0457" in html
    assert "13912340457" not in html
    assert "恒拓精密" in html
    assert as_(book.viewer).get(url)["Location"] == f"/contacts/{book.lin.pk}/"
    assert as_(book.stranger).get(url, headers={"HX-Request": "true"}).status_code == 404


def test_numbers_beyond_what_is_counted_are_said_as_such(as_, book, monkeypatch) -> None:
    """Never one more than was counted; what filters keep is counted less far."""
    make_many(book.hengtuo, 7, account="none")
    monkeypatch.setattr("contacts.querysets.NARROWED_CAP", 3)
    url = f"/contacts/o/{book.hengtuo.pk}/"
    client, console = as_(book.holder), f"/console/orgs/{book.hengtuo.pk}/contacts/"
    page = text(client.get(url, {"status": "none"}))
    assert page.count("超过 3 人") == 2  # beside the name and at the foot
    assert "超过" not in text(client.get(url))
    assert "3+" in text(client.get(console, {"status": "none"}))
    monkeypatch.setattr("contacts.querysets.COUNT_CAP", 5)
    # Beside the name, at the foot, and at the head of the tree.
    assert text(client.get(url)).count("超过 5 人") == 3
