"""The tab 联系人 of a node in the back office, and what is done with several at once (SPEC CON-5; rows 16, 25, 27)."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contacts import console_columns, console_lists
from contacts.models import BulkJob, Contact, ContactUserGrant, ListLayout
from contacts.services import bulk_jobs, places
from core.models import AuditEntry
from orgs.models import Tag
from tests.factories import orgs as org
from tests.factories.contacts import give_login, make_contact, make_many

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
NOISE = ["", "x", "-1", "9" * 40, "1e9", "名字", "[]", "~", "a~", "~5", "zhang~7"]


def list_url(node) -> str:
    return reverse("contacts:console-list", args=[node.pk])


def bulk_url(node, query: str = "") -> str:
    return reverse("contacts:console-bulk", args=[node.pk]) + query


def text(response) -> str:
    assert response.status_code == 200, response.content.decode()[:3000]
    return response.content.decode()


# --- Doors ----------------------------------------------------------------------------------------------------------


def test_who_opens_the_list(as_, book) -> None:
    for who, status in (
        ("holder", 200), ("maintainer", 200), ("creator", 404), ("viewer", 404), ("ranged", 404), ("stranger", 404)
    ):  # fmt: skip
        assert as_(getattr(book, who)).get(list_url(book.hengtuo)).status_code == status, who
    assert as_(book.maintainer).get(list_url(book.secret)).status_code == 404
    assert as_(book.maintainer).post(bulk_url(book.secret)).status_code == 404


def test_strangers_and_external_people_stay_outside(as_, book) -> None:
    give_login(book.lin, book.external)
    for url in (list_url(book.hengtuo), reverse("contacts:node-counts")):
        assert Client().get(url).status_code == 302
        assert as_(book.external).get(url).status_code in (302, 404)
    assert as_(book.stranger).get(reverse("contacts:node-counts")).status_code == 403
    assert Client().post(bulk_url(book.hengtuo)).status_code == 302


def test_methods_and_forms_from_elsewhere(as_, book) -> None:
    client = as_(book.maintainer)
    assert client.post(list_url(book.hengtuo)).status_code == 405
    assert client.post(reverse("contacts:node-counts")).status_code == 405
    assert client.get(bulk_url(book.hengtuo)).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(book.maintainer, backend="accounts.backends.LoginBackend")
    assert strict.post(bulk_url(book.hengtuo), {"action": "disable"}).status_code == 403


@pytest.mark.parametrize("noise", NOISE)
def test_noise_never_breaks_a_door(as_, book, noise) -> None:
    client = as_(book.maintainer)
    keys = (
        "q", "status", "category", "tag", "after", "before", "ids", "action", "node", "all", "n", "holders",
        "source", "follower", "from", "to", "enabled", "mobile", "email", "here", "sort",
    )  # fmt: skip
    values = dict.fromkeys(keys, noise)
    assert client.get(list_url(book.hengtuo), values).status_code == 200
    assert client.get(reverse("contacts:node-counts"), values).status_code == 200
    for action in (
        "move",
        "tag",
        "untag",
        "share",
        "unshare",
        "follower",
        "delete",
        "disable",
        "export",
        noise,
    ):
        answer = client.post(bulk_url(book.hengtuo), {**values, "action": action}, headers=HTMX)
        assert answer.status_code < 500, action


# --- The list -------------------------------------------------------------------------------------------------------


def test_the_page_and_its_fragment(as_, book) -> None:
    client = as_(book.maintainer)
    page = text(client.get(list_url(book.hengtuo)))
    fragment = client.get(list_url(book.hengtuo), headers={**HTMX, "HX-Target": "node"})
    assert "<html" in page
    assert "<html" not in text(fragment)
    assert "HX-Request" in fragment["Vary"]
    for shown in ("林晓彤", "139****0457", "恒拓精密", "采购部", "采购工程师"):
        assert shown in page
        assert shown in text(fragment)
    for missing in ("王嘉禾", "秘密人", "13912340457", "lin@example.com"):
        assert missing not in page


def test_disabled_contacts_stay_in_sight_of_maintainers(as_, book) -> None:
    places.set_enabled(by=book.holder, contact=book.lin, enabled=False)
    assert "林晓彤" in text(as_(book.maintainer).get(list_url(book.hengtuo)))


def test_filters_and_search(as_, book) -> None:
    client = as_(book.maintainer)
    important = Tag.objects.create(name="重点")
    book.lin.tags.add(important)
    make_contact(book.hengtuo, "陈思远", account=Contact.Account.PENDING)

    def names(**query) -> set[str]:
        page = text(client.get(list_url(book.suppliers), query))
        return {name for name in ("林晓彤", "王嘉禾", "陈思远") if name in page}

    assert names() == {"林晓彤", "王嘉禾", "陈思远"}
    assert names(status="pending") == {"陈思远"}
    assert names(tag=important.pk) == {"林晓彤"}
    assert names(q="lxt") == {"林晓彤"}
    assert names(q="秘密") == set()
    assert names(q="lxt", status="pending") == set()
    assert names(q="lxt", status="none", tag=important.pk) == {"林晓彤"}


def test_pages_by_keyset(as_, book) -> None:
    make_many(book.haichuan, 120)
    client, seen, url = as_(book.maintainer), [], list_url(book.haichuan)
    while url:
        response = client.get(url)
        assert response.status_code == 200
        seen += [row.id for row in response.context["rows"]]
        last, url = url, response.context["pager"].next_url
    assert len(seen) == len(set(seen)) == 121
    assert client.get(last).context["pager"].previous_url
    assert client.get(list_url(book.haichuan)).context["pager"].total == 121


def test_the_other_way_round(as_, book) -> None:
    """From the last name on, forth and back again."""
    make_many(book.haichuan, 120)
    client = as_(book.maintainer)
    forth, url, pages = [], list_url(book.haichuan), []
    while url:
        response = client.get(url, {} if "?" in url else {"sort": "-name"})
        pages.append([row.id for row in response.context["rows"]])
        forth += pages[-1]
        last, url = response.context["pager"], response.context["pager"].next_url
    plain = [row.id for row in client.get(list_url(book.haichuan)).context["rows"]]
    assert forth[::-1][:50] == plain
    assert len(set(forth)) == 121
    back = client.get(last.previous_url)
    assert [row.id for row in back.context["rows"]] == pages[-2]


def test_the_number_of_queries_does_not_grow(as_, book) -> None:
    client = as_(book.maintainer)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            text(client.get(list_url(book.haichuan)))
        return len(captured)

    ListLayout.objects.create(owner=book.maintainer, columns=list(console_columns.COLUMNS))
    tag = Tag.objects.create(name="重点")
    for pk in make_many(book.haichuan, 29):
        tag.contact_set.add(pk)
    queries()
    few = queries()
    for pk in make_many(book.haichuan, 270)[:40]:
        tag.contact_set.add(pk)
    assert queries() == few


def test_a_name_is_only_a_name(as_, book) -> None:
    name = "<img src=x onerror=alert(1)>\"'{{7919*7907}}"
    nasty = make_contact(book.hengtuo, name, position="<script>alert(2)</script>")
    client = as_(book.maintainer)
    pages = [
        text(client.get(list_url(book.hengtuo))),
        text(client.get(list_url(book.hengtuo), {"q": "<script>alert(3)</script>"})),
        text(client.get(reverse("contacts:console-contact", args=[nasty.pk]))),
        text(client.post(bulk_url(book.hengtuo), {"action": "disable", "ids": [nasty.pk]}, headers=HTMX)),
    ]  # fmt: skip
    for page in pages:
        assert "<img src=x" not in page
        assert "<script>alert" not in page
        assert "62615533" not in page


def test_counts_are_those_of_the_viewer(as_, book) -> None:
    ids = ",".join(str(node.pk) for node in (book.suppliers, book.hengtuo, book.secret))
    url = reverse("contacts:node-counts")
    answer = json.loads(as_(book.maintainer).get(url, {"ids": ids}).content)
    assert answer["counts"] == {str(book.suppliers.pk): 2, str(book.hengtuo.pk): 1}
    answer = json.loads(as_(book.holder).get(url, {"ids": ids}).content)
    assert answer["counts"][str(book.secret.pk)] == 1


# --- Several at once ------------------------------------------------------------------------------------------------


def test_a_question_comes_first(as_, book) -> None:
    client = as_(book.maintainer)
    ids = {"ids": [book.lin.pk]}
    for action in ("disable", "enable", "tag", "untag", "delete", "export"):
        answer = client.post(bulk_url(book.hengtuo), {"action": action, **ids}, headers=HTMX)
        assert "<dialog" in text(answer)
        assert f'name="ids" value="{book.lin.pk}"' in answer.content.decode()
    for action, chooser in (
        ("move", "/console/orgs/pick/"),
        ("share", "/pick/people/"),
        ("follower", "/pick/people/"),
    ):
        answer = client.post(bulk_url(book.hengtuo), {"action": action, **ids}, headers=HTMX)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith(chooser)
        assert "<dialog" in text(client.get(answer.headers["Location"], headers=HTMX))
    book.lin.refresh_from_db()
    assert book.lin.enabled
    assert not AuditEntry.objects.filter(action__in=["contact.disable", "contact.tag"]).exists()


def test_nothing_chosen(as_, book) -> None:
    answer = as_(book.maintainer).post(bulk_url(book.hengtuo), {"action": "disable"}, headers=HTMX)
    assert answer.status_code == 422


def confirm(client, at, action, contacts, **values):
    data = {"action": action, "confirmed": "1", "ids": [one.pk for one in contacts], **values}
    return client.post(bulk_url(at), data, headers=HTMX)


def test_moving_several(as_, book) -> None:
    other = make_contact(book.hengtuo, "陈思远")
    client = as_(book.maintainer)
    chosen = f"?ids={book.lin.pk},{other.pk}&action=move"
    asked = client.post(bulk_url(book.suppliers, chosen), {"node": book.haichuan.pk}, headers=HTMX)
    assert "海川电子" in text(asked)
    answer = confirm(client, book.suppliers, "move", [book.lin, other], node=book.haichuan.pk)
    assert answer.status_code == 204
    assert set(Contact.objects.filter(main_node=book.haichuan)) == {book.lin, other, book.wang}
    assert (
        confirm(client, book.suppliers, "move", [book.lin], node=book.secret.pk).status_code == 404
    )


def test_tags_shares_and_state_of_several(as_, book) -> None:
    client, both = as_(book.maintainer), [book.lin, book.wang]
    assert confirm(client, book.suppliers, "tag", both, tags="").status_code == 422
    assert confirm(client, book.suppliers, "tag", both, tags="重点，驻场").status_code == 204
    assert book.wang.tags.count() == 2
    holder = f"p{book.stranger.pk}"
    asked = client.post(
        bulk_url(book.suppliers, f"?ids={book.lin.pk}&action=share"),
        {"holders": holder},
        headers=HTMX,
    )
    assert "陌生人" in text(asked)
    answer = confirm(client, book.suppliers, "share", both, holders=[holder], level="edit")
    assert answer.status_code == 204
    assert ContactUserGrant.objects.filter(user=book.stranger).count() == 2
    sent = {"action": "unshare", "ids": [book.lin.pk]}
    assert "/pick/people/" in client.post(bulk_url(book.suppliers), sent)["Location"]
    asked = client.post(bulk_url(book.suppliers), {**sent, "holders": holder}, headers=HTMX)
    assert "取消 1 名联系人的共享？" in text(asked)
    answer = confirm(client, book.suppliers, "unshare", [book.lin], holders=[holder])
    assert answer.status_code == 204
    assert ContactUserGrant.objects.filter(user=book.stranger).count() == 1
    assert confirm(client, book.suppliers, "untag", both, tags="驻场，没有的").status_code == 204
    assert list(book.wang.tags.values_list("name", flat=True)) == ["重点"]
    assert (
        confirm(client, book.suppliers, "follower", both, follower=book.stranger.pk).status_code
        == 204
    )
    assert book.stranger.followed_contacts.count() == 2
    assert (
        confirm(client, book.suppliers, "follower", both, follower=book.external.pk).status_code
        == 422
    )
    assert confirm(client, book.suppliers, "disable", both).status_code == 204
    assert Contact.objects.filter(enabled=False).count() == 2
    assert confirm(client, book.suppliers, "enable", both).status_code == 204
    assert not Contact.objects.filter(enabled=False).exists()
    assert confirm(client, book.suppliers, "delete", both).status_code == 204
    assert Contact.objects.binned().count() == 2


@pytest.mark.parametrize(
    ("action", "values"),
    [
        ("disable", {}),
        ("delete", {}),
        ("untag", {"tags": "重点"}),
        ("follower", {}),
        ("tag", {"tags": "重点"}),
        ("move", {"node": "haichuan"}),
        ("share", {"level": "view"}),
        ("unshare", {}),
    ],
)
def test_all_or_nothing(as_, book, action, values) -> None:
    """One contact that is not his, and nothing happens to the others either (T05)."""
    if "node" in values:
        values = {"node": getattr(book, values["node"]).pk}
    if action in ("share", "unshare"):
        values = {**values, "holders": [f"p{book.stranger.pk}"]}
    if action == "follower":
        values = {"follower": book.stranger.pk}
    answer = confirm(
        as_(book.maintainer), book.suppliers, action, [book.lin, book.hidden], **values
    )
    assert answer.status_code == 404
    book.lin.refresh_from_db()
    assert book.lin.enabled
    assert book.lin.main_node_id == book.purchase.pk
    assert not book.lin.tags.exists()
    assert not ContactUserGrant.objects.filter(user=book.stranger).exists()
    assert not AuditEntry.objects.filter(object_type="contacts.contact").exists()


def test_the_main_dimension_decides(as_, book) -> None:
    """Maintained through a further place: seen, but neither disabled nor moved; the sentence says how many."""
    guest = make_contact(book.secret, "两边的人", places=[book.haichuan])
    answer = confirm(as_(book.maintainer), book.suppliers, "disable", [book.lin, guest])
    assert answer.status_code == 403
    book.lin.refresh_from_db()
    assert book.lin.enabled


def test_all_that_match(as_, book) -> None:
    make_many(book.haichuan, 60)
    client = as_(book.maintainer)
    page = text(client.get(list_url(book.haichuan)))
    assert 'name="all"' in page
    asked = client.post(bulk_url(book.haichuan), {"action": "disable", "all": "1"}, headers=HTMX)
    assert 'name="n" value="61"' in text(asked)
    chosen = {"action": "disable", "confirmed": "1", "all": "1"}
    make_contact(book.haichuan, "后来的人")
    assert (
        client.post(bulk_url(book.haichuan), {**chosen, "n": 61}, headers=HTMX).status_code == 409
    )
    assert not Contact.objects.filter(enabled=False).exists()
    answer = client.post(bulk_url(book.haichuan), {**chosen, "n": 62}, headers=HTMX)
    assert answer.status_code == 204
    assert Contact.objects.filter(enabled=False, main_node=book.haichuan).count() == 62


def test_those_of_many_that_are_gone_are_said_before(as_, book, monkeypatch) -> None:
    """A job would pass them over in silence; of a few all are refused."""
    for module in (console_lists, bulk_jobs):
        monkeypatch.setattr(module, "AT_ONCE", 2)
    client, ids = as_(book.maintainer), make_many(book.haichuan, 4)
    unseen = [make_contact(org.make_dimension(), "别处").pk, 999_999]
    sent = {"action": "disable", "ids": [*ids, *unseen]}
    asked = text(client.post(bulk_url(book.haichuan), sent, headers=HTMX))
    assert "所选 6 名中有 2 名已不可见，将不处理" in asked
    assert 'name="n" value="4"' in asked
    Contact.objects.filter(pk=ids[0]).update(deleted_at=timezone.now())
    late = client.post(bulk_url(book.haichuan), {**sent, "n": 4, "confirmed": "1"}, headers=HTMX)
    assert late.status_code == 409
    assert not Contact.objects.filter(enabled=False).exists()
    agreed = {**sent, "n": 3, "confirmed": "1"}
    assert client.post(bulk_url(book.haichuan), agreed, headers=HTMX).status_code == 204
    assert BulkJob.objects.get().total == 3
    none = {"action": "disable", "ids": [*unseen, 999_998]}
    assert client.post(bulk_url(book.haichuan), none, headers=HTMX).status_code == 404
