"""Two worlds that differ only in what a role may not see answer it alike: pages, counts, orders, lengths, refusals."""

import difflib
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
from tests.matrix.asking import url
from tests.matrix.world import Matrix
from tests.security.asking import clients, get, showing, text_of

pytestmark = pytest.mark.django_db
# The empty table to fill in: its archive holds the moment it was made.
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What differs between two requests for the same page.
CHANGING = re.compile(
    r"""(?i)(?:X-Request-Id|Set-Cookie|Expires|Last-Modified|Content-Length):.*
    |X-CSRFToken[^>]* | name="(?:csrfmiddlewaretoken|client_id)"\ value="[^"]*" | [a-f0-9]{32,}
    |acard-\d+-\w+ | \d\d:\d\d(?::\d\d)?""",
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


def world(client: Client, matrix: Matrix, role: str) -> dict[str, str]:
    """What the role is shown by address, without what changes anyway."""
    found = {}
    for row in showing():
        if row.cells[role] in ("Y", "S", "O"):
            for side in (matrix.inside, matrix.outside):
                address = url(row, side if row.has_outside else matrix.inside, role)
                response = get(client, address)
                if response.headers.get("Content-Type") != XLSX:
                    found[address] = CHANGING.sub("", text_of(response))
    return found


@pytest.mark.parametrize("role", sorted(HIDDEN))
def test_what_is_hidden_changes_nothing(role: str, matrix: Matrix) -> None:
    client = clients(matrix)[role]
    stranger = User.objects.get(name="陌生人癸")
    before = world(client, matrix, role)
    with transaction.atomic():
        HIDDEN[role](matrix, stranger)
        after = world(client, matrix, role)
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
