"""Two worlds that differ only in what a role may not see answer it alike: pages, counts, orders, lengths, refusals."""

import difflib
import os
import re
from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from contacts.models import ImportJob
from im.models import Conversation, Message, Participant
from orgs import tree
from orgs.models import Node
from tests.factories.accounts import ExternalUserFactory, StaffFactory
from tests.factories.approvals import make_application
from tests.factories.contacts import make_contact, share
from tests.factories.orgs import let_view
from tests.matrix.asking import url
from tests.matrix.world import Matrix
from tests.security.asking import addresses, clients, doors, get, showing, text_of, values

pytestmark = pytest.mark.django_db
DEEP = bool(os.environ.get("DEEP"))
# Everybody's address book: searched, narrowed, turned over.
STATES = (
    "q=ju", "q=矩阵", "q=组织", "q=bm", "q=8888", "q=zzz", "status=none", "status=active", "status=disabled",
    "after=a~1", "before=zz~1", "q=ju&status=active", "category=1", "tag=1",
)  # fmt: skip
# The empty table to fill in: its archive holds the moment it was made.
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What differs between two requests for the same page.
CHANGING = re.compile(
    r"""(?i)(?:X-Request-Id|Set-Cookie|Expires|Last-Modified|Content-Length):.*
    |X-CSRFToken[^>]* | name="(?:csrfmiddlewaretoken|client_id)"\ value="[^"]*" | [a-f0-9]{32,}
    |acard-\d+-\w+ | data-countdown="\d+" | \d\d:\d\d(?::\d\d)?""",
    re.VERBOSE,
)


def more_in(node_id: int, stranger: User) -> None:
    """People, places, an application below a node, and rights on them for somebody else."""
    node = Node.objects.get(pk=node_id)
    below = tree.create(kind=2, parent_id=node.pk, name="多出来的部门")
    for number in range(3):
        contact = make_contact(
            below, created_by=stranger, follower=stranger, office=f"另一处{number}"
        )
        share(contact, stranger, "edit")
    make_contact(node, created_by=stranger, user=ExternalUserFactory(), account="active")
    make_contact(node, created_by=stranger, enabled=False)
    make_contact(node, created_by=stranger, deleted_at=timezone.now())
    make_application(make_contact(below, created_by=stranger), stranger)


def more_elsewhere(stranger: User, dimension_id: int) -> None:
    """Imports, conversations and notifications of others; another dimension."""
    ImportJob.objects.create(
        owner=stranger, dimension_id=dimension_id, file_name="别人的.xlsx", status="checked"
    )
    thread = Conversation.objects.create(kind="direct", key="two-worlds", last_seq=1)
    for person in (stranger, StaffFactory(name="另一陌生人", is_active=False)):
        Participant.objects.create(conversation=thread, user=person)
    Message.objects.create(
        conversation=thread, seq=1, sender=stranger, client_id="two", body="两个世界"
    )
    other = tree.create_dimension(name="第三个维度")
    more_in(tree.create(kind=1, parent_id=other.pk, name="第三个组织").pk, stranger)


def outside(matrix: Matrix, stranger: User) -> None:
    """Dimension B and everything of others: hidden from all but administrators and holders."""
    more_in(matrix.outside["organization"]["SA"], stranger)
    more_elsewhere(stranger, matrix.outside["dimension"]["SA"])


def inside_too(matrix: Matrix, stranger: User) -> None:
    """Dimension A as well: hidden from staff without a range, and from external people."""
    outside(matrix, stranger)
    more_in(matrix.inside["organization"]["SA"], stranger)


def for_external(matrix: Matrix, stranger: User) -> None:
    inside_too(matrix, stranger)
    StaffFactory(name="又一同事")


HIDDEN: dict[str, Callable[[Matrix, User], None]] = {
    "DM": outside, "SV": outside, "CR": inside_too, "SP": inside_too, "EC": for_external,
}  # fmt: skip


def asked(matrix: Matrix, role: str) -> list[str]:
    """Addresses of every page the role has, of objects inside and outside; for staff the states of the address book."""
    found = []
    for row in showing():
        if row.cells[role] in ("Y", "S", "O"):
            sides = (matrix.inside, matrix.outside) if row.has_outside else (matrix.inside,)
            found += [url(row, side, role) for side in sides]
            found += list(addresses(row, matrix)) if DEEP else []
    if role != "EC":
        found += [f"/contacts/?{query}" for query in STATES]
        found += [
            f"/contacts/?c={matrix.inside[kind][role]}&tab={tab}"
            for kind in ("contact", "applied_contact", "open_contact")
            for tab in ("basic", "rights", "account", "history")
        ]
        if DEEP:
            nodes = values("node", matrix)
            found += [f"/contacts/o/{pk}/?{query}" for pk in nodes for query in STATES]
            found += doors(matrix)
    return list(dict.fromkeys(found))


def world(client: Client, wanted: list[str]) -> dict[str, str]:
    """What stands at these addresses, without what changes anyway."""
    found = {}
    for address in wanted:
        response = get(client, address)
        if response.headers.get("Content-Type") != XLSX:
            found[address] = CHANGING.sub("", text_of(response))
    return found


@pytest.mark.parametrize("role", sorted(HIDDEN))
def test_what_is_hidden_changes_nothing(role: str, matrix: Matrix) -> None:
    wanted = asked(matrix, role)
    assert role in ("EC", "SP") or len(wanted) >= (300 if DEEP else 60)
    compare(clients(matrix)[role], matrix, role, wanted)


def test_nor_through_the_eyes_of_another(matrix: Matrix) -> None:
    """A maintainer of A looks through somebody who also sees B: what is more in B changes nothing."""
    with transaction.atomic():
        target = matrix.people["SV"]
        assert target
        let_view(target, Node.objects.get(pk=matrix.outside["dimension"]["SA"]))
        client = clients(matrix)["DM"]
        assert client.post("/contacts/view-as/", {"person": target.pk}).status_code == 303
        wanted = [address for address in asked(matrix, "SV") if address.startswith("/contacts/")]
        compare(client, matrix, "DM", wanted)
        transaction.set_rollback(True)


def compare(client: Client, matrix: Matrix, role: str, wanted: list[str]) -> None:
    """Asserts that what is hidden from `role` changes no answer."""
    stranger = User.objects.get(name="陌生人癸")
    before = world(client, wanted)
    with transaction.atomic():
        HIDDEN[role](matrix, stranger)
        after = world(client, wanted)
        transaction.set_rollback(True)
    different = {
        address: _first_lines(text, after[address])
        for address, text in before.items()
        if text != after[address]
    }
    assert not different


def test_the_comparison_notices_what_is_not_hidden(matrix: Matrix) -> None:
    client, stranger = clients(matrix)["GM"], User.objects.get(name="陌生人癸")
    for name in ("contacts:index", "approvals:list", "orgs:dimensions"):
        before = CHANGING.sub("", text_of(get(client, reverse(name))))
        with transaction.atomic():
            outside(matrix, stranger)
            after = CHANGING.sub("", text_of(get(client, reverse(name))))
            transaction.set_rollback(True)
        assert before != after, name


def _first_lines(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return "\n".join([line.strip() for line in lines if line.strip("+- \n")][2:8])
