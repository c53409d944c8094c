"""The list, the thread, the counts, and what an open page is told."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from core.errors import Hidden
from im import selectors, services
from im.models import Conversation, Message
from im.reach import Party
from im.selectors import Cursor
from tests.im import world

pytestmark = pytest.mark.django_db
Say = Callable[..., Message]
CARD = {"card_kind": "approvals.application", "card_ref": "17", "body": "有一个开通申请待审批"}


def talks(zhou: User, number: int, start: int = 0) -> list[Conversation]:
    made = []
    for index in range(start, start + number):
        other = world.external(f"e{index}", name=f"外{index}", identity=1000 + index)
        party = Party(other.pk, 1000 + index)
        world.sees(Party(zhou.pk), party)
        conversation = services.open_direct(by=zhou, other=party)
        services.send(
            conversation_id=conversation.pk,
            body=f"第{index}",
            client_id=f"client-{index:04}",
            by=other,
        )
        made.append(conversation)
    return made


def names(user: User, **options: object) -> list[str]:
    rows, _more = selectors.conversations(user=user, **options)  # type: ignore[arg-type]
    return [row.card.name for row in rows]


def test_newest_first_pinned_before_all(zhou: User) -> None:
    made = talks(zhou, 3)
    assert names(zhou) == ["外2", "外1", "外0"]
    services.set_pinned(conversation_id=made[0].pk, value=True, by=zhou)
    assert names(zhou) == ["外0", "外2", "外1"]


def test_rows_carry_last_line_and_exact_unread(
    talk: Conversation, zhou: User, lin: User, say: Say
) -> None:
    say(zhou, "在吗")
    for number in range(3):
        say(lin, f"在 {number}")
    services.recall(conversation_id=talk.pk, seq=3, by=lin)
    (row,), more = selectors.conversations(user=zhou)
    assert (row.card.name, row.card.external, row.unread, more) == ("林晓彤", True, 2, False)
    assert row.last is not None
    assert row.last.body == "在 2"
    assert not row.last_mine
    services.mark_read(conversation_id=talk.pk, seq=2, by=zhou)
    assert selectors.unread_total(user=zhou) == 1
    say(zhou)
    assert selectors.unread_total(user=zhou) == 0
    assert selectors.unread_total(user=lin) == 1


def test_filters_and_more(zhou: User) -> None:
    made = talks(zhou, 3)
    services.notify(user_ids=[zhou.pk], dedupe_key="n", **CARD)
    services.mark_read(conversation_id=made[1].pk, seq=9, by=zhou)
    assert len(names(zhou)) == 4
    assert set(names(zhou, only="unread")) - set(names(zhou, only="notices")) == {"外0", "外2"}
    assert len(names(zhou, only="notices")) == 1
    rows, more = selectors.conversations(user=zhou, limit=2)
    assert len(rows) == 2
    assert more


def test_a_conversation_without_a_word_is_listed_only_while_open(
    talk: Conversation, zhou: User, lin: User
) -> None:
    assert names(lin) == []
    assert names(zhou, current_id=talk.pk) == ["林晓彤"]


def test_muted_conversations_do_not_count(
    talk: Conversation, zhou: User, lin: User, say: Say
) -> None:
    say(lin)
    services.notify(user_ids=[zhou.pk], dedupe_key="n", **CARD)
    assert selectors.unread_total(user=zhou) == 2
    services.set_muted(conversation_id=talk.pk, value=True, by=zhou)
    assert selectors.unread_total(user=zhou) == 1


def count(call: Callable[[], object]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        call()
    return len(queries)


def test_queries_do_not_grow_with_the_rows(
    zhou: User, talk: Conversation, lin: User, say: Say
) -> None:
    talks(zhou, 2)
    say(lin)
    thread = selectors.thread(conversation_id=talk.pk, user=zhou)
    calls: list[Callable[[], object]] = [
        lambda: selectors.conversations(user=zhou),
        lambda: selectors.unread_total(user=zhou),
        lambda: selectors.thread(conversation_id=talk.pk, user=zhou),
        lambda: selectors.page(thread=thread),
        lambda: selectors.news(
            thread=selectors.thread(conversation_id=talk.pk, user=zhou), since=Cursor()
        ),
    ]
    few = [count(call) for call in calls]
    talks(zhou, 20, start=2)
    for _ in range(30):
        say(lin)
    world.World.calls.clear()
    assert [count(call) for call in calls] == few
    assert few == [3, 1, 2, 1, 4]
    assert world.World.calls.count("labels") == 3


def test_identities_of_one_login_are_apart(
    talk: Conversation, zhou: User, lin: User, say: Say
) -> None:
    say(zhou, "给恒拓的林晓彤")
    services.notify(user_ids=[lin.pk], card_kind="", card_ref="", body="密码将到期", dedupe_key="n")
    world.external("lin", identity=999)
    assert names(lin) == [selectors.notices_card().name]
    assert selectors.unread_total(user=lin) == 1
    with pytest.raises(Hidden):
        selectors.thread(conversation_id=talk.pk, user=lin)
    with pytest.raises(Hidden):
        say(lin, "从另一个身份")
    world.World.identities.clear()
    assert selectors.unread_total(user=lin) == 1
    with pytest.raises(Hidden):
        selectors.thread(conversation_id=talk.pk, user=lin)


def test_each_identity_has_its_own_conversation(talk: Conversation, zhou: User, lin: User) -> None:
    world.external("lin", identity=999)
    world.sees(Party(zhou.pk), Party(lin.pk, 999))
    assert services.open_direct(by=zhou, other=Party(lin.pk, 999)) != talk


def test_a_read_only_thread_keeps_the_name_and_drops_the_rest(
    talk: Conversation, zhou: User, say: Say
) -> None:
    say(zhou)
    thread = selectors.thread(conversation_id=talk.pk, user=zhou)
    assert thread.writable
    assert thread.card.line == "恒拓精密"
    world.World.sees.clear()
    thread = selectors.thread(conversation_id=talk.pk, user=zhou)
    assert not thread.writable
    assert (thread.card.name, thread.card.line) == ("林晓彤", "")


def test_people_the_directory_forgot_keep_the_name_of_their_login(
    talk: Conversation, zhou: User, lin: User, say: Say
) -> None:
    say(lin)
    world.World.cards.clear()
    assert names(zhou) == ["林晓彤"]


def test_pages_of_a_thread(zhou: User, lin: User, talk: Conversation, say: Say) -> None:
    for number in range(25):
        say((zhou, lin)[number % 2])
    thread = selectors.thread(conversation_id=talk.pk, user=zhou)
    newest = selectors.page(thread=thread, limit=10)
    assert [message.seq for message in newest.messages] == list(range(16, 26))
    assert newest.has_older
    assert newest.edge is None
    older = selectors.page(thread=thread, before=16, limit=10)
    assert [message.seq for message in older.messages] == list(range(6, 16))
    assert older.edge is not None
    assert older.edge.seq == 16
    assert older.has_older
    oldest = selectors.page(thread=thread, before=6, limit=10)
    assert [message.seq for message in oldest.messages] == [1, 2, 3, 4, 5]
    assert not oldest.has_older


def test_an_open_page_is_told_what_is_new_and_nothing_twice(
    talk: Conversation, zhou: User, lin: User, say: Say
) -> None:
    say(zhou, "一")
    say(zhou, "二")

    def thread() -> selectors.Thread:
        return selectors.thread(conversation_id=talk.pk, user=zhou)

    here = selectors.cursor(thread=thread(), messages=selectors.page(thread=thread()).messages)
    assert here == Cursor(after=2, read=0, recalled=0, writable=True)
    assert not selectors.news(thread=thread(), since=here).changed

    services.mark_read(conversation_id=talk.pk, seq=2, by=lin)
    say(lin, "三")
    services.recall(conversation_id=talk.pk, seq=1, by=zhou)
    news = selectors.news(thread=thread(), since=here)
    assert news.changed
    assert [message.seq for message in news.page.messages] == [3]
    assert news.page.edge is not None
    assert news.page.edge.seq == 2
    assert [message.seq for message in news.recalled] == [1]
    assert [message.seq for message in news.read] == [2]
    assert not selectors.news(thread=thread(), since=news.cursor).changed

    world.World.sees.clear()
    news = selectors.news(thread=thread(), since=news.cursor)
    assert news.changed
    assert not news.cursor.writable
