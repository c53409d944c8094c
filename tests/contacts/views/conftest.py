"""A small directory, and clients that are logged in."""

from types import SimpleNamespace

import pytest

from contacts.models import Contact
from tests.factories import orgs as org
from tests.factories.contacts import make_contact, share


@pytest.fixture
def book() -> SimpleNamespace:
    """Two dimensions, a person in each, and one member of staff for each way to see them."""
    suppliers, channels = org.make_dimension("供应商"), org.make_dimension("渠道")
    hengtuo, haichuan = (
        org.make_organization(suppliers, "恒拓精密"),
        org.make_organization(suppliers, "海川电子"),
    )
    purchase = org.make_department(hengtuo, "采购部")
    secret = org.make_organization(channels, "秘密商社")
    creator, viewer, ranged = (org.make_person(name) for name in ("创建人", "被共享人", "有范围人"))
    lin = make_contact(
        purchase,
        "林晓彤",
        position="采购工程师",
        mobile="+8613912340457",
        email="lin@example.com",
        created_by=creator,
    )
    wang = make_contact(haichuan, "王嘉禾")
    hidden = make_contact(secret, "秘密人", mobile="+8613700000001")
    share(lin, viewer)
    org.let_view(ranged, hengtuo)
    return SimpleNamespace(
        suppliers=suppliers, channels=channels, hengtuo=hengtuo, haichuan=haichuan, purchase=purchase,
        secret=secret, creator=creator, viewer=viewer, ranged=ranged, lin=lin, wang=wang, hidden=hidden,
        holder=org.make_holder("互联维护"), maintainer=org.make_maintainer(suppliers, name="维护者"),
        stranger=org.make_person("陌生人"), external=org.make_external("外部人"),
    )  # fmt: skip


def fresh(contact: Contact) -> Contact:
    contact.refresh_from_db()
    return contact
