"""What an attacker tried: a right used after it was lost, a hidden value guessed, a limit walked around."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts import jobs, passwords, throttle
from accounts.models import ActivationLink, InitialSecret, LoginThrottle, User
from accounts.services import access, credentials, login, own
from approvals import selectors, services
from contacts import closure, counts, export_jobs
from contacts.models import Contact, SavedFilter
from contacts.permissions import Role, role_on, viewer_of
from contacts.search import search
from contacts.selection import Selection
from contacts.services import exports, looks, people, sharing
from contacts.services.merge import merge
from core.actors import SystemActor
from core.errors import Denied, Hidden, Invalid
from im import services as im
from im.models import Conversation
from im.reach import Party
from orgs.models import Node, NodeUserGrant
from orgs.services import nodes, restructuring
from orgs.services.fields import Fields
from tests.contacts.test_threads import at_once
from tests.factories.accounts import PASSWORD, ExternalUserFactory, StaffFactory
from tests.factories.approvals import REMARK
from tests.factories.contacts import give_login, make_contact, share
from tests.factories.orgs import (
    let_view,
    make_dimension,
    make_holder,
    make_maintainer,
    make_organization,
)

pytestmark = pytest.mark.django_db
BY = SystemActor("tests")
MOBILE, MAIL = "+8613812342691", "zhang@partner.example"
NEW = "a quite other sentence 77"


def place() -> Node:
    organization: Node = make_organization(make_dimension())
    return organization


# --- A masked number is not guessed by searching for it (SPEC CON-7, SECURITY T08) -----------------------------------


@pytest.mark.parametrize("whole", ["13812342691", "+86 138 1234 2691", "8613812342691", MAIL])
def test_a_whole_number_or_address_finds_only_whom_one_may_read_unmasked(whole: str) -> None:
    node = place()
    contact = make_contact(node, mobile=MOBILE, email=MAIL, created_by=StaffFactory())
    viewer, shared, editor, follower = (StaffFactory() for _n in range(4))
    let_view(viewer, node)
    share(contact, shared, "view")
    share(contact, editor, "edit")
    Contact.objects.filter(pk=contact.pk).update(follower=follower)

    def found(person: User, q: str) -> list[int]:
        return search(viewer_of(person), q).ids

    maintainer = make_maintainer(Node.objects.get(pk=node.dimension_id))
    for person in (contact.created_by, editor, follower, maintainer, make_holder()):
        assert found(person, whole) == [contact.pk]
    for person in (viewer, shared):
        assert role_on(viewer_of(person), contact.pk) == Role.VIEWER
        assert found(person, whole) == []
        assert found(person, "2691") == found(person, "138****2691") == [contact.pk]


# --- First credentials are closed to who has lost the right to the person (SPEC VIS-5) -------------------------------


def test_an_applicant_who_lost_his_share_reads_no_first_password() -> None:
    contact = make_contact(place(), created_by=StaffFactory())
    applicant, decider = StaffFactory(), make_holder()
    share(contact, applicant, "edit")
    application = services.apply(contact_id=contact.pk, remark=REMARK, by=applicant)
    services.decide(
        application_id=application.pk, approve=True, version=contact.version, by=decider
    )
    contact.refresh_from_db()
    jobs.issue_credentials(user_id=contact.user_id, issue_key=application.issue_key)
    application.refresh_from_db()
    assert selectors.standing(application, applicant).issue is not None
    sharing.unshare(by=BY, contact=contact, to=applicant)
    assert selectors.standing(application, applicant).issue is None
    with pytest.raises(Hidden):
        credentials.reveal(issue_key=application.issue_key, by=applicant)
    assert credentials.reveal(issue_key=application.issue_key, by=decider).password


def test_a_former_administrator_reads_no_first_password_of_staff() -> None:
    admin, person = StaffFactory(is_superuser=True), StaffFactory()
    credentials.reissue(user=person, reader_ids=[admin.pk], by=admin)
    key = InitialSecret.objects.get(user=person).issue_key
    jobs.issue_credentials(user_id=person.pk, issue_key=key)
    User.objects.filter(pk=admin.pk).update(is_superuser=False)
    with pytest.raises(Hidden):
        credentials.reveal(issue_key=key, by=User.objects.get(pk=admin.pk))


# --- Nobody keeps a right by giving it to himself (SECURITY T25) -----------------------------------------------------


def test_an_edit_share_makes_nobody_the_follower() -> None:
    contact = make_contact(place(), created_by=StaffFactory())
    editor = StaffFactory()
    share(contact, editor, "edit")
    with pytest.raises(Invalid):
        people.edit(by=editor, contact=contact, fields={"follower": editor})
    people.edit(by=contact.created_by, contact=contact, fields={"follower": editor})
    people.edit(by=editor, contact=contact, fields={"follower": editor, "position": "经理"})
    people.edit(by=contact.created_by, contact=contact, fields={"follower": contact.created_by})


# --- A login has one counter, however its name is spelled (SECURITY T41) ---------------------------------------------


def test_no_spelling_of_a_login_name_gives_further_tries() -> None:
    person = StaffFactory(username="admin")
    for spelling in ("admin", "ADMIN", " admin ", "admın"):
        assert login.check(username=spelling, password="wrong").code in {"wrong", "throttled"}
    row = LoginThrottle.objects.get(key=throttle.account_key("admin"))
    assert row.failures == 4
    assert login.check(username="admın", password=PASSWORD).user == person
    assert not LoginThrottle.objects.filter(key__startswith="account:").exists()


# --- Somebody is faster (SECURITY T45) -------------------------------------------------------------------------------


def test_an_old_password_that_was_reset_meanwhile_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person = StaffFactory()
    real = passwords.check

    def slow(user: User, password: str) -> bool:
        right = real(user, password)
        credentials.reissue(user=user, reader_ids=[], by=BY)
        return right

    monkeypatch.setattr(passwords, "check", slow)
    with pytest.raises(Invalid):
        own.change_password(user=person, old=PASSWORD, new=NEW, by=person)
    assert not User.objects.get(pk=person.pk).has_usable_password()


def in_thread(act: Callable[[], object], found: list[BaseException]) -> threading.Thread:
    def body() -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - the test wants to see everything
            found.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=body)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
def test_activating_and_disabling_do_not_wait_for_each_other() -> None:
    person = give_login(make_contact(place()), ExternalUserFactory()).user
    letter = jobs._new_link(person, ActivationLink.Purpose.RESET)
    token = str(letter.values["url"]).split("/")[-2]
    link = ActivationLink.objects.get(user=person)
    found: list[BaseException] = []
    with transaction.atomic():
        User.objects.select_for_update().get(pk=person.pk)
        thread = in_thread(lambda: credentials.activate(token=token, password=NEW), found)
        time.sleep(0.5)
        access.disable(user=person, by=BY)
    thread.join(20)
    assert [type(error) for error in found] == [credentials.LinkDead]
    link.refresh_from_db()
    assert link.used_at is None
    assert link.revoked_at is not None


# --- A right taken away while a service waited for its lock is gone (SPEC VIS-5, SECURITY T12) ------------------------


@pytest.mark.parametrize("taken", [{"is_holder": False}, {"is_active": False}])
def test_a_service_asks_for_the_actor_as_he_is_now(taken: dict[str, bool]) -> None:
    contact = make_contact(place())
    as_the_request_knew_him = make_holder()
    User.objects.filter(pk=as_the_request_knew_him.pk).update(**taken)
    with pytest.raises(Hidden):
        people.delete(by=as_the_request_knew_him, contact=contact)
    with pytest.raises(Hidden):
        nodes.edit(by=as_the_request_knew_him, node=contact.main_node, fields=Fields(name="改名"))
    assert Contact.objects.get(pk=contact.pk).deleted_at is None


# --- A file holds nobody whom the right asked for at its download does not cover (SECURITY T04, T07) ------------------


def test_ids_of_another_dimension_do_not_outlive_its_right_in_a_file(
    settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    here, there = make_dimension(), make_dimension()
    by = make_maintainer(here, there)
    ids = [make_contact(here, "甲人").pk, make_contact(there, "乙人").pk]
    what = {"by": by, "node": here, "format_": "csv", "keys": ["name", "mobile"]}
    job = exports.create(selection=Selection.named(ids), **what)
    assert job.total == 1
    export_jobs.run(job_id=job.pk)
    NodeUserGrant.objects.filter(content_object=there).delete()
    with exports.fetch(by=by, job_id=job.pk).file.open() as file:
        text = file.read().decode()
    assert ("甲人" in text, "乙人" in text) == (True, False)
    with pytest.raises(Invalid):
        exports.create(selection=Selection.named(ids[1:]), **what)


# --- A large move between dimensions: what a maintainer of one end reads and may do (matrix row 14, T08) --------------


def test_a_move_between_dimensions_names_no_foreign_place_and_is_not_stopped_from_one_end() -> None:
    here, there = make_dimension("此处"), make_dimension("别处不知")
    moving, by = make_organization(here), make_maintainer(here)
    job = restructuring.start(by=make_holder(), node=moving, action="move", parent=there)
    client = Client()
    client.force_login(by)
    body = client.get(reverse("orgs:restructuring", args=[job.pk])).content.decode()
    assert (moving.name in body, "别处不知" in body) == (True, False)
    address = reverse("orgs:restructuring-cancel", args=[job.pk])
    assert address not in body
    assert client.post(address).status_code == Denied.status
    job.refresh_from_db()
    assert job.is_open


# --- Nobody loses sight by a merge (SPEC CON-4) -----------------------------------------------------------------------


@pytest.mark.parametrize("follower", ["mine", "other"])
def test_followers_and_creators_of_both_entries_go_on(follower: str) -> None:
    node = place()
    people_ = [StaffFactory() for _n in range(4)]
    mine = make_contact(node, created_by=people_[0], follower=people_[1])
    other = make_contact(node, created_by=people_[2], follower=people_[3])
    merge(by=make_holder(), contact=mine, other=other, picks={"follower": follower})
    assert {role_on(viewer_of(one), mine.pk) for one in people_} == {Role.EDITOR}


# --- Odd input is answered (no 500) -----------------------------------------------------------------------------------


def test_days_without_a_next_one_and_addresses_that_are_none() -> None:
    contact, client = make_contact(place()), Client()
    client.force_login(make_holder())
    history = reverse("orgs:node-history", args=[contact.main_node_id])
    for query in ("until=9999-12-31", "since=9999-12-31", "since=0001-01-01", "until=0001-01-01"):
        assert client.get(f"{history}?{query}").status_code == 200
    row = reverse("contacts:row", args=[contact.pk])
    for address in ("http://[x", f"/contacts/?c={contact.pk}#x"):
        answer = client.get(row, headers={"HX-Request": "true", "HX-Current-URL": address})
        assert ('class="on"' in answer.content.decode()) == ("?" in address)


def test_a_session_cookie_that_no_store_can_hold() -> None:
    page = reverse("contacts:index")
    for key in (r'"aaaaaaaa\000"', "a" * 5000, "ａａａａａａａａ", "x" * 32):
        cookie = f"{settings.SESSION_COOKIE_NAME}={key}".encode().decode("latin-1")
        assert Client().get(page, headers={"cookie": cookie}).status_code == 302


def test_a_message_into_a_thread_that_was_joined_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    staff = make_holder()
    contact = give_login(make_contact(place()), ExternalUserFactory())
    thread = im.open_direct(by=staff, other=Party(contact.user_id, contact.pk))

    def slow(body: str) -> str:
        Conversation.objects.filter(pk=thread.pk).delete()
        return body

    monkeypatch.setattr("im.services.messages._checked_body", slow)
    with pytest.raises(Hidden):
        im.send(conversation_id=thread.pk, body="在吗", client_id="a" * 8, by=staff)


# --- Numbers are made anew while the schedule sums them up ------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_numbers_summed_up_meanwhile_are_not_counted_twice() -> None:
    node, found = place(), []
    for _n in range(counts.ROWS + 1):
        make_contact(node)
    with transaction.atomic():
        counts.sum_up()
        thread = in_thread(closure.repair, found)
        time.sleep(1)
    thread.join(20)
    assert not found
    assert counts.problems(20) == []


@pytest.mark.django_db(transaction=True)
def test_one_person_chooses_his_default_filter_in_several_tabs_at_once() -> None:
    me = StaffFactory()
    asked = {"by": me, "query": "status=none"}
    kept = [looks.save_filter(name=f"筛选{n}", is_default=False, **asked).pk for n in range(4)]
    tabs: list[Callable[[], object]] = [
        partial(looks.make_default, by=me, filter_id=pk, value=True) for pk in kept
    ]
    tabs += [partial(looks.save_filter, name=f"新{n}", is_default=True, **asked) for n in range(3)]
    assert not [one for one in at_once(*tabs) if isinstance(one, BaseException)]
    assert SavedFilter.objects.filter(owner=me, is_default=True).count() == 1
