"""Where links of a login go is no data of a contact: who may change it, who is told, what dies (SECURITY T27)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts import jobs
from accounts.models import ActivationLink, FormerAddress, InitialSecret, User
from accounts.services import addresses, credentials, people, reset
from contacts.models import Contact
from contacts.services import accounts
from contacts.services import people as contact_people
from core.models import AuditEntry, OutboxEntry
from portal.services import own
from tests.accounts.gateway import Gateway, running
from tests.factories.accounts import PASSWORD, AdminFactory, StaffFactory
from tests.factories.contacts import give_login, make_contact, share
from tests.factories.orgs import make_dimension, make_maintainer, make_organization, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _mail(settings: Settings) -> None:
    settings.MAIL_ENABLED = True


def work() -> None:
    """What the worker does."""
    known = {
        "accounts.tell_former": jobs.tell_former,
        "accounts.issue_credentials": jobs.issue_credentials,
        "accounts.send_reset": jobs.send_reset,
    }
    for entry in OutboxEntry.objects.filter(task__in=known, done_at=None).order_by("pk"):
        known[entry.task](**entry.arguments)
        entry.delete()


def link() -> str:
    found = re.search(r"(/activate/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def opens(path: str) -> bool:
    return bool(Client().get(path).status_code == 200)


def test_a_staff_member_s_new_address_is_told_to_the_old_one(settings: Settings) -> None:
    admin: User = AdminFactory()
    user = people.create_staff(by=admin, username="zhou.one", name="周明", email="old@example.com")
    credentials.start_issue(user=user, issue_key="t", reader_ids=[admin.pk], by=admin)
    work()
    first = link()
    assert opens(first)
    people.update_staff(user=user, by=admin, email="new@example.com", position="经理")
    assert not opens(first)
    assert InitialSecret.objects.get().revoked_at
    work()
    assert [letter.to for letter in mail.outbox] == [["old@example.com"]] * 2
    assert "登录账号的邮箱或手机已变更" in str(mail.outbox[-1].body)
    assert "new@example.com" not in str(mail.outbox[-1].body)
    assert not FormerAddress.objects.exists()
    entry = AuditEntry.objects.get(action="login.address")
    assert (entry.before, entry.after) == (
        {"email": "o***@example.com"},
        {"email": "n***@example.com"},
    )
    # An administrator who changes his own is no exception; what is no address is no news.
    people.update_staff(user=admin, by=admin, email="first@example.com")
    people.update_staff(user=admin, by=admin, position="总监")
    assert not OutboxEntry.objects.filter(task="accounts.tell_former").exists()
    people.update_staff(user=admin, by=admin, email="second@example.com")
    work()
    assert mail.outbox[-1].to == ["first@example.com"]
    # No address stands in the arguments of a task.
    assert not any("@" in str(row.arguments) for row in OutboxEntry.objects.all())


def test_a_reset_link_in_the_former_mailbox_is_dead() -> None:
    user: User = StaffFactory(username="zhou.two", email="old@example.com")
    reset.ask(username="zhou.two")
    work()
    path = link()
    assert opens(path)
    addresses.change(user=user, by=AdminFactory(), email="new@example.com", mobile="")
    assert not opens(path)


def test_by_text_message_too(settings: Settings) -> None:
    settings.MAIL_ENABLED = False
    with running() as gateway:
        settings.SMS = gateway.settings
        user: User = StaffFactory(mobile="+8615400000001")
        addresses.change(user=user, by=AdminFactory(), email="", mobile="+8615400000002")
        work()
        assert _told(gateway) == [("+8615400000001", "changed")]


def _told(gateway: Gateway) -> list[tuple[str, str]]:
    return [(one["body"]["to"], one["body"]["template"]) for one in gateway.got]


@pytest.fixture
def maintainer() -> User:
    return make_maintainer(make_dimension("供应商"))


@pytest.fixture
def contact(maintainer: User) -> Contact:
    node = make_organization(maintainer_dimension(maintainer), "恒拓")
    made = make_contact(node, "林晓彤", email="old@example.com")
    return accounts.open_directly(by=maintainer, contact=made)


def maintainer_dimension(user: User) -> Any:
    from orgs.models import Node
    from orgs.permissions import scope_of

    return Node.objects.get(pk=scope_of(user).maintained[0])


def test_the_login_follows_a_contact_whose_maintainer_corrects_it(
    contact: Contact, maintainer: User
) -> None:
    work()
    path = link()
    assert opens(path)
    contact_people.edit(by=maintainer, contact=contact, fields={"email": "new@example.com"})
    user = contact.user
    assert user is not None
    user.refresh_from_db()
    assert user.email == "new@example.com"
    assert not opens(path)
    work()
    assert mail.outbox[-1].to == ["old@example.com"]
    actions = AuditEntry.objects.filter(action__in=["account.address", "login.address"])
    assert actions.count() == 2


def test_nobody_else_moves_the_login(contact: Contact, maintainer: User) -> None:
    work()
    editor = make_person("编辑")
    share(contact, editor, "edit")
    contact_people.edit(by=editor, contact=contact, fields={"email": "evil@example.com"})
    user = contact.user
    assert user is not None
    user.refresh_from_db()
    assert user.email == "old@example.com"
    assert ActivationLink.objects.get().revoked_at is None
    # Who may manage the account sees that they are apart, and says so.
    client = Client()
    client.force_login(maintainer, backend="accounts.backends.LoginBackend")
    url = f"/contacts/{contact.pk}/account/address/"
    assert url in client.get(f"/console/contacts/{contact.pk}/account/").content.decode()
    contact_people.edit(by=maintainer, contact=contact, fields={"email": "right@example.com"})
    user.refresh_from_db()
    assert user.email == "old@example.com"  # apart before, so not moved by the way
    assert "r***@example.com" in client.get(url).content.decode()
    client.post(url)
    user.refresh_from_db()
    assert user.email == "right@example.com"
    assert url not in client.get(f"/console/contacts/{contact.pk}/account/").content.decode()
    other = Client()
    other.force_login(editor, backend="accounts.backends.LoginBackend")
    assert other.post(url).status_code == 404


def test_a_stolen_session_does_not_move_the_login(contact: Contact) -> None:
    user = contact.user
    assert user is not None
    user.set_password(PASSWORD)
    user.save()
    Contact.objects.filter(pk=contact.pk).update(account="active")
    own.update_profile(by=user, fields={"email": "thief@example.com"})
    user.refresh_from_db()
    assert user.email == "old@example.com"


def test_a_login_of_two_identities_moves_only_when_that_is_asked(
    contact: Contact, maintainer: User
) -> None:
    second = make_contact(make_organization(maintainer_dimension(maintainer), "华信"), "林晓彤")
    user = contact.user
    assert user is not None
    give_login(second, user)
    contact_people.edit(by=maintainer, contact=contact, fields={"email": "new@example.com"})
    user.refresh_from_db()
    assert user.email == "old@example.com"
    accounts.take_addresses(by=maintainer, contact=contact)
    user.refresh_from_db()
    assert user.email == "new@example.com"
