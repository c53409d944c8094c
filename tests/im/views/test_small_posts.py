"""Read, recall, pin, mute, badge."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from im.models import Conversation, Message, Participant

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]
Say = Callable[..., Message]


def test_reading_refreshes_what_counts(
    talk: Conversation, say: Say, zhou: User, lin: User, as_: As
) -> None:
    say(lin)
    client = as_(zhou)
    answer = client.post(f"/messages/{talk.pk}/read/", {"seq": "1"})
    assert answer.status_code == 204
    assert "#convs" in answer["HX-Trigger"]
    assert "HX-Trigger" not in client.post(f"/messages/{talk.pk}/read/", {"seq": "1"}).headers
    assert client.post(f"/messages/{talk.pk}/read/", {"seq": "x"}).status_code == 400
    assert Participant.objects.get(user=zhou).read_seq == 1


def test_the_badge_counts(talk: Conversation, say: Say, zhou: User, lin: User, as_: As) -> None:
    client = as_(zhou)
    assert "data-count" not in client.get("/messages/badge/").content.decode()
    say(lin)
    assert 'data-count="1"' in client.get("/messages/badge/").content.decode()
    assert "data-count" not in as_(lin).get("/portal/messages/badge/").content.decode()


def test_recalling(
    talk: Conversation, say: Say, zhou: User, lin: User, as_: As, htmx: dict[str, str]
) -> None:
    say(zhou, "说错了")
    assert as_(lin).post(f"/portal/messages/{talk.pk}/recall/1/").status_code == 403
    client = as_(zhou)
    html = client.post(f"/messages/{talk.pk}/recall/1/", headers=htmx).content.decode()
    assert "You recalled a message" in html
    assert "说错了" not in client.get(f"/messages/{talk.pk}/").content.decode()
    assert client.post(f"/messages/{talk.pk}/recall/1/").status_code == 303
    assert client.post(f"/messages/{talk.pk}/recall/9/").status_code == 404


def test_recalling_too_late(talk: Conversation, say: Say, zhou: User, as_: As) -> None:
    with time_machine.travel(timezone.now() - timezone.timedelta(minutes=3)):
        say(zhou, "早就说了")
    client = as_(zhou)
    assert client.post(f"/messages/{talk.pk}/recall/1/").status_code == 403
    assert "/recall/" not in client.get(f"/messages/{talk.pk}/").content.decode()


@pytest.mark.parametrize(("door", "field"), [("pin", "pinned"), ("mute", "muted")])
def test_switches(door: str, field: str, talk: Conversation, zhou: User, as_: As) -> None:
    client = as_(zhou)
    for value, expected in (("1", True), ("0", False)):
        answer = client.post(f"/messages/{talk.pk}/{door}/", {"on": value})
        assert (answer.status_code, answer["Location"]) == (303, f"/messages/{talk.pk}/")
        assert getattr(Participant.objects.get(user=zhou), field) is expected
    assert client.post(f"/messages/{talk.pk}/{door}/", {"on": "x"}).status_code == 400
