"""Every secret is noted at the moment when it is made; then everything that is kept or leaves is searched for it
(SECURITY T37, T38, I11).

Places: the database as pg_dump writes it and the sessions in it unpacked, everything that Redis was told since the
beginning (so also the payloads of tasks that are done) and all it keeps, the log, files, mails and text messages, and
whole answers with their headers.
"""

from __future__ import annotations

import base64
import html
import json
import logging
import logging.config
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import redis
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings
from django.core import mail
from django.http import HttpResponse
from django.test import Client

from accounts import jobs, passwords
from accounts.models import Session, User
from accounts.sessions import SessionStore
from accounts.views import security
from core.embedded import binaries, open_home
from portal.services import systems
from tests.accounts.gateway import Gateway
from tests.im.live.streams import own_database_url
from tests.security.asking import text_of
from wecom_sync.gateway import client
from wecom_sync.gateway.answers import Token
from wecom_sync.services import connections

# What people read in groups they may read in others.
BINARY = re.compile(rb"\\\\x((?:[0-9a-f]{2})+)")
GAPS = re.compile(rb"[\s\-]|%20|&nbsp;")


# What nobody is ever shown.
NEVER = frozenset({"typed", "corp secret", "access token"})


@dataclass(frozen=True)
class Secret:
    """`to`: the address it is sent to, where it is sent; else one answer shows it, or none (NEVER)."""

    kind: str
    value: str
    to: str = ""


@dataclass
class Place:
    """Where something may be found: a name, whose it is, and the bytes."""

    name: str
    to: str
    content: bytes

    @cached_property
    def bare(self) -> bytes:
        return GAPS.sub(b"", self.content)


@cache
def forms(value: str) -> set[bytes]:
    """As it is, and as it looks in addresses, pages, JSON, dumps and task payloads."""
    raw = value.encode()
    found = {raw, quote(value, safe="").encode(), html.escape(value).encode(), raw.hex().encode()}
    found |= {json.dumps(value)[1:-1].encode(), raw.hex().upper().encode()}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):  # where it stands in what was encoded
            whole = encode(b"\0" * before + raw)
            found.add(whole[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6])
    return found


def holds(place: Place, secret: Secret) -> bool:
    """Whether it is there in any form."""
    if any(one in place.content for one in forms(secret.value)):
        return True
    return GAPS.sub(b"", secret.value.encode()) in place.bare


@dataclass
class Harness:
    """What was made, and what was answered."""

    gateway: Gateway
    files: Path
    secrets: list[Secret] = field(default_factory=list)
    answers: list[Place] = field(default_factory=list)
    told: list[bytes] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def note(self, kind: str, value: str, to: str = "") -> str:
        self.secrets.append(Secret(kind, value, to))
        return value

    def client(self, user: User | None = None) -> Watched:
        client = Watched(raise_request_exception=False)
        client.answers = self.answers
        if user is not None:
            client.force_login(user, backend="accounts.backends.LoginBackend")
        return client

    def places(self) -> Iterator[Place]:
        """Everything but what goes to somebody."""
        yield Place("database", "", dump())
        yield Place("redis", "", b"\n".join(self.told) + kept_in_redis())
        yield Place("log", "", "\n".join(self.log).encode())
        kept = [path.read_bytes() for path in self.files.rglob("*") if path.is_file()]
        yield Place("files", "", b"\n".join(kept))

    def letters(self) -> Iterator[Place]:
        for one in mail.outbox:
            yield Place("mail", "".join(one.to), f"{one.subject}\n{one.body}".encode())
        for message in self.gateway.got:
            body = json.dumps(message, ensure_ascii=False).encode()
            yield Place("text message", message["body"]["to"], body)

    def finds(self) -> list[str]:
        """Where a secret is that nobody should find there: kind and place, never the secret."""
        found = []
        for place in self.places():
            found += [f"{one.kind} in {place.name}" for one in self.secrets if holds(place, one)]
        for place in self.letters():
            for one in self.secrets:
                if one.to != place.to and holds(place, one):
                    found.append(f"{one.kind} in a {place.name} to {place.to}")
        for one in self.secrets:
            times = [place.name for place in self.answers if holds(place, one)]
            # Whoever holds a link asks for it by itself; the page he gets may name it.
            times = [name for name in times if not (one.to and one.value in name)]
            allowed = 0 if one.to or one.kind in NEVER else 1
            if len(times) > allowed:
                found.append(f"{one.kind} in answers: {times}")
        return found


