"""What arrives at a real mail server, and what never does."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from im import reminder_jobs as jobs
from im import services
from im.models import Conversation, Message, Participant, Reminder
from tests.im import world
from tests.im.conftest import IDENTITY
from tests.im.reminders.conftest import Mailbox, Server
from tests.im.reminders.test_due import addressed, notify

pytestmark = pytest.mark.django_db
Say = Callable[..., Message]
READ: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def clock(server: Server) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as moving:
        yield moving


def tell(clock: time_machine.Traveller, minutes: float = 2) -> int:
    clock.shift(datetime.timedelta(minutes=minutes))
    return jobs.send_reminders()


def test_one_mail_for_everything_new_and_then_silence(
    box: Mailbox, talk: Conversation, zhou: User, lin: User, say: Say, clock: time_machine.Traveller
) -> None:
    addressed(lin)
    services.choose(by=lin, channel="mail", topic="messages", rhythm="now")
    say(zhou, "机密：报价单")
    say(zhou, "机密：附件")
    notify(lin)
    assert tell(clock) == 1
    assert tell(clock, 60) == 0
    (mail,) = box.mails
    assert box.to == [["lin@example.com"]]
    assert mail["Subject"].strip() == "外联通：1 条未读通知，2 条未读消息"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    (body,) = box.texts
    assert "- 通知\n" in body
    assert "来自 1 个会话" in body
    assert "https://wailian.example/portal/messages/\n" in body
    assert "https://wailian.example/portal/messages/settings/\n" in body
    for hidden in ("机密", "周明宇", "zhou"):
        assert hidden not in mail.as_string() + body


def test_in_the_language_of_whoever_gets_it(
    box: Mailbox, zhou: User, clock: time_machine.Traveller
) -> None:
    addressed(zhou)
    User.objects.filter(pk=zhou.pk).update(language="en")
    notify(zhou)
    assert tell(clock) == 1
    (mail,) = box.mails
    assert mail["Subject"] == "Wailian: 1 notification"
    assert "1 notification waits for you. New:" in box.texts[0]
    assert "https://wailian.example/messages/\n" in box.texts[0]


def _read(talk: Conversation, lin: User) -> None:
    Participant.objects.filter(user=lin).update(read_seq=99)


def _recalled(talk: Conversation, lin: User) -> None:
    Message.objects.update(recalled_at=timezone.now(), body="")


def _disabled(talk: Conversation, lin: User) -> None:
    User.objects.filter(pk=lin.pk).update(is_active=False)


def _no_identity(talk: Conversation, lin: User) -> None:
    world.World.identities.clear()


def _other_identity(talk: Conversation, lin: User) -> None:
    world.World.identities[lin.pk] = IDENTITY + 1


def _left(talk: Conversation, lin: User) -> None:
    Participant.objects.filter(user=lin).update(left_at=timezone.now())


def _muted(talk: Conversation, lin: User) -> None:
    Participant.objects.filter(user=lin).update(muted=True)


def _off(talk: Conversation, lin: User) -> None:
    services.choose(by=lin, channel="mail", topic="messages", rhythm="off")


def _no_address(talk: Conversation, lin: User) -> None:
    User.objects.filter(pk=lin.pk).update(email="")


@pytest.mark.parametrize(
    "meanwhile",
    [
        _read, _recalled, _disabled, _no_identity, _other_identity, _left, _muted, _off, _no_address,
    ],
)  # fmt: skip
def test_what_is_not_unread_or_not_readable_any_more_is_not_told(
    box: Mailbox, talk: Conversation, zhou: User, lin: User, say: Say, clock: time_machine.Traveller,
    meanwhile: Callable[[Conversation, User], None],
) -> None:  # fmt: skip
    addressed(lin)
    services.choose(by=lin, channel="mail", topic="messages", rhythm="now")
    say(zhou)
    meanwhile(talk, lin)
    assert tell(clock) == 0
    assert box.raw == []
    row = Reminder.objects.get()
    assert (row.due_at, row.lease_until, row.told_until) == (None, None, None)


def readable(user: User, ids: set[int]) -> set[int]:
    return ids & READ.get("ids", set())


def test_a_card_that_may_not_be_seen_any_more_is_neither_named_nor_counted(
    box: Mailbox, zhou: User, clock: time_machine.Traveller, settings: Settings
) -> None:
    settings.IM_CARD_READERS = {"contacts.import": f"{__name__}.readable"}
    addressed(zhou)
    for number in (1, 2):
        services.notify(
            user_ids=[zhou.pk], card_kind="contacts.import", card_ref=str(number),
            body=f"导入 {number}", dedupe_key=f"import-{number}",
        )  # fmt: skip
    services.notify(
        user_ids=[zhou.pk], card_kind="contacts.export", card_ref="7", body="导出", dedupe_key="export"
    )  # fmt: skip
    READ["ids"] = {2}
    assert tell(clock) == 1
    (mail,) = box.mails
    assert mail["Subject"] == "外联通：1 条未读通知"
    assert "导入 2" in mail.get_content()
    assert "导入 1" not in mail.get_content()
    assert "导出" not in mail.get_content()


def shut(_user: User) -> bool:
    return False


def test_each_notification_is_named_with_its_own_page(
    box: Mailbox, zhou: User, clock: time_machine.Traveller, settings: Settings
) -> None:
    settings.IM_CARD_READERS = dict.fromkeys(settings.IM_CARDS, f"{__name__}.readable")
    READ["ids"] = {7}
    addressed(zhou)
    services.notify(
        user_ids=[zhou.pk], card_kind="approvals.application", card_ref="7", body="待审批", dedupe_key="a"
    )  # fmt: skip
    notify(zhou)
    assert tell(clock) == 1
    assert "- 待审批\n  https://wailian.example/applications/7/\n" in box.texts[0]
    assert "- 通知\n- " in box.texts[0]  # plain words have no page of their own


def test_nobody_is_called_to_a_door_that_is_closed_to_him(
    box: Mailbox, talk: Conversation, zhou: User, lin: User, say: Say, clock: time_machine.Traveller,
    settings: Settings,
) -> None:  # fmt: skip
    addressed(zhou, lin)
    services.choose(by=lin, channel="mail", topic="messages", rhythm="now")
    settings.IM_OPEN_TO = f"{__name__}.shut"
    say(zhou)
    notify(lin)
    notify(zhou)
    assert tell(clock) == 1
    assert box.to == [["zhou@example.com"]]
    # Once it is open to him he is told of what came meanwhile.
    settings.IM_OPEN_TO = ""
    say(zhou)
    clock.shift(datetime.timedelta(hours=1))
    assert jobs.send_reminders() == 1
    assert box.to[1:] == [["lin@example.com"]]


@pytest.mark.parametrize(
    ("refusal", "trouble", "again"),
    [("550 5.1.1 no such user", "refused", False), ("451 4.3.0 try later", "later", True)],
)
def test_an_address_that_the_server_refuses(
    box: Mailbox, zhou: User, clock: time_machine.Traveller, refusal: str, trouble: str, again: bool
) -> None:
    addressed(zhou)
    notify(zhou)
    box.refuse_rcpt = refusal
    assert tell(clock) == 0
    assert Reminder.objects.get().trouble == trouble
    box.refuse_rcpt = ""
    assert tell(clock, 3) == int(again)
    assert len(box.raw) == int(again)
    notify(zhou, key="new")
    assert tell(clock, 15) == 1
    assert Reminder.objects.get().trouble == ""


def test_a_server_that_is_away_for_a_while_loses_nothing(
    server: Server, zhou: User, stranger: User, clock: time_machine.Traveller
) -> None:
    addressed(zhou, stranger)
    notify(zhou, stranger)
    server.stop()
    for _ in range(12):
        assert tell(clock) == 0
    assert set(Reminder.objects.values_list("attempts", "trouble")) == {(0, "")}
    server.start()
    assert tell(clock) == 2
    assert sorted(server.box.to) == [["stranger@example.com"], ["zhou@example.com"]]
    assert tell(clock) == 0


def test_what_never_gets_through_is_given_up_until_something_new_comes(
    box: Mailbox, zhou: User, clock: time_machine.Traveller, caplog: pytest.LogCaptureFixture
) -> None:
    addressed(zhou)
    notify(zhou)
    box.answers = ["451 later"] * 20
    for _ in range(12):
        tell(clock, 600)
    assert len(box.answers) == 20 - jobs.MAX_ATTEMPTS
    said = [row.getMessage() for row in caplog.records if row.name == "im.reminder_jobs"]
    assert said[-1].endswith("failed for good")
    assert "example.com" not in str(said)
    box.answers = []
    notify(zhou, key="new")
    assert tell(clock, 15) == 1


def test_addresses_and_names_that_try_to_write_headers(
    box: Mailbox, zhou: User, clock: time_machine.Traveller
) -> None:
    addressed(zhou)
    bad = "x@example.com\r\nBcc: all@example.com"
    User.objects.filter(pk=zhou.pk).update(name="周\r\nBcc: all@example.com", email=bad)
    services.notify(
        user_ids=[zhou.pk], card_kind="", card_ref="", body="标题\r\nBcc: b@example.com", dedupe_key="h"
    )  # fmt: skip
    assert tell(clock) == 0
    User.objects.filter(pk=zhou.pk).update(email="x@example.com")
    notify(zhou, key="2")
    assert tell(clock) == 1
    (mail,) = box.mails
    assert box.to == [["x@example.com"]]
    assert mail["Bcc"] is None
    assert "- 标题 Bcc: b@example.com\n" in box.texts[0]
