"""Applying, withdrawing, reminding, deciding, lapsing (SPEC APR-1 to APR-6)."""

from __future__ import annotations

import datetime

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import InitialSecret, User
from accounts.services import credentials
from approvals import checks, jobs, selectors, services
from approvals.models import Application
from approvals.selectors import Asked
from contacts.models import Contact
from contacts.permissions import viewer_of
from contacts.services import accounts as contact_accounts
from contacts.services import places
from core.errors import Conflict, Denied, Hidden, Invalid
from core.models import AuditEntry, OutboxEntry
from im.models import Message
from orgs.models import NodeUserGrant
from tests.approvals.conftest import Place
from tests.factories import orgs
from tests.factories.approvals import make_application
from tests.factories.contacts import make_contact

pytestmark = pytest.mark.django_db
Status = Application.Status


def told(user: User) -> list[tuple[str, str]]:
    rows = Message.objects.filter(conversation__key=f"system:{user.pk}").order_by("seq")
    return [(row.card_ref, row.body) for row in rows]


def state(contact: Contact) -> str:
    return str(Contact.objects.values_list("account", flat=True).get(pk=contact.pk))


def approve(application: Application, by: User, **values: object) -> Application:
    version = Contact.objects.get(pk=application.contact_id).version
    given = {"approve": True, "reason": "", "version": version} | values
    return services.decide(application_id=application.pk, by=by, **given)


def refuse(application: Application, by: User, reason: str = "资料不全") -> Application:
    return approve(application, by, approve=False, reason=reason)


# --- applying ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["creator", "sharer"])
def test_those_who_may_edit_apply(place: Place, who: str) -> None:
    by = getattr(place, who)
    application = services.apply(contact_id=place.contact.pk, remark="  要对账 ", by=by)
    assert (application.status, application.remark) == (Status.PENDING, "要对账")
    assert state(place.contact) == "pending"
    assert application.number == f"AR-{timezone.localdate():%Y%m%d}-0001"
    entry = AuditEntry.objects.get(action="application.create")
    assert (entry.actor_id, entry.dimension_id) == (str(by.pk), place.dimension.pk)
    for person in (place.maintainer, place.holder):
        ((ref, body),) = told(person)
        assert ref == str(application.pk)
        assert place.contact.name not in body
    for person in (place.administrator, place.neighbour, place.viewer, by, place.stranger):
        assert not told(person)
    assert checks.problems() == []


@pytest.mark.parametrize("who", ["viewer", "stranger", "neighbour", "external"])
def test_others_do_not_even_learn_that_there_is_a_contact(place: Place, who: str) -> None:
    with pytest.raises(Hidden):
        services.apply(contact_id=place.contact.pk, remark="x", by=getattr(place, who))
    with pytest.raises(Hidden):
        services.apply(contact_id=10**12, remark="x", by=getattr(place, who))


@pytest.mark.parametrize("who", ["maintainer", "holder", "administrator"])
def test_who_may_open_directly_does_not_apply(place: Place, who: str) -> None:
    with pytest.raises(Denied) as caught:
        services.apply(contact_id=place.contact.pk, remark="x", by=getattr(place, who))
    assert caught.value.code == "opens_directly"


@pytest.mark.parametrize("remark", ["", "  ​ ", "长" * 201])
def test_the_remark_is_asked_for_and_short(place: Place, remark: str) -> None:
    with pytest.raises(Invalid) as caught:
        services.apply(contact_id=place.contact.pk, remark=remark, by=place.creator)
    assert caught.value.field == "remark"
    assert services.apply(contact_id=place.contact.pk, remark="长" * 200, by=place.creator)


def test_one_open_application_for_each_contact(place: Place, application: Application) -> None:
    with pytest.raises(Conflict):
        services.apply(contact_id=place.contact.pk, remark="again", by=place.sharer)
    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.create(
            number="x", contact=place.contact, applicant=place.sharer, contact_version=1
        )


def test_nothing_to_apply_for(place: Place) -> None:
    contact_accounts.open_directly(by=place.maintainer, contact=place.contact)
    with pytest.raises(Conflict):
        services.apply(contact_id=place.contact.pk, remark="x", by=place.creator)
    disabled = make_contact(place.organization, created_by=place.creator, enabled=False)
    with pytest.raises(Hidden):
        services.apply(contact_id=disabled.pk, remark="x", by=place.creator)