class Watched(Client):
    """A browser whose every answer is kept, named by who asked what."""

    answers: list[Place]

    def request(self, **request: Any) -> HttpResponse:
        response: HttpResponse = super().request(**request)
        name = f"{request['REQUEST_METHOD']} {request['PATH_INFO']} {response.status_code}"
        self.answers.append(Place(name, "", text_of(response).encode()))
        return response


def dump() -> bytes:
    """The database as a backup holds it, and what its binary columns and its sessions hold."""
    program = binaries.postgres(open_home().place().account) / "pg_dump"
    text = subprocess.run([program, own_database_url()], capture_output=True, check=True).stdout
    binary = [bytes.fromhex(run.decode()) for run in BINARY.findall(text)]
    rows = Session.objects.values_list("session_data", flat=True)
    return (
        text
        + b"\n".join(binary)
        + json.dumps([SessionStore().decode(row) for row in rows]).encode()
    )


def kept_in_redis() -> bytes:
    """All keys with what they hold, as Redis itself writes them."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    found = []
    for key in client.scan_iter():
        kind = client.type(key)
        read = {
            b"string": client.get, b"set": client.smembers, b"hash": client.hgetall,
            b"list": lambda name: client.lrange(name, 0, -1), b"zset": lambda name: client.zrange(name, 0, -1),
        }.get(kind, client.dump)  # fmt: skip
        found.append(key + b" " + _bytes_of(read(key)))
    return b"\n".join(found)


def _bytes_of(value: Any) -> bytes:
    if isinstance(value, dict):
        value = [part for pair in value.items() for part in pair]
    return b" ".join(value) if isinstance(value, list | set) else value or b""


@contextmanager
def watching(monkeypatch: pytest.MonkeyPatch, gateway: Gateway, files: Path) -> Iterator[Harness]:
    """Notes everything from here on."""
    harness = Harness(gateway, files)
    _note_what_is_made(monkeypatch, harness)
    _keep_the_log(monkeypatch, harness.log)
    level = logging.root.level
    logging.root.setLevel(logging.DEBUG)
    connection = redis.Redis.from_url(settings.REDIS_URL).connection_pool.get_connection()
    connection.send_command("MONITOR")
    connection.read_response()
    listener = threading.Thread(target=_listen, args=[connection, harness.told], daemon=True)
    listener.start()
    try:
        yield harness
    finally:
        logging.root.setLevel(level)
        connection.disconnect()


def _keep_the_log(monkeypatch: pytest.MonkeyPatch, lines: list[str]) -> None:
    """As it is written, whatever a worker in this process does to handlers."""
    written = logging.config.DictConfigurator(settings.LOGGING)
    form = written.configure_formatter(settings.LOGGING["formatters"]["line"])
    handle = logging.Logger.handle

    def kept(self: logging.Logger, record: logging.LogRecord) -> None:
        handle(self, record)  # filters that mask write into the record
        lines.append(form.format(copy(record)))

    monkeypatch.setattr(logging.Logger, "handle", kept)


def _listen(connection: Any, told: list[bytes]) -> None:
    try:
        while True:
            told.append(connection.read_response(disable_decoding=True))
    except (redis.RedisError, OSError, ValueError, AttributeError):
        return  # it was closed


def _note_what_is_made(monkeypatch: pytest.MonkeyPatch, harness: Harness) -> None:
    password, token, link = passwords.generate, systems._token, jobs._new_link
    signing, bearing = connections._random, client.token
    totp, codes = security.generate_totp_secret, RecoveryCodes.generate_codes

    def new_link(user: User, *args: Any) -> Any:
        letter = link(user, *args)
        url = str(letter.values["url"])
        harness.note("link", url.rstrip("/").rpartition("/")[2], user.email or user.mobile)
        return letter

    def new_codes(self: RecoveryCodes) -> list[str]:
        return [harness.note("recovery code", code) for code in codes(self)]

    def new_bearer(value: str, expires_in: int) -> Token:
        return bearing(harness.note("access token", value), expires_in)

    def new_signer(length: int) -> str:
        return harness.note("callback key", signing(length))

    def noted(kind: str, make: Any) -> Any:
        return lambda: harness.note(kind, make())

    monkeypatch.setattr(passwords, "generate", noted("first password", password))
    monkeypatch.setattr(systems, "_token", noted("API token", token))
    monkeypatch.setattr(security, "generate_totp_secret", noted("TOTP secret", totp))
    monkeypatch.setattr(jobs, "_new_link", new_link)
    monkeypatch.setattr(client, "token", new_bearer)
    monkeypatch.setattr(connections, "_random", new_signer)
    monkeypatch.setattr(RecoveryCodes, "generate_codes", new_codes)
