"""Groups are closed over the departments below, whatever happens to the tree."""

import random

import pytest

from accounts.models import Department, DepartmentMembership, User
from accounts.services import departments
from core.actors import SystemActor
from core.errors import Conflict, Denied, Invalid
from tests.factories.accounts import AdminFactory, DepartmentFactory, StaffFactory

pytestmark = pytest.mark.django_db
BY = SystemActor("tests")


def closure_by_hand() -> dict[int, set[int]]:
    rows = {row.pk: row for row in Department.objects.all()}
    members: dict[int, set[int]] = {pk: set() for pk in rows}
    for membership in DepartmentMembership.objects.all():
        at: int | None = membership.department_id
        while at is not None:
            members[at].add(membership.user_id)
            at = rows[at].parent_id
    return members


def closure_in_groups() -> dict[int, set[int]]:
    return {
        row.pk: set(User.objects.filter(groups=row.group_id).values_list("pk", flat=True))
        for row in Department.objects.all()
    }


@pytest.mark.parametrize("seed", range(8))
def test_closure_equals_brute_force_after_random_operations(  # noqa: C901  one branch each
    seed: int,
) -> None:
    dice = random.Random(seed)
    people = StaffFactory.create_batch(6)
    tree = [departments.create(by=BY, name=f"D{seed}-0")]

    def operate() -> None:
        kind = dice.choice(["create", "move", "add", "add", "remove", "person"])
        department = dice.choice(tree)
        person = dice.choice(people)
        if kind == "create":
            parent = dice.choice([None, *tree])
            tree.append(departments.create(by=BY, name=f"D{seed}-{len(tree)}", parent=parent))
        elif kind == "move":
            departments.move(department=department, parent=dice.choice([None, *tree]), by=BY)
        elif kind == "add":
            departments.add_member(department=department, user=person, by=BY)
        elif kind == "remove":
            departments.remove_member(department=department, user=person, by=BY)
        else:
            chosen = dice.sample([d.pk for d in tree], min(2, len(tree)))
            departments.set_departments(user=person, department_ids=chosen, by=BY)

    for _step in range(40):
        try:
            operate()
        except Conflict:
            continue
        assert closure_in_groups() == closure_by_hand()
    for person in people:
        rows = DepartmentMembership.objects.filter(user=person)
        assert rows.filter(is_main=True).count() == min(1, rows.count())


def test_a_department_is_not_moved_into_itself_or_below() -> None:
    top = departments.create(by=BY, name="总部")
    below = departments.create(by=BY, name="采购中心", parent=top)
    for target in (top, below):
        with pytest.raises(Conflict):
            departments.move(department=top, parent=target, by=BY)


def test_two_of_one_name_in_one_place_are_refused_elsewhere_allowed() -> None:
    top = departments.create(by=BY, name="总部")
    departments.create(by=BY, name="采购", parent=top)
    with pytest.raises(Invalid):
        departments.create(by=BY, name="采购", parent=top)
    other = departments.create(by=BY, name="采购")
    with pytest.raises(Invalid):
        departments.move(department=other, parent=top, by=BY)


def test_only_empty_departments_are_deleted_and_their_group_goes() -> None:
    top = departments.create(by=BY, name="总部")
    below = departments.create(by=BY, name="采购", parent=top)
    person = StaffFactory(department=below)
    with pytest.raises(Conflict):
        departments.delete(department=top, by=BY)
    with pytest.raises(Conflict):
        departments.delete(department=below, by=BY)
    departments.remove_member(department=below, user=person, by=BY)
    group = below.group
    departments.delete(department=below, by=BY)
    assert not type(group).objects.filter(pk=group.pk).exists()


def test_only_administrators_touch_departments() -> None:
    department = DepartmentFactory()
    for by in (StaffFactory(), StaffFactory(is_holder=True)):
        with pytest.raises(Denied):
            departments.create(by=by, name="新部门")
        with pytest.raises(Denied):
            departments.add_member(department=department, user=by, by=by)
    departments.add_member(department=department, user=StaffFactory(), by=AdminFactory())
