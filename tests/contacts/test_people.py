"""Creating, editing, revealing, binning (SPEC CON-1, 2, 4, 7, 8; matrix rows 17 to 27)."""

import io

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from contacts import closure, events
from contacts.models import Contact, ContactVisibleStaff
from contacts.permissions import viewer_of
from contacts.search import search
from contacts.services import fields as contact_fields
from contacts.services import people, places
from core.errors import Conflict, Denied, Hidden, Invalid
from core.models import AuditEntry
from orgs.models import DirectorySettings, Node
from tests.factories import orgs as org
from tests.factories.contacts import make_contact, share

pytestmark = pytest.mark.django_db


@pytest.fixture
def place():
    return org.make_organization(org.make_dimension("供应商"), "恒拓")


@pytest.fixture
def holder():
    return org.make_holder()


def audited(action: str) -> AuditEntry:
    return AuditEntry.objects.get(action=action)


def test_a_created_contact_is_found_and_sees_its_creator(place) -> None:
    person = org.make_person()
    org.let_view(person, place)
    contact = people.create(
        by=person, node=place,
        fields={"name": " 单田芳 ", "mobile": "138 0013 8000", "email": "S@Example.COM", "tags": "重点；老客户"},
    )  # fmt: skip
    assert (contact.name, contact.mobile, contact.email) == (
        "单田芳", "+8613800138000", "S@example.com",
    )  # fmt: skip
    assert contact.sort_key == "shantianfang"
    assert contact.created_by == person
    assert contact.live
    assert search(viewer_of(person), "stf").ids == [contact.pk]
    assert ContactVisibleStaff.objects.get(contact=contact).user == person
    assert sorted(contact.tags.values_list("name", flat=True)) == ["老客户", "重点"]
    entry = audited("contact.create")
    assert entry.dimension_id == place.dimension_id
    assert "13800138000" not in str(entry.after)
    assert not closure.problems()


def test_where_staff_may_create(place) -> None:
    person = org.make_person()
    builtin = Node.objects.get(builtin=True)
    below = org.make_organization(builtin)
    with pytest.raises(Hidden):
        people.create(by=person, node=place, fields={"name": "甲"})
    assert people.create(by=person, node=builtin, fields={"name": "甲"}).pk
    with pytest.raises(Hidden):
        people.create(by=person, node=below, fields={"name": "甲"})
    DirectorySettings.objects.update_or_create(id=1, defaults={"staff_create_in_builtin": False})
    with pytest.raises(Hidden):
        people.create(by=person, node=builtin, fields={"name": "甲"})
    org.let_view(person, place)
    assert people.create(by=person, node=org.make_department(place), fields={"name": "乙"}).pk
    external = org.make_external()
    with pytest.raises(Hidden):
        people.create(by=external, node=builtin, fields={"name": "甲"})


def test_the_account_part_is_for_maintainers(place, holder) -> None:
    person = org.make_person()
    org.let_view(person, place)
    login = people.Login("zhang.san", "correct horse battery 42")
    with pytest.raises(Denied):
        people.create(by=person, node=place, fields={"name": "甲"}, login=login)
    contact = people.create(by=holder, node=place, fields={"name": "甲"}, login=login)
    assert contact.account == "active"
    assert contact.user.username == "zhang.san"
    assert "battery" not in repr(login)


def test_values_are_refused_with_their_field(place, holder) -> None:
    make_contact(place, "占用", code="C-1")
    for fields, field in (
        ({"name": ""}, "name"),
        ({"name": "甲", "mobile": "12"}, "mobile"),
        ({"name": "甲", "email": "x@"}, "email"),
        ({"name": "甲", "code": "C-1"}, "code"),
        ({"name": "甲", "security_level": "5"}, "security_level"),
        ({"name": "甲", "follower": org.make_external()}, "follower"),
    ):
        with pytest.raises(Invalid) as caught:
            people.create(by=holder, node=place, fields=fields)
        assert caught.value.field == field
    with pytest.raises(TypeError):
        people.create(by=holder, node=place, fields={"name": "甲", "account": "active"})
    assert Contact.objects.count() == 1


def test_a_hidden_code_is_not_named(place) -> None:
    make_contact(org.make_dimension(), "秘密", code="C-9")
    maintainer = org.make_maintainer(place.dimension)
    with pytest.raises(Invalid) as caught:
        people.create(by=maintainer, node=place, fields={"name": "甲", "code": "C-9"})
    assert "秘密" not in str(caught.value)


def test_signed_fields_raise_the_version(place) -> None:
    contact = make_contact(place, "林晓彤")
    maintainer = org.make_maintainer(place.dimension)
    people.edit(by=maintainer, contact=contact, fields={"remark": "好", "office": "三楼"})
    contact.refresh_from_db()
    assert contact.version == 1
    people.edit(by=maintainer, contact=contact, fields={"position": "经理"})
    contact.refresh_from_db()
    assert contact.version == 2
    places.move(by=maintainer, contact=contact, node=place.dimension)
    contact.refresh_from_db()
    assert contact.version == 3
    before = AuditEntry.objects.count()
    people.edit(by=maintainer, contact=contact, fields={"position": "经理"})
    assert AuditEntry.objects.count() == before


