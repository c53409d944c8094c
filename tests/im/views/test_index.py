from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from im import reach, services
from im.models import Conversation, Message
from tests.im import world

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]
Say = Callable[..., Message]


def test_the_list_shows_name_mark_line_and_count(
    talk: Conversation, say: Say, zhou: User, lin: User, as_: As
) -> None:
    say(lin, "周三前<b>发我</b>\n就行")
    html = as_(zhou).get("/messages/").content.decode()
    assert "林晓彤" in html
    assert "周三前&lt;b&gt;发我&lt;/b&gt; 就行" in html
    assert 'class="ext"' in html
    assert f'href="/messages/{talk.pk}/"' in html
    assert re.search(r'count-solid">1<', html)


def test_an_external_person_stays_in_the_portal(
    talk: Conversation, say: Say, zhou: User, lin: User, as_: As
) -> None:
    say(zhou)
    html = as_(lin).get("/portal/messages/").content.decode()
    assert f'href="/portal/messages/{talk.pk}/"' in html
    assert 'href="/messages/' not in html
    assert 'class="brand-s' in html


def test_nothing_yet(zhou: User, as_: As) -> None:
    client = as_(zhou)
    assert "No conversations yet" in client.get("/messages/").content.decode()
    assert "Everything is read" in client.get("/messages/?only=unread").content.decode()
    assert "No notifications yet" in client.get("/messages/?only=notices").content.decode()


def test_the_fragment_is_sent_when_it_looks_different(
    talk: Conversation, say: Say, zhou: User, lin: User, as_: As, htmx: dict[str, str]
) -> None:
    say(lin)
    client = as_(zhou)
    html = client.get("/messages/", headers=htmx).content.decode()
    assert "<html" not in html
    assert 'id="conv-tabs" hx-swap-oob="true"' in html
    again = re.search(r'hx-get="([^"]+)"', html)
    assert again
    url = again[1].replace("&amp;", "&")
    assert client.get(url, headers=htmx).status_code == 204
    say(lin)
    assert client.get(url, headers=htmx).status_code == 200


def test_more_than_fifty(zhou: User, as_: As) -> None:
    for number in range(52):
        other = world.staff(f"s{number}")
        world.sees(reach.party_of(zhou), reach.party_of(other))
        conversation = services.open_direct(by=zhou, other=reach.party_of(other))
        services.send(conversation_id=conversation.pk, body="x", client_id="client-1", by=zhou)
    html = as_(zhou).get("/messages/").content.decode()
    assert html.count('class="conv"') == 50
    assert "show=100" in html
    assert as_(zhou).get("/messages/?show=100").content.decode().count('class="conv"') == 52
