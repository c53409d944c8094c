"""Several identities on one login: asked of the person, chosen per session, suspended one by one (ACC-1, ACC-4)."""

import datetime
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Session, User
from approvals.models import Application
from contacts.models import Contact, IdentityOffer
from contacts.permissions import active_identities, active_identity
from contacts.selectors.identities import candidates, identities_of, offer_about, offers_to
from contacts.services import accounts, identities, merge, places
from core.errors import Conflict, Denied, Hidden, UserError
from core.models import AuditEntry
from orgs.models import NodeUserGrant
from tests.contacts.test_threads import at_once
from tests.factories import orgs as org
from tests.factories.approvals import make_application
from tests.factories.contacts import give_login, make_contact, share

pytestmark = pytest.mark.django_db
LAB = "联创检测"
GOOD = "correct horse battery 42"
AGO = datetime.timedelta(days=1)


def make_two() -> SimpleNamespace:
    """A person with an open account in one dimension, and an entry of his in another; who maintains which."""
    here, there = org.make_dimension("供应商"), org.make_dimension("渠道")
    first = make_contact(org.make_organization(here, "恒拓精密"), "林晓彤", mobile="+8613912340457")
    values = {"mobile": "+8613912340457", "created_by": org.make_person()}
    second = make_contact(org.make_organization(there, LAB), "林工", **values)
    user = org.make_external("林晓彤")
    give_login(first, user)
    return SimpleNamespace(
        here=here, there=there, first=first, second=second, user=user,
        both=org.make_maintainer(here, there), one=org.make_maintainer(here), other=org.make_maintainer(there),
    )  # fmt: skip


@pytest.fixture
def two() -> SimpleNamespace:
    return make_two()


def asked(two: SimpleNamespace) -> IdentityOffer:
    return identities.offer(by=two.both, contact=two.second, through=two.first)


def agreed(two: SimpleNamespace) -> SimpleNamespace:
    identities.answer(by=two.user, offer_id=asked(two).pk, agree=True, organization=LAB)
    two.second.refresh_from_db()
    return two


def as_identity(user: User, contact: Contact) -> Client:
    """A browser in which this person acts as this identity."""
    client = Client()
    client.force_login(user, backend="accounts.backends.LoginBackend")
    Session.objects.filter(pk=client.session.session_key).update(identity_id=contact.pk)
    return client


# --- asking ---------------------------------------------------------------------------------------------------------


def test_the_person_agrees_and_the_contact_is_an_identity_of_his(two) -> None:
    application = make_application(two.second)
    row = asked(two)
    assert Contact.objects.get(pk=two.second.pk).user_id is None, "nothing before he agrees"
    assert [offer.organization for offer in offers_to(two.user)] == [LAB]
    identities.answer(by=two.user, offer_id=row.pk, agree=True, organization=LAB)
    two.second.refresh_from_db()
    assert (two.second.user, two.second.account) == (two.user, "active")
    assert two.second.opened_at is not None
    application.refresh_from_db()
    assert application.status == Application.Status.LAPSED
    assert [one.contact.pk for one in identities_of(two.user)] == [two.second.pk, two.first.pk]
    assert not offers_to(two.user)
    actions = AuditEntry.objects.filter(object_id=two.second.pk, object_type="contacts.contact")
    assert list(actions.order_by("pk").values_list("action", "actor_id")) == [
        ("account.offer", str(two.both.pk)), ("account.attach", str(two.user.pk)),
    ]  # fmt: skip
    assert two.user.username not in str(AuditEntry.objects.get(action="account.offer").after)


def test_only_who_may_open_accounts_for_both_asks(two) -> None:
    creator = org.make_person()
    Contact.objects.update(created_by=creator)
    share(two.second, creator, "edit")
    aside = org.make_dimension()
    both_aside = org.make_maintainer(aside)
    for contact in (two.first, two.second):
        places.add_membership(by=org.make_holder(), contact=contact, node=aside)
    for by, error in (
        (two.one, Hidden),
        (two.other, Hidden),
        (creator, Hidden),
        (both_aside, Denied),
    ):
        with pytest.raises(error):
            identities.offer(by=by, contact=two.second, through=two.first)
    for by in (org.make_holder(), org.make_administrator(), two.both):
        identities.offer(by=by, contact=two.second, through=two.first)
        identities.withdraw(by=two.other, contact=two.second)
    assert not offers_to(two.user)


