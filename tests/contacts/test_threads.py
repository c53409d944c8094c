"""Real threads on one contact: one account, no deadlock with the tree, nothing half done (SECURITY T31, T34)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import OperationalError, connection, transaction

from accounts.jobs import issue_credentials
from accounts.models import InitialSecret, User
from contacts import closure
from contacts.models import Contact
from contacts.services import accounts, people, places
from core.errors import UserError
from orgs import tree_check
from orgs.services import nodes
from tests.factories import orgs as org
from tests.factories.contacts import make_contact

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each did, all begun together: its result, or the UserError that refused it."""
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            start.wait(20)
            return act()
        except UserError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_eight_people_open_one_account() -> None:
    node = org.make_dimension()
    contact = make_contact(node)
    makers = [org.make_maintainer(node) for _ in range(8)]
    done = at_once(*[lambda by=by: accounts.open_directly(by=by, contact=contact) for by in makers])
    refused = [one for one in done if isinstance(one, UserError)]
    assert len(refused) == 7
    assert {error.status for error in refused} == {409}
    assert User.objects.external().count() == 1
    assert InitialSecret.objects.count() == 1


def test_the_tree_moves_while_people_change() -> None:
    one, two = org.make_dimension("甲"), org.make_dimension("乙")
    top, other = org.make_organization(one, "上"), org.make_organization(two, "下")
    below = org.make_department(top, "部门")
    contact = make_contact(below)
    by = org.make_holder()

    def often(act: Callable[[int], object], times: int = 12) -> Callable[[], object]:
        return lambda: [act(number) for number in range(times)]

    done = at_once(
        often(lambda n: nodes.move(by=by, node=top, parent=one if n % 2 else two), times=8),
        often(lambda n: places.move(by=by, contact=contact, node=below if n % 2 else other)),
        often(lambda n: places.set_enabled(by=by, contact=contact, enabled=bool(n % 2))),
        often(lambda n: people.edit(by=by, contact=contact, fields={"name": f"新名{n}"})),
    )
    assert not [one for one in done if isinstance(one, UserError)]
    assert not closure.problems()
    assert not tree_check.problems()


def test_the_job_meets_a_disabling() -> None:
    """The job gives way when somebody has the contact: it fails and the outbox runs it again; nothing hangs."""
    node, by = org.make_dimension(), org.make_holder()
    contact = make_contact(node)
    accounts.open_directly(by=by, contact=contact)
    contact.refresh_from_db()
    key = InitialSecret.objects.get().issue_key

    def job() -> str:
        try:
            issue_credentials(user_id=contact.user_id, issue_key=key)
        except OperationalError as error:
            return type(error).__name__
        return ""

    with transaction.atomic():
        closure.lock(contact_ids=[contact.pk])
        with ThreadPoolExecutor(1) as pool:
            assert (
                pool.submit(lambda: (job(), connection.close())[0]).result(20) == "OperationalError"
            )
    assert InitialSecret.objects.get().issued_at is None
    assert job() == ""
    assert Contact.objects.get(pk=contact.pk).account == "active"
