"""Saved filters, further filters and chosen columns of the list (SPEC CON-5; matrix row 16)."""

import pytest
from django.urls import reverse

from contacts.models import Contact, ListLayout, SavedFilter
from orgs.models import Tag
from tests.contacts.views.test_console_list import HTMX, list_url, text
from tests.factories.contacts import make_contact

pytestmark = pytest.mark.django_db


def url(name: str, node, query: str = "") -> str:
    return reverse(f"contacts:console-{name}", args=[node.pk]) + query


def names(response) -> list[str]:
    return [shown.row.name for shown in response.context["rows"]]


def test_further_filters_their_chips_and_their_addresses(as_, book) -> None:
    client = as_(book.maintainer)
    Contact.objects.filter(pk=book.wang.pk).update(
        source="file",
        follower=book.stranger,
        created_at="2026-03-05T10:00+08:00",
        mobile="",
        enabled=False,
    )
    query = {
        "source": "file", "follower": book.stranger.pk, "from": "2026-03-01", "to": "2026-03-05",
        "mobile": "no", "enabled": "no",
    }  # fmt: skip
    answer = client.get(list_url(book.suppliers), query)
    assert names(answer) == ["王嘉禾"]
    assert len(answer.context["chips"]) == 6
    assert "陌生人" in text(answer)
    for _words, without in answer.context["chips"]:
        assert names(client.get(without)) == ["王嘉禾"]
    # A selection of everything, its export and its next page carry the same filters.
    for key in ("bulk_url", "save_url"):
        assert "mobile=no" in answer.context[key]
    assert names(client.get(list_url(book.suppliers), {"here": "1"})) == []
    assert names(client.get(list_url(book.purchase), {"here": "1"})) == ["林晓彤"]
    # What means nothing narrows nothing.
    noise = {
        "source": "x",
        "from": "2026-13-40",
        "to": "0000-00-00",
        "follower": "x",
        "mobile": "maybe",
    }
    assert len(names(client.get(list_url(book.suppliers), noise))) == 2


def test_a_filter_is_saved_opened_at_first_and_forgotten(as_, book) -> None:
    client, node = as_(book.maintainer), book.suppliers
    make_contact(book.hengtuo, "陈思远", account="pending")
    assert client.post(url("filter-save", node), {"name": "什么都没有"}).status_code == 422
    saved = {"name": "待审批", "is_default": "on"}
    answer = client.post(url("filter-save", node, "?status=pending&q=chen"), saved, headers=HTMX)
    assert answer.status_code == 204
    one = SavedFilter.objects.get(owner=book.maintainer)
    assert (one.query, one.is_default) == ("q=chen&status=pending", True)
    assert names(client.get(list_url(node))) == ["陈思远"]  # a bare address opens with it
    everybody = client.get(list_url(node), {"reset": "1"})
    assert len(names(everybody)) == 3
    turned = client.get(everybody.context["columns"][0].sort_url)
    back = client.get(turned.context["columns"][0].sort_url)  # not the default filter again
    assert names(back) == names(everybody) == names(turned)[::-1]
    page = text(client.get(list_url(node), {"q": "chen", "status": "pending"}))
    assert "待审批" in page
    assert names(as_(book.holder).get(list_url(node))) != ["陈思远"]  # his alone
    act = url("filters", node)
    assert as_(book.holder).post(act, {"act": "remove", "filter": one.pk}).status_code == 404
    assert "待审批" in text(client.get(act, headers=HTMX))
    assert client.post(act, {"act": "plain", "filter": one.pk}).status_code == 303
    assert len(names(client.get(list_url(node)))) == 3
    client.post(act, {"act": "default", "filter": one.pk})
    client.post(url("filter-save", node, "?status=none"), {"name": "未开通", "is_default": "on"})
    assert SavedFilter.objects.get(is_default=True).name == "未开通"
    client.post(act, {"act": "remove", "filter": one.pk})
    assert SavedFilter.objects.count() == 1


def test_columns_are_chosen_ordered_and_kept(as_, book) -> None:
    client, node = as_(book.maintainer), book.suppliers
    book.lin.tags.add(Tag.objects.create(name="重点"))
    dialog = text(client.get(url("columns", node), headers=HTMX))
    assert 'name="c_tags"' in dialog
    assert client.post(url("columns", node), {"dense": "on"}).status_code == 422
    assert client.post(url("columns", node), {"c_mobile": "x"}).status_code == 422
    data = {"c_tags": "1", "c_mobile": "2", "c_created": "3", "dense": "on", "c_nonsense": "4"}
    assert client.post(url("columns", node), data, headers=HTMX).status_code == 204
    assert ListLayout.objects.get(owner=book.maintainer).columns == ["tags", "mobile", "created"]
    answer = client.get(list_url(node))
    page = text(answer)
    assert [cell.kind for cell in answer.context["rows"][0].cells] == ["tags", "", "when"]
    assert "重点" in page
    assert "dense" in page
    assert "采购工程师" not in page
    assert "采购工程师" in text(as_(book.holder).get(list_url(node)))
    ListLayout.objects.update(columns=["gone", "mobile", "mobile"])  # of a former version
    assert len(client.get(list_url(node)).context["rows"][0].cells) == 1