def test_an_account_elsewhere_is_as_good_as_missing(two) -> None:
    """By the same number, by login name, by mobile: who does not maintain the other side finds nobody (CON-4)."""
    for by in (two.other, org.make_maintainer(two.there)):
        for word in ("", two.user.username, "13912340457"):
            assert not candidates(by=by, contact=two.second, word=word)
    for word in ("", two.user.username.upper(), "139 1234 0457"):
        found = candidates(by=two.both, contact=two.second, word=word)
        assert [one.contact.pk for one in found] == [two.first.pk], word
    for word in (two.user.username[:-1], "13912340458", "林晓彤"):
        assert not candidates(by=two.both, contact=two.second, word=word)
    places.set_enabled(by=two.both, contact=two.first, enabled=False)
    assert not candidates(by=two.both, contact=two.second)
    with pytest.raises(Conflict):
        asked(two)


def test_it_is_his_to_answer_and_once(two) -> None:
    row = asked(two)
    with pytest.raises(Conflict):
        asked(two)
    for stranger in (org.make_external(), two.both, two.one):
        with pytest.raises(Hidden):
            identities.answer(by=stranger, offer_id=row.pk, agree=True, organization=LAB)
    assert identities.answer(by=two.user, offer_id=row.pk, agree=False).status == "refused"
    for agree in (True, False):
        with pytest.raises(Conflict):
            identities.answer(by=two.user, offer_id=row.pk, agree=agree, organization=LAB)
    assert Contact.objects.get(pk=two.second.pk).user_id is None


@pytest.mark.parametrize("end", ["withdrawn", "late", "opened", "disabled", "deleted"])
def test_a_question_that_is_over_attaches_nothing(two, end) -> None:
    row = asked(two)
    holder = org.make_holder()
    if end == "withdrawn":
        identities.withdraw(by=two.other, contact=two.second)
    elif end == "late":
        IdentityOffer.objects.update(expires_at=timezone.now())
    elif end == "opened":
        accounts.open_directly(by=two.both, contact=two.second, username="zwei", password=GOOD)
    elif end == "disabled":
        places.set_enabled(by=holder, contact=two.second, enabled=False)
    else:
        Contact.objects.filter(pk=two.second.pk).update(deleted_at=timezone.now(), live=False)
    assert not offers_to(two.user)
    assert offer_about(two.second) is None
    with pytest.raises(Conflict):
        identities.answer(by=two.user, offer_id=row.pk, agree=True, organization=LAB)
    assert Contact.objects.get(pk=two.second.pk).user_id != two.user.pk
    if end == "late":
        assert asked(two).pk != row.pk, "and one may ask anew"


def test_he_agrees_to_what_he_has_read(two) -> None:
    """Moved to another organization meanwhile, it is another question (SECURITY T33)."""
    row = asked(two)
    elsewhere = org.make_organization(two.there, "别处")
    places.move(by=two.other, contact=two.second, node=elsewhere)
    with pytest.raises(Conflict):
        identities.answer(by=two.user, offer_id=row.pk, agree=True, organization=LAB)
    assert [offer.organization for offer in offers_to(two.user)] == ["别处"]
    row = identities.answer(by=two.user, offer_id=row.pk, agree=True, organization="别处")
    assert row.status == "accepted"


@pytest.mark.parametrize("lost", ["right", "person", "login"])
def test_who_asked_must_still_be_able_to(two, lost) -> None:
    """At the moment of the answer (SECURITY T32); the question lapses then."""
    row = asked(two)
    if lost == "right":
        NodeUserGrant.objects.filter(user=two.both, content_object=two.here).delete()
    elif lost == "person":
        User.objects.filter(pk=two.both.pk).update(is_active=False)
    else:
        give_login(two.first, org.make_external())
    assert (
        identities.answer(by=two.user, offer_id=row.pk, agree=True, organization=LAB).status
        == "lapsed"
    )
    assert Contact.objects.get(pk=two.second.pk).user_id is None


@pytest.mark.django_db(transaction=True)
def test_agreeing_meets_opening_and_agreeing() -> None:
    """One account whoever is faster: opened directly, or attached, and once."""
    for _ in range(4):
        two = make_two()
        row = asked(two)
        done = at_once(
            lambda row=row, two=two: identities.answer(
                by=two.user, offer_id=row.pk, agree=True, organization=LAB
            ),
            lambda row=row, two=two: identities.answer(
                by=two.user, offer_id=row.pk, agree=True, organization=LAB
            ),
            lambda two=two: accounts.open_directly(by=two.other, contact=two.second),
        )
        assert len([one for one in done if isinstance(one, UserError)]) == 2
        two.second.refresh_from_db()
        attached = two.second.user_id == two.user.pk
        assert two.second.account == ("active" if attached else "opening")
        row.refresh_from_db()
        assert row.status == ("accepted" if attached else "pending")


