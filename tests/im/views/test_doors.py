"""The same questions to every door: strangers, nobody logged in, the wrong method, nothing there, noise."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import URLPattern

from accounts.models import User
from im import urls
from im.models import Conversation, Message

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]
Say = Callable[..., Message]

POSTS = {
    "start/": {"target": "1"},
    "settings/choose/": {"channel": "mail", "topic": "notices", "rhythm": "off"},
    "{pk}/send/": {"body": "x", "client_id": "client-1234"},
    "{pk}/attach/": {"client_id": "client-1234"},
    "{pk}/read/": {"seq": "1"},
    "{pk}/recall/1/": {},
    "{pk}/pin/": {"on": "1"},
    "{pk}/mute/": {"on": "1"},
}
# Pages with a form that is sent to the same address.
BOTH = {
    "groups/new/": {"target": "1", "client_id": "client-1234"},
    "{pk}/add/": {"target": "1"},
    "{pk}/rename/": {"title": "x"},
    "{pk}/remove/1/": {},
    "{pk}/owner/1/": {},
    "{pk}/leave/": {},
    "{pk}/dissolve/": {},
    "{pk}/forward/1/": {"to": "1"},
}
GETS = [
    "",
    "badge/",
    "settings/",
    "find/",
    "search/",
    "{pk}/files/",
    "{pk}/",
    "{pk}/older/",
    "{pk}/news/",
    "{pk}/details/",
    "groups/people/",
]
# What only a group has: a talk of two answers as if there were none.
FILES = ["{pk}/file/1/", "{pk}/file/1/preview/", "forward/find/"]
GROUP_GETS = ["{pk}/members/", "{pk}/readers/1/", "{pk}/people/"]
EVERY = [*GETS, *FILES, *GROUP_GETS, *POSTS, *BOTH]
INSIDE = [door for door in EVERY if "{pk}" in door]
SENT = POSTS | BOTH


def ask(client: Client, door: str, pk: int, place: str = "/messages/", **extra: object) -> int:
    url = place + door.format(pk=pk)
    answer = client.post(url, SENT[door], **extra) if door in SENT else client.get(url, **extra)  # type: ignore[arg-type]
    return answer.status_code


def test_every_address_is_asked_here() -> None:
    known = {door.replace("{pk}", "<int:pk>") for door in EVERY}
    assert known == {
        re.sub(r"<int:(seq|user_id)>", "1", str(entry.pattern))
        for entry in urls.urlpatterns
        if isinstance(entry, URLPattern)
    }


@pytest.mark.parametrize("door", INSIDE)
def test_a_stranger_reads_what_everybody_reads_of_nothing(
    door: str, talk: Conversation, say: Say, zhou: User, stranger: User, as_: As
) -> None:
    say(zhou)
    client = as_(stranger)
    assert ask(client, door, talk.pk) == 404
    assert ask(client, door, 10**15) == 404
    there, nowhere = (
        client.get(f"/messages/{pk}/", headers={"HX-Request": "true"}).content
        for pk in (talk.pk, 10**15)
    )
    assert there == nowhere
    assert Message.objects.get().recalled_at is None


@pytest.mark.parametrize("door", EVERY)
def test_nobody_gets_in_without_logging_in(door: str, talk: Conversation) -> None:
    assert ask(Client(), door, talk.pk) == 302
    assert ask(Client(), door, talk.pk, headers={"HX-Request": "true"}) == 401


@pytest.mark.parametrize("door", POSTS)
def test_nothing_changes_by_looking(door: str, talk: Conversation, zhou: User, as_: As) -> None:
    assert as_(zhou).get("/messages/" + door.format(pk=talk.pk)).status_code == 405


@pytest.mark.parametrize("door", [*GETS, *FILES])
def test_nothing_is_sent_to_pages(door: str, talk: Conversation, zhou: User, as_: As) -> None:
    assert as_(zhou).post("/messages/" + door.format(pk=talk.pk)).status_code == 405


@pytest.mark.parametrize("door", SENT)
def test_a_form_from_elsewhere_is_refused(door: str, talk: Conversation, zhou: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(zhou, backend="accounts.backends.LoginBackend")
    assert ask(client, door, talk.pk) == 403


@pytest.mark.parametrize(
    "noise", ["", "x", "-1", "9" * 40, "1e9", "\x00", "名字", "[]", "1;drop", "\ud800"]
)
@pytest.mark.parametrize("door", EVERY)
def test_noise_never_breaks_a_door(
    door: str, noise: str, talk: Conversation, zhou: User, as_: As, say: Say
) -> None:
    say(zhou)
    client = as_(zhou)
    keys = ("q", "only", "show", "current", "v", "before", "after", "read", "recalled", "writable")
    keys += (
        "target",
        "body",
        "client_id",
        "seq",
        "on",
        "title",
        "back",
        "channel",
        "topic",
        "rhythm",
    )
    noise = noise.encode("utf-8", "replace").decode()
    values = dict.fromkeys(keys, noise)
    for headers in ({}, {"HX-Request": "true"}):
        url = "/messages/" + door.format(pk=talk.pk)
        send = client.post if door in SENT else client.get
        assert send(url, values, headers=headers).status_code < 500


@pytest.mark.parametrize("door", GETS)
def test_pages_are_kept_nowhere_and_fragments_apart(
    door: str, talk: Conversation, zhou: User, as_: As
) -> None:
    for headers in ({}, {"HX-Request": "true"}):
        answer = as_(zhou).get("/messages/" + door.format(pk=talk.pk), headers=headers)
        assert "no-store" in answer["Cache-Control"]
        assert "HX-Request" in answer["Vary"]
