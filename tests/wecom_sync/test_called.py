"""The address that WeCom calls: what it takes in, and what one run makes of a crowd (SPEC WEC-5; T63 to T67)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
import redis
from django.http import HttpResponse
from django.test import Client

from contacts.models import Contact
from core.models import OutboxEntry
from tests.wecom_sync.equal import connect, full, ours, told
from wecom_sync import refusals
from wecom_sync.models import Callback, Connection, Run
from wecom_sync.services import callbacks
from wecom_sync.standin import callbacks as calling
from wecom_sync.standin.callbacks import VARIANTS, Push
from wecom_sync.standin.remote import StandIn
from wecom_sync.standin.world import App
from wecom_sync.sync import work

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection(standin: StandIn) -> Connection:
    """The first corp, with the callback of the stand-in's app."""
    one = connect(standin)[0]
    given = standin.connections()[0]
    one.keep_callback(given["token"], given["aes_key"])
    one.save()
    return one


def app_of(one: Connection) -> App:
    return App(one.agent_id, "s", "外联通", token=one.callback_token, aes_key=one.callback_key)


def posted(one: Connection, push: Push, source: str = "198.51.100.7") -> HttpResponse:
    address = f"/wecom/{one.pk}/callback/?{push.query}"
    browser = Client(enforce_csrf_checks=True, REMOTE_ADDR=source)
    return browser.post(address, push.body, content_type="text/xml")


def changed(one: Connection, corpid: str = "", **fields: Any) -> Push:
    """A contact of a corp changed."""
    told_of = {
        "ToUserName": corpid or one.corp_id,
        "Event": "change_contact",
        "ChangeType": "update_user",
    }
    text = calling.event(told_of | {"UserID": "wo1"} | fields)
    return calling.push(app_of(one), one.corp_id, text)


def test_the_check_of_the_address_is_answered(connection: Connection) -> None:
    push = calling.push(app_of(connection), connection.corp_id, b"word")
    answer = Client().get(
        f"/wecom/{connection.pk}/callback/?{push.query}", {"echostr": push.encrypted}
    )
    assert answer.status_code == 403  # the client replaced the query
    query = f"{push.query}&echostr={push.encrypted.replace('+', '%2B')}"
    answer = Client().get(f"/wecom/{connection.pk}/callback/?{query}")
    assert (answer.status_code, answer.content) == (200, b"word")
    # Nobody who caught an event has it opened by this door.
    caught = changed(connection)
    query = f"{caught.query}&echostr={quote(caught.encrypted)}"
    assert Client().get(f"/wecom/{connection.pk}/callback/?{query}").status_code == 403


@pytest.mark.parametrize("variant", [one for one in VARIANTS if one != "plain"])
def test_whatever_is_wrong_has_one_answer_and_no_effect(
    connection: Connection, variant: str
) -> None:
    text = calling.event(
        {"ToUserName": connection.corp_id, "Event": "change_contact", "UserID": "x"}
    )
    pushes = calling.variants(app_of(connection), connection.corp_id, text, variant)
    for one in pushes[:-1]:
        assert posted(connection, one).status_code == 200
    before = Callback.objects.count(), OutboxEntry.objects.count()
    answer = posted(connection, pushes[-1])
    assert (answer.status_code, answer.content) == (403, b"")
    assert (Callback.objects.count(), OutboxEntry.objects.count()) == before


def test_a_large_body_an_unknown_address_and_a_silent_connection_answer_alike(
    connection: Connection,
) -> None:
    push = changed(connection)
    large = Push(
        push.timestamp, push.nonce, "A" * 70_000, push.signature, push.agentid, push.corpid
    )
    assert posted(connection, large).status_code == 403
    assert (
        Client()
        .post(f"/wecom/999999/callback/?{push.query}", push.body, content_type="text/xml")
        .status_code
        == 403
    )
    Connection.objects.update(enabled=False)
    assert posted(connection, push).status_code == 403
    assert not Callback.objects.exists()


def test_what_wecom_tells_twice_is_kept_once(connection: Connection) -> None:
    text = calling.event(
        {"ToUserName": connection.corp_id, "Event": "change_contact", "UserID": "x"}
    )
    for _time in range(3):
        assert (
            posted(
                connection, calling.push(app_of(connection), connection.corp_id, text)
            ).status_code
            == 200
        )
    assert Callback.objects.count() == 1


def test_a_crowd_of_calls_is_one_narrow_run(standin: StandIn, connection: Connection) -> None:
    full(connection)
    callbacks._known.cache_clear()
    corp = next(
        place.key[2:] for place in connection.chains.first().places.filter(share="shared", key__startswith="c:")  # type: ignore[union-attr]
    )  # fmt: skip
    standin.act("mutate", kind="join", count=2, corpid=corp)
    standin.clear()
    for number in range(20):
        assert (
            posted(connection, changed(connection, corp, UserID=f"wo{number}")).status_code == 200
        )
    assert OutboxEntry.objects.filter(task="wecom_sync.follow").count() <= 2
    run = callbacks.follow(connection_id=connection.pk)
    assert run is not None
    assert run.only_corps == [corp]
    work.go(run_id=run.pk)
    run.refresh_from_db()
    assert (run.status, run.counts["person_add"]) == ("done", 2)
    assert "corpgroup/corp/get_chain_corpinfo_list" not in standin.calls()
    assert callbacks.follow(connection_id=connection.pk) is None
    assert ours()[0] == told_of(standin, connection)


