from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from im import services
from im.models import Conversation, Message
from tests.im import world

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]
Say = Callable[..., Message]


def news(client: Client, talk: Conversation, **since: int) -> tuple[int, str]:
    values = {"after": 0, "read": 0, "recalled": 0, "writable": 1} | since
    answer = client.get(f"/messages/{talk.pk}/news/", values, headers={"HX-Request": "true"})
    return answer.status_code, answer.content.decode()


def test_nothing_new(talk: Conversation, say: Say, zhou: User, as_: As) -> None:
    say(zhou)
    assert news(as_(zhou), talk, after=1) == (204, "")


def test_new_words_read_marks_and_recalls(
    talk: Conversation, say: Say, zhou: User, lin: User, as_: As
) -> None:
    say(zhou, "一")
    say(zhou, "二")
    client = as_(zhou)
    services.mark_read(conversation_id=talk.pk, seq=2, by=lin)
    services.recall(conversation_id=talk.pk, seq=1, by=zhou)
    say(lin, "三<i>")
    status, html = news(client, talk, after=2)
    assert status == 200
    assert "三&lt;i&gt;" in html
    assert "二" not in html
    assert 'id="msg-1" hx-swap-oob="true"' in html
    assert 'id="read-2" hx-swap-oob="true"' in html
    assert 'name="after" value="3"' in html


def test_the_first_words_take_the_place_of_the_hint(
    talk: Conversation, say: Say, zhou: User, lin: User, as_: As
) -> None:
    say(lin)
    assert 'id="thread-empty" hx-swap-oob="delete"' in news(as_(zhou), talk)[1]


def test_the_composer_follows_the_right(talk: Conversation, say: Say, zhou: User, as_: As) -> None:
    say(zhou)
    client, sees = as_(zhou), set(world.World.sees)
    world.World.sees.clear()
    status, html = news(client, talk, after=1)
    assert status == 200
    assert "This conversation is read-only now." in html
    assert "<textarea" not in html
    assert news(client, talk, after=1, writable=0)[0] == 204
    world.World.sees = sees
    assert "<textarea" in news(client, talk, after=1, writable=0)[1]


def test_a_cursor_that_is_no_number(talk: Conversation, zhou: User, as_: As) -> None:
    assert as_(zhou).get(f"/messages/{talk.pk}/news/?after=x").status_code == 400
