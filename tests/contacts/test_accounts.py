"""The account as a state of the contact (SPEC section 4; SECURITY T31, T34, T45, T46)."""

import datetime

import pytest
from django.db import transaction
from django.utils import timezone

from accounts import hooks
from accounts.jobs import issue_credentials
from accounts.models import InitialSecret, Session, User
from contacts import events
from contacts.models import Contact
from contacts.services import accounts, places
from core.errors import Conflict, Denied, Hidden, Invalid
from core.models import AuditEntry
from orgs import tree
from orgs.services import nodes
from tests.factories import orgs as org
from tests.factories.contacts import give_login, make_contact, share

pytestmark = pytest.mark.django_db

GOOD = "correct horse battery 42"


@pytest.fixture
def place():
    dimension = org.make_dimension("供应商")
    return org.make_organization(dimension, "恒拓")


@pytest.fixture
def contact(place):
    return make_contact(place, "林晓彤")


@pytest.fixture
def maintainer(place):
    return org.make_maintainer(place.dimension)


def heard(signal):
    """What a signal says from now on."""
    found = []

    def listen(*, event, **_):
        found.append(event)

    signal.connect(listen, weak=False, dispatch_uid="test")
    return found


@pytest.fixture
def gone():
    yield heard(events.contact_gone)
    events.contact_gone.disconnect(dispatch_uid="test")


@pytest.fixture
def opened():
    yield heard(events.account_opened)
    events.account_opened.disconnect(dispatch_uid="test")


def with_session(user: User) -> None:
    now = timezone.now()
    Session.objects.create(
        session_key=f"key{user.pk}", user_id=user.pk, expire_date=now + datetime.timedelta(hours=1)
    )


def test_own_credentials_open_at_once_and_supersede(contact, maintainer, opened) -> None:
    accounts.mark_pending(contact=contact)
    accounts.open_directly(by=maintainer, contact=contact, username="lin.xt", password=GOOD)
    contact.refresh_from_db()
    assert (contact.account, contact.account_state) == ("active", "active")
    assert contact.user.username == "lin.xt"
    assert contact.user.must_change_password
    assert [event.contact_id for event in opened] == [contact.pk]
    assert hooks.external_usable(contact.user)
    entry = AuditEntry.objects.get(action="account.open")
    assert entry.dimension_id == contact.main_node.dimension_id
    assert GOOD not in str(entry.after)


def test_random_credentials_open_when_the_job_made_them(contact, maintainer) -> None:
    accounts.open_directly(by=maintainer, contact=contact)
    contact.refresh_from_db()
    assert contact.account == "opening"
    secret = InitialSecret.objects.get(user=contact.user)
    assert list(secret.readers.all()) == [maintainer]
    issue_credentials(user_id=contact.user_id, issue_key=secret.issue_key)
    contact.refresh_from_db()
    assert contact.account == "active"
    assert contact.opened_at is not None


def test_an_account_is_opened_once(contact, maintainer) -> None:
    accounts.open_directly(by=maintainer, contact=contact)
    with pytest.raises(Conflict):
        accounts.open_directly(by=maintainer, contact=contact)
    with pytest.raises(Conflict):
        accounts.begin_opening(by=maintainer, contact=contact, reader_ids=[], issue_key="a:1")
    with pytest.raises(Conflict):
        accounts.mark_pending(contact=contact)
    assert User.objects.external().count() == 1


def test_approval_opens_inside_its_transaction(contact, maintainer) -> None:
    accounts.mark_pending(contact=contact)
    with transaction.atomic():
        secret = accounts.begin_opening(
            by=maintainer, contact=contact, reader_ids=[maintainer.pk], issue_key="application:7"
        )
    contact.refresh_from_db()
    assert contact.account == "opening"
    assert secret.user == contact.user
    assert not secret.user.has_usable_password()


def test_pending_comes_and_goes(contact) -> None:
    accounts.mark_pending(contact=contact)
    with pytest.raises(Conflict):
        accounts.mark_pending(contact=contact)
    assert accounts.clear_pending(contact_id=contact.pk)
    assert not accounts.clear_pending(contact_id=contact.pk)
    contact.refresh_from_db()
    assert contact.account == "none"


