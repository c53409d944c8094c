"""The raw bytes of live streams, per role: ids of what that person may see, nothing else, and nothing after the right
went, whatever position a browser gives back (SECURITY T45, T56, T57).
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import time
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import Session, User
from approvals import jobs as approval_jobs
from approvals.models import Application
from contacts.models import Contact
from contacts.services import places
from core import guardian
from core.errors import Denied
from im import services
from im.models import Conversation, Participant
from im.reach import Party, party_of
from im.services import groups
from orgs.models import Node, NodeUserGrant
from tests.im.live.streams import Server, Stream, session_of, wait_for
from tests.matrix.world import BY, Matrix, build

pytestmark = pytest.mark.django_db(transaction=True)
ROLES = ("SA", "GM", "DM", "CR", "SV", "SP", "EC", "E2")
# Both applications are asked of these; the one of the creator also of him and of the maintainer.
DECIDERS = {"SA", "GM"}
DEEP = bool(os.environ.get("DEEP"))
SECONDS = 60 if DEEP else 2
# With less the colleague would write more than sixty messages a minute: some conversations are on both sides.
ROUND_SECONDS = 2.2 if DEEP else 1.2
QUIET_SECONDS = 0.7
EVENT = re.compile(rb'id: \d{13}\nevent: ([a-z]+)\ndata: (\{["a-z:,0-9._]*\})\n\n')
KEYS = {
    "ready": set(), "resync": set(), "badge": set(),
    "conversation": {"conversation", "seq", "what"}, "card": {"card", "ref"},
}  # fmt: skip
WORDS = {"message", "read", "recall", "settings", "approvals.application"}
numbers = itertools.count()


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[Server]:
    server = Server("config.live").start()
    yield server
    server.stop()


@pytest.fixture
def matrix(transactional_db: None) -> Matrix:
    return build()


def listen(server: Server, user: User, acts_as: int | None = None, **headers: str) -> Stream:
    key = session_of(user)
    Session.objects.filter(pk=key).update(identity_id=acts_as)
    stream = server.ask(key, **headers)
    stream.wait("ready")
    return stream


def say(conversation_id: int, by: User) -> None:
    name = f"client-{next(numbers):06}"
    services.send(conversation_id=conversation_id, body=f"正文{name}", client_id=name, by=by)


def happen(matrix: Matrix, colleague: User, side: str) -> None:
    """Whatever is told: words, marks, recalls, cards, notifications; `side` "outside" is nobody's but the deciders'."""
    objects = getattr(matrix, side)
    for pk in {*objects["conversation"].values(), *objects["group"].values()}:
        say(pk, colleague)
        last = Conversation.objects.get(pk=pk).last_seq
        services.recall(conversation_id=pk, seq=last, by=colleague)
    approval_jobs.show(Application.objects.get(pk=objects["application"]["SA"]))
    about = {"card_kind": "", "card_ref": "", "body": "通知"}
    told = [one.pk for one in matrix.people.values() if one] if side == "inside" else [colleague.pk]
    services.notify(user_ids=told, dedupe_key=f"n{next(numbers)}", **about)


def heard(stream: Stream) -> list[tuple[str, dict[str, str | int]]]:
    """Every byte of it is one of these events, a heartbeat or the pause before one comes back."""
    first, _, rest = stream.raw.partition(b"\n\n")
    assert re.fullmatch(rb"retry: \d+", first)
    assert not EVENT.sub(b"", rest.replace(b":\n\n", b""))
    found = [(kind.decode(), json.loads(data)) for kind, data in EVENT.findall(rest)]
    for kind, data in found:
        assert data.keys() == KEYS[kind]
        assert {value for value in data.values() if isinstance(value, str)} <= WORDS
    return found


def may_see(client: Client, user: User, kind: str, data: dict[str, str | int]) -> bool:
    """The product's own page of it answers him."""
    place = "/portal" if user.is_external else ""
    address = (
        f"{place}/messages/{data['conversation']}/"
        if kind == "conversation"
        else reverse(settings.IM_CARDS[str(data["card"])], args=[data["ref"]])
    )
    return client.get(address).status_code == 200


def test_a_stream_holds_ids_of_what_its_person_may_see_and_nothing_else(
    server: Server, matrix: Matrix
) -> None:
    people = {role: matrix.person(role) for role in ROLES}
    identities = matrix.identities
    colleague = User.objects.get(pk=matrix.inside["staff"]["SA"])
    streams = {
        role: listen(server, person, identities.get(role))
        for role, person in people.items()
        if person
    }
    assert server.ask(session_of(matrix.people["DX"])).status == 401  # type: ignore[arg-type]
    rounds, until = 0, time.monotonic() + SECONDS
    while time.monotonic() < until:
        began = time.monotonic()
        happen(matrix, colleague, "inside")
        happen(matrix, colleague, "outside")
        rounds += 1
        time.sleep(max(0, began + ROUND_SECONDS - time.monotonic()))
    time.sleep(QUIET_SECONDS)
    for role, stream in streams.items():
        events, person = heard(stream), people[role]
        assert person
        asked = {
            (kind, data.get("conversation"), data.get("ref")): (kind, data)
            for kind, data in events
            if data
        }
        client = matrix.session(role, Client())
        assert all(may_see(client, person, *one) for one in asked.values()), role
        mine = {matrix.inside["conversation"][role], matrix.inside["group"][role]}
        if role == "SA":
            mine |= {matrix.inside["group"][one] for one in identities}
        mine.add(Conversation.objects.get(key=f"system:{person.pk}").pk)
        said = [data["conversation"] for _kind, data in events if data.get("what") == "message"]
        assert {pk: said.count(pk) for pk in said} == dict.fromkeys(mine, rounds), role
        cards = [data["ref"] for kind, data in events if kind == "card"]
        own = [matrix.inside["application"]["SA"]] if role in DECIDERS | {"CR", "DM"} else []
        own += [matrix.outside["application"]["SA"]] if role in DECIDERS else []
        assert sorted(cards) == sorted(own * rounds), role
    # What is nobody's business is no byte either, so that not even its time is told.
    lengths = {role: len(streams[role].raw.replace(b":\n\n", b"")) for role in ROLES}
    happen(matrix, colleague, "outside")
    time.sleep(QUIET_SECONDS)
    after = {role: len(streams[role].raw.replace(b":\n\n", b"")) for role in ROLES}
    assert {role for role in ROLES if after[role] != lengths[role]} == DECIDERS


