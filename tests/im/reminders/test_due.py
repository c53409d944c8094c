"""Who becomes due, when, and at what price."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from core.errors import Invalid
from im import services
from im.models import ChannelChoice, Conversation, Message, Participant, Reminder, Topic
from im.services.reminding import remind
from tests.im import world
from wecom_sync.channel import WeComChannel

pytestmark = pytest.mark.django_db
Say = Callable[..., Message]
NOON = datetime.datetime(2026, 11, 25, 12, 0, tzinfo=datetime.UTC)  # 20:00 in Shanghai
MINUTE, HOUR = datetime.timedelta(minutes=1), datetime.timedelta(hours=1)


@pytest.fixture(autouse=True)
def clock(settings: Settings) -> Iterator[time_machine.Traveller]:
    settings.MAIL_ENABLED = True
    with time_machine.travel(NOON, tick=False) as moving:
        yield moving


def addressed(*people: User) -> None:
    for person in people:
        User.objects.filter(pk=person.pk).update(email=f"{person.username}@example.com")
        person.refresh_from_db()


def notify(*people: User, key: str = "x") -> None:
    services.notify(
        user_ids=[person.pk for person in people], card_kind="", card_ref="", body="通知", dedupe_key=key
    )  # fmt: skip


def due(person: User) -> datetime.datetime | None:
    row = Reminder.objects.filter(user=person, channel="mail").first()
    return row.due_at if row else None


def test_a_notification_is_due_after_the_grace_for_those_with_an_address(
    zhou: User, lin: User, stranger: User
) -> None:
    addressed(zhou, lin)
    User.objects.filter(pk=lin.pk).update(is_active=False)
    notify(zhou, lin, stranger)
    assert due(zhou) == NOON + MINUTE
    assert list(Reminder.objects.values_list("user", flat=True)) == [zhou.pk]


def test_messages_are_due_for_those_who_want_it(
    talk: Conversation, zhou: User, lin: User, say: Say
) -> None:
    addressed(zhou, lin)
    say(zhou)
    assert due(lin) is None
    services.choose(by=lin, channel="mail", topic="messages", rhythm="now")
    say(zhou)
    assert due(lin) == NOON + MINUTE
    assert due(zhou) is None


def test_muted_conversations_are_left_out_unless_he_is_mentioned(
    talk: Conversation, zhou: User, lin: User, say: Say
) -> None:
    addressed(lin)
    services.choose(by=lin, channel="mail", topic="messages", rhythm="now")
    services.set_muted(conversation_id=talk.pk, value=True, by=lin)
    say(zhou)
    assert due(lin) is None
    # What the service does with a message that names somebody.
    name = "mention-1"
    seat, _sent = services.messages.begin(conversation_id=talk.pk, client_id=name, by=zhou)
    services.messages.append(
        seat.me, client_id=name, by=zhou, to=seat.listeners, body="@林晓彤", mentions=[lin.pk]
    )
    assert due(lin) == NOON + MINUTE


def test_the_soonest_counts_and_a_pause_follows(zhou: User, clock: time_machine.Traveller) -> None:
    addressed(zhou)
    notify(zhou, key="1")
    clock.shift(30)
    notify(zhou, key="2")
    assert due(zhou) == NOON + MINUTE
    Reminder.objects.update(due_at=None, told_until=NOON)
    notify(zhou, key="3")
    assert due(zhou) == NOON + 10 * MINUTE


@pytest.mark.parametrize(
    ("rhythm", "told", "expected"),
    [
        ("hourly", None, NOON + MINUTE),
        ("hourly", NOON, NOON + HOUR),
        ("daily", None, NOON + 12 * HOUR),  # 8:00 in Shanghai
        ("off", None, None),
    ],
)
def test_rhythms(
    zhou: User, rhythm: str, told: datetime.datetime | None, expected: datetime.datetime | None
) -> None:
    addressed(zhou)
    Reminder.objects.create(user=zhou, channel="mail", told_until=told)
    services.choose(by=zhou, channel="mail", topic="notices", rhythm=rhythm)
    notify(zhou)
    assert due(zhou) == expected


def test_the_number_of_queries_does_not_grow_with_the_people(
    django_assert_num_queries: DjangoAssertNumQueries, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    people = [world.staff(f"p{n}") for n in range(12)]
    addressed(*people)
    notify(*people)
    rows = Participant.objects.filter(conversation__kind="system")
    for some, count in ((rows.filter(user__in=people[:2]), 2), (rows, 12)):
        with django_assert_num_queries(2):
            assert remind(some.values("user_id"), topic=Topic.NOTICES) == count
    settings.MAIL_ENABLED, settings.PUSH_HOSTS = False, []
    monkeypatch.setattr(WeComChannel, "configured", lambda _self: False)
    with django_assert_num_queries(0):
        assert remind(rows.values("user_id"), topic=Topic.NOTICES) == 0


def test_nothing_is_due_for_what_was_rolled_back_or_said_twice(zhou: User) -> None:
    addressed(zhou)
    notify(zhou)
    Reminder.objects.update(due_at=None)
    with CaptureQueriesContext(connection) as captured:
        notify(zhou)
    assert due(zhou) is None
    assert not [query for query in captured if "im_reminder" in query["sql"]]


@pytest.mark.parametrize(
    "given",
    [
        {"channel": "pigeon"}, {"topic": "gossip"}, {"rhythm": "never"}, {"channel": "\x00"},
        {"rhythm": ""},
    ],
)  # fmt: skip
def test_choices_that_do_not_exist(zhou: User, given: dict[str, str]) -> None:
    addressed(zhou)
    with pytest.raises(Invalid):
        services.choose(by=zhou, **({"channel": "mail", "topic": "notices", "rhythm": "now"} | given))  # fmt: skip
    assert not ChannelChoice.objects.exists()


def test_without_an_address_there_is_nothing_to_choose(zhou: User) -> None:
    with pytest.raises(Invalid, match="邮箱"):
        services.choose(by=zhou, channel="mail", topic="notices", rhythm="now")
    assert timezone.now() == NOON
