"""Two corps of ours that see the same corp outside: two organizations with a hint, one after a person's word (SPEC
WEC-1; SECURITY T71).
"""

from __future__ import annotations

from typing import Any

import pytest

from contacts.models import Contact
from contacts.services import merge
from core.errors import Conflict
from orgs.models import Node
from tests.factories.accounts import AdminFactory
from tests.wecom_sync.worlds import Corp, applied, connection, items, person, planned, standing
from wecom_sync.models import Chain, RemotePerson
from wecom_sync.services import links
from wecom_sync.sync import kept

pytestmark = pytest.mark.django_db


@pytest.fixture
def chains() -> tuple[Chain, Chain]:
    first = connection("总部", "ww1")
    return first, connection("分公司", "ww2", target=first.target)


def seen(prefix: str, **more: Any) -> dict[str, Corp]:
    """The same corp as two corps of ours see it: under ids of their own."""
    people = {f"{prefix}1": ("王芳", [2]), f"{prefix}2": ("李雷", [0])}
    return {f"wp{prefix}": Corp("远航电子", departments={2: ("销售部", 0)}, people=people, **more)}


def hint(chain: Chain, world: dict[str, Corp], message: str) -> Any:
    run = planned(chain, world)
    return run.items.filter(message=message).first()


def test_two_organizations_with_a_hint_become_one_by_a_persons_word(
    chains: tuple[Chain, Chain],
) -> None:
    first, second = chains
    applied(first, seen("A"))
    applied(second, seen("B"))
    assert Node.objects.filter(name="远航电子").count() == 2
    item = hint(second, seen("B"), "same_name")
    links.confirm(by=AdminFactory(), item=item)
    assert (
        Node.objects.filter(name="远航电子").count()
        == Node.objects.filter(name="销售部").count()
        == 1
    )
    assert standing(person("B1", "wpB")) == ["远航电子/销售部"]
    assert [one for one in items(planned(second, seen("B"))) if one[0] != "notice"] == []
    assert items(planned(first, seen("A"))) == []


def test_whoever_saw_it_first_says_what_it_is_called(chains: tuple[Chain, Chain]) -> None:
    first, second = chains
    applied(first, seen("A"))
    links.confirm(by=AdminFactory(), item=hint(second, seen("B"), "same_name"))
    other = seen("B")
    other["wpB"].name = "远航电子（华东）"
    run = applied(second, other)
    assert Node.objects.filter(name="远航电子").count() == 1
    assert not run.items.filter(stage=3).exists()


def test_what_a_person_keeps_apart_is_not_asked_again(chains: tuple[Chain, Chain]) -> None:
    first, second = chains
    applied(first, seen("A"))
    item = hint(second, seen("B"), "same_name")
    links.refuse(by=AdminFactory(), item=item)
    with pytest.raises(Conflict):
        links.refuse(by=AdminFactory(), item=item)
    assert hint(second, seen("B"), "same_name") is None


@pytest.fixture
def one_corp(chains: tuple[Chain, Chain]) -> tuple[Chain, Chain]:
    first, second = chains
    applied(first, seen("A"))
    links.confirm(by=AdminFactory(), item=hint(second, seen("B"), "same_name"))
    applied(second, seen("B"))
    return chains


def merged(one_corp: tuple[Chain, Chain]) -> Contact:
    """Wang Fang of both, after a person merged the two."""
    item = hint(one_corp[1], seen("B"), "same_person")
    assert item.after == {"contact": person("A1", "wpA").pk}
    survivor = merge.merge(
        by=AdminFactory(), contact=person("A1", "wpA"), other=person("B1", "wpB"), picks={}
    )
    assert set(RemotePerson.objects.filter(contact=survivor).values_list("user_id", flat=True)) == {
        "A1",
        "B1",
    }
    return survivor


def test_people_of_one_name_are_proposed_and_what_both_want_stays(
    one_corp: tuple[Chain, Chain],
) -> None:
    first, second = one_corp
    survivor = merged(one_corp)
    less = seen("B")
    less["wpB"].people["B1"] = ("王芳", [0])
    applied(second, less)
    assert standing(survivor) == ["远航电子/销售部", "远航电子"]
    assert items(planned(first, seen("A"))) == []
    assert [one for one in items(planned(second, less)) if one[0] != "notice"] == []


def test_what_the_first_keeps_stays_kept_when_the_second_keeps_nothing(
    one_corp: tuple[Chain, Chain],
) -> None:
    first, second = one_corp
    survivor, corp = merged(one_corp), Node.objects.get(name="远航电子")
    for chain, owned in ((second, []), (first, list(Chain.KEEPS))):
        Chain.objects.filter(pk=chain.pk).update(owned=owned)
        for one in (first.connection, second.connection):
            kept.refresh(one)
            for row in (survivor, corp):
                row.refresh_from_db()
                assert row.kept == "name place", (chain, one)
    Chain.objects.filter(pk=first.pk).update(owned=[])
    Chain.objects.filter(pk=second.pk).update(owned=list(Chain.KEEPS))
    kept.refresh(second.connection)
    for row, words in ((survivor, "place"), (corp, "")):
        row.refresh_from_db()
        assert row.kept == words


def test_who_leaves_one_corp_stays_by_the_other(one_corp: tuple[Chain, Chain]) -> None:
    first, second = one_corp
    survivor = merged(one_corp)
    less = seen("A")
    del less["wpA"].people["A1"]
    applied(first, less)
    survivor.refresh_from_db()
    assert survivor.enabled
    assert standing(survivor) == ["远航电子/销售部"]
    gone = seen("B")
    del gone["wpB"].people["B1"]
    applied(second, gone)
    survivor.refresh_from_db()
    assert not survivor.enabled
