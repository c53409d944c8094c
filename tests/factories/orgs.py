"""Nodes, people and rights for tests, written through the same doors as in the product."""

from __future__ import annotations

import itertools
from typing import Any

from django.db import transaction

from accounts.models import Consent, Department, PrivacyNotice, User
from core import guardian
from core.text import pinyin
from orgs import tree
from orgs.models import Node, NodeGroupGrant, NodeUserGrant

_numbers = itertools.count(1)


def _named(name: str) -> dict[str, Any]:
    reading = pinyin(name, surname=False)
    return {"name": name, "sort_key": reading.sort_key, "initials": reading.initials}


@transaction.atomic
def make_dimension(name: str = "", **values: Any) -> Node:
    """A dimension of its own tree."""
    return tree.create_dimension(**_named(name or f"维度{next(_numbers)}"), **values)


@transaction.atomic
def make_organization(parent: Node, name: str = "", **values: Any) -> Node:
    """An organization below a dimension or organization."""
    named = _named(name or f"组织{next(_numbers)}")
    return tree.create(kind=Node.Kind.ORGANIZATION, parent_id=parent.pk, **named, **values)


@transaction.atomic
def make_department(parent: Node, name: str = "", **values: Any) -> Node:
    """A department below an organization or department."""
    named = _named(name or f"部门{next(_numbers)}")
    return tree.create(kind=Node.Kind.DEPARTMENT, parent_id=parent.pk, **named, **values)


def make_person(name: str = "", **values: Any) -> User:
    """A member of staff without any right, unless `values` say otherwise."""
    number = next(_numbers)
    return User.objects.create_user(
        f"person{number}", name=name or f"员工{number}", sort_key=f"yuangong{number}", **values
    )


def make_holder(name: str = "") -> User:
    """A holder of 外部互联维护."""
    return make_person(name, is_holder=True)


def make_administrator(name: str = "") -> User:
    """A system administrator."""
    return make_person(name, is_superuser=True)


def make_external(name: str = "") -> User:
    """An external person without identities, who has accepted the privacy notice."""
    person = make_person(name, kind=User.Kind.EXTERNAL)
    for notice in PrivacyNotice.objects.order_by("-version")[:1]:
        Consent.objects.create(user=person, notice=notice)
    return person


def make_maintainer(*dimensions: Node, name: str = "") -> User:
    """A maintainer of these dimensions."""
    person = make_person(name)
    for dimension in dimensions:
        let_maintain(person, dimension)
    return person


def make_internal_department(
    name: str = "", *members: User, parent: Department | None = None
) -> Department:
    """An internal department with its group; members are in the groups of the departments above too."""
    number = next(_numbers)
    group_model = User._meta.get_field("groups").related_model
    group = group_model.objects.create(name=f"department-{number}")
    department = Department.objects.create(
        name=name or f"内部部门{number}", group=group, parent=parent
    )
    for member in members:
        department.memberships.create(
            user=member, is_main=not member.department_memberships.exists()
        )
        above: Department | None = department
        while above:
            member.groups.add(above.group)
            above = above.parent
    return department


def _grant(codename: str, to: User | Department, node: Node) -> None:
    holder = to.group if isinstance(to, Department) else to
    table = NodeGroupGrant if isinstance(to, Department) else NodeUserGrant
    guardian.grant(table=table, codename=codename, to=holder, obj=node, by_label="test")


def let_maintain(to: User | Department, dimension: Node) -> None:
    """Makes a person or internal department maintainer."""
    _grant("maintain_node", to, dimension)


def let_view(to: User | Department, node: Node) -> None:
    """Puts a person or internal department into the visible range of a node."""
    _grant("view_node", to, node)
