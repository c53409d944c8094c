"""A small directory and a way to look at it as somebody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client

from accounts.models import User
from orgs.models import Node
from tests.factories.orgs import (
    make_department,
    make_dimension,
    make_holder,
    make_maintainer,
    make_organization,
)

AS = Callable[[User], Client]


@dataclass
class Directory:
    """Two dimensions; `maintainer` maintains the first."""

    dimension: Node
    organization: Node
    branch: Node
    department: Node
    other: Node
    foreign: Node
    maintainer: User
    holder: User


@pytest.fixture
def directory(db: None) -> Directory:
    dimension, other = make_dimension("战略供应商", code="SUP"), make_dimension("渠道伙伴")
    organization = make_organization(dimension, "恒拓精密", code="SUP-0042")
    return Directory(
        dimension=dimension,
        organization=organization,
        branch=make_organization(organization, "苏州分公司"),
        department=make_department(organization, "采购部"),
        other=other,
        foreign=make_organization(other, "远东贸易", code="CH-7"),
        maintainer=make_maintainer(dimension, name="维护甲"),
        holder=make_holder("持有乙"),
    )
