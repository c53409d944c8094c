"""Every door gives the same yes or no for the same pair: rule, list, tree, search, chooser, card, export, "why".

`make test` asks a few hundred random pairs, DEEP=1 two thousand.
"""

import itertools
import os
from types import SimpleNamespace

import pytest
from django.test import Client

from contacts.exports import contacts as exported
from contacts.models import Contact
from contacts.permissions import SYSTEM, Role, role_on, seen_through, viewer_of
from contacts.reach import DirectoryReach
from contacts.search import search
from contacts.selection import Selection
from contacts.selectors import cards, reasons, tree
from im.reach import Party
from orgs.models import Node
from tests.contacts import world as worlds
from tests.contacts.test_rule import pages
from tests.factories.contacts import give_login
from tests.matrix.world import login

DEEP = bool(os.environ.get("DEEP"))
WORLDS = range(200, 210 if DEEP else 201)
PAIRS = 200
EYES = 60 if DEEP else 12

pytestmark = pytest.mark.django_db


@pytest.fixture(params=WORLDS)
def asked(request) -> SimpleNamespace:
    """A random world, some of whose contacts have a login, and pairs of a member of staff and a contact."""
    world = worlds.build(request.param)
    logins = [
        worlds.User.objects.create_user(f"login{number}", name=f"外{number}", kind="external")
        for number in range(30)
    ]
    for contact, user in zip(
        [one for one in world.contacts if not one.deleted_at], logins, strict=False
    ):
        give_login(contact, user)
    world.contacts = list(Contact.objects.order_by("pk"))
    staff = [user for user in world.users if not user.is_external]
    pairs = world.rng.sample(list(itertools.product(staff, world.contacts)), PAIRS)
    return SimpleNamespace(
        world=world, staff=staff, pairs=sorted(pairs, key=lambda pair: pair[0].pk)
    )


def test_every_door_says_the_same(asked) -> None:
    for user, mine in itertools.groupby(asked.pairs, key=lambda pair: pair[0]):
        doors = Doors(asked, user)
        for _user, contact in mine:
            expected = worlds.sees(asked.world, user, contact)
            answers = doors.answers(contact)
            assert answers == dict.fromkeys(answers, expected), (user, contact)
            assert doors.exported(contact) == (
                expected and worlds.maintains(asked.world, user, contact)
            )


class Doors:
    """The doors as one person finds them; what lists everything is read once."""

    def __init__(self, asked: SimpleNamespace, user: worlds.User) -> None:
        self.user, self.viewer = user, viewer_of(user)
        self.listed = set(pages(self.viewer))
        self.everybody = set(Contact.objects.visible_to(user).values_list("pk", flat=True))
        self.roots = tree.tree_level(self.viewer, None)
        self.client = login(Client(), user)
        dimensions = [node for node in asked.world.nodes if node.kind == Node.Kind.DIMENSION]
        self.file = {
            row[0]
            for node in dimensions
            if self.viewer.scope.maintains(node.pk)
            for viewer, ids in exported.batches(
                Selection(everything=True, node_id=node.pk), lambda: self.viewer
            )
            for row in exported.Reader(node, ["name"]).rows(viewer, ids)
        }

    def answers(self, contact: Contact) -> dict[str, bool]:
        """Door → whether the contact is there."""
        why = reasons.explain(SYSTEM, self.user, contact)
        assert bool(why.reasons) == why.visible
        found = {
            "rule": role_on(self.viewer, contact.pk) > Role.NONE,
            "has_perm": self.user.has_perm("contacts.view_contact", contact),
            "list": contact.pk in self.listed,
            "count": contact.pk in self.everybody
            and Contact.objects.count_for(self.viewer) == len(self.everybody),
            "search": contact.pk in search(self.viewer, contact.name).ids,
            "card": cards.card(self.viewer, contact.pk) is not None,
            "why": why.visible,
            "seen by": self.user.pk
            in {user.pk for user, _ in reasons.seen_by(SYSTEM, contact).people},
        }
        if self.user.is_active:
            page = self.client.get(f"/contacts/{contact.pk}/row/")
            found["page"] = page.status_code == 200
            assert page.status_code in (200, 404)
        if contact.user_id and contact.live and self.user.is_active:
            party = Party(contact.user_id, contact.pk)
            targets = DirectoryReach().search(Party(self.user.pk), contact.name, 20)
            found["chooser"] = party in {target.party for target in targets}
            found["may write"] = DirectoryReach().may_start(Party(self.user.pk), party)
        return found

    def exported(self, contact: Contact) -> bool:
        return contact.name in self.file


def test_through_the_eyes_of_another_nobody_sees_more(asked) -> None:
    """Never more than either sees, and the same at each door; whoever sees everything is shown all of it."""
    world = asked.world
    readers = [user for user in asked.staff if viewer_of(user).scope.maintains_any]
    pairs = list(itertools.product(readers, asked.staff))
    for reader, user in world.rng.sample(pairs, min(EYES, len(pairs))):
        own = viewer_of(reader)
        viewer = seen_through(viewer_of(user), own)
        listed = set(pages(viewer))
        seen = {one.pk for one in world.contacts if worlds.sees(world, user, one)}
        both = {
            one.pk for one in world.contacts if one.pk in seen and worlds.sees(world, reader, one)
        }
        assert listed == seen if own.everything else listed <= both
        assert listed == set(Contact.objects.visible_to(viewer).values_list("pk", flat=True))
        assert listed == {one.pk for one in world.contacts if role_on(viewer, one.pk) > Role.NONE}
        assert Contact.objects.count_for(viewer) == len(listed)
        assert not Contact.objects.editable_by(viewer).exists()
        for contact in world.rng.sample(world.contacts, 5):
            assert (contact.pk in search(viewer, contact.name).ids) == (contact.pk in listed)
        for one in cards.known_places(viewer, sorted(listed)).values():
            assert all(own.scope.maintains(known.node.dimension_id) for known in one)
        for branch in tree.tree_level(viewer, None).branches:
            assert own.scope.maintains(branch.id)
            node = next(one for one in world.nodes if one.pk == branch.id)
            assert branch.count == len(pages(viewer, node=node)) <= len(listed)