def test_a_corrected_reading_is_found_and_sorted(place, holder) -> None:
    contact = make_contact(place, "长孙无忌")
    people.edit(by=holder, contact=contact, fields={"reading": "cháng sūn wú jì"})
    contact.refresh_from_db()
    assert contact.sort_key == "changsunwuji"
    assert contact.pk in search(viewer_of(holder), "changsun").ids
    assert not closure.problems()


def test_who_edits(place) -> None:
    contact = make_contact(place, "林晓彤")
    creator, follower, editor, viewer, ranged, stranger = (org.make_person() for _ in range(6))
    Contact.objects.filter(pk=contact.pk).update(created_by=creator, follower=follower)
    share(contact, editor, "edit")
    share(contact, viewer)
    org.let_view(ranged, place)
    for person in (creator, follower, editor):
        people.edit(by=person, contact=contact, fields={"office": person.name})
        with pytest.raises(Denied):
            people.edit(by=person, contact=contact, fields={"security_level": "-1"})
    for person in (viewer, ranged):
        with pytest.raises(Denied):
            people.edit(by=person, contact=contact, fields={"office": "x"})
        with pytest.raises(Denied):
            people.reveal(by=person, contact=contact, field="mobile")
    with pytest.raises(Hidden):
        people.edit(by=stranger, contact=contact, fields={"office": "x"})


def test_an_old_form_does_not_overwrite(place, holder) -> None:
    contact = make_contact(place, "林晓彤")
    stamp = contact_fields.stamp(contact)
    people.edit(by=holder, contact=contact, fields={"office": "一楼"}, stamp=stamp)
    with pytest.raises(Conflict):
        people.edit(by=holder, contact=contact, fields={"office": "二楼"}, stamp=stamp)


def test_reveal_is_written_down(place, holder) -> None:
    contact = make_contact(place, mobile="+8613800138000")
    assert people.reveal(by=holder, contact=contact, field="mobile") == "+8613800138000"
    entry = audited("contact.reveal")
    assert entry.after == {"field": "mobile"}
    with pytest.raises(Hidden):
        people.reveal(by=holder, contact=contact, field="remark")


def test_the_bin(place, holder) -> None:
    contact = make_contact(place, "林晓彤")
    other = org.make_maintainer(org.make_dimension())
    login = people.Login("lin.xt", "correct horse battery 42")
    contact = people.create(by=holder, node=place, fields={"name": "林晓彤"}, login=login)
    user = contact.user
    found = []

    def listen(*, event, **_):
        found.append(event)

    events.contact_gone.connect(listen, dispatch_uid="test")
    people.delete(by=holder, contact=contact)
    events.contact_gone.disconnect(dispatch_uid="test")
    assert [event.reason for event in found] == ["deleted"]
    user.refresh_from_db()
    contact.refresh_from_db()
    assert (contact.account, user.is_active, contact.live) == ("none", False, False)
    assert contact not in Contact.objects.visible_to(holder)
    assert not closure.problems()
    with pytest.raises(Hidden):
        people.edit(by=holder, contact=contact, fields={"office": "x"})
    with pytest.raises(Hidden):
        people.restore(by=other, contact=contact)
    people.restore(by=holder, contact=contact)
    contact.refresh_from_db()
    assert contact.live
    assert contact in Contact.objects.visible_to(holder)
    assert not closure.problems()


def test_duplicates_name_only_what_is_seen(place) -> None:
    maintainer = org.make_maintainer(place.dimension)
    mine = make_contact(place, "甲", mobile="+8613800138000")
    make_contact(org.make_dimension(), "乙", mobile="+8613800138000", email="A@example.com")
    found = people.find_duplicates(by=maintainer, mobile="+8613800138000")
    assert found.visible == [mine]
    assert found.hidden
    found = people.find_duplicates(by=maintainer, email="a@example.com")
    assert found.visible == []
    assert found.hidden
    assert not people.find_duplicates(by=maintainer, mobile="+8613800138001", email="b@example.com")
    assert not people.find_duplicates(
        by=maintainer, mobile="+8613800138000", exclude_id=mine.pk
    ).visible


def test_a_picture_is_written_anew(place, holder, settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path
    contact = make_contact(place)
    raw = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(raw, "PNG")
    raw.seek(0)
    people.change_avatar(by=holder, contact=contact, file=raw)
    contact.refresh_from_db()
    assert contact.avatar.name.endswith(".webp")
    assert default_storage.exists(contact.avatar.name)
    people.change_avatar(by=holder, contact=contact, file=None)
    contact.refresh_from_db()
    assert not contact.avatar
