"""Many at once, in real threads on PostgreSQL: no gap, no duplicate, no deadlock (SECURITY I12)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections, transaction

from accounts.models import User
from core.errors import Hidden
from core.fetching import fetch
from im import services
from im.models import Conversation, Message, Participant
from im.reach import Party
from im.services import groups
from tests.im import world
from tests.im.conftest import IDENTITY
from tests.im.group_world import make_talk
from tests.im.live.streams import wait_for

pytestmark = pytest.mark.django_db(transaction=True)
WAITS = "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"


def at_once(calls: list[Callable[[], Any]], workers: int = 8) -> list[Any]:
    def run(call: Callable[[], Any]) -> Any:
        try:
            return call()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, calls))


def test_two_people_start_the_same_conversation(zhou: User, lin: User) -> None:
    a, b = Party(zhou.pk), Party(lin.pk, IDENTITY)
    world.sees(a, b, both=True)
    calls = [
        lambda: services.open_direct(by=zhou, other=b),
        lambda: services.open_direct(by=lin, other=a),
    ] * 8
    assert len({conversation.pk for conversation in at_once(calls)}) == 1
    assert Participant.objects.count() == 2


def test_numbers_have_no_gap(talk: Conversation, zhou: User, lin: User) -> None:
    def sender(number: int) -> Callable[[], Message]:
        by = (zhou, lin)[number % 2]
        return lambda: services.send(
            conversation_id=talk.pk, body=f"{number}", client_id=f"client-{number:04}", by=by
        )

    at_once([sender(number) for number in range(60)])
    seqs = list(Message.objects.order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, 61))
    talk.refresh_from_db()
    assert talk.last_seq == 60


def test_one_client_id_sent_eight_times_at_once(talk: Conversation, zhou: User) -> None:
    def call() -> Message:
        same = {"conversation_id": talk.pk, "body": "一次", "client_id": "client-same"}
        return services.send(**same, by=zhou).message

    assert len({message.pk for message in at_once([call] * 8)}) == 1
    assert Message.objects.count() == 1


def test_notifications_in_opposite_orders(zhou: User, stranger: User) -> None:
    people = [zhou.pk, stranger.pk, *(world.staff(f"p{number}").pk for number in range(6))]

    def notify(number: int) -> Callable[[], int]:
        ids = people if number % 2 else people[::-1]
        return lambda: services.notify(
            user_ids=ids, card_kind="", card_ref="", body="通知", dedupe_key=f"key-{number // 2}"
        )

    assert sum(at_once([notify(number) for number in range(16)])) == 8 * len(people)
    for conversation in Conversation.objects.all():
        seqs = list(conversation.messages.order_by("seq").values_list("seq", flat=True))
        assert seqs == list(range(1, 9))
        assert conversation.last_seq == 8
        assert conversation.participants.count() == 1


def test_a_message_that_waited_while_its_sender_was_removed_is_not_said(db: None) -> None:
    talk = make_talk()

    def waiting() -> bool:
        return bool(fetch(WAITS, []))

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            groups.remove(conversation_id=talk.group.pk, user_id=talk.b.pk, by=talk.a)
            said = pool.submit(at_once, [lambda: talk.say(talk.b)], 1)
            wait_for(waiting)
        with pytest.raises(Hidden):
            said.result()
    assert not Message.objects.filter(event="").exists()
