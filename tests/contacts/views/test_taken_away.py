"""A right that is taken away is gone at the next request, at every door and in the same session (SPEC VIS-5, T12)."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client

from accounts.models import User
from accounts.services import departments
from contacts.models import Contact, ContactUserGrant
from contacts.services import places
from core.actors import SystemActor
from im.models import Conversation
from orgs.models import NodeGroupGrant, NodeUserGrant
from orgs.services import nodes
from tests.contacts.views.conftest import fresh
from tests.factories import orgs as org
from tests.factories.contacts import give_login, share

pytestmark = pytest.mark.django_db
BY = SystemActor("tests")


def doors(client: Client, book: SimpleNamespace) -> dict[str, bool]:
    """Door → whether it still knows the contact."""
    lin, node = book.lin.pk, book.purchase.pk
    name = "林晓彤"
    plain = {
        "list": "/contacts/", "search": "/contacts/?q=lxt", "search by organization": "/contacts/?q=恒拓",
        "node": f"/contacts/o/{node}/", "card": f"/contacts/?c={lin}", "row": f"/contacts/{lin}/row/",
    }  # fmt: skip
    found = {}
    for door, address in plain.items():
        answer = client.get(address)
        page = answer.content.decode().replace("<mark>", "").replace("</mark>", "")
        found[door] = answer.status_code == 200 and name in page
    found["address"] = (
        client.get(f"/contacts/{lin}/").headers.get("Location", "").startswith("/contacts/o/")
    )
    found["masked number"] = client.get(f"/contacts/{lin}/masked/mobile/").status_code == 200
    level = client.get(f"/contacts/o/{book.suppliers.pk}/children/")
    found["tree"] = level.status_code == 200 and "恒拓精密" in level.content.decode()
    find = client.get("/messages/find/?q=lxt")
    found["people to write to"] = find.status_code == 200 and "晓彤" in find.content.decode()
    target = f"{book.external.pk}:{lin}"
    client.post("/messages/start/", {"target": target})
    found["writing to"] = Conversation.objects.exists()
    Conversation.objects.all().delete()
    return found


def no_range(book: SimpleNamespace) -> None:
    NodeUserGrant.objects.filter(user=book.who).delete()


def no_share(book: SimpleNamespace) -> None:
    ContactUserGrant.objects.filter(user=book.who).delete()


def out_of_the_department(book: SimpleNamespace) -> None:
    departments.remove_member(department=book.department, user=book.who, by=BY)


def no_range_of_the_department(book: SimpleNamespace) -> None:
    NodeGroupGrant.objects.all().delete()


def another_follower(book: SimpleNamespace) -> None:
    Contact.objects.filter(pk=book.lin.pk).update(follower=None)


def organization_disabled(book: SimpleNamespace) -> None:
    nodes.set_enabled(by=book.holder, node=book.hengtuo, enabled=False)


def contact_disabled(book: SimpleNamespace) -> None:
    places.set_enabled(by=book.holder, contact=fresh(book.lin), enabled=False)


def moved_away(book: SimpleNamespace) -> None:
    places.move(by=book.holder, contact=fresh(book.lin), node=book.secret)


def person_disabled(book: SimpleNamespace) -> None:
    User.objects.filter(pk=book.who.pk).update(is_active=False)


@pytest.mark.parametrize(
    ("how", "taken"),
    [
        ("range", no_range), ("share", no_share), ("department", out_of_the_department),
        ("department", no_range_of_the_department), ("follower", another_follower), ("maintainer", no_range),
        ("range", organization_disabled), ("share", contact_disabled), ("range", moved_away),
        ("maintainer", moved_away), ("range", person_disabled),
    ],
)  # fmt: skip
def test_every_door_forgets_at_once(
    as_, book, how: str, taken: Callable[[SimpleNamespace], None]
) -> None:
    give_login(book.lin, book.external)
    book.who = org.make_person("会失去的")
    book.department = org.make_internal_department("采购中心", book.who)
    gives: dict[str, Callable[[], object]] = {
        "range": lambda: org.let_view(book.who, book.hengtuo),
        "share": lambda: share(book.lin, book.who, "edit"),
        "department": lambda: org.let_view(book.department, book.hengtuo),
        "follower": lambda: Contact.objects.filter(pk=book.lin.pk).update(follower=book.who),
        "maintainer": lambda: org.let_maintain(book.who, book.suppliers),
    }
    gives[how]()
    client = as_(book.who)
    # Whoever has the person but no range is not found by the names of places.
    shut = {door for door, known in doors(client, book).items() if not known}
    assert shut == ({"search by organization"} if how in ("share", "follower") else set())
    taken(book)
    assert not any(doors(client, book).values())
    for path in (
        f"{book.lin.pk}/reveal/mobile/",
        f"{book.lin.pk}/share/view/",
        f"{book.lin.pk}/disable/",
    ):
        assert client.post(f"/contacts/{path}", {}).status_code in (302, 404), path
