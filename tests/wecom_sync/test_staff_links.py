"""Staff who leave and come back: of two corps of ours, and with rights here (SPEC WEC-7; SECURITY T71)."""

from __future__ import annotations

import pytest

from accounts.models import User
from accounts.services import departments
from tests.factories.accounts import AdminFactory, DepartmentFactory, StaffFactory
from tests.factories.orgs import make_organization
from tests.wecom_sync import worlds
from tests.wecom_sync.worlds import Corp, Stage
from wecom_sync import item_words, selectors, whose
from wecom_sync.gateway import Identity
from wecom_sync.models import Connection, OwnPerson, PlanItem, PulledPerson, Run
from wecom_sync.services import own_links
from wecom_sync.sync import apply, plan
from wecom_sync.sync.world import ACTOR

pytestmark = pytest.mark.django_db


def corp(name: str, corp_id: str) -> Connection:
    one = Connection(
        name=name, corp_id=corp_id, agent_id=1, sync_staff=True, staff_under=DepartmentFactory(name=name)
    )  # fmt: skip
    one.keep_secret("s" * 43)
    one.save()
    return one


def compared(connection: Connection, people: dict[str, str]) -> Run:
    """A run that has read these members, and compared them."""
    run = Run.objects.create(
        connection=connection, trigger="manual", status="planning", staff_read=True
    )
    for user_id, name in people.items():
        PulledPerson.objects.create(
            run=run, corp_id=connection.corp_id, user_id=user_id, name=name, places=["o:1"]
        )
    plan.make(run=run)
    Run.objects.filter(pk=run.pk).update(status="ready")
    return run


def carried_out(run: Run) -> None:
    apply.run(run=run, report=lambda _count: None, between=lambda: None)
    Run.objects.filter(pk=run.pk).update(status="done")


def synced(connection: Connection, people: dict[str, str]) -> Run:
    """The same, carried out."""
    run = compared(connection, people)
    carried_out(run)
    return run


def login(name: str) -> User:
    return User.objects.get(name=name)


def told(run: Run) -> list[tuple[str, str, str]]:
    rows = PlanItem.objects.filter(run=run).order_by("stage", "pk")
    return [(Stage(one.stage).name.lower(), one.name, one.message) for one in rows]


def enters(connection: Connection, user_id: str) -> User | None:
    found = whose.find(connection, Identity(connection.corp_id, user_id))
    return found.user if found else None


def words(run: Run, stage: int) -> list[str]:
    """What the page says of these items: labels, and what becomes of them."""
    rows = list(PlanItem.objects.filter(run=run, stage=stage))
    names = selectors.names(run, rows)
    return [f"{one.old} → {one.new}" for row in rows for one in item_words.changes(row, names)]


def test_who_is_still_there_by_another_corp_keeps_his_login() -> None:
    head, branch = corp("总部", "ww1"), corp("分公司", "ww2")
    synced(head, {"wang": "王芳", "li": "李雷"})
    user = login("王芳")
    OwnPerson.objects.create(connection=branch, member_id="wf", user=user)
    synced(branch, {"wf": "王芳"})
    by_hand = DepartmentFactory(name="党委")
    departments.add_members(department=by_hand, user_ids=[user.pk], by=ACTOR)

    run = synced(head, {"li": "李雷"})
    user.refresh_from_db()
    assert user.is_active
    assert words(run, Stage.STAFF_LEAVE) == ["存在 → 已不存在", " → 因其他企业保留"]
    assert {one.name for one in user.departments.all()} == {"分公司", "党委"}
    assert enters(head, "wang") is None
    assert enters(branch, "wf") == user
    assert compared(head, {"li": "李雷"}).items.count() == 0

    synced(branch, {})
    user.refresh_from_db()
    assert not user.is_active
    # The corp that let him go first takes him back: it was the other one's departure that disabled him.
    synced(head, {"wang": "王芳", "li": "李雷"})
    user.refresh_from_db()
    assert user.is_active
    assert enters(head, "wang") == user
    assert enters(branch, "wf") is None
    assert not OwnPerson.objects.filter(put_off=True).exists()


def test_of_two_plans_that_each_leave_him_to_the_other_only_one_is_carried_out() -> None:
    head, branch = corp("总部", "ww1"), corp("分公司", "ww2")
    synced(head, {"wang": "王芳"})
    user = login("王芳")
    OwnPerson.objects.create(connection=branch, member_id="wf", user=user)
    plans = [compared(head, {}), compared(branch, {})]
    for run in plans:
        carried_out(run)
    assert [run.items.get().status for run in plans] == ["done", "skipped"]
    assert enters(branch, "wf") == user
    synced(branch, {})
    user.refresh_from_db()
    assert not user.is_active


def test_the_same_of_a_contact() -> None:
    first = worlds.connection("总部", "ww1")
    second = worlds.connection("分公司", "ww2", target=first.target)
    there = [{"wpA": Corp("远航电子", people={"u1": ("王芳", [0]), "u2": ("李雷", [0])})},
             {"wpB": Corp("远航", people={"b1": ("王芳", [0]), "b2": ("韩梅", [0])})}]  # fmt: skip
    gone = [{"wpA": Corp("远航电子", people={"u2": ("李雷", [0])})},
            {"wpB": Corp("远航", people={"b2": ("韩梅", [0])})}]  # fmt: skip
    for chain, world in zip((first, second), there, strict=True):
        worlds.applied(chain, world)
    contact, twin = worlds.person("u1"), worlds.remote("b1", "wpB")
    twin.contact = contact
    twin.save()
    plans = [
        worlds.planned(chain, world) for chain, world in zip((first, second), gone, strict=True)
    ]
    for run in plans:
        carried_out(run)
    assert [run.items.get().status for run in plans] == ["done", "skipped"]
    worlds.applied(second, gone[1])
    contact.refresh_from_db()
    assert not contact.enabled


