"""A mail server on loopback that can refuse, be away, or take its time."""

from __future__ import annotations

import contextlib
import email
import email.policy
import socket
import time
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pytest_django import Settings

MAIL = "django.core.mail.backends.smtp.EmailBackend"


class Mailbox:
    """What arrived, and what the server answers; `answers` are given first, one for each message."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        self.to: list[list[str]] = []
        self.refuse_rcpt = ""
        self.answers: list[str] = []
        self.pause = 0.0

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, to: str, options: Any) -> str:  # fmt: skip
        if self.refuse_rcpt:
            return self.refuse_rcpt
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            self.raw.append(envelope.content)
            self.to.append(envelope.rcpt_tos)
            time.sleep(self.pause)  # the answer comes after the message was taken
        return answer

    @property
    def texts(self) -> list[str]:
        return [str(mail.get_content()).replace("\r\n", "\n") for mail in self.mails]

    @property
    def mails(self) -> list[EmailMessage]:
        return [email.message_from_bytes(raw, policy=email.policy.default) for raw in self.raw]  # type: ignore[misc]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """Can be stopped and started again on the same port."""

    def __init__(self) -> None:
        self.port, self.box = free_port(), Mailbox()
        self.running: Controller | None = None

    def start(self) -> None:
        self.running = Controller(self.box, hostname="127.0.0.1", port=self.port)
        self.running.start()

    def stop(self) -> None:
        if self.running:
            self.running.stop()
        self.running = None


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    made = Server()
    made.start()
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    settings.MAIL_ENABLED, settings.EMAIL_BACKEND = True, MAIL
    with serving() as made:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", made.port, 5
        settings.BASE_URL = "https://wailian.example"
        yield made


@pytest.fixture
def box(server: Server) -> Mailbox:
    return server.box
