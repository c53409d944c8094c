"""People of the real directory: an external person, and who sees whom."""

from __future__ import annotations

from django.conf import LazySettings
from django.db import transaction

from accounts.models import User
from contacts import closure
from contacts.models import Contact, ContactVisibleStaff
from im.reach import Party
from orgs import tree
from orgs.models import Node
from tests.factories.accounts import ExternalUserFactory
from tests.matrix.world import make_contact

DIRECTORY = "contacts.reach.DirectoryReach"


def ask_the_directory(settings: LazySettings) -> None:
    """The services of the test ask what its servers ask."""
    settings.IM_REACH_POLICY = DIRECTORY


@transaction.atomic
def organization(name: str = "组织") -> Node:
    """An organization in a dimension of its own."""
    dimension = tree.create_dimension(name=f"维度{Node.objects.count()}")
    return tree.create(kind=1, parent_id=dimension.pk, name=name)


@transaction.atomic
def outside(node: Node | None = None, *, name: str = "外部", sees: tuple[User, ...] = ()) -> User:
    """An external person with one identity in `node`, who may see these of staff."""
    user: User = ExternalUserFactory(name=name)
    contact = make_contact(name, node or organization(), user=user, account="active")
    ContactVisibleStaff.objects.bulk_create(
        ContactVisibleStaff(contact=contact, user=one) for one in sees
    )
    closure.refresh([contact.pk])
    return user


def party(user: User) -> Party:
    """The end at which this person stands."""
    contact = Contact.objects.filter(user=user).first()
    return Party(user.pk, contact.pk if contact else None)
