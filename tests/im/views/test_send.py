from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from im.models import Conversation, Message
from tests.im import world

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]
WORDS = {"body": "你好", "client_id": "client-1234"}


def test_without_htmx(talk: Conversation, zhou: User, as_: As) -> None:
    answer = as_(zhou).post(f"/messages/{talk.pk}/send/", WORDS)
    assert (answer.status_code, answer["Location"]) == (303, f"/messages/{talk.pk}/")
    assert Message.objects.get().body == "你好"


def test_an_external_person_is_sent_back_into_the_portal(
    talk: Conversation, lin: User, as_: As
) -> None:
    answer = as_(lin).post(f"/portal/messages/{talk.pk}/send/", WORDS)
    assert answer["Location"] == f"/portal/messages/{talk.pk}/"


def test_with_htmx_the_words_and_a_new_name_for_the_next(
    talk: Conversation, zhou: User, as_: As, htmx: dict[str, str]
) -> None:
    client = as_(zhou)
    html = client.post(f"/messages/{talk.pk}/send/", WORDS, headers=htmx).content.decode()
    assert "你好" in html
    assert 'id="client-id"' in html
    assert 'value="client-1234"' not in html
    again = client.post(f"/messages/{talk.pk}/send/", WORDS, headers=htmx)
    assert again.status_code == 200
    assert Message.objects.count() == 1


@pytest.mark.parametrize("body", ["", " \n\x00\u200b", "字" * 10_000])
def test_refused_words_come_back(
    talk: Conversation, zhou: User, as_: As, htmx: dict[str, str], body: str
) -> None:
    client = as_(zhou)
    for headers in ({}, htmx):
        answer = client.post(f"/messages/{talk.pk}/send/", WORDS | {"body": body}, headers=headers)
        assert answer.status_code == 422
        assert body.strip("\x00 \n") in answer.content.decode()
    assert answer["HX-Retarget"] == "#composer"
    assert not Message.objects.exists()


def test_other_words_under_the_same_name_come_back(
    talk: Conversation, zhou: User, as_: As, htmx: dict[str, str]
) -> None:
    client = as_(zhou)
    client.post(f"/messages/{talk.pk}/send/", WORDS, headers=htmx)
    answer = client.post(f"/messages/{talk.pk}/send/", WORDS | {"body": "你好啊"}, headers=htmx)
    assert answer.status_code == 422
    assert "你好啊</textarea>" in answer.content.decode()


def test_read_only(
    talk: Conversation, zhou: User, lin: User, as_: As, htmx: dict[str, str]
) -> None:
    world.World.sees.clear()
    for client, place in ((as_(zhou), "/messages/"), (as_(lin), "/portal/messages/")):
        for headers in ({}, htmx):
            answer = client.post(f"{place}{talk.pk}/send/", WORDS, headers=headers)
            assert answer.status_code == 403
            assert "This conversation is read-only now." in answer.content.decode()
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    "body",
    ["a\x00b", "\u202eabc", "]]>", "{{ 1|add:1 }}", "'; --", "\ud83d\ude00", "<img onerror=x>"],
)
def test_strange_words_are_shown_as_they_are(
    talk: Conversation, zhou: User, as_: As, htmx: dict[str, str], body: str
) -> None:
    body = body.encode("utf-16", "surrogatepass").decode("utf-16")
    answer = as_(zhou).post(f"/messages/{talk.pk}/send/", WORDS | {"body": body}, headers=htmx)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "<img" not in html
    assert "\x00" not in html
    assert "\u202e" not in html
