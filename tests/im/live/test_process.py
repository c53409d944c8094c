"""The streams in processes of their own: beside the pages on one port (make run), and alone (production)."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import PrivacyNotice, Session, User
from accounts.services import access, own
from contacts.models import Contact
from im import services
from im.live import hub
from im.models import Conversation, Participant
from im.reach import Party
from tests.factories.accounts import AdminFactory, ExternalUserFactory, StaffFactory
from tests.im import world
from tests.im.live.cuts import Cut
from tests.im.live.people import outside
from tests.im.live.streams import Server, Stream, own_database_url, session_of, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
LIMIT = 5.0


@pytest.fixture(scope="module", params=["config.asgi", "config.live"])
def server(request: pytest.FixtureRequest, django_db_setup: None) -> Iterator[Server]:
    server = Server(request.param).start()
    yield server
    server.stop()


def listen(server: Server, user: User, **headers: str) -> Stream:
    stream = server.ask(session_of(user), **headers)
    stream.wait("ready")
    return stream


def say(talk: Conversation, by: User, words: str = "你好") -> None:
    number = Conversation.objects.get(pk=talk.pk).last_seq
    services.send(conversation_id=talk.pk, body=words, client_id=f"client-{number:06}", by=by)


def test_a_message_reaches_the_streams_of_its_conversation_only(
    server: Server, talk: Conversation, zhou: User, stranger: User
) -> None:
    third = StaffFactory()
    streams = {user: listen(server, user) for user in (zhou, stranger, third)}
    say(talk, zhou)
    for user in (zhou, stranger):
        heard = streams[user].wait("conversation")
        assert heard == [{"conversation": talk.pk, "seq": 1, "what": "message"}]
        assert "你好".encode() not in streams[user].raw
    services.mark_read(conversation_id=talk.pk, seq=1, by=stranger)
    assert streams[zhou].wait("conversation", 2)[1]["what"] == "read"
    assert streams[third].kinds() == ["ready"]
    told = streams[zhou]
    assert told.headers["cache-control"] == "no-store"
    assert told.headers["x-accel-buffering"] == "no"
    assert told.headers["content-type"].startswith("text/event-stream")
    assert told.raw.startswith(b"retry: ")


def test_the_door(server: Server, zhou: User) -> None:
    key = session_of(zhou)
    due = StaffFactory(must_change_password=True)
    answers = {
        "nobody": server.ask().status,
        "nonsense": server.ask("%00'--").status,
        "unknown": server.ask("x" * 32).status,
        "head": server.ask(key, method="HEAD").status,
        "post": server.ask(key, method="POST").status,
        "below": server.ask(key, path="/live/7").status,
        "other site": server.ask(key, Sec_Fetch_Site="cross-site").status,
        "other origin": server.ask(key, Origin="http://evil.example").status,
        "own origin": server.ask(
            key, method="HEAD", Origin=f"http://127.0.0.1:{server.port}"
        ).status,
        "duty": server.ask(session_of(due)).status,
        "no identity": server.ask(session_of(ExternalUserFactory())).status,
        "no consent": server.ask(session_of(outside_without_consent())).status,
    }
    assert answers == {
        "nobody": 401, "nonsense": 401, "unknown": 401, "head": 200, "post": 405, "below": 404, "other site": 403,
        "other origin": 403, "own origin": 200, "duty": 403, "no identity": 401, "no consent": 403,
    }  # fmt: skip


def outside_without_consent() -> User:
    user = outside()
    PrivacyNotice.objects.create(version=99, body="neu")
    return user


def test_a_stream_ends_at_once_with_its_session(server: Server) -> None:
    admin = AdminFactory()
    ways = {
        "log-out": lambda user, key: browser(key).post("/logout/"),
        "disabled": lambda user, key: access.disable(user=user, by=admin),
        "everywhere": lambda user, key: access.end_sessions(user=user, by=user),
        "password": lambda user, key: own.change_password(
            user=user, old="correct horse battery", new="an even better horse battery", by=user
        ),
    }
    for name, end in ways.items():
        user = User.objects.create_user(f"user-{name}", "correct horse battery", name=name)
        key = session_of(user)
        stream = server.ask(key)
        stream.wait("ready")
        end(user, key)
        stream.wait_end(1.0)
        back = server.ask(key, Last_Event_ID="1")
        assert (back.status, back.raw) == (401, b""), name


def browser(key: str) -> Client:
    client = Client()
    client.cookies["wl-session"] = key
    return client


def test_a_stream_ends_within_five_seconds_when_the_signal_is_lost(server: Server) -> None:
    """Rows are changed behind the services' backs: nothing is published."""
    person, kept = outside(), outside()
    ways = {
        "disabled": lambda user: User.objects.filter(pk=user.pk).update(is_active=False),
        "session gone": lambda user: Session.objects.filter(user_id=user.pk).delete(),
        "session over": lambda user: Session.objects.filter(user_id=user.pk).update(expire_date=timezone.now()),
        "epoch": lambda user: User.objects.filter(pk=user.pk).update(session_epoch=7),
        "duty": lambda user: User.objects.filter(pk=user.pk).update(must_change_password=True),
        "identity": lambda user: Contact.objects.filter(user=user).update(expires_at=timezone.now()),
    }  # fmt: skip
    users = {name: person if name == "identity" else StaffFactory() for name in ways}
    streams = {name: listen(server, user) for name, user in users.items()}
    others = [listen(server, StaffFactory()), listen(server, kept)]
    began = time.monotonic()
    for name, end in ways.items():
        end(users[name])
    for stream in streams.values():
        stream.wait_end(LIMIT)
    late = {name: stream.ended_at - began for name, stream in streams.items()}
    assert max(late.values()) < LIMIT, late
    assert not [stream for stream in others if stream.ended_at]


