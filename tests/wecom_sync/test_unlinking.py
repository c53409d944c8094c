"""Somebody else's link with 企业微信, taken away in the back office (SPEC WEC-7; rows 41, 58; SECURITY T45, T71)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Session, User
from contacts.models import Contact
from core.errors import Conflict, Denied, Hidden
from core.models import AuditEntry, OutboxEntry
from tests.factories import orgs
from tests.factories.accounts import AdminFactory, ExternalUserFactory, HolderFactory, StaffFactory
from tests.factories.contacts import give_login
from tests.wecom_sync import worlds
from tests.wecom_sync.equal import connect
from tests.wecom_sync.test_login import come, linked, member
from wecom_sync import whose
from wecom_sync.gateway import Identity
from wecom_sync.models import Connection, OwnPerson, RemotePerson
from wecom_sync.services import own_links, partner_links
from wecom_sync.standin.remote import StandIn

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]


@pytest.fixture
def connection(standin: StandIn, settings: Settings) -> Connection:
    settings.BASE_URL = "http://testserver"
    Connection.objects.filter(pk=(one := connect(standin)[0]).pk).update(login=True)
    one.refresh_from_db()
    return one


def test_an_administrator_takes_the_link_of_somebody_else_away(
    standin: StandIn,
    connection: Connection,
    as_: As,
) -> None:
    admin, user, who = (
        AdminFactory(),
        StaffFactory(email="li@example.com"),
        member(standin, connection),
    )
    linked(connection, user, who)
    assert come(standin, connection, who)["Location"] == "/"
    browser, page = as_(admin), reverse("accounts:staff-page", args=[user.pk])
    act = reverse("wecom_sync:staff-unlink", args=[connection.pk, user.pk])
    assert act in browser.get(page).content.decode()
    asked = browser.get(act).content.decode()
    assert (who in asked, connection.name in asked) == (True, True)
    assert OwnPerson.objects.exists()
    assert browser.post(act)["Location"] == page
    assert not OwnPerson.objects.filter(gone_at=None).exists()
    assert not Session.objects.filter(user_id=user.pk).exists()
    entry = AuditEntry.objects.filter(action="login.wecom_unlink").get()
    assert (entry.actor_id, entry.object_id, entry.before["account"]) == (
        str(admin.pk),
        str(user.pk),
        who,
    )
    assert OutboxEntry.objects.filter(arguments__what="login.wecom_unlink").exists()
    assert act not in browser.get(page).content.decode()
    assert browser.post(act).status_code == 404
    assert come(standin, connection, who).status_code == 403


def test_nobody_else_does_and_no_administrator_his_own(connection: Connection) -> None:
    admin, user = AdminFactory(), StaffFactory()
    for one in (admin, user):
        linked(connection, one, f"m{one.pk}")
    for by, whom in ((HolderFactory(), user), (user, user), (admin, admin)):
        with pytest.raises(Denied):
            own_links.unlink_staff(by=by, user=whom, connection=connection)
    assert OwnPerson.objects.count() == 2
    with pytest.raises(Hidden):
        own_links.unlink_staff(by=admin, user=StaffFactory(), connection=connection)


def test_whoever_maintains_an_account_cuts_it_off_and_the_synchronization_does_not_link_it_again(
    as_: As,
) -> None:
    chain = worlds.connection()
    Connection.objects.update(login=True, notify=True)
    there = {"wpA": worlds.Corp("恒拓", people={"li": ("李敏", [0])})}
    worlds.applied(chain, there)
    contact = worlds.person("li")
    user = ExternalUserFactory(email="li@example.com")
    give_login(contact, user)
    maintainer = StaffFactory()
    orgs.let_maintain(maintainer, chain.target)
    as_(user)
    identity = Identity("wpA", "li")
    for name, opens in (("contact-unlink", False), ("contact-link", True)):
        browser, act = as_(maintainer), reverse(f"wecom_sync:{name}", args=[contact.pk])
        for page in (reverse("contacts:console-account", args=[contact.pk]), act):
            assert browser.get(page).status_code == 200
        assert (
            act
            in browser.get(reverse("contacts:console-account", args=[contact.pk])).content.decode()
        )
        assert browser.post(act).status_code == 303
        assert browser.post(act).status_code == 409
        chain.connection.refresh_from_db()
        assert bool(whose.find(chain.connection, identity)) is opens
        assert bool(whose.addressee(user)) is opens
        assert User.objects.filter(whose.reached(), pk=user.pk).exists() is opens
        assert worlds.items(worlds.planned(chain, there)) == []
        assert (
            AuditEntry.objects.filter(
                action=f"account.{name.replace('contact-', 'wecom_')}"
            ).count()
            == 1
        )
    assert not Session.objects.filter(user_id=user.pk).exists()
    assert Contact.objects.get(pk=contact.pk).user_id == user.pk


def test_only_who_maintains_the_account_and_only_where_there_is_one() -> None:
    chain = worlds.connection()
    worlds.applied(chain, {"wpA": worlds.Corp("恒拓", people={"li": ("李敏", [0])})})
    contact = worlds.person("li")
    with pytest.raises(Hidden):
        partner_links.unlink(by=StaffFactory(), contact=contact)
    with pytest.raises(Conflict):
        partner_links.unlink(by=HolderFactory(), contact=contact)
    assert not RemotePerson.objects.exclude(unlinked_at=None).exists()
