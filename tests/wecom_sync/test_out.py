"""Messages and approval cards in 企业微信, against the stand-in (SPEC WEC-8, IM-4, APR-3; SECURITY T31 to T34, T58)."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.models import LoginPolicy, User
from approvals import services as approvals
from approvals.models import Application
from contacts.models import Contact
from core.models import AuditEntry, OutboxEntry
from im import reminder_jobs
from im import services as im
from im.models import Reminder
from orgs.models import NodeUserGrant
from tests.approvals.conftest import Place, make_place
from tests.factories.accounts import AdminFactory
from tests.wecom_sync.conftest import QUICK
from tests.wecom_sync.equal import connect
from tests.wecom_sync.test_callbacks import receiver
from wecom_sync import channel, tasks
from wecom_sync.gateway import CallbackRefused
from wecom_sync.models import Callback, Connection, OwnPerson, RemotePerson, Run, SentCard
from wecom_sync.services import callbacks, cards, connections
from wecom_sync.standin.remote import StandIn

pytestmark = pytest.mark.django_db
SITE = "https://wailian.example"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    for module in (channel, cards):
        monkeypatch.setattr(module, "SHORT", QUICK)
    settings.BASE_URL, settings.MAIL_ENABLED, settings.PUSH_HOSTS = SITE, False, []


@pytest.fixture
def place() -> Place:
    return make_place()


@pytest.fixture
def connection(standin: StandIn) -> Connection:
    """Switched on, with the callbacks that the stand-in signs."""
    told = standin.connections()[0]
    one = next(one for one in connect(standin) if one.corp_id == told["corpid"])
    one.keep_callback(told["token"], told["aes_key"])
    one.notify = one.login = True
    one.save()
    standin.clear()
    return one


@pytest.fixture
def tell(connection: Connection) -> Iterator[Callable[..., int]]:
    """Minutes pass, and whoever is due is told. WeCom's own clock goes on as it is: five of them are too many."""
    with time_machine.travel(timezone.now(), tick=False) as clock:

        def go(minutes: int = 2) -> int:
            clock.shift(datetime.timedelta(minutes=minutes))
            return reminder_jobs.send_reminders()

        yield go


def members(standin: StandIn, connection: Connection) -> list[str]:
    truth = next(u for u in standin.truth()["upstreams"] if u["corpid"] == connection.corp_id)
    return [one["userid"] for one in truth["members"] if one["status"] == 1]


def link(standin: StandIn, connection: Connection, *people: User) -> list[str]:
    ids = members(standin, connection)[: len(people)]
    for user, who in zip(people, ids, strict=True):
        OwnPerson.objects.create(connection=connection, member_id=who, user=user)
    return ids


def sent(standin: StandIn) -> list[dict[str, Any]]:
    return list(standin.read("messages")["messages"])


def press(
    standin: StandIn, connection: Connection, message: dict[str, Any], who: str, key: str = "approve"
) -> None:  # fmt: skip
    """The button is pressed; the callback goes its whole way."""
    with receiver(callbacks.key_of(connection), connection.corp_id) as (url, got):
        standin.act("callback", corpid=connection.corp_id, url=url)
        standin.act("press", msgid=message["msgid"], userid=who, key=key)
    (event,) = got
    assert callbacks.take_in(connection=connection, event=event)
    with pytest.raises(CallbackRefused):
        callbacks.take_in(connection=connection, event=event)
    work("wecom_sync.press", "wecom_sync.show_cards", "wecom_sync.void_card")


def work(*names: str) -> None:
    """What the worker does of these, in this order."""
    for name in names:
        for entry in OutboxEntry.objects.filter(task=name, done_at=None).order_by("pk"):
            getattr(tasks, name.partition(".")[2]).run(entry_id=entry.pk)


def status(application: Application) -> str:
    return str(Application.objects.get(pk=application.pk).status)


def shown(message: dict[str, Any], *, times: int = 1) -> list[str]:
    """What a card says after it was changed."""
    assert len(message["updates"]) == times
    card = message["updates"][-1]["template_card"]
    lines = [line["value"] for line in card.get("horizontal_content_list", [])]
    return [card["replace_text"], card.get("sub_title_text", ""), *lines]


