"""Memberships, shares, visible staff, and all of it in bulk (matrix rows 20, 23 to 25)."""

import pytest

from contacts import closure
from contacts.models import Contact, ContactVisibleStaff, Membership
from contacts.permissions import Role, role_on, viewer_of
from contacts.services import bulk, places, sharing
from contacts.vocabulary import changed_fields
from core.errors import Conflict, Denied, Hidden, Invalid
from core.models import AuditEntry
from tests.factories import orgs as org
from tests.factories.contacts import make_contact, share

pytestmark = pytest.mark.django_db


@pytest.fixture
def dimension():
    return org.make_dimension("供应商")


@pytest.fixture
def place(dimension):
    return org.make_organization(dimension, "恒拓")


@pytest.fixture
def contact(place):
    return make_contact(place, "林晓彤")


def test_a_further_place_needs_both_ends(contact, dimension) -> None:
    other = org.make_dimension("渠道")
    one, both = org.make_maintainer(dimension), org.make_maintainer(dimension, other)
    with pytest.raises(Hidden):
        places.add_membership(by=one, contact=contact, node=other)
    places.add_membership(by=both, contact=contact, node=other, position="顾问")
    with pytest.raises(Conflict):
        places.add_membership(by=both, contact=contact, node=other)
    aside = org.make_maintainer(other)
    assert role_on(viewer_of(aside), contact.pk) == Role.MAINTAINER
    assert not closure.problems()
    with pytest.raises(Denied):
        places.move(by=aside, contact=contact, node=other)
    places.edit_membership(by=aside, contact=contact, node=other, position="总顾问")
    trail = AuditEntry.objects.get(action="membership.edit")
    shown = {(old, new) for _field, old, new in changed_fields(trail.before, trail.after)}
    assert shown == {("顾问", "总顾问"), ("", "渠道")}
    places.remove_membership(by=aside, contact=contact, node=other)
    assert Membership.objects.filter(contact=contact).count() == 1
    assert not closure.problems()


def test_the_main_place_is_not_removed(contact, place, dimension) -> None:
    maintainer = org.make_maintainer(dimension)
    with pytest.raises(Conflict):
        places.remove_membership(by=maintainer, contact=contact, node=place)


def test_moving_to_a_further_place_makes_it_the_main_one(contact, place, dimension) -> None:
    maintainer = org.make_maintainer(dimension)
    target = org.make_department(place)
    places.add_membership(by=maintainer, contact=contact, node=target)
    places.move(by=maintainer, contact=contact, node=target)
    contact.refresh_from_db()
    assert contact.main_node_id == target.pk
    assert list(Membership.objects.values_list("node_id", "is_main")) == [(target.pk, True)]
    assert not closure.problems()
    with pytest.raises(Invalid):
        places.move(by=maintainer, contact=contact, node=target)


def test_moving_into_a_foreign_dimension_is_hidden(contact, dimension) -> None:
    maintainer = org.make_maintainer(dimension)
    with pytest.raises(Hidden):
        places.move(by=maintainer, contact=contact, node=org.make_dimension())


def test_shares_replace_each_other(contact, dimension) -> None:
    maintainer, person = org.make_maintainer(dimension), org.make_person()
    assert sharing.share(by=maintainer, contact=contact, to=person, level="view")
    assert not sharing.share(by=maintainer, contact=contact, to=person, level="view")
    assert role_on(viewer_of(person), contact.pk) == Role.VIEWER
    assert sharing.share(by=maintainer, contact=contact, to=person, level="edit")
    assert role_on(viewer_of(person), contact.pk) == Role.EDITOR
    assert AuditEntry.objects.filter(action="share.add").count() == 2
    assert sharing.unshare(by=maintainer, contact=contact, to=person)
    assert role_on(viewer_of(person), contact.pk) == Role.NONE
    assert not sharing.unshare(by=maintainer, contact=contact, to=person)


def test_shares_with_departments_reach_those_below(contact, dimension) -> None:
    member = org.make_person()
    above = org.make_internal_department("采购中心")
    org.make_internal_department("采购一部", member, parent=above)
    sharing.share(by=org.make_holder(), contact=contact, to=above, level="view")
    assert role_on(viewer_of(member), contact.pk) == Role.VIEWER