def test_numbers_count_on_within_a_day(place: Place) -> None:
    day = f"{timezone.localdate():%Y%m%d}"
    numbers = []
    for last in ("0009", "9999"):
        contact = make_contact(place.organization, created_by=place.creator)
        make_application(contact, number=f"AR-{day}-{last}", status=Status.WITHDRAWN)
        Contact.objects.filter(pk=contact.pk).update(account="none")
        numbers.append(make_application(contact, status=Status.WITHDRAWN).number)
        Contact.objects.filter(pk=contact.pk).update(account="none")
    assert numbers == [f"AR-{day}-0010", f"AR-{day}-10000"]


# --- who is asked -----------------------------------------------------------------------------------------------------


def test_asked_are_holders_and_maintainers_of_every_dimension(place: Place) -> None:
    elsewhere = orgs.make_organization(place.other)
    member = orgs.make_person("部门成员")
    below = orgs.make_person("下级部门成员")
    department = orgs.make_internal_department("采购中心", member)
    orgs.make_internal_department("采购一部", below, parent=department)
    orgs.let_maintain(department, place.dimension)
    gone = orgs.make_maintainer(place.dimension, name="离职")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    both = orgs.make_person("两样", is_superuser=True, is_holder=True)
    contact = make_contact(place.organization, places=[elsewhere], created_by=place.creator)
    people = selectors.asked(contact_id=contact.pk, applicant_id=place.creator.pk)
    expected = {place.holder, place.maintainer, place.neighbour, member, below, both}
    assert set(people) == expected
    assert len(people) == len(expected)
    # A maintainer of a further dimension applies and is not asked himself.
    people = selectors.asked(contact_id=contact.pk, applicant_id=place.neighbour.pk)
    assert set(people) == expected - {place.neighbour}


def test_administrators_are_asked_only_where_nobody_else_could_decide(place: Place) -> None:
    User.objects.filter(pk__in=[place.holder.pk, place.maintainer.pk]).update(is_active=False)
    people = selectors.asked(contact_id=place.contact.pk, applicant_id=place.creator.pk)
    assert people == [place.administrator]


def test_a_moved_contact_is_routed_to_the_new_maintainers(
    place: Place, application: Application
) -> None:
    target = orgs.make_organization(place.other)
    places.move(by=place.holder, contact=place.contact, node=target)
    with pytest.raises(Hidden):
        approve(application, place.maintainer)
    jobs.route()
    jobs.route()
    assert [ref for ref, _body in told(place.neighbour)] == [str(application.pk)]
    assert len(told(place.holder)) == 1
    assert approve(application, place.neighbour).status == Status.APPROVED


# --- withdrawing and reminding ----------------------------------------------------------------------------------------


def test_the_applicant_withdraws(place: Place, application: Application) -> None:
    with pytest.raises(Denied):
        services.withdraw(application_id=application.pk, by=place.maintainer)
    with pytest.raises(Hidden):
        services.withdraw(application_id=application.pk, by=place.sharer)
    services.withdraw(application_id=application.pk, by=place.creator)
    assert state(place.contact) == "none"
    with pytest.raises(Conflict) as caught:
        approve(application, place.holder)
    assert caught.value.code == "decided"
    assert services.apply(contact_id=place.contact.pk, remark="again", by=place.creator)
    assert checks.problems() == []


def test_reminding_once_a_day(place: Place, application: Application) -> None:
    with pytest.raises(Denied):
        services.remind(application_id=application.pk, by=place.holder)
    services.remind(application_id=application.pk, by=place.creator)
    assert len(told(place.holder)) == 2
    with pytest.raises(Conflict) as caught:
        services.remind(application_id=application.pk, by=place.creator)
    assert caught.value.code == "reminded"
    with time_machine.travel(timezone.now() + datetime.timedelta(hours=24, minutes=1)):
        services.remind(application_id=application.pk, by=place.creator)
    assert len(told(place.maintainer)) == 3


# --- deciding ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["maintainer", "holder", "administrator"])
def test_approving_makes_one_account(place: Place, application: Application, who: str) -> None:
    by = getattr(place, who)
    decided = approve(application, by)
    contact = Contact.objects.get(pk=place.contact.pk)
    assert (decided.status, decided.decided_by) == (Status.APPROVED, by)
    assert contact.account == "opening"
    secret = InitialSecret.objects.get()
    assert (decided.secret, secret.user) == (secret, contact.user)
    assert set(secret.readers.all()) == {by, place.creator}
    assert not contact.user.has_usable_password()
    entry = OutboxEntry.objects.get(task="accounts.issue_credentials")
    assert set(entry.arguments) == {"user_id", "issue_key"}
    assert [ref for ref, _body in told(place.creator)] == [str(application.pk)]
    assert checks.problems() == []