def test_staff_and_people_of_a_downstream_corp_are_told(
    standin: StandIn, connection: Connection, place: Place, tell: Callable[..., int]
) -> None:
    (own,) = link(standin, connection, place.viewer)
    truth = next(u for u in standin.truth()["upstreams"] if u["corpid"] == connection.corp_id)
    corps = [corp for chain in truth["chains"] for corp in chain["corps"] if corp.get("members")]
    corp, partner = corps[0]["corpid"], corps[0]["members"][0]["userid"]
    RemotePerson.objects.create(
        connection=connection, corp_id=corp, user_id=partner, contact=place.external.identities.get()
    )  # fmt: skip
    people = [place.viewer.pk, place.external.pk, place.stranger.pk]
    im.notify(user_ids=people, card_kind="", card_ref="", body="<b>同步</b>", dedupe_key="a")
    assert tell() == 2
    by_corp = {one["corpid"]: one for one in sent(standin)}
    assert {key: one["to"] for key, one in by_corp.items()} == {connection.corp_id: [own], corp: [partner]}  # fmt: skip
    text = by_corp[corp]["content"]["content"]
    assert text.splitlines()[:2] == ["1 条未读通知", "· b同步/b"]
    assert f"{SITE}/login/wecom/{connection.pk}/?next=%2Fportal%2Fmessages%2F" in text
    im.choose(by=place.viewer, channel="wecom", topic="notices", rhythm="off")
    im.notify(user_ids=people, card_kind="", card_ref="", body="又一条", dedupe_key="b")
    assert tell() == 1
    connections.set_doors(by=AdminFactory(), connection=connection, login=True, notify=False)
    im.notify(user_ids=people, card_kind="", card_ref="", body="第三条", dedupe_key="c")
    assert tell() == 0
    assert len(sent(standin)) == 3


def test_a_press_approves_and_every_card_shows_who_and_when(
    standin: StandIn, connection: Connection, place: Place, tell: Callable[..., int]
) -> None:
    li, wu = link(standin, connection, place.maintainer, place.holder)
    application = place.apply()
    assert tell() == 2
    mine, other = sorted(sent(standin), key=lambda one: one["to"] != [li])
    card, names = mine["content"], ("林晓彤", "苏州恒拓（示例）", "周明宇")
    assert [line["value"] for line in card["horizontal_content_list"]][:3] == list(names)  # fmt: skip
    assert "linxt@example.com" not in str(card)
    approve, refuse = card["button_list"]
    assert (approve["key"], "key" in refuse) == ("approve", False)
    page = f"{SITE}/login/wecom/{connection.pk}/?next=%2F"
    assert refuse["url"].startswith(page)
    assert str(application.pk) in refuse["url"]
    assert tell() == 0
    press(standin, connection, mine, li)
    fresh = Application.objects.get(pk=application.pk)
    assert (fresh.status, fresh.decided_by_id) == ("approved", place.maintainer.pk)
    assert AuditEntry.objects.filter(action="wecom.press", after={"status": "approved"}).exists()
    for message in sent(standin):
        words = shown(message)
        assert words[0] == "已同意" or words[0] == "已通过"
        assert place.maintainer.name in words[-1]
    assert set(SentCard.objects.values_list("state", "code_cipher")) == {("over", None)}
    # Whoever presses later changes nothing, and reads how it ended.
    press(standin, connection, other, wu)
    assert Application.objects.get(pk=application.pk).decided_by_id == place.maintainer.pk
    assert AuditEntry.objects.filter(action="wecom.press", after={"status": "decided"}).exists()
    (late,) = [one for one in sent(standin) if one["to"] == [wu]]
    assert place.maintainer.name in shown(late, times=2)[-1]
    assert Contact.objects.get(pk=place.contact.pk).account in ("opening", "active")
    assert not Run.objects.exists()
    callbacks.follow(connection_id=connection.pk)
    assert not Run.objects.exists(), "a press is no reason to read everything"
    assert "press-" not in str(list(Callback.objects.values_list("data", flat=True)))