def test_sharing_has_limits(contact, dimension) -> None:
    editor, viewer = org.make_person(), org.make_person()
    share(contact, editor, "edit")
    share(contact, viewer)
    with pytest.raises(Hidden):
        sharing.share(by=viewer, contact=contact, to=org.make_person(), level="view")
    with pytest.raises(Denied):
        sharing.unshare(by=editor, contact=contact, to=editor)
    with pytest.raises(Invalid):
        sharing.share(by=editor, contact=contact, to=org.make_external(), level="view")
    with pytest.raises(Invalid):
        sharing.share(by=editor, contact=contact, to=viewer, level="own")
    assert sharing.add_visible_staff(by=editor, contact=contact, to=viewer)
    assert not sharing.add_visible_staff(by=editor, contact=contact, to=viewer)
    assert sharing.remove_visible_staff(by=editor, contact=contact, to=viewer)
    assert not ContactVisibleStaff.objects.exists()


def test_bulk_is_all_or_nothing(contact, place, dimension) -> None:
    maintainer = org.make_maintainer(dimension)
    foreign = make_contact(org.make_dimension())
    second = make_contact(place)
    target = org.make_department(place)
    with pytest.raises(Hidden):
        bulk.move(by=maintainer, contact_ids=[contact.pk, foreign.pk], node=target)
    assert bulk.move(by=maintainer, contact_ids=[contact.pk, second.pk], node=target) == 2
    assert bulk.move(by=maintainer, contact_ids=[contact.pk, second.pk], node=target) == 0
    assert set(Contact.objects.filter(main_node=target)) == {contact, second}
    assert bulk.set_enabled(by=maintainer, contact_ids=[contact.pk, second.pk], enabled=False) == 2
    assert not Contact.objects.filter(live=True, main_node=target).exists()
    assert not closure.problems()


def test_bulk_of_editors_is_tags_and_shares(contact, place) -> None:
    editor, seen = org.make_person(), make_contact(place)
    Contact.objects.filter(pk=contact.pk).update(created_by=editor)
    share(seen, editor)
    with pytest.raises(Denied):
        bulk.set_enabled(by=editor, contact_ids=[contact.pk], enabled=False)
    with pytest.raises(Denied):
        bulk.tag(by=editor, contact_ids=[contact.pk, seen.pk], names="重点")
    assert bulk.tag(by=editor, contact_ids=[contact.pk], names="重点") == 1
    assert bulk.tag(by=editor, contact_ids=[contact.pk], names="重点") == 0
    friend = org.make_person()
    assert bulk.share(by=editor, contact_ids=[contact.pk], to=[friend], level="view") == 1
    assert role_on(viewer_of(friend), contact.pk) == Role.VIEWER


def test_another_place_becomes_the_main_one(contact, dimension, place) -> None:
    channels, aside = org.make_dimension("渠道"), org.make_department(place, "采购部")
    one, both = org.make_maintainer(dimension), org.make_maintainer(dimension, channels)
    for node in (channels, aside):
        places.add_membership(by=both, contact=contact, node=node)
    for node, error in (
        (channels, Hidden),
        (place, Conflict),
        (org.make_organization(dimension), Hidden),
    ):
        with pytest.raises(error):
            places.make_main(by=one, contact=contact, node=node)
    places.make_main(by=one, contact=contact, node=aside)
    contact.refresh_from_db()
    assert contact.main_node == aside
    assert set(contact.memberships.values_list("node__name", "is_main")) == {
        ("恒拓", False), ("采购部", True), ("渠道", False)
    }  # fmt: skip
    places.make_main(by=both, contact=contact, node=channels)
    with pytest.raises(Denied):  # the main dimension is another now
        places.make_main(by=one, contact=contact, node=aside)
    assert role_on(viewer_of(org.make_maintainer(channels)), contact.pk) == Role.MAIN_MAINTAINER
    assert not closure.problems()