def test_refusing_needs_a_reason_and_gives_the_contact_back(
    place: Place, application: Application
) -> None:
    with pytest.raises(Invalid):
        refuse(application, place.holder, "  ")
    refuse(application, place.holder)
    assert state(place.contact) == "none"
    assert not InitialSecret.objects.exists()
    assert Application.objects.get().reason == "资料不全"
    assert "拒绝" in told(place.creator)[0][1] or "refused" in told(place.creator)[0][1]
    assert checks.problems() == []
    again = services.apply(contact_id=place.contact.pk, remark="补齐了", by=place.creator)
    assert again.number.endswith("-0002")


@pytest.mark.parametrize(
    "who", ["viewer", "stranger", "neighbour", "external", "sharer", "creator"]
)
def test_others_do_not_decide(place: Place, application: Application, who: str) -> None:
    with pytest.raises(Hidden):
        approve(application, getattr(place, who))
    assert state(place.contact) == "pending"


def test_nobody_decides_his_own_not_even_an_administrator(
    place: Place, application: Application
) -> None:
    for right in ("is_holder", "is_superuser"):
        User.objects.filter(pk=place.creator.pk).update(is_holder=False, is_superuser=False)
        User.objects.filter(pk=place.creator.pk).update(**{right: True})
        with pytest.raises(Denied) as caught:
            approve(application, User.objects.get(pk=place.creator.pk))
        assert caught.value.code == "own"
    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.filter(pk=application.pk).update(
            status="approved", decided_at=timezone.now(), decided_by=place.creator
        )


def test_a_lost_right_is_lost_whatever_was_read_before(
    place: Place, application: Application
) -> None:
    stale = User.objects.get(pk=place.holder.pk)
    User.objects.filter(pk=stale.pk).update(is_active=False)
    with pytest.raises(Hidden):
        approve(application, stale)
    NodeUserGrant.objects.filter(user=place.maintainer).delete()
    with pytest.raises(Hidden):
        approve(application, place.maintainer)


def test_the_second_reads_who_was_first(place: Place, application: Application) -> None:
    decided = approve(application, place.holder)
    with pytest.raises(Conflict) as caught:
        refuse(application, place.maintainer)
    clock = f"{timezone.localtime(decided.decided_at):%H:%M}"
    assert "吴凯" in str(caught.value)
    assert clock in str(caught.value)


def test_what_changed_meanwhile_is_said(place: Place, application: Application) -> None:
    version = place.contact.version
    places.move(
        by=place.holder, contact=place.contact, node=orgs.make_organization(place.dimension)
    )
    with pytest.raises(Conflict) as caught:
        approve(application, place.holder, version=version)
    assert caught.value.code == "changed"
    assert len(caught.value.details) == 1
    assert state(place.contact) == "pending"
    approve(application, place.holder)


def test_the_organization_is_disabled_meanwhile(place: Place, application: Application) -> None:
    Contact.objects.filter(pk=place.contact.pk).update(live=False)
    with pytest.raises(Conflict):
        approve(application, place.holder)
    assert Application.objects.get().status == Status.PENDING


# --- lapsing ----------------------------------------------------------------------------------------------------------


def test_opening_directly_supersedes(place: Place, application: Application) -> None:
    contact_accounts.open_directly(by=place.maintainer, contact=place.contact)
    application.refresh_from_db()
    assert (application.status, application.reason) == (Status.LAPSED, "opened")
    assert state(place.contact) == "opening"
    assert checks.problems() == []
    jobs.tell_later(application_id=application.pk)
    jobs.tell_later(application_id=application.pk)
    assert len(told(place.creator)) == 1


def test_disabling_lets_it_lapse(place: Place, application: Application) -> None:
    contact_accounts.disable(by=place.maintainer, contact=place.contact)
    application.refresh_from_db()
    assert (application.status, application.reason) == (Status.LAPSED, "disabled")
    assert state(place.contact) == "none"
    assert OutboxEntry.objects.filter(task="approvals.tell_applicant").count() == 1
    contact_accounts.enable(by=place.maintainer, contact=place.contact)
    assert services.apply(contact_id=place.contact.pk, remark="again", by=place.creator)
    assert checks.problems() == []


