"""A tag or category goes while somebody gives it away: no error, nothing points at what is gone (ORG-3)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, TimeoutError
from types import SimpleNamespace

import pytest
from django.db import connection, transaction

from contacts.models import Contact
from contacts.services import bulk, people
from core.errors import Invalid
from orgs.models import Category, Tag
from orgs.services import bulk as node_bulk
from orgs.services import lists, nodes
from tests.contacts.test_threads import at_once
from tests.factories import orgs as org
from tests.factories.contacts import make_many

pytestmark = pytest.mark.django_db(transaction=True)
Act = Callable[[], object]


@pytest.fixture
def words() -> SimpleNamespace:
    dimension = org.make_dimension("供应商")
    return SimpleNamespace(
        by=org.make_holder(), node=org.make_organization(dimension, "恒拓"), ids=make_many(dimension, 5),
        old=Tag.objects.create(name="旧"), new=Tag.objects.create(name="新"),
        was=Category.objects.create(name="旧类"), now=Category.objects.create(name="新类"),
    )  # fmt: skip


def while_open(first: Act, second: Act) -> object:
    """What `second` returns when it begins before the transaction of `first` commits."""

    def run() -> object:
        try:
            return second()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first()
            running = pool.submit(run)
            with pytest.raises(TimeoutError):
                running.result(0.3)
        return running.result(20)


def carried(name: str) -> int:
    return Contact.objects.filter(tags__name=name).count()


@pytest.mark.parametrize("gone", ["merge", "delete"])
def test_a_tag_goes_while_it_is_given(words: SimpleNamespace, gone: str) -> None:
    """It is made anew: whoever gave it meant the word."""

    def go() -> object:
        old = Tag.objects.get(name="旧")
        if gone == "merge":
            return lists.merge(by=words.by, source=old, target=words.new)
        return lists.delete_tag(by=words.by, tag=old)

    assert while_open(go, lambda: bulk.tag(by=words.by, contact_ids=words.ids, names="旧")) == 5
    assert carried("旧") == 5
    give = {"by": words.by, "node_ids": [words.node.pk], "names": ["旧"]}
    assert while_open(go, lambda: node_bulk.tag(**give)) == 1
    contact = Contact.objects.get(pk=words.ids[0])
    while_open(go, lambda: people.edit(by=words.by, contact=contact, fields={"tags": "旧"}))
    assert carried("旧") == 1


def test_a_tag_is_given_while_it_goes(words: SimpleNamespace) -> None:
    """What was given before the merge goes along; what carries both keeps one."""
    both = Contact.objects.get(pk=words.ids[0])
    both.tags.add(words.new)
    merged = while_open(
        lambda: bulk.tag(by=words.by, contact_ids=words.ids, names="旧"),
        lambda: lists.merge(by=words.by, source=words.old, target=words.new),
    )
    assert (merged, carried("新")) == (4, 5)


def test_all_at_once(words: SimpleNamespace) -> None:
    def again(act: Act) -> Act:
        return lambda: [act() for _ in range(6)]

    def merge() -> None:
        pair = Tag.objects.in_bulk(["旧", "新"], field_name="name")
        if len(pair) == 2:
            lists.merge(by=words.by, source=pair["旧"], target=pair["新"])

    what = {"by": words.by, "contact_ids": words.ids}
    at_once(
        again(merge), again(lambda: bulk.tag(**what, names="旧，新")),
        again(lambda: bulk.untag(**what, names="新，旧")),
        again(lambda: node_bulk.tag(by=words.by, node_ids=[words.node.pk], names=["新", "旧"])),
    )  # fmt: skip


def test_a_category_goes_while_it_is_given(words: SimpleNamespace) -> None:
    first, second = words.ids[:2]

    def merge() -> int:
        """Of rows read anew: what deletes a row forgets its number."""
        pair = Category.objects.in_bulk([words.was.pk, words.now.pk])
        return lists.merge(by=words.by, source=pair[words.was.pk], target=pair[words.now.pk])

    def give(pk: int, category: Category) -> object:
        contact = Contact.objects.get(pk=pk)
        return people.edit(by=words.by, contact=contact, fields={"category": category})

    def anew() -> None:
        words.was = Category.objects.create(name="旧类")
        Contact.objects.filter(pk=second).update(category=words.was)

    with pytest.raises(Invalid):
        while_open(merge, lambda: give(first, words.was))
    anew()
    # The edit holds the contact that the merge wants, and wants the category that the merge keeps.
    while_open(lambda: give(second, words.now), merge)
    anew()
    while_open(lambda: give(first, words.was), merge)
    assert Contact.objects.filter(category=words.now).count() == 2
    anew()
    node_edit = {"by": words.by, "node": words.node}
    with pytest.raises(Invalid):
        while_open(merge, lambda: nodes.edit(**node_edit, fields={"category": words.was}))
