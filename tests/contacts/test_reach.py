"""Who may write to whom equals the plain form of SPEC IM-2 and VIS-4 in random worlds."""

import pytest
from django.utils import timezone

from accounts.models import User
from contacts.models import Contact, ContactScope, ContactVisibleStaff, Membership
from contacts.reach import DirectoryReach, staff_visible_to
from im import reach
from im.reach import Circle, Party
from orgs.models import NodeVisibleStaff
from tests.contacts import world as worlds
from tests.contacts.test_rule import SEEDS as ALL_SEEDS
from tests.factories import orgs as org
from tests.factories.contacts import give_login, make_contact

SEEDS = ALL_SEEDS[: max(2, len(ALL_SEEDS) // 3)]
pytestmark = pytest.mark.django_db


def populate(world) -> None:
    """Some contacts get logins (two of them the same one), some staff become visible to them."""
    rng = world.rng
    alive = [contact for contact in world.contacts if not contact.deleted_at]
    holders = [
        worlds.User.objects.create_user(f"ext{n}", name=f"外{n}", kind="external")
        for n in range(12)
    ]
    for number, contact in enumerate(rng.sample(alive, 12)):
        give_login(contact, holders[max(0, number - 1)])
        if rng.random() < 0.2:
            Contact.objects.filter(pk=contact.pk).update(expires_at=timezone.now())
    staff = [user for user in world.users if not user.is_external]
    for _ in range(20):
        to_person = rng.random() < 0.5
        holder = (
            {"user": rng.choice(staff)}
            if to_person
            else {"group": rng.choice(world.departments).group}
        )
        if rng.random() < 0.5:
            ContactVisibleStaff.objects.get_or_create(contact=rng.choice(alive), **holder)
        else:
            NodeVisibleStaff.objects.get_or_create(node=rng.choice(world.nodes), **holder)


def usable(world, contact: Contact) -> bool:
    by_id = {node.pk: node for node in world.nodes}
    if contact.deleted_at or not contact.enabled or contact.user_id is None:
        return False
    if contact.expires_at and contact.expires_at <= timezone.now():
        return False
    places = Membership.objects.filter(contact=contact).values_list("node_id", flat=True)
    return any(all(up.enabled for up in worlds.upwards(by_id, place)) for place in places)


def external_sees(world, contact: Contact, user: User) -> bool:
    if not user.is_active or user.is_external:
        return False
    by_id = {node.pk: node for node in world.nodes}
    mine = {
        d.group_id for m in user.department_memberships.all() for d in worlds.chain(m.department)
    }
    above = {
        up.pk
        for place in Membership.objects.filter(contact=contact).values_list("node_id", flat=True)
        for up in worlds.upwards(by_id, place)
    }
    rows = [
        *ContactVisibleStaff.objects.filter(contact=contact),
        *NodeVisibleStaff.objects.filter(node_id__in=above),
    ]
    return any(row.user_id == user.pk or row.group_id in mine for row in rows)


@pytest.mark.parametrize("seed", SEEDS)
def test_reach_equals_the_plain_rule(seed) -> None:
    world = worlds.build(seed, contacts=40)
    populate(world)
    policy = DirectoryReach()
    world.contacts = list(Contact.objects.order_by("pk"))
    identities = [contact for contact in world.contacts if contact.user_id]
    for user in world.users:
        if user.is_external:
            continue
        inside = Party(user.pk)
        found = {target.party for target in policy.search(inside, "", 500)}
        for contact in identities:
            outside = Party(contact.user_id, contact.pk)
            there = usable(world, contact)
            sees = worlds.sees(world, user, contact)
            seen = there and external_sees(world, contact, user)
            assert policy.may_start(inside, outside) == (sees and there)
            assert policy.may_start(outside, inside) == seen
            assert policy.may_write(inside, outside) == (sees or seen)
            assert (outside in found) == (sees and there)
            listed = staff_visible_to(contact.pk, "", 500)
            assert (user in listed) == external_sees(world, contact, user)
        for other in world.users:
            both = user.is_active and other.is_active and not other.is_external and other != user
            assert policy.may_start(inside, Party(other.pk)) == both
    for one in identities:
        for other in identities:
            parties = Party(one.user_id, one.pk), Party(other.user_id, other.pk)
            assert not policy.may_start(*parties)
            assert not policy.may_write(*parties)
    groups_equal_the_plain_rule(world, policy, identities)


def organization(world, contact: Contact) -> int:
    """The nearest organization at or above the main place, or a number of his own."""
    by_id = {node.pk: node for node in world.nodes}
    above = [node for node in worlds.upwards(by_id, contact.main_node_id) if node.kind == 1]
    return above[0].pk if above else -contact.pk


def groups_equal_the_plain_rule(world, policy: DirectoryReach, identities: list[Contact]) -> None:
    """Many groups at once: who takes part, whose people they are, and whom one may take in."""
    staff = [user for user in world.users if not user.is_external]
    by_party = {Party(one.user_id, one.pk): one for one in identities}
    found = policy.organizations_of(by_party)
    assert found == {party: organization(world, one) for party, one in by_party.items()}
    places = sorted(set(found.values()))
    circles = [
        Circle(place, frozenset(user.pk for user in world.rng.sample(staff, number)), frozenset(by_party))
        for place in places
        for number in (0, 1, 3)
    ]  # fmt: skip
    for circle, inside in zip(circles, policy.taking_part(circles), strict=True):
        here = [user for user in staff if user.pk in circle.staff]
        assert inside == {
            party
            for party, one in by_party.items()
            if found[party] == circle.organization_id
            and usable(world, one)
            and any(worlds.sees(world, user, one) for user in here)
        }
    everybody = [*by_party, *(Party(user.pk) for user in world.users)]
    for user in world.rng.sample(staff, 3):
        a = Party(user.pk)
        assert policy.reachable(a, everybody) == {b for b in everybody if policy.may_start(a, b)}


def test_a_foreign_identity_of_a_login_opens_nothing() -> None:
    node = org.make_dimension()
    contact, other = make_contact(node), make_contact(node)
    login, stranger = org.make_external(), org.make_external()
    give_login(contact, login)
    give_login(other, stranger)
    policy, holder = DirectoryReach(), org.make_holder()
    assert policy.may_start(Party(holder.pk), Party(login.pk, contact.pk))
    assert not policy.may_start(Party(holder.pk), Party(login.pk, other.pk))
    assert not policy.may_start(Party(holder.pk), Party(login.pk))


def test_search_and_labels(django_assert_max_num_queries) -> None:
    node = org.make_organization(org.make_dimension("供应商"), "恒拓精密")
    login = org.make_external()
    contact = give_login(make_contact(node, "林晓彤"), login)
    make_contact(node, "林无账号")
    person = org.make_person("林同事")
    org.make_internal_department("采购中心", person)
    policy, holder = DirectoryReach(), org.make_holder()
    with django_assert_max_num_queries(20):
        found = policy.search(Party(holder.pk), "林", 10)
    assert [(target.name, target.line, target.external) for target in found] == [
        ("林晓彤", "恒拓精密", True), ("林同事", "采购中心", False),
    ]  # fmt: skip
    assert policy.search(Party(login.pk, contact.pk), "林", 10) == []
    ContactVisibleStaff.objects.create(contact=contact, user=person)
    found = policy.search(Party(login.pk, contact.pk), "lts", 10)
    assert [target.name for target in found] == ["林同事"]
    # The login name of staff is nothing an external person may search.
    assert policy.search(Party(login.pk, contact.pk), person.username, 10) == []


def test_the_setting_names_this_policy() -> None:
    assert isinstance(reach.policy(), DirectoryReach)
    assert ContactScope.objects.count() == 0
