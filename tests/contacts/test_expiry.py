"""Accounts that expire: who is told when, once; the card that renews in place and flips for everybody (SPEC ACC-4)."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connections
from django.test import Client

from accounts.models import User
from contacts import expiry
from contacts.models import Contact, ExpiryNotice
from contacts.selectors import notices
from contacts.services import accounts
from core import live
from core.errors import Conflict
from im.models import Message
from orgs.models import Node
from tests.factories import orgs as org
from tests.factories.contacts import give_login, make_contact

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime.datetime(2026, 11, 25, 9, 0, tzinfo=SHANGHAI)
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as moving:
        yield moving


@pytest.fixture
def place() -> Node:
    return org.make_organization(org.make_dimension("供应商"), "恒拓")


@pytest.fixture
def maintainer(place: Node) -> User:
    return org.make_maintainer(place.dimension, name="李敏")


def expiring(place: Node, *, days: int = 14, **values: Any) -> Contact:
    end = datetime.datetime.combine(NOW.date(), datetime.time(23, 59, 59), SHANGHAI)
    values["expires_at"] = end + datetime.timedelta(days=days)
    return give_login(make_contact(place, **values), org.make_external())


def told(person: User) -> list[str]:
    rows = Message.objects.filter(conversation__key=f"system:{person.pk}", card_kind=expiry.CARD)
    return list(rows.order_by("seq").values_list("body", flat=True))


def test_maintainers_and_the_follower_are_told_14_7_and_1_days_before(
    place: Node, maintainer: User, clock: time_machine.Traveller
) -> None:
    follower, stranger, holder = org.make_person(), org.make_person(), org.make_holder()
    expiring(place, follower=follower)
    for day in range(15):
        clock.move_to(NOW + datetime.timedelta(days=day))
        for _ in range(2):
            expiry.announce()
    expected = [f"外部账号 {n} 天后到期" for n in (14, 7, 1)]
    assert told(maintainer) == told(follower) == expected
    assert told(stranger) == told(holder) == []
    clock.shift(datetime.timedelta(days=3))
    assert expiry.announce() == 0


def test_a_schedule_that_was_late_tells_of_the_step_that_has_come(
    place: Node, maintainer: User, clock: time_machine.Traveller
) -> None:
    contact = expiring(place, days=20)
    assert expiry.announce() == 0
    clock.shift(datetime.timedelta(days=16))
    assert expiry.announce() == 1
    assert told(maintainer) == ["外部账号 4 天后到期"]
    assert ExpiryNotice.objects.get().step == 7
    # Renewed, and soon to end again: told again.
    later = contact.expires_at + datetime.timedelta(days=10)  # type: ignore[operator]
    accounts.set_expiry(by=maintainer, contact=contact, expires_at=later)
    assert expiry.announce() == 1
    assert ExpiryNotice.objects.count() == 2


def test_nobody_is_woken_up(place: Node, maintainer: User, clock: time_machine.Traveller) -> None:
    expiring(place)
    clock.move_to(NOW.replace(hour=6))
    assert expiry.announce() == 0
    clock.move_to(NOW.replace(hour=8))
    assert expiry.announce() == 1


def test_what_needs_no_renewal_is_not_told(place: Node, maintainer: User) -> None:
    expiring(place, enabled=False)
    expiring(place, days=-1)
    expiring(place, days=15)
    make_contact(place)
    assert expiry.announce() == 0


def test_where_nobody_maintains_holders_are_told_else_administrators(place: Node) -> None:
    administrator = org.make_administrator()
    contact = expiring(place)
    assert expiry.people(contact) == [administrator.pk]
    holder = org.make_holder()
    assert expiry.people(contact) == [holder.pk]
    follower = org.make_person()
    contact.follower, contact.live = follower, False
    assert expiry.people(contact) == [holder.pk]


@pytest.mark.django_db(transaction=True)
def test_two_schedules_at_once_tell_once(place: Node, maintainer: User) -> None:
    for _ in range(4):
        expiring(place)
    made: list[int] = []

    def work() -> None:
        try:
            made.append(expiry.announce())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(made) == 4
    assert len(told(maintainer)) == 4


@pytest.fixture
def notice(place: Node, maintainer: User) -> ExpiryNotice:
    expiring(place, name="林晓彤", follower=org.make_person("周明"))
    expiry.announce()
    return ExpiryNotice.objects.get()


def url(notice: ExpiryNotice, what: str = "") -> str:
    return f"/contacts/expiry/{notice.pk}/{what}"


def test_renewing_in_place_flips_the_card_for_everybody(
    notice: ExpiryNotice, place: Node, maintainer: User, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = org.make_maintainer(place.dimension, name="吴凯")
    follower = notice.contact.follower
    assert follower is not None
    card = as_(second).get(url(notice), headers=HTMX).content.decode()
    assert "/renew/" in card
    assert f'data-live="card:contacts.expiry:{notice.contact_id}"' in card
    assert "/renew/" not in as_(follower).get(url(notice), headers=HTMX).content.decode()
    said: list[tuple[set[int], str, dict[str, Any]]] = []
    monkeypatch.setattr(live, "tell", lambda to, kind, **ids: said.append((set(to), kind, ids)))
    answer = as_(maintainer).post(url(notice, "renew/"), {"expires_on": "2027-12-31"}, headers=HTMX)
    assert answer.status_code == 200
    assert "你 ·" in answer.content.decode()
    who = {maintainer.pk, second.pk, follower.pk}
    assert said == [(who, "card", {"card": expiry.CARD, "ref": notice.contact_id})]
    for other in (second, follower):
        page = as_(other).get(url(notice), headers=HTMX).content.decode()
        assert "已续期" in page
        assert "李敏 ·" in page
        assert "2027-12-31" in page
        assert "/renew/" not in page
    late = as_(second).post(url(notice, "renew/"), {"expires_on": "2028-12-31"}, headers=HTMX)
    assert late.status_code == 409
    assert "其他人已经处理过了" in late.content.decode()
    notice.contact.refresh_from_db()
    assert str(notice.contact.expires_at).startswith("2027-12-31")


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("", "必填"),
        ("2020-01-01", "请选择今天或以后"),
        ("2026-13-99", "日期"),
        ("x" * 99, "日期"),
        ("\x00", ""),
    ],
)
def test_days_that_cannot_be(
    notice: ExpiryNotice, maintainer: User, as_: As, day: str, words: str
) -> None:
    answer = as_(maintainer).post(url(notice, "renew/"), {"expires_on": day}, headers=HTMX)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Contact.objects.get(pk=notice.contact_id).expires_at == notice.expires_at


def test_the_card_as_it_is_and_after_the_account_was_closed(
    notice: ExpiryNotice, maintainer: User, as_: As, clock: time_machine.Traveller
) -> None:
    client = as_(maintainer)
    html = client.get(url(notice), headers=HTMX).content.decode()
    look = html.partition("?look=")[2][:10]
    assert client.get(url(notice) + f"?look={look}", headers=HTMX).status_code == 204
    clock.shift(datetime.timedelta(days=20))
    page = as_(maintainer).get(url(notice)).content.decode()
    assert "外部账号已到期" in page
    assert "/renew/" in page
    accounts.close(by=maintainer, contact=notice.contact)
    assert "/renew/" not in as_(maintainer).get(url(notice), headers=HTMX).content.decode()
    answer = as_(maintainer).post(url(notice, "renew/"), {"expires_on": "2027-12-31"}, headers=HTMX)
    assert answer.status_code == 409


def test_who_may_not_see_the_account_sees_no_card(notice: ExpiryNotice, as_: As) -> None:
    stranger = org.make_person()
    assert as_(stranger).get(url(notice), headers=HTMX).status_code == 404
    assert notices.expiries(stranger, {notice.pk}) == set()
    follower = notice.contact.follower
    assert follower is not None
    assert notices.expiries(follower, {notice.pk, 10**9}) == {notice.pk}
    Contact.objects.filter(pk=notice.contact_id).update(follower=None)
    assert notices.expiries(follower, {notice.pk}) == set()


def test_an_end_that_somebody_changed_meanwhile(notice: ExpiryNotice, maintainer: User) -> None:
    with pytest.raises(Conflict):
        accounts.set_expiry(
            by=maintainer, contact=notice.contact, expires_at=None,
            instead_of=notice.expires_at - datetime.timedelta(days=1),
        )  # fmt: skip
