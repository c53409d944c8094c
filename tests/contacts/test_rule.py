"""The rule in every door equals the rule by brute force (SPEC VIS-1)."""

import os

import pytest

from contacts import closure
from contacts.models import Contact
from contacts.permissions import Role, role_on, viewer_of
from contacts.search import search
from orgs import tree_check
from tests.contacts import world as worlds

SEEDS = range(60 if os.environ.get("DEEP") else 6)

pytestmark = pytest.mark.django_db


def pages(viewer, **narrowing) -> list[int]:
    found, after = [], None
    while True:
        page = Contact.objects.page_for(viewer, after=after, size=7, **narrowing)
        found += page.ids
        if page.next is None:
            return found
        after = page.next


@pytest.mark.parametrize("seed", SEEDS)
def test_list_count_card_and_search_equal_the_plain_rule(seed) -> None:
    world = worlds.build(seed)
    pairs = 0
    for user in world.users:
        viewer = viewer_of(user)
        expected = {contact.pk for contact in world.contacts if worlds.sees(world, user, contact)}
        listed = pages(viewer)
        assert len(listed) == len(set(listed))
        assert set(listed) == expected
        assert Contact.objects.count_for(viewer) == len(expected)
        assert set(Contact.objects.visible_to(user).values_list("pk", flat=True)) == expected
        for contact in world.contacts:
            pairs += 1
            visible = contact.pk in expected
            assert (role_on(viewer, contact.pk) > Role.NONE) == visible or user.is_external
            if pairs % 5 == 0:
                assert user.has_perm("contacts.view_contact", contact) == visible
            assert (contact.pk in search(viewer, contact.name).ids) == visible
    assert pairs == len(world.users) * len(world.contacts)
    assert not tree_check.problems()
    assert not closure.problems()


@pytest.mark.parametrize("seed", SEEDS)
def test_under_a_node_the_list_is_the_visible_ones_that_belong_there(seed) -> None:
    world = worlds.build(seed)
    by_id = {node.pk: node for node in world.nodes}
    for user in world.users[::3]:
        viewer = viewer_of(user)
        seen = [contact for contact in world.contacts if worlds.sees(world, user, contact)]
        for node in world.nodes:
            strict = not viewer.scope.maintains(node.dimension_id)
            expected = {
                contact.pk
                for contact in seen
                for node_id in world.places[contact.pk]
                if node in worlds.upwards(by_id, node_id)
                and (
                    not strict
                    or (
                        contact.enabled and all(up.enabled for up in worlds.upwards(by_id, node_id))
                    )
                )
                and (not strict or reached_there(world, user, contact, node_id, by_id))
            }
            assert set(pages(viewer, node=node)) == expected, (user, node)
            assert Contact.objects.count_for(viewer, node=node) == len(expected)


def reached_there(world, user, contact, node_id, by_id) -> bool:
    """Whether the viewer may know of this membership: by a range over it, or because he has the person anyway."""
    groups = world.mine[user.pk]

    def held(rows, ids) -> bool:
        return any(row[2] in ids and (row[0] == user.pk or row[1] in groups) for row in rows)

    if user.pk in (contact.created_by_id, contact.follower_id) or held(world.shares, {contact.pk}):
        return True
    return held(world.ranges, {node.pk for node in worlds.upwards(by_id, node_id)})


def test_keyset_pages_go_back_the_way_they_came() -> None:
    world = worlds.build(99)
    viewer = viewer_of(next(user for user in world.users if user.is_holder))
    first = Contact.objects.page_for(viewer, size=10)
    second = Contact.objects.page_for(viewer, after=first.next, size=10)
    assert first.previous is None
    back = Contact.objects.page_for(viewer, before=second.previous, size=10)
    assert back.ids == first.ids
    assert back.previous is None
