"""Applications for tests, made through the service as in the product."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from approvals import services
from approvals.models import Application
from contacts.models import Contact
from orgs.models import Node
from tests.factories.contacts import make_contact
from tests.factories.orgs import make_person

REMARK = "2027 年度框架采购协同，需要在线确认订单与对账"


def make_application(
    contact: Contact, by: User | None = None, remark: str = REMARK, **values: Any
) -> Application:
    """A pending application of the contact's creator, or of `by`; `values` are written over it afterwards."""
    application = services.apply(
        contact_id=contact.pk, remark=remark, by=by or contact.created_by or make_person()
    )
    if values:
        Application.objects.filter(pk=application.pk).update(**values)
        application.refresh_from_db()
    return application


def make_applied(node: Node, name: str = "", **values: Any) -> Application:
    """A contact of a new staff member at `node` with his application."""
    values.setdefault("created_by", make_person())
    return make_application(make_contact(node, name, **values))
