"""Files, search and forwarding in groups: only the part that a member may read now."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import User
from core.errors import Denied, Hidden
from im import selectors, services
from im.models import Message
from im.services import groups
from tests.im import world
from tests.im.group_world import Talk, let_in, lose, make_talk, party
from tests.im.uploading import upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def talk(db: None, settings: Settings, tmp_path: Path) -> Talk:
    settings.MEDIA_ROOT = tmp_path
    return make_talk()


def put(talk: Talk, by: User, name: str) -> Message:
    return services.send_file(
        conversation_id=talk.group.pk, file=upload(), name=name, client_id=f"file-{name}-1", by=by
    )


def reads(talk: Talk, user: User) -> tuple[list[str], list[str], list[str]]:
    """Names of the files that open, stand in the list, and are found."""
    at = {"conversation_id": talk.group.pk}
    opened = []
    for message in Message.objects.filter(**at, attachment__isnull=False).order_by("seq"):
        try:
            opened.append(selectors.attachment(**at, seq=message.seq, user=user).name)
        except Hidden:
            continue
    try:
        listed = selectors.shared(**at, user=user).messages
    except Hidden:
        listed = []
    found = selectors.search(user=user, q="file").messages
    names = [
        sorted(one.attachment.name for one in rows if one.attachment) for rows in (listed, found)
    ]
    return opened, *names


def same(*names: str) -> tuple[list[str], list[str], list[str]]:
    return (list(names), list(names), list(names))


def test_who_joins_later_reads_what_comes_then(talk: Talk) -> None:
    put(talk, talk.e, "file1")
    g = world.staff("g", "韩雪")
    groups.add(conversation_id=talk.group.pk, others=let_in(talk.a, g), by=talk.a)
    put(talk, talk.e, "file2")
    assert reads(talk, g) == same("file2")
    assert reads(talk, talk.b) == same("file1", "file2")
    with pytest.raises(Hidden):
        services.forward(
            conversation_id=talk.group.pk,
            seq=2,
            to=[f"c{talk.group.pk}"],
            client_id="client-1",
            by=g,
        )


def test_who_takes_part_no_more_keeps_what_was_read(talk: Talk) -> None:
    first = put(talk, talk.a, "file1")
    services.mark_read(conversation_id=talk.group.pk, seq=first.seq, by=talk.e)
    put(talk, talk.a, "file2")
    assert reads(talk, talk.e) == same("file1", "file2")
    lose(talk.e)
    assert reads(talk, talk.e) == same("file1")
    with pytest.raises(Denied):
        put(talk, talk.e, "file3")


def test_who_left_reads_nothing(talk: Talk) -> None:
    put(talk, talk.a, "file1")
    groups.remove(conversation_id=talk.group.pk, user_id=talk.e.pk, by=talk.a)
    groups.leave(conversation_id=talk.group.pk, by=talk.b)
    for gone in (talk.e, talk.b):
        assert reads(talk, gone) == same()
        with pytest.raises(Hidden):
            put(talk, gone, "file2")
    assert reads(talk, talk.f) == same("file1")


def test_forwarding_into_a_group(talk: Talk) -> None:
    message = put(talk, talk.f, "file1")
    world.sees(party(talk.a), party(talk.e), both=True)
    direct = services.open_direct(by=talk.a, other=party(talk.e))
    to = [f"c{talk.group.pk}", f"c{direct.pk}"]
    made = services.forward(
        conversation_id=talk.group.pk, seq=message.seq, to=to, client_id="client-1234", by=talk.a
    )
    assert {one.attachment_id for one in made} == {message.attachment_id}
    groups.dissolve(conversation_id=talk.group.pk, by=talk.a)
    with pytest.raises(Denied):
        services.forward(
            conversation_id=direct.pk, seq=1, to=to, client_id="client-5678", by=talk.a
        )
