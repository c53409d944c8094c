"""Two entries of one person become one: nothing is lost, nobody gains more than the two had together (SPEC CON-4)."""

import datetime

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from contacts import closure, jobs
from contacts.models import Contact, ContactGroupGrant, ContactMerge, ContactUserGrant
from contacts.permissions import Role, role_on, viewer_of
from contacts.selectors import cards, merging
from contacts.services import accounts, people, sharing
from contacts.services.merge import merge
from core.errors import Conflict, Denied, Hidden, Invalid
from core.models import AuditEntry
from im import services as im
from im.identities import follow
from im.models import Conversation, Message, Participant
from im.reach import Party
from orgs.models import Category, Tag
from tests.factories import orgs as org
from tests.factories.approvals import make_application
from tests.factories.contacts import give_login, make_contact, share

pytestmark = pytest.mark.django_db


def fresh(contact: Contact) -> Contact:
    return Contact.objects.get(pk=contact.pk)


@pytest.fixture
def pair():
    """A person in two organizations of one dimension, entered twice by two people."""

    class Pair:
        suppliers, channels = org.make_dimension("供应商"), org.make_dimension("渠道")
        hengtuo, haichuan = (
            org.make_organization(suppliers, "恒拓精密"), org.make_organization(suppliers, "海川电子")
        )  # fmt: skip
        elsewhere = org.make_organization(channels, "秘密商社")
        by = org.make_maintainer(suppliers, name="维护者")
        first, second = org.make_person("先建"), org.make_person("后建")
        mine = make_contact(
            hengtuo, "单晓彤", reading="shan xiao tong", created_by=first, email="", code="A1"
        )
        other = make_contact(
            haichuan, "单小彤", created_by=second, email="shan@example.com", code="B2", places=[hengtuo, elsewhere],
            position="采购经理", remark="展会认识",
        )  # fmt: skip

    return Pair


def test_what_the_survivor_gets(pair) -> None:
    category = Category.objects.create(name="核心")
    tags = [Tag.objects.create(name=name) for name in ("甲", "乙")]
    pair.mine.tags.set(tags[:1])
    pair.other.tags.set(tags)
    Contact.objects.filter(pk=pair.other.pk).update(category=category)
    pair.other.memberships.filter(node=pair.hengtuo).update(position="顾问")
    both, team = org.make_person("两边"), org.make_internal_department("采购中心")
    share(pair.mine, both, "view")
    share(pair.other, both, "edit")
    share(pair.mine, team, "edit")
    share(pair.other, team, "view")
    sharing.add_visible_staff(by=pair.by, contact=pair.mine, to=both)
    for to in (both, team):
        sharing.add_visible_staff(by=pair.by, contact=pair.other, to=to)

    merge(
        by=pair.by, contact=pair.mine, other=pair.other,
        picks={"name": "other", "code": "other", "main_node": "other", "remark": "both"},
    )  # fmt: skip

    mine, gone = fresh(pair.mine), fresh(pair.other)
    assert (mine.name, mine.reading, mine.code, mine.email) == (
        "单小彤",
        "",
        "B2",
        "shan@example.com",
    )
    assert (mine.position, mine.remark, mine.category) == ("采购经理", "展会认识", category)
    assert mine.mobile == pair.mine.mobile  # it had one of its own
    assert mine.version == pair.mine.version + 1
    places = set(mine.memberships.values_list("node__name", "is_main", "position"))
    assert places == {("海川电子", True, ""), ("恒拓精密", False, "顾问"), ("秘密商社", False, "")}
    assert set(mine.tags.all()) == set(tags)
    grants = ContactUserGrant.objects.filter(content_object=mine).values_list(
        "user__name", "permission__codename"
    )
    assert set(grants) == {
        ("两边", "edit_contact"),
        ("后建", "edit_contact"),
    }  # his creator keeps what he could do
    group = ContactGroupGrant.objects.get(content_object=mine)
    assert group.permission.codename == "edit_contact"
    assert set(mine.visible_staff.values_list("user__name", "group__department__name")) == {
        ("两边", None), (None, "采购中心")
    }  # fmt: skip
    # Whoever saw one of the two sees the survivor; the other lies in the bin as it was.
    assert role_on(viewer_of(pair.second), mine.pk) == Role.EDITOR
    assert role_on(viewer_of(org.make_maintainer(pair.channels)), mine.pk) == Role.MAINTAINER
    assert gone.deleted_at is not None
    assert gone.memberships.count() == 3
    assert closure.problems() == []
    merged, away = AuditEntry.objects.filter(action__startswith="contact.merge").order_by("pk")
    assert (merged.object_id, away.object_id) == (str(mine.pk), str(gone.pk))
    assert merged.before["name"] == "单晓彤"
    assert merged.after["merged"] == "单小彤"
    assert {row.object_id for row in cards.history(mine)} == {str(mine.pk), str(gone.pk)}