def test_whom_a_person_has_disabled_since_stays_so_whichever_corp_takes_him_back() -> None:
    head, branch = corp("总部", "ww1"), corp("分公司", "ww2")
    synced(head, {"wang": "王芳"})
    user = login("王芳")
    OwnPerson.objects.create(connection=branch, member_id="wf", user=user)
    synced(head, {})
    synced(branch, {})
    User.objects.filter(pk=user.pk).update(is_active=True)
    synced(head, {})
    User.objects.filter(pk=user.pk).update(is_active=False)
    synced(head, {"wang": "王芳"})
    user.refresh_from_db()
    assert not user.is_active


@pytest.mark.parametrize("rights", ["is_holder", "is_superuser"])
def test_whoever_gets_the_id_of_somebody_with_rights_does_not_get_his_login(rights: str) -> None:
    head = corp("总部", "ww1")
    synced(head, {"wang": "王芳"})
    user = login("王芳")
    User.objects.filter(pk=user.pk).update(**{rights: True})

    run = synced(head, {})
    user.refresh_from_db()
    assert told(run) == [("notice", "王芳", "privileged"), ("staff_leave", "王芳", "")]
    assert (user.is_active, user.kept, user.departments.count()) == (True, "", 0)
    assert enters(head, "wang") is None
    # Nothing but the reminder from now on.
    assert told(synced(head, {})) == [("notice", "王芳", "privileged")]

    back = synced(head, {"wang": "王一"})
    assert told(back) == [("notice", "王一", "privileged_back")]
    assert enters(head, "wang") is None
    assert login("王芳").pk == user.pk

    own_links.link_staff(by=AdminFactory(), item=back.items.get())
    assert enters(head, "wang") == user
    synced(head, {"wang": "王一"})
    user.refresh_from_db()
    assert (user.name, user.kept) == ("王一", "name place")
    assert [one.name for one in user.departments.all()] == ["总部"]


def test_who_lost_the_link_links_himself_again() -> None:
    head = corp("总部", "ww1")
    synced(head, {"wang": "王芳"})
    user = login("王芳")
    User.objects.filter(pk=user.pk).update(is_holder=True)
    synced(head, {})
    own_links.link_own(user=user, connection=head, member_id="wang", keep_session=None)
    assert enters(head, "wang") == user
    assert OwnPerson.objects.filter(user=user).count() == 1


def test_who_was_unlinked_gets_no_other_login_and_waits_for_a_person() -> None:
    head = corp("总部", "ww1")
    synced(head, {"wang": "王芳"})
    user = login("王芳")
    User.objects.filter(pk=user.pk).update(username="fang.wang")
    own_links.unlink_staff(by=AdminFactory(), user=user, connection=head)
    run = synced(head, {"wang": "王小芳"})
    assert told(run) == [("notice", "王小芳", "unlinked")]
    assert enters(head, "wang") is None
    user.refresh_from_db()
    assert (user.name, user.kept, user.is_active) == ("王芳", "", True)
    # Whoever left as well is nobody's business any more.
    assert told(synced(head, {})) == []
    own_links.link_staff(by=AdminFactory(), item=run.items.get())
    assert enters(head, "wang") == user


def test_the_next_owner_of_an_id_is_linked_instead_of_the_former() -> None:
    head = corp("总部", "ww1")
    synced(head, {"wang": "王芳", "li": "李雷"})
    synced(head, {"li": "李雷"})
    new = StaffFactory(name="王一")
    own_links.link_own(user=new, connection=head, member_id="wang", keep_session=None)
    synced(head, {"wang": "王一", "li": "李雷"})
    assert enters(head, "wang") == new
    assert not login("王芳").is_active


def test_only_whoever_may_link_is_offered_it() -> None:
    head = corp("总部", "ww1")
    StaffFactory(username="wang", name="汪洋")
    run = compared(head, {"wang": "王芳"})
    item = run.items.get(message="same_login")
    names = selectors.names(run, [item])
    assert item_words.line(run, item, names).choices == ()
    (choice,) = item_words.line(run, item, names, connects=True).choices
    assert choice.dialog


def test_a_contact_whom_the_first_of_two_corps_takes_back_is_enabled() -> None:
    first = worlds.connection("总部", "ww1")
    second = worlds.connection("分公司", "ww2", target=first.target)
    there = {"wpA": Corp("远航电子", people={"u1": ("王芳", [0]), "u2": ("李雷", [0])})}
    gone = {"wpA": Corp("远航电子", people={"u2": ("李雷", [0])})}
    worlds.applied(first, there)
    contact = worlds.person("u1")
    also = make_organization(first.target.dimension, "分公司的远航电子")  # type: ignore[union-attr]
    other = {"wpB": Corp("远航", people={"b1": ("王芳", [0]), "b2": ("韩梅", [0])})}
    worlds.applied(second, other)
    twin = worlds.remote("b1", "wpB")
    twin.contact = contact
    twin.places = [also.pk]
    twin.save()

    worlds.applied(first, gone)
    contact.refresh_from_db()
    assert contact.enabled
    worlds.applied(second, {"wpB": Corp("远航", people={"b2": ("韩梅", [0])})})
    contact.refresh_from_db()
    assert not contact.enabled
    worlds.applied(first, there)
    contact.refresh_from_db()
    assert contact.enabled
    assert not contact.remote_people.filter(put_off=True).exists()
