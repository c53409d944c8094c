"""Starting, sending, reading, recalling, notifying."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from core.errors import Conflict, Denied, Hidden, Invalid, Throttled
from core.models import AuditEntry
from im import selectors, services
from im.models import Conversation, Message, Participant
from im.reach import Party
from tests.im import world
from tests.im.conftest import IDENTITY

pytestmark = pytest.mark.django_db
Say = Callable[..., Message]


def test_a_conversation_is_the_same_from_both_ends(
    talk: Conversation, zhou: User, lin: User
) -> None:
    assert services.open_direct(by=lin, other=Party(zhou.pk)) == talk
    assert talk.key == f"{Party(zhou.pk)}|{Party(lin.pk, IDENTITY)}"
    ends = {(row.user_id, row.identity_id) for row in talk.participants.all()}
    assert ends == {(zhou.pk, None), (lin.pk, IDENTITY)}


@pytest.mark.parametrize(
    "other", ["unseen", "self", "missing", "inactive", "no identity", "wrong identity"]
)
def test_nobody_else_can_be_started_with(zhou: User, lin: User, stranger: User, other: str) -> None:
    me = Party(zhou.pk)
    target = {
        "unseen": Party(stranger.pk),
        "self": me,
        "missing": Party(10**12),
        "inactive": Party(stranger.pk),
        "no identity": Party(lin.pk),
        "wrong identity": Party(stranger.pk, 7),
    }[other]
    if other != "unseen":
        world.sees(me, target)
    if other == "inactive":
        User.objects.filter(pk=stranger.pk).update(is_active=False)
    with pytest.raises(Hidden):
        services.open_direct(by=zhou, other=target)
    assert not Conversation.objects.exists()


def test_external_people_never_reach_each_other_whatever_the_policy_says(lin: User) -> None:
    he = world.external("he", name="贺知远", identity=777)
    world.sees(Party(lin.pk, IDENTITY), Party(he.pk, 777), both=True)
    with pytest.raises(Hidden):
        services.open_direct(by=lin, other=Party(he.pk, 777))


def test_without_an_identity_nothing_can_be_started(zhou: User, lin: User) -> None:
    world.World.identities.clear()
    world.sees(Party(lin.pk), Party(zhou.pk))
    with pytest.raises(Hidden):
        services.open_direct(by=lin, other=Party(zhou.pk))


def test_an_existing_conversation_opens_after_the_right_went(
    talk: Conversation, zhou: User, lin: User
) -> None:
    world.World.sees.clear()
    assert services.open_direct(by=zhou, other=Party(lin.pk, IDENTITY)) == talk


def test_sending_numbers_and_marks_own_read(
    talk: Conversation, zhou: User, lin: User, say: Say
) -> None:
    first, second, third = say(zhou), say(lin), say(zhou)
    assert [first.seq, second.seq, third.seq] == [1, 2, 3]
    talk.refresh_from_db()
    assert talk.last_seq == 3
    assert {row.user_id: row.read_seq for row in talk.participants.all()} == {zhou.pk: 3, lin.pk: 2}
    assert not AuditEntry.objects.exists()


def test_the_same_client_id_sends_once(talk: Conversation, zhou: User) -> None:
    same = {"conversation_id": talk.pk, "client_id": "client-abcdef", "by": zhou}
    first = services.send(body="一次", **same).message
    assert services.send(body="一次 ", **same).message == first
    assert Message.objects.count() == 1


def test_what_is_sent_again_is_told_again(
    talk: Conversation, zhou: User, lin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, set[int]]] = []
    monkeypatch.setattr(
        "im.live.telling.conversation",
        lambda _talk, what, to: told.append((what, {row.user_id for row in to})),
    )
    for _ in "12":
        services.send(conversation_id=talk.pk, body="一次", client_id="client-abcdef", by=zhou)
    assert told == [("message", {zhou.pk, lin.pk})] * 2


def test_other_words_under_a_used_client_id_are_not_lost(
    talk: Conversation, zhou: User, lin: User
) -> None:
    same = {"conversation_id": talk.pk, "client_id": "client-abcdef"}
    services.send(body="一", by=zhou, **same)
    for by, body in ((zhou, "二"), (lin, "一")):
        with pytest.raises(Conflict):
            services.send(body=body, by=by, **same)
    assert Message.objects.count() == 1


@pytest.mark.parametrize("body", ["", "   \n\u200b", "x" * 5001])
def test_bodies_that_are_refused(talk: Conversation, zhou: User, say: Say, body: str) -> None:
    with pytest.raises(Invalid) as refused:
        say(zhou, body)
    assert refused.value.field == "body"
    assert not Message.objects.exists()


def test_five_thousand_characters_fit(zhou: User, say: Say) -> None:
    assert len(say(zhou, "字" * 5000).body) == 5000


@pytest.mark.parametrize(
    "client_id", ["", "short", "x" * 41, "with space 1", "id-\x00-nul-id", "名字名字名字名字"]
)
def test_client_ids_that_are_refused(talk: Conversation, zhou: User, client_id: str) -> None:
    with pytest.raises(Invalid):
        services.send(conversation_id=talk.pk, body="x", client_id=client_id, by=zhou)


def test_the_right_is_asked_for_with_every_message(zhou: User, lin: User, say: Say) -> None:
    say(zhou)
    world.World.sees = {(Party(lin.pk, IDENTITY), Party(zhou.pk))}  # one direction is enough
    say(zhou)
    world.World.sees.clear()
    for by in (zhou, lin):
        with pytest.raises(Denied) as denied:
            say(by)
        assert str(denied.value) == "这个会话现在只读" or denied.value.code == "read_only"
    assert Message.objects.count() == 2


def test_nobody_writes_to_a_disabled_login_nor_from_one(zhou: User, lin: User, say: Say) -> None:
    User.objects.filter(pk=lin.pk).update(is_active=False)
    lin.is_active = False
    for by in (zhou, lin):
        with pytest.raises(Denied):
            say(by)


def test_strangers_get_the_answer_of_a_missing_conversation(
    talk: Conversation, stranger: User, zhou: User
) -> None:
    def answers(pk: int, by: User) -> set[str]:
        said = set()
        for call in (
            lambda: services.send(conversation_id=pk, body="x", client_id="client-1", by=by),
            lambda: services.mark_read(conversation_id=pk, seq=1, by=by),
            lambda: services.recall(conversation_id=pk, seq=1, by=by),
            lambda: services.set_pinned(conversation_id=pk, value=True, by=by),
            lambda: services.set_muted(conversation_id=pk, value=True, by=by),
            lambda: selectors.thread(conversation_id=pk, user=by),
        ):
            with pytest.raises(Hidden) as hidden:
                call()
            said.add(str(hidden.value))
        return said

    assert answers(talk.pk, stranger) == answers(10**15, zhou)


def test_sixty_messages_a_minute(zhou: User, lin: User, say: Say) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(services.RATE_LIMIT):
            say(zhou)
        with pytest.raises(Throttled):
            say(zhou)
        say(lin)
        clock.shift(61)
        say(zhou)


def test_read_marks_move_forward_only(talk: Conversation, zhou: User, lin: User, say: Say) -> None:
    for _ in range(3):
        say(zhou)
    assert services.mark_read(conversation_id=talk.pk, seq=2, by=lin) is True
    assert services.mark_read(conversation_id=talk.pk, seq=1, by=lin) is False
    assert services.mark_read(conversation_id=talk.pk, seq=10**15, by=lin) is True
    assert Participant.objects.get(user=lin).read_seq == 3


def test_recall_within_two_minutes_wipes_the_words(
    talk: Conversation, zhou: User, lin: User, say: Say
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        early = say(zhou, "说错了")
        clock.shift(119)
        gone = services.recall(conversation_id=talk.pk, seq=early.seq, by=zhou)
        assert (gone.body, gone.recalled_at) == ("", timezone.now())
        assert (
            services.recall(conversation_id=talk.pk, seq=early.seq, by=zhou).recalled_at
            == gone.recalled_at
        )
        late = say(zhou, "晚了")
        with pytest.raises(Denied):
            services.recall(conversation_id=talk.pk, seq=late.seq, by=lin)
        clock.shift(121)
        with pytest.raises(Denied) as denied:
            services.recall(conversation_id=talk.pk, seq=late.seq, by=zhou)
        assert denied.value.code == "too_late"
    with pytest.raises(Hidden):
        services.recall(conversation_id=talk.pk, seq=99, by=zhou)


def test_pin_and_mute_are_ones_own(talk: Conversation, zhou: User, lin: User) -> None:
    services.set_pinned(conversation_id=talk.pk, value=True, by=zhou)
    services.set_muted(conversation_id=talk.pk, value=True, by=zhou)
    assert Participant.objects.filter(user=zhou, pinned=True, muted=True).exists()
    assert Participant.objects.filter(user=lin, pinned=False, muted=False).exists()


CARD = {"card_kind": "approvals.application", "card_ref": "17", "body": "有一个开通申请待审批"}


def test_a_notification_reaches_each_once(zhou: User, stranger: User) -> None:
    inactive = world.staff("gone")
    User.objects.filter(pk=inactive.pk).update(is_active=False)
    ids = [zhou.pk, stranger.pk, inactive.pk, 10**12, zhou.pk]
    assert services.notify(user_ids=ids, dedupe_key="application:17:pending", **CARD) == 2
    assert services.notify(user_ids=[*ids], dedupe_key="application:17:pending", **CARD) == 0
    assert services.notify(user_ids=[zhou.pk], dedupe_key="application:17:approved", **CARD) == 1
    conversation = Conversation.objects.get(key=f"system:{zhou.pk}")
    assert conversation.last_seq == 2
    assert list(conversation.messages.order_by("seq").values_list("seq", "sender", "card_ref")) == [
        (1, None, "17"),
        (2, None, "17"),
    ]


def test_notifying_many_costs_the_same_queries(
    db: None, django_assert_max_num_queries: Callable[..., object]
) -> None:
    people = [world.staff(f"p{number}").pk for number in range(60)]
    services.notify(user_ids=people[:5], dedupe_key="first", **CARD)
    with django_assert_max_num_queries(12):  # type: ignore[attr-defined]
        assert services.notify(user_ids=people, dedupe_key="second", **CARD) == 60


def test_a_card_that_nobody_draws_is_a_mistake_of_the_programmer(zhou: User) -> None:
    with pytest.raises(ValueError, match="IM_CARDS"):
        services.notify(
            user_ids=[zhou.pk], card_kind="no.such", card_ref="1", body="x", dedupe_key="x"
        )


def test_titles_are_short_and_long_keys_still_dedupe(zhou: User) -> None:
    words = {"card_kind": "", "card_ref": "", "body": "题\n" * 300, "dedupe_key": "k" * 200}
    assert services.notify(user_ids=[zhou.pk], **words) == 1
    assert services.notify(user_ids=[zhou.pk], **words) == 0
    assert len(Message.objects.get().body) <= 120


def test_notifications_cannot_be_answered(zhou: User) -> None:
    services.notify(user_ids=[zhou.pk], dedupe_key="one", **CARD)
    conversation = Conversation.objects.get()
    with pytest.raises(Denied):
        services.send(conversation_id=conversation.pk, body="x", client_id="client-1", by=zhou)
    with pytest.raises(Denied):
        services.recall(conversation_id=conversation.pk, seq=1, by=zhou)