def test_account_conversations_and_applications_follow(pair, as_) -> None:
    user, staff = org.make_external("外部人"), pair.first
    pending = make_application(pair.mine, pair.first)
    decided = make_application(pair.other, pair.second)
    give_login(pair.other, user)
    type(decided).objects.filter(pk=decided.pk).update(
        status="refused", reason="不行", decided_by=pair.by, decided_at=timezone.now()
    )
    expiry = timezone.now() + datetime.timedelta(days=9)
    Contact.objects.filter(pk=pair.other.pk).update(expires_at=expiry)
    sharing.add_visible_staff(by=pair.by, contact=pair.other, to=staff)
    im.open_direct(by=pair.second, other=Party(user.pk, pair.other.pk))
    thread = Conversation.objects.get(kind="direct")
    im.send(conversation_id=thread.pk, body="你好", client_id="a" * 8, by=pair.second)

    merge(by=pair.by, contact=pair.mine, other=pair.other, picks={})

    mine, gone = fresh(pair.mine), fresh(pair.other)
    assert (mine.user, mine.account, mine.expires_at) == (user, "active", expiry)
    assert (gone.user, gone.account) == (None, "none")
    assert viewer_of(user).identity_id == mine.pk
    thread.refresh_from_db()
    assert f"{user.pk}:{mine.pk}" in thread.key
    assert Participant.objects.get(conversation=thread, user=user).identity_id == mine.pk
    # Both sides go on in the same thread.
    im.send(conversation_id=thread.pk, body="还在", client_id="b" * 8, by=pair.second)
    im.send(conversation_id=thread.pk, body="在", client_id="c" * 8, by=user)
    pending.refresh_from_db()
    decided.refresh_from_db()
    assert (pending.status, pending.reason, pending.contact_id) == ("lapsed", "opened", mine.pk)
    assert (decided.status, decided.contact_id) == ("refused", mine.pk)


def test_the_pending_application_of_the_merged_away_lapses(pair) -> None:
    application = make_application(pair.other, pair.second)
    merge(by=pair.by, contact=pair.mine, other=pair.other, picks={})
    application.refresh_from_db()
    assert (application.status, application.reason) == ("lapsed", "merged")
    assert application.contact_id == pair.mine.pk
    assert fresh(pair.mine).account == "none"
    assert fresh(pair.other).account == "none"


