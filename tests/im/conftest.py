"""A staff member and an external person who see each other, and a conversation of the two."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from accounts.models import User
from im import services
from im.models import Conversation, Message
from im.reach import Party
from tests.im import world

IDENTITY = 501


@pytest.fixture(autouse=True)
def _fake_policy(settings: Settings) -> Iterator[None]:
    settings.IM_REACH_POLICY = world.PATH
    settings.IM_OPEN_TO = ""  # these identities are nobody's contacts
    world.World.clear()
    yield
    world.World.clear()


@pytest.fixture
def zhou(db: None) -> User:
    return world.staff("zhou", "周明宇")


@pytest.fixture
def lin(db: None) -> User:
    return world.external("lin", name="林晓彤", identity=IDENTITY)


@pytest.fixture
def stranger(db: None) -> User:
    return world.staff("stranger", "沈佳")


@pytest.fixture
def talk(zhou: User, lin: User) -> Conversation:
    """A conversation between zhou (staff) and lin (external)."""
    world.sees(Party(zhou.pk), Party(lin.pk, IDENTITY), both=True)
    return services.open_direct(by=zhou, other=Party(lin.pk, IDENTITY))


@pytest.fixture
def say(talk: Conversation) -> Callable[..., Message]:
    """say(user, "words") sends a message in `talk`."""
    count = iter(range(100_000))

    def send(by: User, body: str = "你好", conversation: Conversation = talk) -> Message:
        return services.send(
            conversation_id=conversation.pk, body=body, client_id=f"client-{next(count):06}", by=by
        ).message

    return send
