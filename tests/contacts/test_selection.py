"""A selection is read through the rule when it is used, in an order that work can go on in (SPEC CON-5, CON-6)."""

import datetime

import pytest

from contacts.models import Contact
from contacts.permissions import viewer_of
from contacts.querysets import Filters
from contacts.selection import Selection
from orgs.models import Category, Source, Tag
from tests.factories import orgs as org
from tests.factories.contacts import make_contact, make_many

pytestmark = pytest.mark.django_db


def found(selection: Selection, viewer, **how) -> list[int]:
    return [pk for page in selection.pages(viewer, **how) for pk in page.ids]


def test_everything_named_and_searched() -> None:
    suppliers, channels = org.make_dimension("供应商"), org.make_dimension("渠道")
    hengtuo = org.make_organization(suppliers, "恒拓精密")
    elsewhere = org.make_organization(channels, "秘密商社")
    ids = make_many(hengtuo, 23)
    hidden = make_contact(elsewhere, "秘密人")
    direct = make_contact(suppliers, "林晓彤")
    viewer = viewer_of(org.make_maintainer(suppliers))

    every = Selection(everything=True, node_id=suppliers.pk)
    assert sorted(found(every, viewer, size=5)) == sorted([*ids, direct.pk])
    assert every.count(viewer) == 24
    # Work that stopped after the second page goes on with the third.
    pages = list(every.pages(viewer, size=10))
    rest = found(every, viewer, size=10, after=pages[1].next)
    assert rest == pages[2].ids

    named = Selection.named([hidden.pk, ids[0], direct.pk])
    assert set(found(named, viewer)) == {ids[0], direct.pk}
    assert found(named, viewer, size=1)[1:] == found(
        named, viewer, size=1, after=next(iter(named.pages(viewer, size=1))).next
    )
    assert found(Selection(everything=True, node_id=suppliers.pk, below=False), viewer) == [
        direct.pk
    ]
    assert found(Selection(everything=True, node_id=suppliers.pk, q="lxt"), viewer) == [direct.pk]
    assert found(Selection(everything=True, node_id=elsewhere.pk), viewer) == []
    assert found(Selection(everything=True, node_id=10**9), viewer) == []
    for one in (every, named, Selection(everything=True, node_id=1, q="x", below=False)):
        assert Selection.from_json(one.as_json()) == one


def test_each_filter_in_lists_and_in_searches() -> None:
    node = org.make_dimension("供应商")
    category, tag = Category.objects.create(name="核心"), Tag.objects.create(name="重点")
    follower = org.make_person("跟进人")
    match = make_contact(
        node,
        "林晓彤",
        email="a@example.com",
        category=category,
        follower=follower,
        source=Source.FILE,
    )
    match.tags.add(tag)
    Contact.objects.filter(pk=match.pk).update(created_at="2026-03-05T23:30:00+08:00")
    other = make_contact(node, "林晓静", mobile="", enabled=False)
    viewer = viewer_of(org.make_holder())
    day = datetime.date(2026, 3, 5)
    for filters in (
        Filters(category_id=category.pk), Filters(tag_id=tag.pk), Filters(source="file"), Filters(has_mobile=True),
        Filters(follower_id=follower.pk), Filters(created_from=day, created_to=day), Filters(enabled=True),
        Filters(has_email=True), Filters(created_to=day),
    ):  # fmt: skip
        assert Filters.from_json(filters.as_json()) == filters
        for q in ("", "lx"):
            chosen = Selection(everything=True, node_id=node.pk, filters=filters, q=q)
            assert found(chosen, viewer) == [match.pk], (filters, q)
    for filters in (
        Filters(enabled=False),
        Filters(has_mobile=False),
        Filters(created_from=day + datetime.timedelta(1)),
    ):
        assert found(Selection(everything=True, filters=filters), viewer) == [other.pk]
