"""The streams in processes of their own: beside the pages on one port (make run), and alone (production)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from accounts.models import User
from im import services
from im.models import Conversation
from im.reach import Party
from tests.im import world
from tests.im.live.streams import Server, session_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module", params=["config.asgi", "config.live"])
def server(request: pytest.FixtureRequest, django_db_setup: None) -> Iterator[Server]:
    server = Server(request.param).start()
    yield server
    server.stop()


@pytest.fixture
def talk(zhou: User, stranger: User) -> Conversation:
    world.sees(Party(zhou.pk), Party(stranger.pk), both=True)
    return services.open_direct(by=zhou, other=Party(stranger.pk))


def test_a_message_reaches_the_streams_of_its_conversation_only(
    server: Server, talk: Conversation, zhou: User, stranger: User
) -> None:
    third = world.staff("third")
    streams = {user: server.ask(session_of(user)) for user in (zhou, stranger, third)}
    for stream in streams.values():
        stream.wait("ready")
    services.send(conversation_id=talk.pk, body="你好", client_id="client-0001", by=zhou)
    for user in (zhou, stranger):
        heard = streams[user].wait("conversation")
        assert heard == [{"conversation": talk.pk, "seq": 1, "what": "message"}]
        assert "你好".encode() not in streams[user].raw
    assert streams[third].kinds() == ["ready"]
