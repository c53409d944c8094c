from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from im import services
from im.models import Conversation, Message
from tests.im import world

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]
Say = Callable[..., Message]


def test_a_thread(talk: Conversation, say: Say, zhou: User, lin: User, as_: As) -> None:
    say(zhou, "<script>alert(1)</script>")
    say(lin, "收到\n谢谢")
    answer = as_(zhou).get(f"/messages/{talk.pk}/")
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "收到\n谢谢" in html
    assert 'role="log"' in html
    assert "This is an external person" in html
    assert 'name="after" value="2"' in html
    assert f'hx-post="/messages/{talk.pk}/read/"' in html
    assert "style=" not in html
    assert not re.search(r"\son\w+=", html)


def test_staff_are_not_marked_external(
    talk: Conversation, say: Say, zhou: User, lin: User, as_: As
) -> None:
    say(zhou)
    html = as_(lin).get(f"/portal/messages/{talk.pk}/").content.decode()
    assert "This is an external person" not in html
    assert f'action="/portal/messages/{talk.pk}/send/"' in html
    assert '"/messages/' not in html


def test_read_only_after_the_right_went(talk: Conversation, say: Say, zhou: User, as_: As) -> None:
    say(zhou, "以前说的")
    world.World.sees.clear()
    html = as_(zhou).get(f"/messages/{talk.pk}/").content.decode()
    assert "以前说的" in html
    assert "This conversation is read-only now." in html
    assert "<textarea" not in html
    assert "恒拓精密" not in html


def test_another_identity_does_not_find_it(
    talk: Conversation, say: Say, zhou: User, lin: User, as_: As
) -> None:
    say(zhou, "给恒拓的人")
    world.external("lin", identity=999)
    client = as_(lin)
    assert client.get(f"/portal/messages/{talk.pk}/").status_code == 404
    assert "给恒拓的人" not in client.get("/portal/messages/").content.decode()


def test_days_are_named_once(talk: Conversation, say: Say, zhou: User, as_: As) -> None:
    now = timezone.localtime().replace(hour=12)
    for days in (1, 1, 0, 0):
        with time_machine.travel(now - timezone.timedelta(days=days)):
            say(zhou)
    with time_machine.travel(now):
        html = as_(zhou).get(f"/messages/{talk.pk}/").content.decode()
    assert re.findall(r'class="day"><span>([^<]+)<', html) == ["Yesterday", "Today"]


def test_older_messages_come_in_stretches(
    talk: Conversation, say: Say, zhou: User, lin: User, as_: As
) -> None:
    for number in range(50):
        say((zhou, lin)[number % 2], f"第{number}句。")
    client = as_(zhou)
    html = client.get(f"/messages/{talk.pk}/").content.decode()
    assert "第10句。" in html
    assert "第9句。" not in html
    assert f"/messages/{talk.pk}/older/?before=11" in html
    html = client.get(
        f"/messages/{talk.pk}/older/?before=11", headers={"HX-Request": "true"}
    ).content.decode()
    assert "第9句。" in html
    assert "第10句。" not in html
    assert html.count('class="day"') == 1
    assert "data-older" not in html
    assert "第0句。" in client.get(f"/messages/{talk.pk}/?before=11").content.decode()
    assert client.get(f"/messages/{talk.pk}/?before=x").status_code == 400


def test_notifications_name_their_card_and_nothing_of_it(
    zhou: User, as_: As, settings: object
) -> None:
    settings.IM_CARDS = {"approvals.application": "im:thread", "gone": "no:such"}  # type: ignore[attr-defined]
    for kind, ref in (
        ("approvals.application", "17"),
        ("gone", "1"),
        ("approvals.application", "x"),
        ("", ""),
    ):
        services.notify(
            user_ids=[zhou.pk],
            card_kind=kind,
            card_ref=ref,
            body=f"标题{kind}",
            dedupe_key=kind + ref,
        )
    conversation = Conversation.objects.get()
    html = as_(zhou).get(f"/messages/{conversation.pk}/").content.decode()
    assert 'hx-get="/messages/17/"' in html
    assert html.count('hx-trigger="intersect once"') == 1
    assert html.count("You may not see any more") == 3
    assert "<textarea" not in html
    assert "This is an external person" not in html


def test_queries_do_not_grow_with_the_messages(
    talk: Conversation, say: Say, zhou: User, lin: User, as_: As
) -> None:
    client = as_(zhou)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/messages/{talk.pk}/").status_code == 200
        return len(queries)

    say(lin)
    few = count()
    for _ in range(35):
        say(lin)
    assert count() == few
    assert few <= 14
