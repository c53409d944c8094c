"""Finding people and starting with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from im.models import Conversation
from im.reach import Card, Party
from tests.im import world
from tests.im.conftest import IDENTITY

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]


def test_only_people_within_reach_are_found(
    zhou: User, lin: User, stranger: User, as_: As, htmx: dict[str, str]
) -> None:
    world.sees(Party(zhou.pk), Party(lin.pk, IDENTITY))
    client = as_(zhou)
    html = client.get("/messages/find/", {"q": "林"}, headers=htmx).content.decode()
    assert f'value="{lin.pk}:{IDENTITY}"' in html
    assert "<html" not in html
    for name in ("沈", "周"):
        assert "Nobody found" in client.get("/messages/find/", {"q": name}).content.decode()
    assert "Type a name" in as_(lin).get("/portal/messages/find/").content.decode()


def test_names_are_text(zhou: User, stranger: User, as_: As) -> None:
    world.sees(Party(zhou.pk), Party(stranger.pk))
    world.World.cards[Party(stranger.pk)] = Card("<svg onload=x>", "<b>")
    html = as_(zhou).get("/messages/find/", {"q": "<svg"}).content.decode()
    assert "<svg onload" not in html
    assert "&lt;svg" in html


def test_starting(zhou: User, lin: User, as_: As) -> None:
    world.sees(Party(zhou.pk), Party(lin.pk, IDENTITY), both=True)
    answer = as_(zhou).post("/messages/start/", {"target": f"{lin.pk}:{IDENTITY}"})
    conversation = Conversation.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/messages/{conversation.pk}/")
    answer = as_(lin).post("/portal/messages/start/", {"target": f"{zhou.pk}"})
    assert answer["Location"] == f"/portal/messages/{conversation.pk}/"


def test_everybody_else_answers_like_nobody(zhou: User, lin: User, stranger: User, as_: As) -> None:
    client = as_(zhou)
    answers = set()
    for target in (
        f"{lin.pk}:{IDENTITY}",
        f"{stranger.pk}",
        f"{zhou.pk}",
        "99999999",
        "",
        "x",
        "1:2:3",
        "-1",
        "1" * 30,
    ):
        answer = client.post("/messages/start/", {"target": target}, headers={"HX-Request": "true"})
        answers.add((answer.status_code, answer.content))
    assert len(answers) == 1
    assert answers.pop()[0] == 404
    assert not Conversation.objects.exists()
