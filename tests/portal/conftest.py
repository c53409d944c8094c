"""An external person with an open account, and the staff around him."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from accounts.models import User
from contacts.models import Contact, ContactVisibleStaff
from orgs.models import Node, NodeVisibleStaff
from tests.factories import orgs
from tests.factories.accounts import ExternalUserFactory
from tests.factories.contacts import give_login, make_contact


@dataclass
class Place:
    """One organization with one external person; one staff member he sees by name, one through the organization."""

    organization: Node
    department: Node
    contact: Contact
    external: User
    known: User
    host: User
    hidden: User
    holder: User
    administrator: User


def make_place() -> Place:
    dimension = orgs.make_dimension("供应商")
    organization = orgs.make_organization(dimension, "恒拓精密（示例）")
    department = orgs.make_department(organization, "采购部")
    external = ExternalUserFactory(name="林晓彤", username="lin")
    contact = give_login(make_contact(department, "林晓彤", email="lin@example.com"), external)
    known, host = orgs.make_person("周明宇"), orgs.make_person("沈佳")
    orgs.make_internal_department("采购中心", known)
    ContactVisibleStaff.objects.create(contact=contact, user=known)
    NodeVisibleStaff.objects.create(node=organization, user=host)
    return Place(
        organization, department, contact, external, known, host, orgs.make_person("路人"),
        orgs.make_holder("吴凯"), orgs.make_administrator("管理员"),
    )  # fmt: skip


@pytest.fixture
def place(db: None) -> Place:
    return make_place()