@pytest.mark.parametrize("against", ["changed", "right", "disabled", "factor", "other", "unlinked"])
def test_what_stands_against_a_press(
    standin: StandIn, connection: Connection, place: Place, tell: Callable[..., int], against: str
) -> None:
    (li,) = link(standin, connection, place.maintainer)
    application, who = place.apply(), li
    tell()
    (message,) = sent(standin)
    said = {
        "changed": "林晓彤", "right": "没有", "disabled": "停用", "factor": "登录", "unlinked": "已不再关联",
    }.get(against, "")  # fmt: skip
    if against == "changed":
        Contact.objects.filter(pk=place.contact.pk).update(version=place.contact.version + 7)
    elif against == "right":
        NodeUserGrant.objects.filter(user=place.maintainer).delete()
    elif against == "disabled":
        User.objects.filter(pk=place.maintainer.pk).update(is_active=False)
    elif against == "factor":
        LoginPolicy.objects.update_or_create(pk=1, defaults={"staff": True})
    elif against == "other":
        who = members(standin, connection)[1]
    else:
        OwnPerson.objects.all().delete()
    press(standin, connection, message, who)
    assert status(application) == "pending"
    (message,) = sent(standin)
    if said:
        word, text, *lines = shown(message)
        assert word == "未处理"
        assert said in text
        assert bool(lines) == (against in ("changed", "factor"))
        assert ("林晓彤" in str(message["updates"])) == bool(lines), (
            "who may not see it reads nothing of it"
        )
    else:
        assert not message["updates"]
    pressed = AuditEntry.objects.filter(action="wecom.press")
    assert pressed.exists() == (against not in ("other", "unlinked"))
    assert not OutboxEntry.objects.filter(task__startswith="wecom_sync.", done_at=None).exists()


def test_a_decision_from_anywhere_ends_the_cards_and_a_limit_only_delays_it(
    standin: StandIn, connection: Connection, place: Place, tell: Callable[..., int]
) -> None:
    link(standin, connection, place.maintainer, place.holder)
    application = place.apply()
    tell()
    standin.fault("code", api="message/update_template_card", code=-1, times=0)
    approvals.decide(
        application_id=application.pk, approve=False, reason="不需要", by=place.administrator,
        version=place.contact.version,
    )  # fmt: skip
    with pytest.raises(Exception, match="企业微信"):
        work("wecom_sync.show_cards")
    assert SentCard.objects.filter(state="sent").count() == 2
    standin.clear()
    cards.show(application_id=application.pk)
    for message in sent(standin):
        assert shown(message)[0] == "已拒绝"
        assert "不需要" not in str(message["updates"])
    again = len(sent(standin))
    cards.show(application_id=application.pk)
    assert [len(one["updates"]) for one in sent(standin)] == [1] * again


@pytest.mark.parametrize("end", ["refused", "withdrawn", "lapsed", "gone"])
def test_a_press_that_comes_too_late_shows_how_it_ended(
    standin: StandIn, connection: Connection, place: Place, tell: Callable[..., int], end: str
) -> None:
    """The card was never changed before: WeCom did not take it."""
    (li,) = link(standin, connection, place.maintainer)
    application = place.apply()
    tell()
    (message,) = sent(standin)
    if end == "refused":
        approvals.decide(
            application_id=application.pk, approve=False, reason="不需要", by=place.administrator,
            version=place.contact.version,
        )  # fmt: skip
    elif end == "withdrawn":
        approvals.withdraw(application_id=application.pk, by=place.creator)
    elif end == "lapsed":
        with transaction.atomic():
            approvals.lapse(contact_id=place.contact.pk, reason="disabled", by=place.administrator)
    else:
        Application.objects.filter(pk=application.pk).delete()
    OutboxEntry.objects.filter(task="wecom_sync.show_cards").delete()
    press(standin, connection, message, li)
    (message,) = sent(standin)
    word, text, *lines = shown(message)
    words = {"refused": "已拒绝", "withdrawn": "已撤回", "lapsed": "已失效", "gone": "未处理"}
    assert word == words[end]
    assert (text == "此申请已不存在。", bool(lines)) == (
        (True, False) if end == "gone" else (False, True)
    )
    if end == "refused":
        assert place.administrator.name in lines[-1]
    assert not SentCard.objects.filter(state="sent").exists()


