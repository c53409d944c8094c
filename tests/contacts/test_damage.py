"""A row damaged by SQL is found and named by `manage.py check_invariants`: scope closure and double accounts."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from contacts import closure, counts
from contacts.models import Contact, ScopeCount
from tests.factories.accounts import ExternalUserFactory
from tests.factories.orgs import make_department, make_dimension, make_organization
from tests.matrix.world import make_contact

pytestmark = pytest.mark.django_db

SCOPE = {
    "a row is missing": "DELETE FROM contacts_contactscope WHERE contact_id = {contact} AND node_id = {node}",
    "a row too many": "INSERT INTO contacts_contactscope SELECT {other}, sort_key, contact_id, live"
    " FROM contacts_contactscope WHERE contact_id = {contact} LIMIT 1",
    "it counts where it does not": "UPDATE contacts_contactscope SET live = NOT live WHERE contact_id = {contact}",
    "an old name": "UPDATE contacts_contactscope SET sort_key = 'zzz'"
    " WHERE contact_id = {contact} AND node_id = {node}",
    "search sees it elsewhere": "UPDATE contacts_contactsearch SET live_anc = '{{}}' WHERE contact_id = {contact}",
    "search has other words": "UPDATE contacts_contactsearch SET words = ''::tsvector WHERE contact_id = {contact}",
    "it is live by mistake": "UPDATE contacts_contact SET live = NOT live WHERE id = {contact}",
    "no main place": "UPDATE contacts_membership SET is_main = false WHERE contact_id = {contact}",
}


@pytest.fixture
def contact() -> Contact:
    contact = make_contact("损坏甲", make_department(make_organization(make_dimension())))
    closure.refresh([contact.pk])
    return contact


def found(only: str) -> str:
    """What the command says when it fails."""
    said = io.StringIO()
    with pytest.raises(CommandError) as error:
        call_command("check_invariants", "--only", only, stdout=io.StringIO(), stderr=said)
    assert error.value.returncode == 1
    return said.getvalue()


@pytest.mark.parametrize("damage", SCOPE.values(), ids=SCOPE.keys())
def test_damage_to_the_scope_closure_is_named_and_repaired(contact: Contact, damage: str) -> None:
    call_command("check_invariants", "--only", "scope", stdout=io.StringIO())
    other = make_dimension()
    with connection.cursor() as cursor:
        cursor.execute(damage.format(contact=contact.pk, node=contact.main_node_id, other=other.pk))
    assert f"contact {contact.pk} " in found("scope")
    if "is_main" in damage:
        return  # which place is the main one is for a person to say
    call_command(
        "check_invariants",
        "--only",
        "scope",
        "--repair",
        stdout=io.StringIO(),
        stderr=io.StringIO(),
    )
    call_command("check_invariants", "--only", "scope", stdout=io.StringIO())


def test_a_wrong_number_is_named_and_counted_anew(contact: Contact) -> None:
    node = contact.main_node_id
    ScopeCount.objects.create(node_id=node, every=1, live=0)
    assert f"node {node} " in found("scope")
    closure.repair()
    assert counts.numbers([node, ScopeCount.EVERYBODY], cap=9) == {node: 1, ScopeCount.EVERYBODY: 1}
    call_command("check_invariants", "--only", "scope", stdout=io.StringIO())


def test_many_changes_become_one_number(contact: Contact) -> None:
    """Every change adds a row; summed up the number stays, and what stands at nought has none."""
    other, former = make_contact("损坏乙", contact.main_node), contact.main_node_id
    for _ in range(counts.ROWS):
        for enabled in (False, True):
            Contact.objects.filter(pk=contact.pk).update(enabled=enabled)
            closure.refresh([contact.pk, other.pk])
    there = ScopeCount.objects.filter(node_id=former)
    assert there.count() > counts.ROWS
    counts.sum_up()
    assert list(there.values_list("every", "live")) == [(2, 2)]
    Contact.objects.update(deleted_at=timezone.now())
    closure.refresh([contact.pk, other.pk])
    counts.sum_up()
    assert not ScopeCount.objects.exists()
    call_command("check_invariants", "--only", "scope", stdout=io.StringIO())


def test_a_second_account_is_named(contact: Contact) -> None:
    login = ExternalUserFactory()
    Contact.objects.filter(pk=contact.pk).update(user=login, account="active")
    call_command("check_invariants", "--only", "accounts", stdout=io.StringIO())
    second = ExternalUserFactory(name=contact.name)
    assert f"login {second.pk} " in found("accounts")


def test_every_step_over_the_ids_is_checked(
    contact: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of contacts that are gone lie behind the last contact; the first one has other words."""
    # Each step takes locks for its tables until the end of the test: not thousands of steps where ids have grown.
    monkeypatch.setattr(closure, "CHECK_STEP", max(2, contact.pk // 50))
    gone = contact.pk + 5
    with connection.cursor() as cursor:
        cursor.execute(SCOPE["search has other words"].format(contact=contact.pk))
        cursor.execute(
            "INSERT INTO contacts_contactscope VALUES (%s, 'x', %s, true)",
            [contact.main_node_id, gone],
        )
    said = closure.problems()
    assert f"scope: contact {contact.pk} has wrong search words" in said
    assert f"scope: contact {gone} has a scope row too many" in said
    closure.repair()
    assert not closure.problems()
