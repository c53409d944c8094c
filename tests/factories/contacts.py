"""Contacts for tests, with everything that derives from them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from accounts.models import Department, User
from contacts import closure
from contacts.models import Contact, ContactGroupGrant, ContactUserGrant, Membership
from core import guardian
from core.text import pinyin, simplified
from orgs.models import Node

_numbers = itertools.count(1)


def columns(name: str, reading: str = "") -> dict[str, Any]:
    """What derives from a name."""
    read = pinyin(name, reading or None)
    return {
        "name": name,
        "simplified": simplified(name),
        "sort_key": read.sort_key,
        "initials": read.initials,
    }


@transaction.atomic
def make_contact(
    node: Node, name: str = "", *, places: Iterable[Node] = (), **values: Any
) -> Contact:
    """A contact with `node` as its main place, and further `places`."""
    number = next(_numbers)
    values.setdefault("mobile", f"+86138{number:08d}")
    contact = Contact.objects.create(
        main_node=node, **columns(name or f"联系人{number}", values.get("reading", "")), **values
    )
    Membership.objects.create(contact=contact, node=node, is_main=True)
    for place in places:
        Membership.objects.create(contact=contact, node=place)
    closure.refresh([contact.pk])
    contact.refresh_from_db()
    return contact


def give_login(contact: Contact, user: User) -> Contact:
    """Makes `user` the open account of a contact."""
    contact.user, contact.account = user, Contact.Account.ACTIVE
    contact.save(update_fields=["user", "account"])
    return contact


def share(contact: Contact, to: User | Department, level: str = "view") -> None:
    """共享: level is "view" or "edit"."""
    holder = to.group if isinstance(to, Department) else to
    table = ContactGroupGrant if isinstance(to, Department) else ContactUserGrant
    guardian.grant(
        table=table, codename=f"{level}_contact", to=holder, obj=contact, by_label="test"
    )


@transaction.atomic
def make_many(places: Node | Sequence[Node], count: int, **values: Any) -> list[int]:
    """Many contacts at once, spread over one node or several; returns their ids."""
    nodes = [places] if isinstance(places, Node) else places
    start = next(_numbers) * 1_000_000
    rows = Contact.objects.bulk_create(
        [
            Contact(
                main_node=nodes[n % len(nodes)],
                mobile=f"+86139{(start + n) % 100_000_000:08d}",
                **{**columns(many_name(n)), **values},
            )
            for n in range(count)
        ],
        batch_size=2000,
    )
    Membership.objects.bulk_create(
        [Membership(contact=row, node_id=row.main_node_id, is_main=True) for row in rows],
        batch_size=5000,
    )
    ids = [row.pk for row in rows]
    closure.refresh(ids)
    return ids


SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华文建国志红玲梅婷宇浩欣怡佳俊思雅梦"


def many_name(number: int) -> str:
    """The name of the n-th of many."""
    return (
        SURNAMES[number % len(SURNAMES)]
        + GIVEN[number // len(SURNAMES) % len(GIVEN)]
        + GIVEN[number // (len(SURNAMES) * len(GIVEN)) % len(GIVEN)]
    )