def test_who_lost_sight_of_an_application_reads_nothing_of_its_end(
    standin: StandIn, connection: Connection, place: Place, tell: Callable[..., int]
) -> None:
    link(standin, connection, place.maintainer)
    application = place.apply()
    tell()
    NodeUserGrant.objects.filter(user=place.maintainer).delete()
    Contact.objects.filter(pk=place.contact.pk).update(name="新名字")
    approvals.decide(
        application_id=application.pk, approve=False, reason="不需要", by=place.administrator,
        version=place.contact.version,
    )  # fmt: skip
    work("wecom_sync.show_cards")
    (message,) = sent(standin)
    assert shown(message) == ["已结束", ""]
    assert "新名字" not in str(message["updates"])


def test_without_callbacks_a_message_leads_to_the_page(
    standin: StandIn, connection: Connection, place: Place, tell: Callable[..., int]
) -> None:
    Connection.objects.filter(pk=connection.pk).update(callback_token_cipher=None, login=False)
    link(standin, connection, place.maintainer)
    application = place.apply()
    tell()
    (message,) = sent(standin)
    assert message["msgtype"] == "text"
    assert f'<a href="{SITE}/applications/{application.pk}/">' in message["content"]["content"]
    assert not SentCard.objects.exists()


@pytest.mark.parametrize("kind", ["cut", "code"])
def test_a_card_that_may_have_arrived_is_the_same_when_it_is_sent_again(
    standin: StandIn, connection: Connection, place: Place, tell: Callable[..., int], kind: str
) -> None:
    """Cut: it arrived and the answer did not. Code: it did not arrive."""
    (li,) = link(standin, connection, place.maintainer)
    application = place.apply()
    standin.fault(kind, api="message/send", times=1, **({"code": 45009} if kind == "code" else {}))
    assert tell() == 0
    assert Reminder.objects.get().trouble == "later"
    assert SentCard.objects.get().state == "sending"
    standin.clear()
    assert tell() == 1
    (message,) = sent(standin)
    assert message["msgtype"] == "template_card"
    press(standin, connection, message, li)
    assert status(application) == "approved"


def test_a_card_that_was_not_sent_goes_to_whom_the_login_belongs_by_then(
    standin: StandIn, connection: Connection, place: Place, tell: Callable[..., int]
) -> None:
    link(standin, connection, place.maintainer)
    application, new = place.apply(), members(standin, connection)[1]
    standin.fault("code", api="message/send", times=1, code=45009)
    assert tell() == 0
    standin.clear()
    OwnPerson.objects.update(member_id=new)
    assert tell() == 1
    (message,) = sent(standin)
    assert message["to"] == [new]
    press(standin, connection, message, new)
    assert status(application) == "approved"


def test_a_card_that_was_refused_comes_with_the_next_asking_and_a_reminder_is_a_line(
    standin: StandIn, connection: Connection, place: Place, tell: Callable[..., int]
) -> None:
    link(standin, connection, place.maintainer)
    application = place.apply()
    standin.fault("code", api="message/send", code=81013)
    assert tell() == 0
    assert Reminder.objects.get().trouble == "refused"
    approvals.remind(application_id=application.pk, by=place.creator)
    assert tell() == 1
    assert [one["msgtype"] for one in sent(standin)] == ["template_card"]
    Application.objects.filter(pk=application.pk).update(reminded_at=None)
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=1), tick=False):
        approvals.remind(application_id=application.pk, by=place.creator)
    assert tell() == 1
    assert [one["msgtype"] for one in sent(standin)] == ["template_card", "text"]


def test_a_message_that_may_have_arrived_is_not_said_again(
    standin: StandIn, connection: Connection, place: Place, tell: Callable[..., int]
) -> None:
    link(standin, connection, place.viewer)
    im.notify(user_ids=[place.viewer.pk], card_kind="", card_ref="", body="同步", dedupe_key="a")
    standin.fault("cut", api="message/send", times=0)
    assert tell() == 1
    standin.clear()
    assert tell() == 0
    assert len(sent(standin)) == 1
