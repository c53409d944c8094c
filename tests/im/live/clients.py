"""A person at a page without a browser: says things and tries again until they arrived, hears the stream, and asks by
the sequence for what his page does not show, as static/js does.
"""

from __future__ import annotations

import contextlib
import html
import http.client
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.conf import settings

from tests.im.live.streams import Server, Stream

SECRET = "s" * 32  # a CSRF secret in the form that a cookie carries
LINE = re.compile(
    r'id="msg-(\d+)"(.*?)(?=<div class="msg[ "]|<p class="sysline|<p class="day|<div id=)', re.S
)
WORDS = re.compile(r'<p class="bub">(.*?)</p>', re.S)
FIELD = re.compile(r'name="(after|read|recalled|writable)" value="(\d+)"')
AGAIN_SECONDS = 0.1
# Nobody may write more than sixty messages a minute to one conversation; the least talkative has two. A slow machine
# takes long enough over its restarts for that to be reached.
PAUSE_SECONDS = 0.7


@dataclass
class Shown:
    """What an open page shows of a conversation: number and words of each line, in the order they came."""

    path: str
    lines: list[tuple[int, str]] = field(default_factory=list)
    cursor: dict[str, str] = field(
        default_factory=lambda: {"after": "0", "read": "0", "recalled": "0", "writable": "1"}
    )

    def add(self, page: str) -> None:
        """What _news.html adds to the page."""
        page += "<div id="
        for found in LINE.finditer(page):
            words = WORDS.search(found[2])
            self.lines.append((int(found[1]), html.unescape(words[1]) if words else ""))
        self.cursor |= dict(FIELD.findall(page))


class Person:
    """Speaks and listens in threads of its own until `over`; answers by status stand in `answers`, 0 for none."""

    def __init__(
        self, pages: Server, streams: Server, key: str, conversations: list[int], *, outside: bool
    ) -> None:
        self.pages, self.streams, self.key = pages, streams, key
        place = "/portal" if outside else ""
        self.shown = {pk: Shown(f"{place}/messages/{pk}/") for pk in conversations}
        self.said: dict[int, list[str]] = {pk: [] for pk in conversations}
        self.answers: Counter[int] = Counter()
        self.opened = 0
        self.lock = threading.Lock()  # as hx-sync: one question of a page at a time
        self.over, self.quiet = threading.Event(), threading.Event()
        self.threads = [threading.Thread(target=act) for act in (self.listen, self.speak)]

    def request(self, path: str, body: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and text; 0 where nobody answered."""
        headers = {
            "Host": f"127.0.0.1:{self.pages.port}", "HX-Request": "true", "X-CSRFToken": SECRET,
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={self.key}; {settings.CSRF_COOKIE_NAME}={SECRET}",
            "Content-Type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        connection = http.client.HTTPConnection("127.0.0.1", self.pages.port, timeout=10)
        try:
            method, data = ("GET", None) if body is None else ("POST", urlencode(body))
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            status, text = answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            status, text = 0, ""
        finally:
            connection.close()
        self.answers[status] += 1
        return status, text

    # --- what he says

    def speak(self) -> None:
        """Each thing under one client id until it has arrived."""
        number = 0
        while not self.quiet.wait(PAUSE_SECONDS):
            pk = list(self.shown)[number % len(self.shown)]
            number += 1
            self.say(pk, f"{self.key[:8]}-{number:05}")

    def say(self, pk: int, name: str) -> None:
        shown = self.shown[pk]
        self.said[pk].append(name)
        while not self.over.is_set():
            with self.lock:
                body = {"body": name, "client_id": name, **shown.cursor}
                status, page = self.request(f"{shown.path}send/", body)
                if status == 200:
                    shown.add(page)
                    return
            time.sleep(AGAIN_SECONDS)

    # --- what he sees

    def listen(self) -> None:
        """Hears the stream, comes back with the last position, and asks for what each event names."""
        last: dict[str, str] = {}
        while not self.over.is_set():
            with contextlib.suppress(OSError, IndexError):
                stream = self.streams.ask(self.key, **last)
                self.follow(stream)
                stream.close()
                if stream.ids:
                    last = {"Last-Event-ID": str(stream.ids[-1])}
            time.sleep(AGAIN_SECONDS)

    def follow(self, stream: Stream) -> None:
        heard = 0
        while not self.over.is_set() and (stream.ended_at is None or heard < len(stream.events)):
            if heard == len(stream.events):
                time.sleep(0.02)
                continue
            kind, data = stream.events[heard]
            heard += 1
            self.opened += kind == "ready"
            if kind == "conversation":
                self.catch_up(data["conversation"])
            elif kind in ("ready", "resync"):
                for pk in self.shown:
                    self.catch_up(pk)

    def catch_up(self, pk: int) -> None:
        """Asks with the last sequence until there is nothing new; whoever is not answered asks again."""
        shown = self.shown[pk]
        while not self.over.is_set():
            with self.lock:
                status, page = self.request(f"{shown.path}news/?{urlencode(shown.cursor)}")
                if status == 204:
                    return
                if status == 200:
                    shown.add(page)
                    continue
            time.sleep(AGAIN_SECONDS)