def test_a_disabled_contact_gets_no_account(contact, maintainer, gone) -> None:
    accounts.disable(by=maintainer, contact=contact)
    assert [(event.contact_id, event.reason) for event in gone] == [(contact.pk, "disabled")]
    for act in (
        lambda: accounts.open_directly(by=maintainer, contact=contact),
        lambda: accounts.mark_pending(contact=contact),
    ):
        with pytest.raises(Conflict):
            act()


def test_only_those_who_maintain_the_main_dimension(contact, place) -> None:
    creator = org.make_person()
    Contact.objects.filter(pk=contact.pk).update(created_by=creator)
    other = org.make_maintainer(org.make_dimension())
    viewer = org.make_person()
    share(contact, viewer)
    for person in (creator, other, viewer):
        with pytest.raises(Hidden):
            accounts.open_directly(by=person, contact=contact)
    beside = org.make_dimension()
    aside = org.make_maintainer(beside)
    places.add_membership(by=org.make_holder(), contact=contact, node=beside)
    with pytest.raises(Denied):
        accounts.open_directly(by=aside, contact=contact)


def test_disabling_ends_sessions_and_enabling_revives_none(contact, maintainer) -> None:
    user = org.make_external()
    give_login(contact, user)
    with_session(user)
    epoch = user.session_epoch
    accounts.disable(by=maintainer, contact=contact)
    user.refresh_from_db()
    assert not Session.objects.filter(user_id=user.pk).exists()
    assert user.session_epoch > epoch
    assert not hooks.external_usable(user)
    assert hooks.why_unusable(user)
    accounts.enable(by=maintainer, contact=contact)
    assert hooks.external_usable(user)


def test_a_login_with_another_usable_identity_stays(contact, maintainer, place) -> None:
    user = org.make_external()
    give_login(contact, user)
    give_login(make_contact(place), user)
    with_session(user)
    accounts.disable(by=maintainer, contact=contact)
    assert Session.objects.filter(user_id=user.pk).exists()


def test_disabling_an_organization_ends_sessions_below(contact, maintainer, place) -> None:
    user = org.make_external()
    give_login(contact, user)
    with_session(user)
    nodes.set_enabled(by=maintainer, node=place, enabled=False)
    assert not Session.objects.filter(user_id=user.pk).exists()
    assert "组织" in hooks.why_unusable(user) or hooks.why_unusable(user)
    with transaction.atomic():
        tree.set_enabled(node_id=place.pk, enabled=True)
    assert hooks.external_usable(user)


def test_closing_ends_the_login(contact, maintainer) -> None:
    accounts.open_directly(by=maintainer, contact=contact, username="lin.xt", password=GOOD)
    contact.refresh_from_db()
    user = contact.user
    with_session(user)
    accounts.close(by=maintainer, contact=contact)
    contact.refresh_from_db()
    user.refresh_from_db()
    assert (contact.account, contact.user_id, user.is_active) == ("none", None, False)
    assert not Session.objects.filter(user_id=user.pk).exists()
    with pytest.raises(Conflict):
        accounts.close(by=maintainer, contact=contact)


def test_expiry(contact, maintainer) -> None:
    user = org.make_external()
    give_login(contact, user)
    now = timezone.now()
    with pytest.raises(Invalid):
        accounts.set_expiry(by=maintainer, contact=contact, expires_at=now)
    accounts.set_expiry(by=maintainer, contact=contact, expires_at=now + datetime.timedelta(days=1))
    Contact.objects.filter(pk=contact.pk).update(expires_at=now - datetime.timedelta(days=1))
    assert not hooks.external_usable(user)
    with_session(user)
    accounts.set_expiry(by=maintainer, contact=contact, expires_at=None)
    assert hooks.external_usable(user)
    assert not Session.objects.filter(user_id=user.pk).exists()


def test_reissue_is_for_those_who_maintain_every_identity(contact, maintainer) -> None:
    user = org.make_external()
    give_login(contact, user)
    secret = accounts.reissue(by=maintainer, contact=contact)
    assert list(secret.readers.all()) == [maintainer]
    give_login(make_contact(org.make_dimension()), user)
    for act in (accounts.reissue, accounts.unlock):
        with pytest.raises(Denied):
            act(by=maintainer, contact=contact)
