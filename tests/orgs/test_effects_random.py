"""What the page says before a change is what the change then does: random worlds, compared by brute force (T21)."""

from __future__ import annotations

import contextlib
import os
import random

import pytest
from django.db.models import Q

from accounts.models import Session, User
from contacts.accounts_hooks import usable
from contacts.models import Contact
from core.errors import UserError
from orgs import counting
from orgs.models import Node, NodeGroupGrant
from orgs.permissions import scope_of
from orgs.selectors import effects
from orgs.services import bulk, nodes
from tests.factories.contacts import make_contact
from tests.factories.orgs import (
    let_maintain,
    let_view,
    make_department,
    make_dimension,
    make_external,
    make_holder,
    make_internal_department,
    make_organization,
    make_person,
)

pytestmark = pytest.mark.django_db
WORLDS, CHANGES = (10, 6) if os.environ.get("DEEP") == "1" else (1, 4)


def _tree(chance: random.Random) -> list[Node]:
    """Two dimensions with organizations in organizations and departments, some disabled."""
    made = [make_dimension(), make_dimension()]
    for _ in range(12):
        made.append(make_organization(chance.choice(made)))
    for _ in range(4):
        made.append(make_department(chance.choice(made[2:14])))
    holder = make_holder()
    for node in chance.sample(made[2:], 2):
        nodes.set_enabled(by=holder, node=node, enabled=False)
    return made


def _people(chance: random.Random, made: list[Node]) -> list[User]:
    """Staff with ranges of their own and through departments, a maintainer, a holder, somebody inactive."""
    staff = [make_person() for _ in range(8)]
    for number in range(3):
        team = make_internal_department(f"组{number}", *chance.sample(staff, 4))
        let_view(team, chance.choice(made))
    for person in chance.sample(staff, 5):
        let_view(person, chance.choice(made))
    let_maintain(staff[0], made[0])
    gone = make_person(is_active=False)
    let_view(gone, made[3])
    return [*staff, gone, make_holder()]


def _see(people: list[User], node: Node) -> set[int]:
    """Who sees what is under the node, by whatever rule."""
    found = set()
    for person in people:
        scope = scope_of(User.objects.get(pk=person.pk))
        if scope.maintains(node.dimension_id) or (node.live and scope.ranges_over(node.path)):
            found.add(person.pk)
    return found


def _ranged(people: list[User], node: Node) -> set[int]:
    """Who holds a visible range there that counts, also where he maintains the dimension anyway."""
    mine = Q(
        nodeusergrant__permission__codename="view_node",
        nodeusergrant__content_object__in=node.ancestor_ids,
    )
    groups = NodeGroupGrant.objects.filter(
        permission__codename="view_node", content_object__in=node.ancestor_ids
    )
    rows = User.objects.active().filter(mine | Q(groups__in=groups.values("group")))
    return {pk for pk in rows.values_list("pk", flat=True) if node.live} & {
        one.pk for one in people
    }


@pytest.mark.parametrize("seed", range(WORLDS))
def test_a_move_changes_the_sight_of_as_many_as_it_said(seed: int) -> None:
    chance, holder = random.Random(seed), make_holder()
    made = _tree(chance)
    people = _people(chance, made)
    moved = 0
    for _ in range(CHANGES * 2):
        node, parent = (Node.objects.get(pk=one.pk) for one in chance.sample(made, 2))
        said, before, ranged = (
            effects.move_effect([node], parent),
            _see(people, node),
            _ranged(people, node),
        )
        with contextlib.suppress(UserError):
            there = nodes.move(by=holder, node=node, parent=parent)
            after = _see(people, there)
            # Those who come or go by maintenance alone: the sentence about the other dimension speaks of them.
            assert said.gained == len((after - before) & _ranged(people, there)), (
                seed,
                node.pk,
                parent.pk,
            )
            assert said.lost == len((before - after) & ranged), (seed, node.pk, parent.pk)
            moved += 1
    assert moved


@pytest.mark.parametrize("seed", range(WORLDS))
def test_disabling_ends_as_many_as_it_said(seed: int) -> None:
    chance, holder = random.Random(seed), make_holder()
    made = _tree(chance)
    places = made[2:]
    logins = [make_external() for _ in range(6)]
    for _ in range(16):
        node, *more = chance.sample(places, chance.choice([1, 1, 2]))
        login = chance.choice([None, *logins])
        account = "active" if login else "none"
        make_contact(node, places=more, account=account, user=login, enabled=chance.random() > 0.1)
    for login in filter(usable, logins):
        Session.objects.create(
            session_key=f"s{seed}-{login.pk}",
            session_data="",
            user_id=login.pk,
            expire_date="2099-01-01T00:00Z",
        )
    for _ in range(CHANGES):
        chosen = [Node.objects.get(pk=one.pk) for one in chance.sample(places[:12], 3)]
        said, silent = counting.impact(chosen), effects.live_below(chosen)
        live, works = _live(), {login.pk for login in logins if usable(login)}
        standing, open_ones = Node.objects.filter(live=True).count(), Session.objects.count()
        bulk.set_enabled(by=holder, node_ids=[node.pk for node in chosen], enabled=False)
        assert said is not None
        assert said.contacts == len(live - _live()), seed
        assert said.accounts == len(works - {login.pk for login in logins if usable(login)}), seed
        assert said.sessions == open_ones - Session.objects.count(), seed
        fell = standing - Node.objects.filter(live=True).count()
        assert silent.organizations + silent.departments == fell
        bulk.set_enabled(by=holder, node_ids=[node.pk for node in chosen], enabled=True)


def _live() -> set[int]:
    return set(Contact.objects.alive().filter(live=True).values_list("pk", flat=True))
