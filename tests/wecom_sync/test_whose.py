"""Whose a member of WeCom is, when corps change, people are merged, and links end (SECURITY T12, T71; SPEC WEC-6)."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from contacts.services import places
from contacts.services.merge import merge
from core.errors import Conflict, Invalid
from orgs.models import NodeUserGrant, NodeVisibleStaff
from orgs.services import synced
from tests.factories import accounts as make
from tests.factories.accounts import AdminFactory, StaffFactory
from tests.factories.contacts import give_login
from tests.wecom_sync import worlds
from tests.wecom_sync.test_console_services import edited
from tests.wecom_sync.test_login import linked, notice
from tests.wecom_sync.worlds import Corp
from wecom_sync import whose
from wecom_sync.gateway import Identity
from wecom_sync.models import Chain, Connection, OwnPerson, PlanItem, PulledPerson, PulledRule, Run
from wecom_sync.services import connections, inside, own_links, partner_links, runs
from wecom_sync.sync import apply, plan
from wecom_sync.sync.own_plan import source_of
from wecom_sync.sync.world import ACTOR
from wecom_sync.views.login import FOUND

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain() -> Chain:
    return worlds.connection()


def test_who_is_linked_with_a_corp_is_not_the_same_number_of_another(chain: Chain) -> None:
    admin, one = AdminFactory(), chain.connection
    linked(one, StaffFactory(), "zhang")
    with pytest.raises(Invalid) as refused:
        edited(one, admin, corp_id="ww9", secret="y")
    assert refused.value.field == "corp_id"
    with pytest.raises(Invalid):
        connections.delete(by=admin, connection=one)
    assert whose.find(one, Identity("ww1", "zhang"))


def test_what_was_found_of_a_corp_is_not_written_as_of_another(chain: Chain) -> None:
    admin, one = AdminFactory(), chain.connection
    waiting = worlds.planned(chain, {"wpA": Corp("恒拓", people={"u1": ("张三", [0])})})
    hint = notice(one, StaffFactory(), "zhang")
    going = Run.objects.create(connection=one, trigger="manual", status="pulling")
    with pytest.raises(Conflict):
        edited(one, admin, corp_id="ww9", secret="y")
    Run.objects.filter(pk=going.pk).update(status="failed")
    assert edited(one, admin, corp_id="ww9", secret="y").corp_id == "ww9"
    for act in (
        lambda: runs.confirm(by=admin, run=waiting),
        lambda: own_links.link_staff(by=admin, item=hint),
    ):
        with pytest.raises(Conflict):
            act()
    assert not OwnPerson.objects.exists()


def test_who_was_found_in_a_corp_is_not_linked_as_of_another(chain: Chain) -> None:
    Connection.objects.update(login=True)
    user, browser = StaffFactory(), Client()
    browser.post("/login/", {"username": user.username, "password": make.PASSWORD})
    session, page = browser.session, reverse("wecom-login:confirm", args=[chain.connection.pk])
    session[FOUND] = [chain.connection.pk, "ww1", "zhang"]
    session.save()
    assert browser.get(page).status_code == 200
    edited(chain.connection, AdminFactory(), corp_id="ww9", secret="y")
    assert browser.post(page)["Location"] == reverse("accounts:security")
    assert not OwnPerson.objects.exists()


def test_a_merge_gives_no_login_back_that_was_taken_from_wecom(chain: Chain) -> None:
    people = {"u1": ("张三", [0]), "u2": ("张三", [0]), "u3": ("张三", [0])}
    worlds.applied(chain, {"wpA": Corp("恒拓", people=people)})
    one, two, three = (worlds.person(name) for name in people)
    give_login(one, make.ExternalUserFactory())
    merge(by=AdminFactory(), contact=one, other=three, picks={})
    assert whose.find(chain.connection, Identity("wpA", "u3"))
    partner_links.unlink(by=make.HolderFactory(), contact=one)
    merge(by=AdminFactory(), contact=one, other=two, picks={})
    for name in people:
        assert whose.find(chain.connection, Identity("wpA", name)) is None


def ruled(chain: Chain) -> User:
    """Somebody whom a rule lets meet a chain."""
    Connection.objects.update(sync_staff=True, sync_rules=True)
    chain.connection.refresh_from_db()
    user = StaffFactory(name="张三")
    linked(chain.connection, user, "zhang")
    synced.give_range(
        by=ACTOR, node=chain.target, to=user, source=source_of(chain.connection.pk)
    )  # fmt: skip
    assert ranges(user) == [1, 1]
    return user


def ranges(user: User) -> list[int]:
    return [model.objects.filter(user=user).count() for model in (NodeUserGrant, NodeVisibleStaff)]


def test_what_a_rule_gave_ends_with_the_link(chain: Chain) -> None:
    user = ruled(chain)
    own_links.unlink_staff(by=AdminFactory(), user=user, connection=chain.connection)
    assert ranges(user) == [0, 0]


def test_what_a_rule_gave_ends_with_who_left_and_comes_back_with_him(chain: Chain) -> None:
    user = ruled(chain)
    for there in (False, True, True):
        run = Run.objects.create(
            connection=chain.connection, trigger="manual", staff_read=True, rules_read=True
        )
        if there:
            PulledPerson.objects.create(
                run=run, corp_id="ww1", user_id="zhang", name="张三", places=["o:1"]
            )
        PulledRule.objects.create(
            run=run, chain=chain, rule_id="1", places=[""], holders=["u:zhang"] if there else []
        )
        plan.make(run=run)
        before = PlanItem.objects.filter(run=run).count()
        apply.run(run=run, report=lambda _count: None, between=lambda: None)
        assert not PlanItem.objects.filter(run=run).exclude(status="done").exists()
        user.refresh_from_db()
        assert (user.is_active, ranges(user)) == (there, [there, there])
        Run.objects.filter(pk=run.pk).update(status="done")
    assert before == 0


def test_whom_a_person_disabled_no_return_enables(chain: Chain) -> None:
    there, gone = (
        {"wpA": Corp("恒拓", people=people)}
        for people in ({"u1": ("张三", [0]), "u2": ("李雷", [0])}, {"u2": ("李雷", [0])})
    )
    admin = AdminFactory()
    for world in (there, gone):
        worlds.applied(chain, world)
    places.set_enabled(by=admin, contact=worlds.person("u1"), enabled=True)
    worlds.applied(chain, gone)
    places.set_enabled(by=admin, contact=worlds.person("u1"), enabled=False)
    worlds.applied(chain, there)
    assert (worlds.person("u1").enabled, worlds.remote("u1").gone_at) == (False, None)


def test_a_plan_of_staff_is_outdated_where_they_come_along_no_more(chain: Chain) -> None:
    admin, user = AdminFactory(), ruled(chain)
    Chain.objects.all().delete()
    run = Run.objects.create(connection=chain.connection, trigger="manual", staff_read=True)
    plan.make(run=run)
    Run.objects.filter(pk=run.pk).update(status="ready")
    inside.set_inside(
        by=admin, connection=chain.connection, sync_staff=False, staff_under=None, sync_rules=False
    )
    with pytest.raises(Conflict):
        runs.confirm(by=admin, run=run)
    assert User.objects.get(pk=user.pk).is_active


def test_who_confirms_and_who_switches_off_take_the_connection_first(
    chain: Chain, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """In another order each would wait for the other until the database ends one of them."""
    admin, corps = AdminFactory(), {"wpA": Corp("恒拓", people={"u1": ("张三", [0])})}
    waiting = worlds.planned(chain, corps)
    for act in (
        lambda: runs.confirm(by=admin, run=waiting),
        lambda: connections.set_enabled(by=admin, connection=chain.connection, enabled=False),
    ):
        with django_assert_max_num_queries(60) as seen:
            act()
        taken = [
            one["sql"] for one in seen.captured_queries
            if "FOR " in one["sql"] or one["sql"].startswith('UPDATE "wecom_sync_run"')
        ]  # fmt: skip
        assert taken[0].count("wecom_sync_run") == 0 < taken[0].count("wecom_sync_connection")
        assert "wecom_sync_run" in taken[1]
