"""A staff member is disabled and what hangs on him goes to others (SPEC ACC-6, ORG-9; SECURITY T25, T45)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from accounts.services import access, leaving
from contacts import handover
from contacts.models import Contact
from contacts.services import bulk
from core.errors import Conflict, Denied, Invalid
from core.models import AuditEntry, OutboxEntry
from im.models import Message
from orgs.models import Node, NodeUserGrant
from orgs.permissions import scope_of
from orgs.services import grants
from tests.factories.accounts import (
    AdminFactory,
    DepartmentFactory,
    ExternalUserFactory,
    StaffFactory,
)
from tests.factories.approvals import make_application
from tests.factories.contacts import make_contact, make_many
from tests.factories.orgs import make_dimension, make_holder, make_organization

pytestmark = pytest.mark.django_db
Enter = Callable[..., Client]


@pytest.fixture
def admin() -> User:
    user: User = AdminFactory(name="管理员")
    return user


@pytest.fixture
def leaver(admin: User) -> User:
    user: User = StaffFactory(name="离职人")
    return user


@pytest.fixture
def successor() -> User:
    user: User = StaffFactory(name="接手人")
    return user


@pytest.fixture
def alone(admin: User, leaver: User) -> Node:
    node = make_dimension("独自维护")
    grants.add_maintainer(by=admin, dimension=node, to=leaver)
    return node


def notices(user: User) -> list[str]:
    rows = Message.objects.filter(conversation__key=f"system:{user.pk}").order_by("seq")
    return list(rows.values_list("body", flat=True))


def test_the_page_names_what_hangs_on_him(
    admin: User, leaver: User, alone: Node, enter: Enter
) -> None:
    shared = make_dimension("两人维护")
    for person in (leaver, StaffFactory()):
        grants.add_maintainer(by=admin, dimension=shared, to=person)
    place = make_organization(alone, "华信")
    for contact in make_many(place, 3):
        Contact.objects.filter(pk=contact).update(follower=leaver)
    created = make_contact(make_organization(make_dimension(), "恒拓"), created_by=leaver)
    make_application(created, leaver)
    text = enter(admin).get(f"/console/staff/{leaver.pk}/disable/").content.decode()
    for said in (
        "仅由其一人维护的维度",
        "独自维护",
        "两人维护",
        "其跟进的联系人",
        "其提交的待审批申请",
    ):
        assert said in text
    assert 'name="dimensions_to"' not in text  # nobody is chosen yet
    assert "dimensions_to" in text
    assert "followed_to" in text
    holder = make_holder()
    page = enter(admin).get(f"/console/staff/{holder.pk}/disable/").content.decode()
    assert "停用期间不起作用" in page
    idle: User = StaffFactory()
    assert (
        "没有待交接的内容"
        in enter(admin).get(f"/console/staff/{idle.pk}/disable/").content.decode()
    )


def test_dimensions_and_contacts_go_to_a_successor(
    admin: User, leaver: User, successor: User, alone: Node, enter: Enter
) -> None:
    other: User = StaffFactory(name="跟进接手")
    contacts = make_many(make_organization(alone, "华信"), 3)
    Contact.objects.filter(pk__in=contacts).update(follower=leaver)
    session = enter(leaver)
    url = f"/console/staff/{leaver.pk}/disable/"
    data = {"dimensions_to": str(successor.pk), "followed_to": str(other.pk)}
    assert enter(admin).post(url, data).status_code == 303
    leaver.refresh_from_db()
    assert not leaver.is_active
    assert session.get("/contacts/").status_code == 302
    assert scope_of(successor).maintains(alone.pk)
    assert not NodeUserGrant.objects.filter(user=leaver).exists()
    assert Contact.objects.filter(follower=other).count() == 3
    rows = AuditEntry.objects.filter(actor_id=str(admin.pk)).values_list("action", flat=True)
    assert sorted(set(rows) - {"session.start"}) == [
        "contact.edit", "login.disable", "login.revoke", "maintainer.add", "maintainer.remove", "staff.hand_over",
    ]  # fmt: skip
    assert AuditEntry.objects.filter(action="contact.edit").count() == 3
    # Nobody has to be told: the dimension has its maintainer.
    assert notices(admin) == []


def test_a_dimension_without_any_maintainer_is_announced_whichever_way(
    admin: User, leaver: User, alone: Node
) -> None:
    holder = make_holder()
    through = DepartmentFactory(name="采购")
    member: User = StaffFactory(department=through)
    kept = make_dimension("部门维护")
    grants.add_maintainer(by=admin, dimension=kept, to=through)
    grants.add_maintainer(by=admin, dimension=kept, to=leaver)
    access.disable(user=leaver, by=admin)
    for person in (admin, holder):
        assert notices(person) == ["维度“独自维护”已没有维护者，请指定新的维护者"]
    access.disable(user=member, by=admin)
    assert notices(admin)[1:] == ["维度“部门维护”已没有维护者，请指定新的维护者"]


def test_all_or_nothing(admin: User, leaver: User, successor: User, alone: Node) -> None:
    off: User = StaffFactory(is_active=False)
    before = AuditEntry.objects.count()
    for to, error in (
        (leaver, Invalid),
        (off, Invalid),
        (ExternalUserFactory(), Invalid),
        (admin, Denied),
    ):
        with pytest.raises(error):
            leaving.leave(user=leaver, by=admin, successors={"dimensions": to})
    with pytest.raises(Denied):
        leaving.leave(user=leaver, by=successor, successors={})
    with pytest.raises(Denied):
        leaving.leave(user=admin, by=admin, successors={})
    second: User = AdminFactory()
    User.objects.filter(pk=admin.pk).update(is_active=False)
    with pytest.raises((Conflict, Denied)):
        leaving.leave(user=second, by=second, successors={})
    leaver.refresh_from_db()
    assert leaver.is_active
    assert scope_of(leaver).maintains(alone.pk)
    assert AuditEntry.objects.count() == before


def test_many_contacts_are_carried_on_by_the_worker(
    admin: User, leaver: User, successor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "AT_ONCE", 4)
    contacts = make_many(make_organization(make_dimension(), "华信"), 10)
    Contact.objects.filter(pk__in=contacts).update(follower=leaver)
    leaving.leave(user=leaver, by=admin, successors={"followed": successor})
    entry = OutboxEntry.objects.get(task="contacts.hand_over_followed")
    assert Contact.objects.filter(follower=leaver).count() == 10
    real, left = bulk.set_follower, [2]

    def dying(**arguments: object) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise RuntimeError("the worker is gone")
        return real(**arguments)

    monkeypatch.setattr(bulk, "set_follower", dying)
    with pytest.raises(RuntimeError):
        handover.carry_on(**entry.arguments)
    assert Contact.objects.filter(follower=successor).count() == 8
    monkeypatch.setattr(bulk, "set_follower", real)
    handover.carry_on(**entry.arguments)
    handover.carry_on(**entry.arguments)
    assert Contact.objects.filter(follower=successor).count() == 10
    assert AuditEntry.objects.filter(action="contact.edit").count() == 10
    assert notices(admin) == ["联系人交接已处理：已移交 2 人，剩余 0 人"]


def test_the_worker_stops_where_the_right_is_gone(
    admin: User, leaver: User, successor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "AT_ONCE", 1)
    contacts = make_many(make_organization(make_dimension(), "华信"), 3)
    Contact.objects.filter(pk__in=contacts).update(follower=leaver)
    leaving.leave(user=leaver, by=admin, successors={"followed": successor})
    ids = OutboxEntry.objects.get(task="contacts.hand_over_followed").arguments
    for change in ({"is_superuser": False}, {"is_superuser": True, "session_epoch": 7}):
        User.objects.filter(pk=admin.pk).update(**change)
        handover.carry_on(**ids)
        assert Contact.objects.filter(follower=leaver).count() == 3
    User.objects.filter(pk=admin.pk).update(session_epoch=ids["epoch"])
    access.enable(user=leaver, by=admin)
    handover.carry_on(**ids)  # he is back and keeps them
    assert Contact.objects.filter(follower=leaver).count() == 3
