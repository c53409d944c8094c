"""Staff in bulk end as staff by hand do: rows, groups, trail; the queries do not grow with them (SPEC WEC-7)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Department, User
from accounts.services import departments, people, synced
from core.actors import SystemActor
from core.errors import Conflict, Denied, Invalid
from core.models import AuditEntry
from tests.factories.accounts import DepartmentFactory, StaffFactory

pytestmark = pytest.mark.django_db
BY = SystemActor("wecom")


@pytest.fixture
def places() -> list[Department]:
    """A department, one below it, one beside it."""
    top = DepartmentFactory(name="总部")
    return [top, DepartmentFactory(name="研发", parent=top), DepartmentFactory(name="市场")]


def shown(user: User) -> dict[str, Any]:
    """All that there is of somebody, but for what makes him himself."""
    row = User.objects.filter(pk=user.pk).values().get()
    for key in ("id", "username", "password", "created_at"):
        del row[key]
    rows = user.department_memberships.order_by("department")
    trail = AuditEntry.objects.order_by("action", "pk")
    own = trail.filter(object_type="accounts.user", object_id=str(user.pk))
    places = trail.filter(object_type="accounts.department")
    return row | {
        "places": list(rows.values_list("department", "is_main")),
        "groups": sorted(user.groups.values_list("pk", flat=True)),
        "usable": user.has_usable_password(),
        "trail": [
            [(one.action, without(one.before, user), without(one.after, user)) for one in own],
            [(one.action, one.object_id) for one in places if user.username in str([one.before, one.after])],
        ],
    }  # fmt: skip


def without(values: dict[str, Any], user: User) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value != user.username}


def test_in_bulk_as_by_hand(places: list[Department]) -> None:
    ids = [one.pk for one in places]
    wanted = [ids[1], ids[2]]
    hand = people.create_staff(by=BY, username="by.hand", name="苏禾", department_ids=wanted)
    User.objects.filter(pk=hand.pk).update(kept="name")
    bulk, other = synced.create_many(by=BY, kept="name", people=[
        synced.NewStaff("in.bulk", "苏禾", wanted), synced.NewStaff("nowhere", "李四"),
    ])  # fmt: skip
    assert shown(User.objects.get(pk=bulk)) == shown(hand)
    for name, then in (("苏和", [ids[2], ids[0]]), (None, [ids[0]]), ("苏荷", None), (None, [])):
        changes = {"name": name} if name else {}
        people.update_staff(user=hand, by=BY, department_ids=then, **changes)
        synced.change_many(
            by=BY, wanted=[synced.Wanted(bulk, name, then), synced.Wanted(other, name)]
        )
        hand.refresh_from_db()
        assert shown(User.objects.get(pk=bulk)) == shown(hand), (name, then)
    groups = {one.group_id for one in Department.objects.all()}
    departments.sync_groups(ids)
    assert not User.groups.through.objects.filter(group__in=groups, user__in=[bulk, hand.pk])


def test_as_many_queries_for_thirty_as_for_three(places: list[Department]) -> None:
    counts = []
    for many in (3, 30):
        new = [synced.NewStaff(f"n{many}x{at}", "王五", [places[at % 3].pk]) for at in range(many)]
        with CaptureQueriesContext(
            connection,
        ) as made:
            ids = synced.create_many(by=BY, people=new, kept="")
        wanted = [synced.Wanted(pk, "王六", [places[(at + 1) % 3].pk]) for at, pk in enumerate(ids)]
        with CaptureQueriesContext(connection) as changed:
            synced.change_many(by=BY, wanted=wanted)
        counts.append((len(made), len(changed)))
    assert counts[0] == counts[1]


def test_all_or_none(places: list[Department]) -> None:
    StaffFactory(username="Taken.Name")
    for people_, error in (
        ([synced.NewStaff("fine", "甲"), synced.NewStaff("taken.name", "乙")], Invalid),
        ([synced.NewStaff("twice", "甲"), synced.NewStaff("TWICE", "乙")], Invalid),
        ([synced.NewStaff("ünfein", "甲")], Invalid),
        ([synced.NewStaff("fine", "甲", [999_999])], Conflict),
    ):
        with pytest.raises(error):
            synced.create_many(by=BY, people=people_, kept="")
    with pytest.raises(Denied):
        synced.create_many(by=StaffFactory(), people=[], kept="")
    with pytest.raises(Denied):
        synced.change_many(by=StaffFactory(), wanted=[])
    assert not User.objects.filter(username__in=["fine", "twice"]).exists()