def test_one_stream_too_many_ends_the_oldest_with_a_word(server: Server, zhou: User) -> None:
    streams = [listen(server, zhou) for _ in range(hub.PER_PERSON + 1)]
    streams[0].wait("full")
    streams[0].wait_end(1.0)
    assert not [stream for stream in streams[1:] if stream.ended_at]


def test_the_position_brings_what_was_missed_and_nothing_else(
    server: Server, talk: Conversation, zhou: User, stranger: User
) -> None:
    first = listen(server, zhou)
    say(talk, stranger)
    first.wait("conversation")
    position = first.ids[-1]
    first.close()
    say(talk, stranger, "又一条")
    fourth = Party(StaffFactory().pk)
    world.sees(Party(stranger.pk), fourth)
    say(services.open_direct(by=stranger, other=fourth), stranger)
    for given in (str(position), "1"):
        back = listen(server, zhou, Last_Event_ID=given)
        assert back.of("conversation") == [{"conversation": talk.pk, "seq": 2, "what": "message"}]
    for nonsense in ("", "-1", "9" * 40, "x", "99999999999999", "12a"):
        assert listen(server, zhou, Last_Event_ID=nonsense).kinds() == ["ready"]
    Participant.objects.filter(conversation=talk, user=zhou).update(left_at=timezone.now())
    assert listen(server, zhou, Last_Event_ID="1").kinds() == ["ready"]


@pytest.fixture
def cut_server(request: pytest.FixtureRequest) -> Iterator[tuple[Server, Cut]]:
    """A server whose way to one of its services can be cut; `request.param` is the variable that names it."""
    if request.param == "REDIS_URL":
        cut = Cut(Path(unquote(urlsplit(os.environ["REDIS_URL"]).path)))
        url = f"unix://{quote(str(cut.path))}"
    else:
        folder = Path(unquote(urlsplit(os.environ["DATABASE_URL"]).query.partition("host=")[2]))
        cut = Cut(folder / ".s.PGSQL.5432")
        url = own_database_url().partition("?")[0] + f"?host={quote(str(cut.folder), safe='')}"
    server = Server("config.live", more={request.param: url}).start()
    yield server, cut
    server.stop()
    cut.remove()


@pytest.mark.parametrize("cut_server", ["REDIS_URL"], indirect=True)
def test_pages_are_told_that_redis_is_gone_and_to_catch_up_when_it_is_back(
    cut_server: tuple[Server, Cut], talk: Conversation, zhou: User, stranger: User
) -> None:
    server, cut = cut_server
    stream = listen(server, zhou)
    cut.cut()
    stream.wait("down")
    assert server.ask(session_of(stranger)).wait("down")
    say(talk, stranger)
    cut.mend()
    stream.wait("resync")
    say(talk, stranger, "又一条")
    assert stream.wait("conversation")[-1]["seq"] == 2


@pytest.mark.parametrize("cut_server", ["DATABASE_URL"], indirect=True)
def test_without_the_database_nobody_keeps_a_stream_and_all_come_back(
    cut_server: tuple[Server, Cut], zhou: User
) -> None:
    server, cut = cut_server
    key = session_of(zhou)
    stream = server.ask(key)
    stream.wait("ready")
    cut.cut()
    assert server.ask(key, method="HEAD").status == 503
    stream.wait_end(LIMIT)
    cut.mend()
    wait_for(lambda: server.ask(key, method="HEAD").status == 200, 15)


def test_a_stopping_server_lets_streams_go_first(django_db_setup: None, zhou: User) -> None:
    server = Server("config.live").start()
    stream = listen(server, zhou)
    assert server.stop() < 3
    stream.wait_end(1.0)
