"""Where the services meet Django and Celery."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client
from psycopg.conninfo import make_conninfo

from config import asgi
from core import celery_boot
from core.embedded.home import CHECKOUT
from core.fetching import fetch


def test_importing_the_launcher_needs_no_django() -> None:
    code = (
        "import sys; import core.embedded, core.embedded.supervise, core.embedded.with_services;"
        "sys.exit(any(name.split('.')[0] in {'django', 'celery', 'psycopg', 'redis'} for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, env={}).returncode == 0


@pytest.mark.django_db
def test_the_database_understands_chinese_trigrams() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT datcollate, datctype FROM pg_database WHERE datname = current_database()"
        )
        assert cursor.fetchone() == ("C.UTF-8", "C.UTF-8")


def test_the_broker_address_follows_the_socket() -> None:
    if settings.REDIS_URL.startswith("unix://"):
        path = settings.REDIS_URL.removeprefix("unix://")
        assert settings.CELERY_BROKER_URL.removeprefix("redis+socket://") == path


@pytest.mark.django_db(transaction=True)
def test_a_worker_closes_the_pool_before_it_forks(monkeypatch: pytest.MonkeyPatch) -> None:
    options = {**connection.settings_dict["OPTIONS"], "pool": {"min_size": 1, "max_size": 2}}
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    connection.ensure_connection()
    pool = connection.pool
    assert not pool.closed
    celery_boot.close_pools()
    assert pool.closed
    assert connections["default"].connection is None


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_ended_is_not_handed_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = {**connection.settings_dict["OPTIONS"], "pool": {"min_size": 1, "max_size": 2}}
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    connection.ensure_connection()
    before = connection.connection.info.backend_pid
    url = make_conninfo(os.environ["DATABASE_URL"], dbname=connection.settings_dict["NAME"])
    connection.close()
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [before])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone()[0] != before
    celery_boot.close_pools()


@pytest.mark.django_db
def test_reads_that_ask_for_it_are_prepared() -> None:
    fetch("SELECT %s::bigint + 4711", [1])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%+ 4711'")
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db(transaction=True)
def test_while_the_database_is_away_pages_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
    client = Client(raise_request_exception=False)
    client.cookies["wl-session"] = "a" * 32
    answer = client.get("/contacts/")
    connection.close()
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "暂时无法使用" in answer.content.decode()


def test_manage_py_brings_the_services_and_takes_them_away(open_folder: Path) -> None:
    outside = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SECRETS_KEY"}
    env = {name: value for name, value in os.environ.items() if name not in outside}
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c"]
    code = "from django.db import connection as c; k = c.cursor(); k.execute('SELECT 6 * 7'); print(k.fetchone())"
    answer = subprocess.run(
        [*command, code],
        cwd=CHECKOUT,
        env=env | {"WAILIAN_HOME": str(open_folder)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert answer.stdout == "(42,)\n", answer.stderr
    assert (open_folder / "postgres").exists()
    assert not (open_folder / "services.json").exists()


def ask(
    path: str, headers: list[tuple[bytes, bytes]], kind: str = "http"
) -> list[dict[str, object]]:
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": kind,
        "path": path,
        "method": "GET",
        "headers": headers,
        "query_string": b"",
        "http_version": "1.1",
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "root_path": "",
    }
    asyncio.run(asgi.application(scope, receive, send))
    return sent


def test_pages_go_through_django_and_streams_do_not() -> None:
    assert ask("/healthz", [(b"host", b"localhost")])[0]["status"] == 200
    assert ask("/live/7", [])[0]["status"] == 404
    assert ask("/", [], kind="websocket")[0]["type"] == "websocket.close"


def test_a_header_with_an_underscore_cannot_pose_as_the_real_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[bytes] = []

    async def pages(scope: dict[str, list[tuple[bytes, bytes]]], *_: object) -> None:
        seen.extend(name for name, _ in scope["headers"])

    monkeypatch.setattr(asgi, "wsgi_pages", pages)
    ask("/", [(b"x-forwarded-for", b"10.0.0.1"), (b"x_forwarded_for", b"127.0.0.1")])
    assert seen == [b"x-forwarded-for"]


def test_lifespan_is_answered() -> None:
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return next(messages)

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    asyncio.run(asgi.application({"type": "lifespan"}, receive, send))
    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