def test_who_lost_the_right_hears_nothing_more_whatever_position_he_gives(
    server: Server, matrix: Matrix
) -> None:
    viewer, creator, guest = (matrix.people[role] for role in ("SV", "CR", "EC"))
    assert viewer
    assert creator
    assert guest
    elsewhere = Node.objects.get(name="组织B")
    lost = {
        "visible range": group(viewer, party_of(guest)),
        "organization": group(matrix.people["SA"], party_of(guest)),
        "removed": group(viewer, Party(creator.pk)),
    }
    streams = {name: listen(server, creator if name == "removed" else guest) for name in lost}
    for talk in lost.values():
        say(talk.pk, owner(talk))
    for name, talk in lost.items():
        wait_for(lambda name=name, talk=talk: talk.pk in named(streams[name]))
    # One hears all of it still, so it was said.
    witness = {name: listen(server, owner(talk)) for name, talk in lost.items()}
    took_part = Participant.objects.get(conversation=lost["removed"], user=creator)
    guardian.revoke(
        table=NodeUserGrant, codename="view_node", to=viewer, obj=Node.objects.get(name="组织A")
    )
    groups.remove(conversation_id=lost["removed"].pk, user_id=creator.pk, by=viewer)
    quiet(server, lost, streams, witness, "visible range", guest)
    quiet(server, lost, streams, witness, "removed", creator)
    assert Participant.objects.get(pk=took_part.pk).left_at
    Contact.objects.filter(pk=matrix.identities["EC"]).update(main_node=elsewhere)
    quiet(server, lost, streams, witness, "organization", guest)


def test_a_stream_is_of_the_identity_that_is_acted_as(server: Server, matrix: Matrix) -> None:
    """Suspended in an open stream, it goes on as another one within five seconds and ends with the last; switched, the
    former stream ends at once and the next one is that of the new identity (SPEC ACC-1; SECURITY T45, T57).
    """
    colleague = User.objects.get(pk=matrix.inside["staff"]["SA"])
    talks = {role: matrix.inside["conversation"][role] for role in matrix.identities}
    contacts = {role: Contact.objects.get(pk=pk) for role, pk in matrix.identities.items()}

    def said(stream: Stream, hears: str, other: str) -> None:
        before = {role: named(stream).count(pk) for role, pk in talks.items()}
        with contextlib.suppress(Denied):  # to somebody who is suspended nobody writes
            say(talks[other], colleague)
        say(talks[hears], colleague)
        wait_for(lambda: named(stream).count(talks[hears]) > before[hears])
        assert named(stream).count(talks[other]) == before[other]

    client = matrix.session("EC", Client())
    key = str(client.session.session_key)
    stream = server.ask(key)
    stream.wait("ready")
    said(stream, "EC", "E2")
    client.post("/portal/identities/switch/", {"identity": contacts["E2"].pk})
    stream.wait_end(1)
    assert server.ask(key).status == 401
    stream = server.ask(str(client.session.session_key))
    stream.wait("ready")
    said(stream, "E2", "EC")
    places.set_enabled(by=BY, contact=contacts["E2"], enabled=False)
    stream.wait("resync", seconds=5)
    said(stream, "EC", "E2")
    places.set_enabled(by=BY, contact=contacts["EC"], enabled=False)
    stream.wait_end(5)
    for contact in contacts.values():
        places.set_enabled(by=BY, contact=contact, enabled=True)
    assert server.ask(str(client.session.session_key)).status == 401


def group(by: User | None, other: Party) -> Conversation:
    assert by
    return groups.create(by=by, others=[other], client_id=f"group-{next(numbers):04}", title="群")


def owner(talk: Conversation) -> User:
    return talk.participants.get(is_owner=True).user


def named(stream: Stream) -> list[int]:
    """Conversations in which something was said."""
    return [data["conversation"] for data in stream.of("conversation") if data["what"] == "message"]


def quiet(
    server: Server, lost: dict[str, Conversation], streams: dict[str, Stream], witness: dict[str, Stream],
    name: str, person: User,
) -> None:  # fmt: skip
    """Something is said; who lost the right hears nothing of it, then or later."""
    talk, before = lost[name], named(streams[name]).count(lost[name].pk)
    told = named(witness[name]).count(talk.pk)
    say(talk.pk, owner(talk))
    wait_for(lambda: named(witness[name]).count(talk.pk) > told)
    time.sleep(QUIET_SECONDS)
    assert named(streams[name]).count(talk.pk) == before
    for position in (str(streams[name].ids[-1]), "1"):
        back = listen(server, person, Last_Event_ID=position)
        time.sleep(QUIET_SECONDS / 2)
        assert talk.pk not in [data["conversation"] for data in back.of("conversation")]
        back.close()
