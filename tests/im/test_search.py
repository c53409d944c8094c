"""Search in one's own messages: what is found, in which form, and what never is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from im import selectors, services
from im.models import Conversation, Message, Participant
from im.reach import Party
from im.selectors import searching
from im.words import marked, terms_of, words_of
from tests.im import world
from tests.im.uploading import upload

pytestmark = pytest.mark.django_db
Say = Callable[..., Message]


def found(user: User, q: str, **more: int) -> list[str]:
    return [message.body for message in selectors.search(user=user, q=q, **more).messages]


@pytest.mark.parametrize(
    "q",
    [
        "款",
        "付款",
        "付款 期限",
        "付款　期限",
        "期限 付款",
        "FRAMEWORK",
        "ｆramework",
        "fr",
        "框架協議",
        "60",
        "café",
        "cafe",
    ],
)
def test_found(q: str, zhou: User, lin: User, say: Say) -> None:
    say(lin, "无关")
    say(lin, "框架协议 Framework 第 6 条\n付款的期限是 60 天 Café")
    assert len(found(zhou, q)) == 1


@pytest.mark.parametrize(
    "q", ["", " ", "f", "6", "%", "_", "\\", "付款 无关", "第6条", "x" * 500, "%期限", "f_am"]
)
def test_not_found(q: str, zhou: User, lin: User, say: Say) -> None:
    say(lin, "框架协议 Framework 第 6 条\n付款的期限是 60 天")
    assert found(zhou, q) == []


def test_special_characters_are_themselves(zhou: User, say: Say) -> None:
    say(zhou, "折扣 5% 型号 A_1 路径 c:\\x")
    for q in ("5%", "a_1", "c:\\x"):
        assert len(found(zhou, q)) == 1


def test_both_sides_find_it_and_nobody_else(
    talk: Conversation, zhou: User, lin: User, stranger: User, say: Say
) -> None:
    say(zhou, "盖章版")
    assert found(zhou, "盖章") == found(lin, "盖章") == ["盖章版"]
    assert found(stranger, "盖章") == found(stranger, "盖章", conversation_id=talk.pk) == []
    world.World.identities[lin.pk] = 999
    assert found(lin, "盖章") == []


def test_recalled_and_closed_parts_are_never_found(
    talk: Conversation, zhou: User, lin: User, say: Say
) -> None:
    for body in ("盖章一", "盖章二", "盖章三"):
        say(zhou, body)
    gone = services.recall(conversation_id=talk.pk, seq=2, by=zhou)
    assert gone.words == ""
    assert found(lin, "盖章") == ["盖章三", "盖章一"]
    Participant.objects.filter(user=lin).update(from_seq=1)
    assert found(lin, "盖章") == ["盖章三"]
    Participant.objects.filter(user=lin).update(left_at="2026-01-01T00:00Z")
    assert found(lin, "盖章") == []


def test_files_are_found_by_name(
    talk: Conversation, zhou: User, lin: User, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    services.send_file(
        conversation_id=talk.pk,
        file=upload(),
        name="框架協議 V3.PDF",
        client_id="client-file",
        by=lin,
    )
    (message,) = selectors.search(user=zhou, q="协议 v3.pdf").messages
    assert message.attachment


def test_pages_follow_each_other_over_conversations(
    talk: Conversation, zhou: User, lin: User, say: Say
) -> None:
    he = world.external("he", name="贺知远", identity=777)
    world.sees(Party(zhou.pk), Party(he.pk, 777), both=True)
    other = services.open_direct(by=zhou, other=Party(he.pk, 777))
    for number in range(25):
        say(lin, f"盖章 {number}")
        say(he, f"盖章 {number}", conversation=other)
    pages, before = [], None
    while True:
        page = selectors.search(user=zhou, q="盖章", before=before)
        pages.append([message.pk for message in page.messages])
        before = page.before
        if before is None:
            break
    assert [len(page) for page in pages] == [20, 20, 10]
    flat = [pk for page in pages for pk in page]
    assert flat == sorted(set(flat), reverse=True)
    assert len(found(zhou, "盖章", conversation_id=other.pk)) == 20


def test_what_is_looked_at_is_limited(
    talk: Conversation, zhou: User, lin: User, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    he = world.external("he", name="贺知远", identity=777)
    world.sees(Party(zhou.pk), Party(he.pk, 777), both=True)
    other = services.open_direct(by=zhou, other=Party(he.pk, 777))
    say(lin, "盖章 旧")
    say(he, "盖章 新", conversation=other)
    monkeypatch.setattr(searching, "MOST_MESSAGES", 1)
    page = selectors.search(user=zhou, q="盖章")
    assert [message.body for message in page.messages] == ["盖章 新"]
    assert page.partial
    assert found(zhou, "盖章", conversation_id=talk.pk) == ["盖章 旧"]


def test_the_number_of_queries_is_fixed(zhou: User, lin: User, say: Say) -> None:
    counts = []
    for _ in range(2):
        for number in range(15):
            say(lin, f"盖章 {number}")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert found(zhou, "盖章")
        counts.append(len(asked))
    assert counts == [3, 3]


def test_hits_are_marked_where_they_stand() -> None:
    terms = terms_of("協議 a")
    assert terms == ["协议", "a"]
    assert marked("框架协议A版", terms) == [
        ("框架", False),
        ("协议", True),
        ("A", True),
        ("版", False),
    ]
    long = "前" * 100 + "ﬁle" + "后" * 300  # one character that folds into two
    pieces = marked(long, terms_of("file"))
    assert pieces[0] == ("…", False)
    assert ("ﬁle", True) in pieces
    assert pieces[-1] == ("…", False)
    assert marked("短", terms_of("没有")) == [("短", False)]
    assert words_of("Ａ\n B　協") == "a b 协"
