"""Callbacks: taken in at once, followed a little later by reading anew (SPEC WEC-5; SECURITY T65 to T67).

They may be late, doubled, lost or out of order. So each only names what to read, a crowd of them is one run, and the
nightly comparison finds what none of them told.
"""

import contextlib
import datetime
import json
import time
from collections.abc import Collection
from dataclasses import asdict
from functools import lru_cache
from typing import Any, Final

from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from core import outbox, secrets
from core.errors import Conflict, UserError
from wecom_sync.gateway import CallbackKey, CallbackRefused, CardPressed, Event
from wecom_sync.models import Callback, Connection, RemotePlace, Run
from wecom_sync.services import runs
from wecom_sync.sync.world import ACTOR

# A crowd of events is waited for so long; then one run reads what all of them name.
QUIET_SECONDS: Final = 10
# More corps than this are read faster by a run over everything.
NARROW: Final = 20
KNOWN_SECONDS: Final = 30
KEEP: Final = datetime.timedelta(days=7)
# One statement: on the worst day two hundred a second come.
NEW: Final = """
INSERT INTO wecom_sync_callback (connection_id, replay, mark, kind, corp_id, data, received_at)
VALUES (%s, %s, %s, %s, %s, %s, now()) ON CONFLICT DO NOTHING RETURNING id
"""
# Kinds of events about cards: nothing is read anew for them.
CARDS: Final = "template_card"
COMMON: Final = frozenset({"corpid", "sender", "at", "kind", "replay", "mark"})


def key_of(connection: Connection) -> CallbackKey:
    """Raises CallbackRefused for a connection that takes no callbacks, or whose keys cannot be read any more."""
    try:
        token, key = connection.callback_token, connection.callback_key
    except secrets.Unreadable as error:
        raise CallbackRefused from error
    if not connection.enabled or not token or not key:
        raise CallbackRefused
    return CallbackKey(token, key)


def known_key(connection_id: int) -> CallbackKey | None:
    """The key as this process has read it a moment ago: the database is asked once in a while for all of them."""
    return _keys(int(time.monotonic() / KNOWN_SECONDS)).get(connection_id)


@lru_cache(maxsize=1)
def _keys(_moment: int) -> dict[int, CallbackKey]:
    found = {}
    for one in Connection.objects.filter(enabled=True):
        with contextlib.suppress(CallbackRefused):
            found[one.pk] = key_of(one)
    return found


def receivers_of(connection: Connection) -> Collection[str]:
    """The corp itself and its downstream corps: whose name stands in the envelope is not documented."""
    return _known(connection.pk, connection.corp_id, int(time.monotonic() / KNOWN_SECONDS))


@lru_cache(maxsize=64)
def _known(connection_id: int, corp_id: str, _moment: int) -> frozenset[str]:
    keys = RemotePlace.objects.filter(
        chain__connection=connection_id, key__startswith="c:", share__in=["joined", "shared"]
    )
    return frozenset({corp_id, *(key[2:] for key in keys.values_list("key", flat=True))})


@transaction.atomic
def take_in(*, connection: Connection, event: Event) -> bool:
    """Keeps an event and asks for it to be followed; False when WeCom told the same before.

    Raises CallbackRefused for an envelope that was here before, whatever stands around it.
    """
    with database.cursor() as cursor:
        cursor.execute(NEW, [
            connection.pk, event.replay, event.mark, event.kind[:40], event.corpid[:64], json.dumps(_data(event)),
        ])  # fmt: skip
        new = cursor.fetchone()
    if new is None:
        if Callback.objects.filter(connection=connection, replay=event.replay).exists():
            raise CallbackRefused
        return False
    if isinstance(event, CardPressed):
        outbox.enqueue(task="wecom_sync.press", callback_id=new[0])
    else:
        _follow_later(connection.pk)
    return True


def _data(event: Event) -> dict[str, Any]:
    data = {key: value for key, value in asdict(event).items() if key not in COMMON and value}
    if isinstance(event, CardPressed):
        # The code changes a card: it is kept like any other secret.
        code = secrets.encrypt(event.response_code).decode()
        data |= {"sender": event.sender, "response_code": code}
    return data


def _follow_later(connection_id: int, seconds: int = QUIET_SECONDS) -> None:
    window = int(time.time() / seconds)
    outbox.enqueue(
        task="wecom_sync.follow", dedupe_key=f"wecom:follow:{connection_id}:{seconds}:{window}",
        delay=datetime.timedelta(seconds=seconds), connection_id=connection_id,
    )  # fmt: skip


@transaction.atomic
def follow(*, connection_id: int) -> Run | None:
    """Starts one run for everything that was told since the last one; None where nothing was, or not now.

    While another run is under way, it is asked for again.
    """
    connection = Connection.objects.filter(pk=connection_id, enabled=True).first()
    rows = Callback.objects.filter(connection=connection_id, handled_at=None)
    rows = rows.exclude(kind__startswith=CARDS)
    told = list(rows.order_by("pk").values_list("pk", "kind", "corp_id"))
    if connection is None or not told:
        return None
    try:
        with transaction.atomic():
            run = runs.start(
                by=ACTOR, connection=connection, trigger=Run.Trigger.CALLBACK,
                only_corps=narrowed(connection, {(kind, corp) for _pk, kind, corp in told}),
            )  # fmt: skip
    except Conflict:
        _follow_later(connection_id, 60)
        return None
    except UserError:
        run = None
    rows.filter(pk__lte=told[-1][0]).update(handled_at=timezone.now())
    return run


def narrowed(connection: Connection, told: set[tuple[str, str]]) -> list[str]:
    """The corps that have to be read for these kinds of events; none for everything."""
    corps = {corp for _kind, corp in told}
    known = RemotePlace.objects.filter(
        chain__connection=connection, key__in=[f"c:{one}" for one in corps], share="shared", gone_at=None
    ).values_list("key", flat=True)  # fmt: skip
    inside = {kind for kind, _corp in told} <= {"change_contact", "subscribe", "unsubscribe"}
    narrow = inside and len(corps) <= NARROW and corps == {key[2:] for key in known}
    return sorted(corps) if narrow else []


def purge() -> int:
    """Throws callbacks away whose retries are long over; returns how many."""
    return Callback.objects.filter(received_at__lt=timezone.now() - KEEP).delete()[0]