def told_of(standin: StandIn, connection: Connection) -> dict[Any, Any]:
    chains = set(connection.chains.values_list("chain_id", flat=True))
    return {key: value for key, value in told(standin)[0].items() if key[0] in chains}


def test_what_only_a_full_list_tells_is_a_full_run_and_a_busy_connection_is_asked_later(
    standin: StandIn, connection: Connection
) -> None:
    full(connection)
    text = calling.event(
        {"ToUserName": connection.corp_id, "Event": "share_chain_change", "AgentID": 1}
    )
    assert (
        posted(connection, calling.push(app_of(connection), connection.corp_id, text)).status_code
        == 200
    )
    busy = Run.objects.create(connection=connection, trigger="manual", status="applying")
    assert callbacks.follow(connection_id=connection.pk) is None
    assert Callback.objects.filter(handled_at=None).count() == 1
    assert OutboxEntry.objects.filter(
        dedupe_key__startswith=f"wecom:follow:{connection.pk}:60:"
    ).exists()
    Run.objects.filter(pk=busy.pk).update(status="done")
    run = callbacks.follow(connection_id=connection.pk)
    assert run is not None
    assert run.only_corps == []


def test_calls_out_of_order_end_with_what_is_there_now(
    standin: StandIn, connection: Connection
) -> None:
    full(connection)
    callbacks._known.cache_clear()
    corp = next(
        place.key[2:] for place in connection.chains.first().places.filter(share="shared", key__startswith="c:")  # type: ignore[union-attr]
    )  # fmt: skip
    before = Contact.objects.filter(live=True).count()
    gone = standin.act("mutate", kind="leave", count=1, corpid=corp)["changed"][0]
    # The call that she came is late: she is gone by now.
    late = changed(connection, corp, ChangeType="create_user", UserID=gone["userid"])
    assert posted(connection, late).status_code == 200
    run = callbacks.follow(connection_id=connection.pk)
    assert run is not None
    work.go(run_id=run.pk)
    assert Contact.objects.filter(live=True).count() == before - 1


# --- who is refused often (SECURITY T66)

FLOOD, GARBAGE = "203.0.113.66", Push("1", "n", "AAAA", "0" * 40, 1, "ww")


@pytest.fixture
def flooded(connection: Connection) -> Connection:
    """Somebody has been refused as often as he may be."""
    for number in range(refusals.ALLOWED):
        assert posted(connection, replace(GARBAGE, nonce=str(number)), FLOOD).status_code == 403
    return connection


@contextmanager
def without_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def away(*_arguments: Any, **_more: Any) -> None:
        raise redis.ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(redis.Redis, "execute_command", away)
        yield


@pytest.mark.parametrize("pk", ["there", "missing"])
def test_a_flood_is_refused_alike_and_costs_the_database_nothing(
    flooded: Connection, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch, pk: str
) -> None:
    posted(flooded, GARBAGE, FLOOD)  # reads the keys, once for all
    asked = flooded if pk == "there" else Connection(pk=999_999)
    query = f"/wecom/{asked.pk}/callback/?{GARBAGE.query}&echostr=x"
    with without_redis(monkeypatch), django_assert_num_queries(0):
        answers = [posted(asked, replace(GARBAGE, encrypted=one), FLOOD) for one in ("AAAA", "<")]
        answers.append(Client(REMOTE_ADDR=FLOOD).get(query))
    assert {(one.status_code, one.content) for one in answers} == {(403, b"")}


def test_what_wecom_signs_passes_beside_a_flood_and_without_redis(
    flooded: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with without_redis(monkeypatch):
        assert posted(flooded, changed(flooded), FLOOD).status_code == 200
        assert posted(flooded, GARBAGE, FLOOD).status_code == 403
        assert posted(flooded, changed(flooded, UserID="wo2")).status_code == 200
    assert Callback.objects.count() == 2


def test_a_new_key_counts_at_once_and_the_old_one_no_more(flooded: Connection) -> None:
    assert posted(flooded, changed(flooded), FLOOD).status_code == 200
    old = changed(flooded, UserID="wo2")
    flooded.keep_callback("new" * 5, "b" * 43)
    flooded.save()
    assert posted(flooded, old, FLOOD).status_code == 403
    assert posted(flooded, changed(flooded, UserID="wo3")).status_code == 200


def test_a_window_ends_by_itself_whoever_goes_on_knocking(
    flooded: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _number in range(5):
        posted(flooded, GARBAGE, FLOOD)
    assert refusals.refusals.limited(f"source:{FLOOD}")
    later = time.monotonic() + refusals.WINDOW_SECONDS
    monkeypatch.setattr(refusals.time, "monotonic", lambda: later)
    assert not refusals.refusals.limited(f"source:{FLOOD}")
    posted(flooded, GARBAGE, FLOOD)
    assert not refusals.refusals.limited(f"source:{FLOOD}")


def test_only_so_many_sources_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "SOURCES", 3)
    seen = refusals.Refusals()
    for number in range(5):
        seen.count(str(number))
    assert list(seen._seen) == ["2", "3", "4"]


def test_a_connection_whose_keys_cannot_be_read_refuses(connection: Connection) -> None:
    push = changed(connection)
    Connection.objects.update(callback_key_cipher=b"of another installation")
    assert posted(connection, push).status_code == 403