# --- bulk -------------------------------------------------------------------------------------------------------------


def test_bulk_decisions_stand_each_for_itself(place: Place) -> None:
    rows = [
        make_application(make_contact(place.organization, created_by=place.creator))
        for _ in range(3)
    ]
    approve(rows[1], place.maintainer)
    foreign = make_application(
        make_contact(orgs.make_organization(place.other), created_by=place.creator)
    )
    items = [(row.pk, row.contact.version) for row in (*rows, foreign)]
    outcomes = services.decide_many(items=items, approve=True, by=place.maintainer)
    assert [outcome.ok for outcome in outcomes] == [True, False, True, False]
    assert "李敏" in outcomes[1].message
    assert outcomes[3].number == ""
    assert InitialSecret.objects.count() == 3
    with pytest.raises(Invalid):
        services.decide_many(items=items, approve=False, reason="", by=place.maintainer)
    with pytest.raises(Invalid):
        services.decide_many(items=[(n, 1) for n in range(201)], approve=True, by=place.maintainer)


# --- credentials and invariants ---------------------------------------------------------------------------------------


def test_the_worker_issues_once_and_one_of_the_two_looks(
    place: Place, application: Application
) -> None:
    from accounts import jobs as account_jobs

    approve(application, place.holder)
    entry = OutboxEntry.objects.get(task="accounts.issue_credentials")
    for _ in range(2):
        account_jobs.issue_credentials(**entry.arguments)
    assert state(place.contact) == "active"
    for person in (place.maintainer, place.administrator):
        with pytest.raises(Hidden):
            credentials.reveal(issue_key=application.issue_key, by=person)
    shown = credentials.reveal(issue_key=application.issue_key, by=place.creator)
    assert shown.password
    with pytest.raises(Conflict):
        credentials.reveal(issue_key=application.issue_key, by=place.holder)
    texts = " ".join(f"{row.before}{row.after}" for row in AuditEntry.objects.all())
    texts += " ".join(Message.objects.values_list("body", flat=True))
    assert shown.password not in texts


DAMAGE = [
    "UPDATE contacts_contact SET account = 'none' WHERE account = 'pending'",
    "UPDATE approvals_application SET status = 'approved', decided_at = now(), decided_by_id = {holder}",
    "UPDATE approvals_application SET status = 'withdrawn', decided_at = now()",
    "UPDATE contacts_contact SET enabled = false",
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found(place: Place, application: Application, damage: str) -> None:
    assert checks.problems() == []
    with connection.cursor() as cursor:
        cursor.execute(damage.format(holder=place.holder.pk))
    assert checks.problems()


def test_the_command_knows_the_check(place: Place, application: Application) -> None:
    call_command("check_invariants", "--only", "accounts")


# --- reads ------------------------------------------------------------------------------------------------------------


def test_who_sees_which_applications(place: Place, application: Application) -> None:
    expected = {
        "creator": True, "sharer": False, "viewer": False, "stranger": False, "maintainer": True,
        "neighbour": False, "holder": True, "administrator": True, "external": False,
    }  # fmt: skip
    for who, sees in expected.items():
        user = getattr(place, who)
        assert (application in Application.objects.visible_to(user)) is sees, who
    decides = {"maintainer", "holder", "administrator"}
    for who in expected:
        assert selectors.waiting_for(getattr(place, who)) == int(who in decides), who


def test_the_list_filters_and_counts(place: Place, application: Application) -> None:
    contact = make_contact(place.organization, "贺知远", created_by=place.creator)
    other = refuse(make_application(contact), place.holder)
    viewer = viewer_of(place.maintainer)
    assert selectors.counts(viewer=viewer)["all"] == 2
    assert [row.pk for row in selectors.listed(viewer=viewer, asked=Asked(status="refused"))] == [
        other.pk
    ]
    for q in ("林晓", "lxt", application.number[3:], place.contact.mobile[-4:]):
        found = selectors.listed(viewer=viewer, asked=Asked(q=q))
        assert application in found, q
    assert selectors.counts(viewer=viewer, asked=Asked(q="贺知远"))["refused"] == 1
    assert list(selectors.listed(viewer=viewer_of(place.neighbour))) == []