# --- which one is active --------------------------------------------------------------------------------------------


def test_the_session_chooses_then_the_person_then_age(two) -> None:
    first, second, user = two.first.pk, agreed(two).second.pk, two.user
    Contact.objects.filter(pk=first).update(opened_at=timezone.now() - AGO)
    assert active_identity(user.pk) == first
    assert active_identity(user.pk, second) == second
    User.objects.filter(pk=user.pk).update(last_identity_id=second)
    assert active_identities([(user.pk, None), (user.pk, first), (user.pk, 0)]) == {
        (user.pk, None): second, (user.pk, first): first, (user.pk, 0): second,
    }  # fmt: skip
    stranger = give_login(make_contact(two.here), org.make_external())
    assert active_identity(user.pk, stranger.pk) == second, "never somebody else's"
    places.set_enabled(by=two.both, contact=two.second, enabled=False)
    assert active_identity(user.pk, second) == first


# --- one by one -----------------------------------------------------------------------------------------------------


def sessions(user: User) -> set[int | None]:
    return set(Session.objects.filter(user_id=user.pk).values_list("identity_id", flat=True))


def test_suspending_one_ends_neither_the_other_nor_the_login(two) -> None:
    user, first, second = agreed(two).user, two.first, two.second
    for contact in (first, second):
        as_identity(user, contact)
    epoch = User.objects.get(pk=user.pk).session_epoch
    places.set_enabled(by=two.both, contact=second, enabled=False)
    assert sessions(user) == {first.pk, second.pk}
    user.refresh_from_db()
    assert (user.is_active, user.session_epoch) == (True, epoch)
    places.set_enabled(by=two.both, contact=second, enabled=True)
    assert sessions(user) == {first.pk}, (
        "what acted as it and was not asked for since does not come back (T46)"
    )
    for contact in (first, second):
        places.set_enabled(by=two.both, contact=contact, enabled=False)
    assert not sessions(user)


def test_closing_one_leaves_the_login_to_the_others(two) -> None:
    user = agreed(two).user
    as_identity(user, two.first)
    accounts.close(by=two.other, contact=two.second)
    user.refresh_from_db()
    assert user.is_active
    assert sessions(user) == {two.first.pk}
    accounts.close(by=two.one, contact=two.first)
    user.refresh_from_db()
    assert not user.is_active
    assert not sessions(user)


def test_closing_the_last_usable_one_ends_the_sessions(two) -> None:
    user = agreed(two).user
    as_identity(user, two.second)
    Contact.objects.filter(pk=two.first.pk).update(expires_at=timezone.now() - AGO)
    accounts.close(by=two.other, contact=two.second)
    user.refresh_from_db()
    assert user.is_active
    assert not sessions(user)


def test_the_end_of_one_is_set_by_those_who_maintain_it(two) -> None:
    user = agreed(two).user
    for contact in (two.first, two.second):
        as_identity(user, contact)
    accounts.set_expiry(by=two.other, contact=two.second, expires_at=timezone.now() + AGO)
    Contact.objects.filter(pk=two.second.pk).update(expires_at=timezone.now() - AGO)
    assert active_identity(user.pk, two.second.pk) == two.first.pk
    accounts.set_expiry(by=two.other, contact=two.second, expires_at=None)
    assert sessions(user) == {two.first.pk}
    with pytest.raises(Hidden):
        accounts.set_expiry(by=two.one, contact=two.second, expires_at=None)
    with pytest.raises(Denied):
        accounts.end_sessions(by=two.one, contact=two.first)


def test_a_merged_identity_goes_on_as_the_one_that_remains(two) -> None:
    user = agreed(two).user
    User.objects.filter(pk=user.pk).update(last_identity_id=two.second.pk)
    as_identity(user, two.second)
    other = make_contact(two.second.main_node)
    merge.merge(by=two.other, contact=other, other=two.second, picks={})
    user.refresh_from_db()
    assert sessions(user) == {other.pk}
    assert user.last_identity_id == other.pk
