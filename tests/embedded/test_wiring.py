"""Where the services meet Django and Celery."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections

from config import asgi
from core import celery_boot
from core.embedded.home import CHECKOUT


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
