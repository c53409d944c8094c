"""The people around one application."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from accounts.models import User
from approvals.models import Application
from contacts.models import Contact
from orgs.models import Node
from tests.factories import orgs
from tests.factories.approvals import make_application
from tests.factories.contacts import give_login, make_contact, share


@dataclass
class Place:
    """A contact in one dimension, everybody who has to do with it, and a neighbour dimension."""

    dimension: Node
    organization: Node
    other: Node
    contact: Contact
    creator: User
    sharer: User
    viewer: User
    stranger: User
    maintainer: User
    neighbour: User
    holder: User
    administrator: User
    external: User

    def apply(self) -> Application:
        return make_application(self.contact)


def make_place() -> Place:
    dimension, other = orgs.make_dimension("供应商"), orgs.make_dimension("渠道")
    organization = orgs.make_organization(dimension, "苏州恒拓（示例）")
    creator = orgs.make_person("周明宇")
    contact = make_contact(
        organization, "林晓彤", created_by=creator, email="linxt@example.com", position="采购"
    )
    place = Place(
        dimension, organization, other, contact, creator,
        orgs.make_person("沈佳"), orgs.make_person("看得见"), orgs.make_person("路人"),
        orgs.make_maintainer(dimension, name="李敏"), orgs.make_maintainer(other, name="邻居"),
        orgs.make_holder("吴凯"), orgs.make_administrator("管理员"), orgs.make_external("外人"),
    )  # fmt: skip
    give_login(make_contact(organization, "外人"), place.external)
    share(contact, place.sharer, "edit")
    orgs.let_view(place.viewer, organization)
    return place


@pytest.fixture
def place(db: None) -> Place:
    return make_place()


@pytest.fixture
def application(place: Place) -> Application:
    return place.apply()
