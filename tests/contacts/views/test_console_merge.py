"""Finding the other entry, comparing, merging, and where old addresses lead (SPEC CON-4; matrix row 24)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts.models import Contact
from contacts.services import places
from tests.factories import orgs as org
from tests.factories.contacts import give_login, make_contact

pytestmark = pytest.mark.django_db


def merge_url(contact, other=None) -> str:
    return reverse("contacts:console-merge", args=[contact.pk]) + (
        f"?other={other.pk}" if other else ""
    )


def text(response, status: int = 200) -> str:
    assert response.status_code == status, response.content.decode()[:3000]
    return response.content.decode()


def test_candidates_are_those_whose_main_dimension_is_maintained(as_, book) -> None:
    client = as_(book.maintainer)
    twin = make_contact(book.haichuan, "林晓彤", mobile="")
    same_mail = make_contact(book.haichuan, "小彤", email="LIN@example.com")
    foreign = make_contact(book.secret, "林晓彤", mobile=book.lin.mobile)
    halfway = make_contact(book.secret, "林晓彤", places=[book.haichuan])
    page = text(client.get(merge_url(book.lin)))
    for one, shown in (
        (twin, True),
        (same_mail, True),
        (foreign, False),
        (halfway, False),
        (book.wang, False),
    ):
        assert (f"?other={one.pk}" in page) == shown, one
    assert "13912340457" not in page
    assert f"?other={book.wang.pk}" in text(client.get(merge_url(book.lin), {"q": "wjh"}))
    assert "?other=" not in text(client.get(merge_url(book.lin), {"q": "秘密"}))
    for other in (foreign, book.hidden):
        assert client.get(merge_url(book.lin, other)).status_code == 404
    assert client.get(merge_url(book.lin, halfway)).status_code == 403
    assert as_(book.creator).get(merge_url(book.lin)).status_code == 404


def test_candidates_cost_the_same_however_many(as_, book) -> None:
    client, counts = as_(book.maintainer), []
    for more in (1, 12):
        for _ in range(more):
            make_contact(book.haichuan, "林晓彤", mobile="")
        client.get(merge_url(book.lin))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(merge_url(book.lin))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_compare_merge_and_old_addresses(as_, book) -> None:
    client = as_(book.maintainer)
    other = make_contact(
        book.haichuan, "林小彤", mobile="+8613800004444", places=[book.secret], remark="展会"
    )
    page = text(client.get(merge_url(book.lin, other)))
    for shown in ("林小彤", "138****4444", "139****0457", "海川电子", "恒拓精密"):
        assert shown in page
    for never in ("秘密商社", "13800004444"):  # a place that is none of his business, a full number
        assert never not in page
    stamp = client.get(merge_url(book.lin, other)).context["stamp"]
    # Changed meanwhile: what was chosen stays chosen.
    Contact.objects.filter(pk=other.pk).update(office="二楼")
    data = {"other": other.pk, "stamp": stamp, "pick_mobile": "other", "pick_name": "nonsense"}
    refused = client.post(merge_url(book.lin), data)
    assert "meanwhile" in text(refused, 409) or "其间" in text(refused, 409)
    assert next(one for one in refused.context["choices"] if one.key == "mobile").pick == "other"
    data["stamp"] = refused.context["stamp"]
    done = client.post(merge_url(book.lin), data)
    assert done.headers["Location"] == reverse("contacts:console-contact", args=[book.lin.pk])
    book.lin.refresh_from_db()
    assert (book.lin.mobile, book.lin.name) == ("+8613800004444", "林晓彤")

    def leads(who, name: str, query: str = "") -> str:
        answer = as_(who).get(reverse(name, args=[other.pk]) + query)
        return answer.headers.get("Location", str(answer.status_code))

    history = reverse("contacts:console-history", args=[book.lin.pk])
    assert leads(book.maintainer, "contacts:console-history", "?before=9") == f"{history}?before=9"
    assert leads(book.viewer, "contacts:contact") == reverse("contacts:contact", args=[book.lin.pk])
    assert leads(book.stranger, "contacts:contact") == "404"
    answer = as_(book.viewer).get(reverse("contacts:index"), {"c": other.pk, "tab": "basic"})
    assert answer.headers["Location"] == f"/contacts/?c={book.lin.pk}&tab=basic"
    assert as_(book.stranger).get(reverse("contacts:index"), {"c": other.pk}).status_code == 404
    assert (
        as_(book.maintainer).post(reverse("contacts:console-delete", args=[other.pk])).status_code
        == 404
    )


def test_two_accounts_are_refused_on_the_page_too(as_, book) -> None:
    give_login(book.lin, book.external)
    give_login(book.wang, org.make_external())
    client = as_(book.maintainer)
    page = text(client.get(merge_url(book.lin, book.wang)))
    assert reverse("contacts:console-account", args=[book.wang.pk]) in page
    assert 'type="submit">' not in page.split('id="then-t"')[1].split("</section>")[0]
    assert client.post(merge_url(book.lin), {"other": book.wang.pk}).status_code == 409


def test_that_a_disabled_login_comes_back_is_said_before(as_, book) -> None:
    client, said = as_(book.maintainer), "已停用条目的账号将恢复登录"
    other = give_login(make_contact(book.haichuan), org.make_external())
    assert said not in text(client.get(merge_url(book.lin, other)))
    places.set_enabled(by=book.maintainer, contact=other, enabled=False)
    assert said in text(client.get(merge_url(book.lin, other)))
    places.set_enabled(by=book.maintainer, contact=book.lin, enabled=False)
    assert said not in text(client.get(merge_url(book.lin, other)))


@pytest.mark.parametrize("noise", ["x", "-1", "9" * 40, "1e9"])
def test_noise(as_, book, noise) -> None:
    client = as_(book.maintainer)
    assert client.get(merge_url(book.lin), {"other": noise, "q": noise}).status_code == 404
    assert client.post(merge_url(book.lin), {"other": noise}).status_code == 404


def test_editing_asks_about_the_same_person(as_, book) -> None:
    client, url = as_(book.maintainer), reverse("contacts:console-edit", args=[book.wang.pk])
    data = {"name": "王嘉禾", "mobile": "139 1234 0457", "email": ""}
    answer = client.post(url, data)
    assert merge_url(book.wang, book.lin).replace("&", "&amp;") in text(answer, 422)
    key = answer.context["key"]
    assert client.post(url, {**data, "different": key}).status_code == 303
    book.wang.refresh_from_db()
    assert book.wang.mobile == "+8613912340457"
    # Known only where he does not maintain: a hint, no name.
    hidden = client.post(url, {**data, "mobile": "13700000001"})
    assert hidden.context["known"].hidden
    assert "秘密人" not in text(hidden, 422)


def test_a_whole_number_does_not_name_whom_one_sees_masked(as_, book) -> None:
    """A range shows 林晓彤 with a mask; creating somebody with her number must not say that it is hers (CON-7)."""
    url = reverse("contacts:new")
    data = {"name": "试探", "mobile": "139 1234 0457", "node": book.hengtuo.pk}
    answer = as_(book.ranged).post(url, data)
    assert answer.context["duplicates"].hidden
    assert answer.context["duplicates"].visible == []
