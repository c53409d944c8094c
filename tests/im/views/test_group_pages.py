"""Groups as pages: the filter that stays, one member beside the thread, mentions that come with a form."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from im import services
from im.models import Message
from im.reach import Party
from tests.im import world
from tests.im.group_world import Talk, make_talk

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]


@pytest.fixture
def talk() -> Talk:
    return make_talk()


def test_a_filter_stays_while_conversations_are_opened(talk: Talk, as_: As) -> None:
    other = world.staff("other", "高航")
    world.sees(Party(talk.a.pk), Party(other.pk))
    direct = services.open_direct(by=talk.a, other=Party(other.pk))
    services.send(conversation_id=direct.pk, body="在吗", client_id="client-direct", by=other)
    talk.say(talk.b, "新消息")
    client, group = as_(talk.a), f"/messages/{talk.group.pk}/"
    shown = {
        only: [pk for pk in (talk.group.pk, direct.pk) if f'id="conv-{pk}"' in html]
        for only in ("groups", "external", "unread")
        if (html := client.get(f"/messages/?only={only}").content.decode())
    }
    assert shown == {
        "groups": [talk.group.pk],
        "external": [talk.group.pk],
        "unread": [talk.group.pk, direct.pk],
    }
    assert f'href="{group}?only=unread"' in html
    services.mark_read(conversation_id=talk.group.pk, seq=99, by=talk.a)
    html = client.get(f"{group}?only=unread").content.decode()
    assert f'id="conv-{talk.group.pk}"' in html, "what is open stays among the unread ones"
    assert f'href="{group}?only=groups"' in html, "another filter leaves it open"
    assert f'id="conv-{talk.group.pk}"' not in client.get("/messages/?only=unread").content.decode()


def test_one_member_beside_the_thread(talk: Talk, as_: As) -> None:
    details, card = f"/messages/{talk.group.pk}/details/", "/contacts/601/beside/"
    html = as_(talk.a).get(f"{details}?who={talk.e.pk}").content.decode()
    assert f'hx-get="{card}"' in html
    assert 'name="target" value="' in html
    # A colleague who sees her in this group only is led to the same door, and cannot write to her from here.
    html = as_(talk.b).get(f"{details}?who={talk.e.pk}").content.decode()
    assert f'hx-get="{card}"' in html
    assert 'name="target"' not in html
    assert "/beside/" not in as_(talk.a).get(f"{details}?who={talk.b.pk}").content.decode()
    html = as_(talk.e).get(f"/portal{details}?who={talk.f.pk}").content.decode()
    assert "贺知远" in html
    assert "/beside/" not in html
    stranger = world.staff("stranger", "外人")
    assert as_(talk.a).get(f"{details}?who={stranger.pk}").status_code == 404
    assert as_(talk.a).get(f"{details}?who=x").status_code == 200


def test_mentions_come_with_the_words(talk: Talk, as_: As, htmx: dict[str, str]) -> None:
    form = {
        "body": "@林晓彤 看一下",
        "client_id": "client-1234",
        "mention": [str(talk.e.pk), "x", "-1", "9" * 30],
    }
    html = as_(talk.a).post(f"/messages/{talk.group.pk}/send/", form, headers=htmx).content.decode()
    assert Message.objects.get(event="").mentions == [talk.e.pk]
    assert '<span class="at">@林晓彤<span class="ext">External</span></span>' in html
    theirs = as_(talk.e).get("/portal/messages/").content.decode()
    assert "[You were mentioned]" in theirs
    offered = as_(talk.e).get(f"/portal/messages/{talk.group.pk}/members/").content.decode()
    assert "everyone" not in offered
