"""The address that WeCom calls: what it takes in, and what one run makes of a crowd (SPEC WEC-5; T63 to T67)."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from contacts.models import Contact
from core.models import OutboxEntry
from tests.wecom_sync.equal import connect, full, ours, told
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
    callbacks._known.cache_clear()
    return one


def app_of(one: Connection) -> App:
    return App(one.agent_id, "s", "外联通", token=one.callback_token, aes_key=one.callback_key)


def posted(one: Connection, push: Push) -> HttpResponse:
    address = f"/wecom/{one.pk}/callback/?{push.query}"
    return Client(enforce_csrf_checks=True).post(address, push.body, content_type="text/xml")


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
