"""Search, shared files and forwarding over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from im import services
from im.models import Conversation, Message
from im.reach import Party
from tests.im import world
from tests.im.uploading import encoded, upload

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]
Say = Callable[..., Message]


@pytest.fixture
def files(talk: Conversation, zhou: User, settings: Settings, tmp_path: Path) -> list[Message]:
    settings.MEDIA_ROOT = tmp_path
    contents = [(encoded(), "照片.jpg"), *((b"%PDF-1.4", f"报价 {n}.pdf") for n in range(24))]
    return [
        services.send_file(
            conversation_id=talk.pk,
            file=upload(content),
            name=name,
            client_id=f"client-{n:04}",
            by=zhou,
        )
        for n, (content, name) in enumerate(contents)
    ]


def queries(client: Client, url: str, **headers: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(url, headers=headers).status_code == 200
    return len(asked)


def test_hits_lead_to_their_place(
    talk: Conversation, zhou: User, lin: User, as_: As, say: Say
) -> None:
    for number in range(60):
        say(lin if number % 2 else zhou, f"第 {number} 句 <b>")
    html = as_(lin).get("/portal/messages/search/?q=第 10 句").content.decode()
    assert f'href="/portal/messages/{talk.pk}/?at=11"' in html
    assert "<mark>第</mark> <mark>10</mark> <mark>句</mark> &lt;b&gt;" in html
    html = as_(lin).get(f"/portal/messages/{talk.pk}/?at=11").content.decode()
    assert 'data-sought="#msg-11"' in html
    assert 'id="msg-11"' in html
    assert 'id="msg-60"' not in html
    assert "Go to the newest messages" in html
    assert (
        "Go to the newest messages"
        not in as_(lin).get(f"/portal/messages/{talk.pk}/?at=60").content.decode()
    )


def test_pages_of_hits_cost_the_same(
    talk: Conversation, zhou: User, lin: User, as_: As, say: Say
) -> None:
    client, fragment = as_(zhou), {"HX-Request": "true"}
    say(lin, "盖章")
    few = queries(client, "/messages/search/?q=盖章", **fragment)
    for number in range(30):
        say(zhou if number % 2 else lin, "盖章")
    assert queries(client, "/messages/search/?q=盖章", **fragment) == few
    html = client.get("/messages/search/?q=盖章", headers=fragment).content.decode()
    assert html.count("<li>") == 20
    more = re.findall(r'hx-get="([^"]+before=\d+)"', html)[0].replace("&amp;", "&")
    assert client.get(more, headers=fragment).content.decode().count("<li>") == 11


def test_searching_in_a_conversation_of_others(
    talk: Conversation, zhou: User, stranger: User, as_: As, say: Say
) -> None:
    say(zhou, "盖章")
    assert as_(stranger).get(f"/messages/search/?q=盖章&conversation={talk.pk}").status_code == 404
    html = as_(zhou).get(f"/messages/search/?q=盖章&conversation={talk.pk}").content.decode()
    assert "Only 林晓彤" in html


def test_shared_files(
    talk: Conversation, zhou: User, lin: User, as_: As, files: list[Message], say: Say
) -> None:
    say(lin, "words")
    client, fragment = as_(lin), {"HX-Request": "true"}
    url = f"/portal/messages/{talk.pk}/files/"
    html = client.get(url, headers=fragment).content.decode()
    assert html.count("<li>") == 20
    assert f'href="/portal/messages/{talk.pk}/file/25/"' in html
    assert "周明宇" in html
    services.recall(conversation_id=talk.pk, seq=1, by=zhou)
    html = client.get(f"{url}?before=6", headers=fragment).content.decode()
    assert html.count("<li>") == 4
    assert "照片" not in html
    few = queries(client, f"{url}?before=3", **fragment)
    assert queries(client, url, **fragment) == few


def test_forwarding(
    talk: Conversation, zhou: User, lin: User, as_: As, say: Say, htmx: dict[str, str]
) -> None:
    say(lin, "盖章版")
    han = world.staff("han", "韩雪")
    world.sees(Party(zhou.pk), Party(han.pk))
    client, url = as_(zhou), f"/messages/{talk.pk}/forward/1/"
    html = client.get(url, headers=htmx).content.decode()
    assert f'data-value="c{talk.pk}"' in html
    assert f'data-value="{han.pk}"' in html
    found = client.get("/messages/forward/find/?q=韩", headers=htmx).content.decode()
    assert "林晓彤" not in found
    action = re.findall(r'hx-post="([^"]+)"', html)[0]
    for _ in range(2):
        answer = client.post(action, {"to": [f"c{talk.pk}", str(han.pk)]}, headers=htmx)
        assert answer.status_code == 204
        assert "dialog-close" in answer["HX-Trigger"]
    assert Message.objects.filter(body="盖章版").count() == 3
    answer = client.post(action, headers=htmx)
    assert answer.status_code == 422
    assert "Choose whom" in answer.content.decode()
    assert client.post(action, {"to": str(han.pk)}).status_code == 303