def test_two_threads_of_the_same_two_people_become_one() -> None:
    """A login that was both identities once: no message is lost, none unread is marked read."""
    staff, user = org.make_person("员工"), org.make_external("外部人")
    threads = []
    for identity in (700, 800):
        key = f"{staff.pk}|{user.pk}:{identity}"
        thread = Conversation.objects.create(kind="direct", key=key, last_seq=3)
        for seq in (1, 2, 3):
            Message.objects.create(
                conversation=thread, seq=seq, client_id=f"same-{seq}", body=f"{identity}-{seq}",
                sender=user if seq < 3 else staff,
            )  # fmt: skip
        Participant.objects.create(
            conversation=thread, user=staff, read_seq=3 if identity == 700 else 1
        )
        Participant.objects.create(conversation=thread, user=user, identity_id=identity, read_seq=3)
        threads.append(thread)
    start = timezone.now()
    for number, message in enumerate(Message.objects.order_by("seq", "conversation")):
        Message.objects.filter(pk=message.pk).update(
            created_at=start + datetime.timedelta(minutes=number)
        )
    assert follow(former=800, now=700) == [threads[1].pk]
    thread = Conversation.objects.get(kind="direct")
    assert (thread.pk, thread.last_seq) == (threads[0].pk, 6)
    bodies = thread.messages.order_by("seq").values_list("body", flat=True)
    assert list(bodies) == ["700-1", "800-1", "700-2", "800-2", "700-3", "800-3"]
    read = dict(thread.participants.values_list("user_id", "read_seq"))
    assert read == {staff.pk: 3, user.pk: 6}


def test_who_may_not_and_what_cannot(pair) -> None:
    foreign = make_contact(pair.elsewhere, "秘密人")
    halfway = make_contact(pair.elsewhere, "兼职人", places=[pair.hengtuo])
    deleted = make_contact(pair.hengtuo, deleted_at=timezone.now())
    for other, error in (
        (foreign, Hidden),
        (halfway, Denied),
        (deleted, Hidden),
        (pair.mine, Invalid),
    ):
        with pytest.raises(error):
            merge(by=pair.by, contact=pair.mine, other=other, picks={})
    with pytest.raises(Hidden):
        merge(by=pair.first, contact=pair.mine, other=pair.other, picks={})
    stamp = merging.stamp_of(pair.mine, pair.other)
    people.edit(by=pair.by, contact=pair.other, fields={"office": "二楼"})
    with pytest.raises(Conflict) as stale:
        merge(by=pair.by, contact=pair.mine, other=pair.other, picks={}, stamp=stamp)
    assert stale.value.code == "changed"
    Contact.objects.update(remark="长" * 1500)
    with pytest.raises(Invalid) as refused:
        merge(by=pair.by, contact=pair.mine, other=pair.other, picks={"remark": "both"})
    assert refused.value.field == "remark"
    give_login(pair.mine, org.make_external())
    give_login(pair.other, org.make_external())
    with pytest.raises(Conflict) as both:
        merge(by=pair.by, contact=pair.mine, other=pair.other, picks={})
    assert both.value.code == "accounts"
    assert not ContactMerge.objects.exists()
    accounts.close(by=pair.by, contact=pair.mine)
    merge(by=pair.by, contact=pair.mine, other=pair.other, picks={})
    assert fresh(pair.mine).account == "active"


def test_the_merged_away_stays_away(pair) -> None:
    third = make_contact(pair.hengtuo, "单三")
    merge(by=pair.by, contact=pair.other, other=pair.mine, picks={})
    with pytest.raises(Conflict) as refused:
        people.restore(by=pair.by, contact=fresh(pair.mine))
    assert refused.value.code == "merged"
    merge(by=pair.by, contact=third, other=pair.other, picks={})
    assert merging.survivor_of(pair.mine.pk) == third.pk  # also what was merged into it before
    people.delete(by=pair.by, contact=third)
    assert merging.survivor_of(pair.mine.pk) is None


def test_a_chosen_picture_stays_when_the_other_entry_is_purged(pair, settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path
    pair.other.avatar.save("one.webp", ContentFile(b"webp"))
    merge(by=pair.by, contact=pair.mine, other=pair.other, picks={})
    mine = fresh(pair.mine)
    assert mine.avatar.name == pair.other.avatar.name
    Contact.objects.filter(pk=pair.other.pk).update(
        deleted_at=timezone.now() - datetime.timedelta(days=40)
    )
    assert jobs.purge_bin() == 1
    jobs.delete_picture(name=mine.avatar.name)
    assert mine.avatar.storage.exists(mine.avatar.name)
    assert merging.survivor_of(pair.other.pk) == mine.pk
