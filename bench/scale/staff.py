"""The company itself: internal departments and staff, with the groups that derive from them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from accounts.models import Department, DepartmentMembership, User
from accounts.services import departments
from bench import names
from bench.scale import rows
from core.text import pinyin, simplified

FANOUT = 8


def named(name: str) -> dict[str, str]:
    """The columns that follow from a name."""
    reading = pinyin(name)
    return {
        "name": name, "simplified": simplified(name), "sort_key": reading.sort_key, "initials": reading.initials
    }  # fmt: skip


def write(*, people: int, groups: int, folder: Path | None) -> tuple[list[int], list[int]]:
    """Ids of the staff and of the groups of all internal departments; the last three departments are a chain that
    holds nobody yet: theirs are the people who are measured.
    """
    rng = random.Random(11)
    group_ids = _departments(groups)
    password = make_password("a password nobody types")
    common = rows.defaults(User) | {"password": password, "kind": "staff"}
    first = rows.run("SELECT coalesce(max(id), 0) + 1 FROM accounts_user")[0][0]
    ids = list(range(first, first + people))
    rows.copy_rows(User, (
        common | {"id": pk, "username": f"staff{pk}"} | named(name)
        for pk, name in zip(ids, names.people(people, rng, folder), strict=True)
    ))  # fmt: skip
    rows.continue_ids(User)
    join([(pk, rng.randrange(groups - 3)) for pk in ids])
    return ids, group_ids


def _departments(count: int) -> list[int]:
    """A tree of departments, each with its group; ids of the groups in the order of the departments."""
    groups = Group.objects.bulk_create(Group(name=f"department:new{n}") for n in range(count))
    made: list[Department] = []
    for number, group in enumerate(groups):
        chained = number > count - 3
        above = number - 1 if chained else (number - 1) // FANOUT
        is_root = number == 0 or number == count - 3
        columns: dict[str, Any] = named(f"部门{number:04}")
        made.append(
            Department.objects.create(
                parent=None if is_root else made[above], group=group, **columns
            )
        )
    rows.run(
        "UPDATE auth_group g SET name = 'department:' || d.id FROM accounts_department d WHERE d.group_id = g.id"
    )
    return [group.pk for group in groups]


def join(members: list[tuple[int, int]]) -> None:
    """Puts people (id, number of the department) where they belong; the groups follow by the product's own code."""
    ids = [row[0] for row in rows.run("SELECT id FROM accounts_department ORDER BY id")]
    rows.copy_rows(DepartmentMembership, (
        {"department_id": ids[number], "user_id": pk, "is_main": True} for pk, number in members
    ))  # fmt: skip
    departments.lock()
    departments.sync_groups({ids[number] for _pk, number in members})
