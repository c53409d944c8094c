"""Two worlds that differ only in what a role may not see answer it alike: pages, counts, orders, lengths, refusals."""

import datetime
import difflib
import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from contacts.models import (
    BulkJob,
    Contact,
    ContactMerge,
    ContactVisibleStaff,
    ExportJob,
    ImportJob,
    SavedFilter,
    ViewAs,
)
from core import audit
from im import services
from im.models import Conversation, Message, Participant
from orgs import tree
from orgs.models import Category, Node, Restructuring, Tag
from portal.models import App, AppOpening, PushedTodo, TodoSystem
from tests.factories.accounts import ExternalUserFactory, StaffFactory
from tests.factories.approvals import make_application
from tests.factories.contacts import make_contact, share
from tests.factories.orgs import let_view
from tests.matrix.asking import undone, url
from tests.matrix.routes import rows
from tests.matrix.world import E2, Matrix, add_files
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
# Numbers of what is new in addresses and fields: the next one is never the same.
NUMBERED = re.compile(r"(?<=[/=:_-])\d+(?=[/?&\"'\s_-]|$)|value=\"\d+\"", re.MULTILINE)
# What differs between two requests for the same page.
CHANGING = re.compile(
    r"""(?i)(?:X-Request-Id|Set-Cookie|Expires|Last-Modified|Content-Length):.*
    |X-CSRFToken[^>]* | name="(?:csrfmiddlewaretoken|client_id)"\ value="[^"]*" | [a-f0-9]{32,}
    |(?:acard|expiry)-\d+-\w+ | data-countdown="\d+" | \d\d:\d\d(?::\d\d)?""",
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
    more_history(contact, stranger)
    Restructuring.objects.create(action="disable", node=below, owner=stranger, total=4711)
    make_contact(node, created_by=stranger, user=ExternalUserFactory(), account="active")
    make_contact(node, created_by=stranger, enabled=False)
    make_contact(node, created_by=stranger, deleted_at=timezone.now())
    make_application(make_contact(below, created_by=stranger), stranger)


def more_work(stranger: User, dimension: Node) -> None:
    """Imports, exports, work on many, saved filters and glances of somebody else, under way and finished."""
    at: dict[str, Any] = {"owner": stranger, "node": dimension}
    for status in ("running", "done"):
        ExportJob.objects.create(
            **at, dimension=dimension, what="contacts", status=status, file_name="别人的.csv"
        )
        BulkJob.objects.create(**at, action="tag", status=status, total=4711, done=4000)
    for status in ("checking", "checked", "running"):
        ImportJob.objects.create(
            owner=stranger, dimension=dimension, file_name="别人的.xlsx", status=status, total=4711
        )
    SavedFilter.objects.create(owner=stranger, name="别人的", query="status=none", is_default=True)
    soon = timezone.now() + datetime.timedelta(minutes=5)
    looked_at = StaffFactory(name="被看的人", is_active=False)
    ViewAs.objects.create(by=stranger, target=looked_at, until=soon)


def more_history(contact: Contact, stranger: User) -> None:
    """Labels, changes, and somebody who was merged into a contact."""
    contact.category = Category.objects.get(name="矩阵分类")
    contact.save(update_fields=["category"])
    contact.tags.add(Tag.objects.get(name="矩阵标签"))
    former = make_contact(contact.main_node, deleted_at=timezone.now())
    ContactMerge.objects.create(former_id=former.pk, contact=contact, merged_by_label="陌生人癸")
    dimension_id = contact.main_node.dimension_id
    for obj in (contact, former, contact.main_node):
        audit.record(
            action="contact.update", obj=obj, by=stranger, after={"office": "另一处"}, dimension_id=dimension_id
        )  # fmt: skip


def more_elsewhere(stranger: User, dimension_id: int) -> None:
    """Work, conversations and notifications of others; another dimension."""
    more_work(stranger, Node.objects.get(pk=dimension_id))
    thread = Conversation.objects.create(kind="direct", key="two-worlds", last_seq=3)
    for person in (stranger, StaffFactory(name="另一陌生人", is_active=False)):
        Participant.objects.create(conversation=thread, user=person)
    Message.objects.create(
        conversation=thread,
        seq=1,
        sender=stranger,
        client_id="two",
        body="两个世界",
        words="两个世界 矩阵",
    )
    add_files(thread, stranger, "two-worlds")
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


def for_external(matrix: Matrix, stranger: User, *, other: str = E2) -> None:
    """And everything of the other identity of the same login, save its name and place."""
    inside_too(matrix, stranger)
    contact = Contact.objects.get(pk=matrix.identities[other])
    Contact.objects.filter(pk=contact.pk).update(office="另一身份处", mobile="+8616012340000")
    ContactVisibleStaff.objects.create(contact=contact, user=StaffFactory(name="又一同事"))
    PushedTodo.objects.create(
        system=TodoSystem.objects.get(), external_id="two", contact=contact, title="另一身份的待办"
    )
    app = App.objects.create(
        key="two-worlds", name="另一身份的应用", address="https://two.example/"
    )
    AppOpening.objects.create(app=app, contact=contact)
    colleague = User.objects.get(pk=matrix.inside["staff"]["SA"])
    for kind in ("conversation", "group"):
        pk = matrix.inside[kind][other]
        services.send(
            conversation_id=pk, body="另一身份 矩阵", client_id=f"two-{kind}", by=colleague
        )


HIDDEN: dict[str, Callable[[Matrix, User], None]] = {
    "DM": outside, "SV": outside, "CR": inside_too, "SP": inside_too, "EC": for_external,
    E2: partial(for_external, other="EC"),
}  # fmt: skip


def asked(matrix: Matrix, role: str) -> list[str]:
    """Addresses of every page the role has, of objects inside and outside; for staff the states of the address book.

    DEEP: each object at each of them, side doors, and the pages that refuse the role, which must not say why.
    """
    found = []
    for row in showing():
        has = row.cell(role) in ("Y", "S", "O")
        if has or DEEP:
            sides = (matrix.inside, matrix.outside) if row.has_outside else (matrix.inside,)
            found += [url(row, side, role) for side in sides]
        if DEEP and (has or role in matrix.identities):
            found += list(addresses(row, matrix))
    if role not in matrix.identities:
        found += [f"/contacts/?{query}" for query in STATES]
        found += [
            f"/contacts/?c={matrix.inside[kind][role]}&tab={tab}"
            for kind in ("contact", "applied_contact", "open_contact")
            for tab in ("basic", "rights", "account", "history")
        ]
    if role == "DM":
        found += list(console(matrix))
    if role not in matrix.identities and DEEP:
        nodes = values("node", matrix)
        found += [f"/contacts/o/{pk}/?{query}" for pk in nodes for query in STATES]
        found += doors(matrix)
    return list(dict.fromkeys(found))


def console(matrix: Matrix) -> Iterator[str]:
    """States of the pages of the back office."""
    for kind in ("dimension", "organization"):
        pk = matrix.inside[kind]["DM"]
        for query in (*STATES, "below=0", "sort=-name", "source=manual", "follower=1"):
            yield reverse("contacts:console-list", args=[pk]) + f"?{query}"
        for name in (
            "contacts:export-contacts",
            "contacts:console-filter-save",
            "orgs:node-history",
        ):
            yield reverse(name, args=[pk]) + "?q=ju"
    one = matrix.inside["contact"]["DM"]
    for q in ("", "ju", "联系人", "8888"):
        yield reverse("contacts:console-merge", args=[one]) + f"?q={q}"
        yield reverse("contacts:bin") + f"?q={q}"
        yield reverse("approvals:list") + f"?q={q}"
        yield reverse("orgs:search") + f"?q={q}"
    for status in ("pending", "approved", "refused", "withdrawn"):
        yield reverse("approvals:list") + f"?status={status}"


def posted(matrix: Matrix, role: str) -> dict[str, str]:
    """What stands in the answers to everything that is sent, of objects inside and outside."""
    found = {}
    for row in rows():
        if row.method != "POST" or not (row.cell(role) in ("Y", "S", "O") or DEEP):
            continue
        for outside in (False, True) if row.has_outside else (False,):
            response = undone(row, matrix, role, outside=outside)
            text = NUMBERED.sub("#", CHANGING.sub("", text_of(response)))
            found[f"{row} {'outside' if outside else 'inside'}"] = f"{response.status_code}\n{text}"
    return found


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
    few = role in ("EC", E2, "SP") and not DEEP
    assert few or len(wanted) >= (300 if DEEP else 60)
    client = clients(matrix)[role]
    compare(matrix, role, lambda: world(client, wanted))


@pytest.mark.parametrize("role", sorted(HIDDEN) if DEEP else ["DM"])
def test_nor_any_answer_to_what_is_sent(role: str, matrix: Matrix) -> None:
    """Forms, choices for many, merges, imports, exports, glances: confirmations, errors and addresses are the same."""
    compare(matrix, role, lambda: posted(matrix, role))


def test_nor_through_the_eyes_of_another(matrix: Matrix) -> None:
    """A maintainer of A looks through somebody who also sees B: what is more in B changes nothing."""
    with transaction.atomic():
        target = matrix.people["SV"]
        assert target
        let_view(target, Node.objects.get(pk=matrix.outside["dimension"]["SA"]))
        client = clients(matrix)["DM"]
        assert client.post("/contacts/view-as/", {"person": target.pk}).status_code == 303
        wanted = [address for address in asked(matrix, "SV") if address.startswith("/contacts/")]
        compare(matrix, "DM", lambda: world(client, wanted))
        transaction.set_rollback(True)


def compare(matrix: Matrix, role: str, answers: Callable[[], dict[str, str]]) -> None:
    """Asserts that what is hidden from `role` changes none of the answers."""
    stranger = User.objects.get(name="陌生人癸")
    before = answers()
    with transaction.atomic():
        HIDDEN[role](matrix, stranger)
        after = answers()
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
