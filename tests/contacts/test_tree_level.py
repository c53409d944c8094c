"""The tree of the address book equals what the list under each node says (SPEC VIS-2, SECURITY T09)."""

import pytest

from contacts.models import Contact
from contacts.permissions import viewer_of
from contacts.selectors import tree as book
from orgs.models import Node
from tests.contacts import world as worlds
from tests.contacts.test_rule import SEEDS as ALL_SEEDS
from tests.factories import orgs as org
from tests.factories.contacts import make_contact, make_many

SEEDS = ALL_SEEDS[: max(2, len(ALL_SEEDS) // 3)]

pytestmark = pytest.mark.django_db


def ids(nodes):
    return [node.pk for node in nodes]


@pytest.mark.parametrize("seed", SEEDS)
def test_branches_and_counts_are_those_of_the_list(seed) -> None:
    world = worlds.build(seed)
    for user in world.users:
        viewer = viewer_of(user)
        visible = {
            node.pk: Contact.objects.count_for(viewer, node=node) for node in Node.objects.all()
        }
        for parent in [None, *world.nodes]:
            children = Node.objects.filter(parent=parent).in_display_order()
            level = book.tree_level(viewer, parent)
            got = [(one.id, one.count, one.has_children) for one in level.branches]
            assert got == [
                (child.pk, visible[child.pk], any(visible[g.pk] for g in child.children.all()))
                for child in children
                if visible[child.pk]
            ], (user, parent)
        for node in world.nodes:
            assert book.leads_to_somebody(viewer, node) == bool(visible[node.pk])


def test_a_long_level_comes_in_pages() -> None:
    dimension = org.make_dimension()
    nodes = [org.make_organization(dimension, f"组织{n:02}") for n in range(7)]
    for node in nodes:
        make_contact(node)
    viewer = viewer_of(org.make_holder())
    first = book.tree_level(viewer, dimension, limit=3)
    assert [branch.id for branch in first.branches] == ids(nodes[:3])
    assert first.next_offset == 3
    last = book.tree_level(viewer, dimension, limit=3, offset=6)
    assert [branch.id for branch in last.branches] == ids(nodes[6:])
    assert last.next_offset is None


def test_the_way_to_the_current_node_is_open(monkeypatch) -> None:
    monkeypatch.setattr(book, "PAGE", 2)
    dimension = org.make_dimension()
    nodes = [org.make_organization(dimension, f"组织{n:02}") for n in range(5)]
    department = org.make_department(nodes[4])
    for node in (*nodes, department):
        make_contact(node)
    viewer = viewer_of(org.make_holder())
    root = next(one for one in book.opened(viewer, department).branches if one.id == dimension.pk)
    assert [one.id for one in root.children.branches] == ids([nodes[0], nodes[1], nodes[4]])
    assert root.children.next_offset == 2
    assert [one.id for one in root.children.branches[-1].children.branches] == [department.pk]
    more = book.tree_level(viewer, dimension, limit=2, offset=2, skip=nodes[4].pk)
    assert [one.id for one in more.branches] == ids(nodes[2:4])


def test_queries_do_not_grow(django_assert_num_queries) -> None:
    dimension = org.make_dimension()
    node = org.make_organization(dimension)
    person = org.make_person()
    org.let_view(person, node)
    viewer = viewer_of(person)
    for count in (30, 3000):
        make_many(node, count)
        with django_assert_num_queries(1):
            assert book.tree_level(viewer, None).branches[0].count >= count
        with django_assert_num_queries(2):
            book.opened(viewer, node)


def test_external_and_inactive_people_have_no_tree() -> None:
    make_contact(org.make_dimension())
    for user in (org.make_external(), org.make_person(is_active=False)):
        assert book.tree_level(viewer_of(user), None).branches == []


def test_a_level_is_narrowed_by_name_and_pinyin() -> None:
    dimension = org.make_dimension()
    for name in ("恒拓精密", "海川电子", "海川 100%"):
        make_contact(org.make_organization(dimension, name))
    org.make_organization(dimension, "海川空壳")
    viewer = viewer_of(org.make_holder())
    for q, expected in (
        ("海川", {"海川电子", "海川 100%"}), ("htjm", {"恒拓精密"}), ("hengtuo", {"恒拓精密"}),
        ("100%", {"海川 100%"}), ("%", {"海川 100%"}), ("_", set()), ("没有", set()),
    ):  # fmt: skip
        assert {one.name for one in book.tree_level(viewer, dimension, q=q).branches} == expected, q
    assert book.tree_level(viewer_of(org.make_person()), dimension, q="海川").branches == []
