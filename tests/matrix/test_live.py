"""Row 51: each role opens its own stream, and whatever happens in the world, only what is its own stands in it."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from approvals import services as approvals
from core import live
from im import services
from im.live import checks, stream
from im.live.hub import Hub
from im.models import Conversation, Participant
from tests.matrix.world import SEATS, Matrix

CELLS = dict(zip(SEATS, [200] * 7 + [401, 401, 200], strict=True))
LISTENING = [role for role, status in CELLS.items() if status == 200]


class Streams:
    """The application on a loop that stands still while the world, which is never committed, is asked and changed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, keys: dict[str, str]) -> None:
        # What its threads would ask the database was asked before: they would not see the world.
        standings = checks.standings(keys.values())
        missed = {one.party: checks.missed(one.party, 1) for one in standings.values()}

        async def ask(_pool: object, question: object, *arguments: Any) -> Any:
            if question is checks.standings:
                return {key: one for key, one in standings.items() if key in arguments[0]}
            return missed[arguments[0]]

        monkeypatch.setattr(Hub, "start", lambda _hub: None)
        monkeypatch.setattr("im.live.hub._ask", ask)
        monkeypatch.setattr(live, "_after_commit", self._publish)
        self.loop = asyncio.new_event_loop()
        self.app = stream.Live()
        self.app.hub.subscribed.set()
        self.raw: dict[str, bytes] = {}
        self.status: dict[str, int] = {}
        self.tasks = [self.loop.create_task(self.open(name, key)) for name, key in keys.items()]

    def run(self, seconds: float) -> None:
        self.loop.run_until_complete(asyncio.sleep(seconds))

    def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        self.run(0.05)
        self.loop.close()

    def _publish(self, events: list[dict[str, Any]]) -> None:
        self.app.hub._deliver(json.dumps(events).encode())

    async def open(self, name: str, key: str) -> None:
        headers = [(b"host", b"localhost"), (b"last-event-id", b"1")]
        if key:
            headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={key}".encode()))
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/live/",
            "headers": headers,
            "client": ("127.0.0.1", 1),
        }

        async def receive() -> dict[str, str]:
            await asyncio.Event().wait()
            return {}

        async def send(message: dict[str, Any]) -> None:
            self.status.setdefault(name, message.get("status", 0))
            self.raw[name] = self.raw.get(name, b"") + message.get("body", b"")

        await self.app(scope, receive, send)

    def ids(self, name: str, kind: str, field: str) -> set[int]:
        lines = re.findall(rf"event: {kind}\ndata: (.*)\n", self.raw[name].decode())
        return {json.loads(line)[field] for line in lines}


@pytest.mark.django_db
def test_every_role_hears_of_its_own_only(matrix: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction.atomic():
        streams = Streams(monkeypatch, {role: _session(matrix, role) for role in SEATS})
        streams.run(0.2)
        _story(matrix)
        streams.run(0.2)
        streams.close()
        assert streams.status == CELLS
        for role in LISTENING:
            mine = Participant.objects.filter(user=matrix.person(role))
            if role in matrix.identities:
                mine = mine.filter(identity_id=matrix.identities[role])
            own = set(mine.values_list("conversation_id", flat=True))
            heard = streams.ids(role, "conversation", "conversation")
            assert matrix.inside["conversation"][role] in heard, role
            assert heard <= own, role
        cards = {role for role in LISTENING if streams.ids(role, "card", "ref")}
        assert cards == {"SA", "GM", "DM", "CR"}, "who may decide, and the applicant"
        assert {role for role in LISTENING if streams.ids(role, "job", "id")} == {"DM"}
        transaction.set_rollback(True)


def _session(matrix: Matrix, role: str) -> str:
    client = matrix.session(role, Client())
    cookie = client.cookies.get(settings.SESSION_COOKIE_NAME)
    return cookie.value if cookie else ""


def _story(matrix: Matrix) -> None:
    """Somebody speaks in every conversation, strangers' included; an application is made; a job gets on."""
    for conversation in Conversation.objects.filter(kind="direct").order_by("pk"):
        seat = conversation.participants.order_by("pk")[0]
        first = seat.user
        first.acts_as = seat.identity_id
        services.set_pinned(conversation_id=conversation.pk, value=True, by=first)
        services.send(
            conversation_id=conversation.pk, body="你好", client_id="matrix-live", by=first
        )
    applicant: Any = matrix.people["CR"]
    contact_id = matrix.inside["contact"]["CR"]
    application = approvals.apply(contact_id=contact_id, remark="需要登录", by=applicant)
    approvals.withdraw(application_id=application.pk, by=applicant)
    live.tell([matrix.people["DM"].pk], "job", job="contacts.import", id=1)  # type: ignore[union-attr]
