"""Live streams: what 2,000 of them cost, how soon a message arrives, and that none is lost while pages are served.

python -m bench.live      (STREAMS=2000 SECONDS=60)

A site of its own: pages under granian, streams under uvicorn, as in production, on this machine together with everybody
who asks and listens. One JSON line per figure.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from bench.own_site import ROOT, own_site, python, step

STREAMS, SECONDS = int(os.environ.get("STREAMS", "2000")), int(os.environ.get("SECONDS", "60"))
ROOM, ROOM_POSTS, BROADCASTS = 30, 120, 20
TALKERS, A_SECOND, SENDERS = 500, 50, 8
IDLE_SECONDS = 20
SECRET = "bench" * 6 + "xy"  # a CSRF secret in the form that a cookie carries


class Site:
    """The two servers, and people with open sessions."""

    def __init__(
        self, folder: Path, pages: int, live: subprocess.Popen[bytes], live_port: int
    ) -> None:
        from bench.scale import live_people as people  # noqa: PLC0415  settings exist only inside own_site()

        self.folder, self.pages, self.live, self.live_port = folder, pages, live, live_port
        self.people = people
        self.keys = people.people(STREAMS)

    def cookie(self, number: int) -> str:
        return f"{self.people.COOKIE}={self.keys[number][1]}; {self.people.CSRF}={SECRET}"

    @contextlib.contextmanager
    def listening(self, numbers: range) -> Iterator[list[Any]]:
        """The streams of these people; what they heard stands in the list afterwards."""
        keys, out = self.folder / "keys.json", self.folder / "heard.json"
        keys.write_text(json.dumps([self.keys[number][1] for number in numbers]))
        listener = subprocess.Popen(
            [sys.executable, "-m", "bench._listen", str(self.live_port), self.people.COOKIE, keys, out],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        heard: list[Any] = []
        if listener.stdout is None or listener.stdout.readline() != b"open\n":
            raise SystemExit("the streams do not open")
        try:
            yield heard
            time.sleep(2)
        finally:
            listener.communicate()
        heard += json.loads(out.read_text())

    def say(
        self, connection: HTTPConnection, number: int, conversation: int, after: int, client_id: str
    ) -> float:
        """One message through the view, from a page that shows all up to `after`; when it was sent."""
        began = time.monotonic()
        headers = {
            "Host": f"127.0.0.1:{self.pages}", "Cookie": self.cookie(number), "X-CSRFToken": SECRET,
            "Content-Type": "application/x-www-form-urlencoded", "HX-Request": "true",
        }  # fmt: skip
        body = f"body=message+{client_id}&client_id={client_id}&after={after}&read={after}&recalled=0&writable=1"
        connection.request("POST", f"/messages/{conversation}/send/", body, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"a message was answered with {answer.status}")
        return began

    def page_ms(self) -> float:
        """One page of the address book."""
        connection = HTTPConnection("127.0.0.1", self.pages, timeout=30)
        began = time.monotonic()
        connection.request(
            "GET",
            "/contacts/",
            headers={"Host": f"127.0.0.1:{self.pages}", "Cookie": self.cookie(0)},
        )
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"the address book answered {answer.status}")
        connection.close()
        return (time.monotonic() - began) * 1000


def main() -> None:
    with own_site() as folder, contextlib.ExitStack() as stack:
        os.environ |= {"LOG_LEVEL": "WARNING", "DJANGO_SETTINGS_MODULE": "config.settings"}
        python("manage.py", "collectstatic", "--noinput", "--verbosity", "0")
        step("fill", "5000")
        _setup()
        from bench.scale.servers import free_port, serving  # noqa: PLC0415

        pages = stack.enter_context(serving("config.wsgi:application"))
        live_port = free_port()
        live = stack.enter_context(_live(live_port))
        site = Site(folder, pages, live, live_port)
        for figure in (crowd, room, talk):
            for line in figure(site):
                show(line)


def _setup() -> None:
    import django  # noqa: PLC0415

    django.setup()


@contextlib.contextmanager
def _live(port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "uvicorn", "config.live:application", "--port", str(port)]
    options = [
        "--no-proxy-headers",
        "--no-access-log",
        "--log-level",
        "warning",
        "--lifespan",
        "on",
    ]
    child = subprocess.Popen([*command, *options], cwd=ROOT, stdout=sys.stderr)
    try:
        while True:
            with contextlib.suppress(OSError):
                HTTPConnection("127.0.0.1", port, timeout=5).connect()
                break
            time.sleep(0.1)
        yield child
    finally:
        child.terminate()
        child.wait(20)


# --- figures


def crowd(site: Site) -> Iterator[dict[str, Any]]:
    """Memory and idle processor of many streams; then the same word to all of them."""
    from core import live  # noqa: PLC0415

    with site.listening(range(1)):
        before = memory_kb(site.live.pid)
    began = time.monotonic()
    sent = []
    with site.listening(range(STREAMS)) as heard:
        opened = time.monotonic() - began
        taken = memory_kb(site.live.pid) - before
        used, began = cpu_seconds(site.live.pid), time.monotonic()
        time.sleep(IDLE_SECONDS)
        idle = (cpu_seconds(site.live.pid) - used) / (time.monotonic() - began)
        for number in range(BROADCASTS):
            sent.append(time.monotonic())
            live.tell([user for user, _ in site.keys], "badge", number=number)
            time.sleep(2)
    times = [
        (at - sent[json.loads(data)["number"]]) * 1000
        for _, at, kind, data in heard
        if kind == "badge"
    ]
    lost = [kind for _, _, kind, _ in heard if kind in ("lost", "resync")]
    yield {
        "figure": f"{STREAMS} streams, memory of each", "kb": round(taken / STREAMS, 1), "allowed_kb": 100,
        "process_mb": round((taken + before) / 1024), "opened_s": round(opened, 1),
    }  # fmt: skip
    yield {
        "figure": f"{STREAMS} idle streams, looked at every 2 s, processor",
        "percent": round(idle * 100, 1),
        "allowed": 10,
    }
    yield {
        "figure": f"broadcast to {STREAMS}", **spread(times), "allowed_p99_ms": 1500, "delivered": len(times),
        "of": STREAMS * BROADCASTS, "broken": len(lost),
    }  # fmt: skip


def room(site: Site) -> Iterator[dict[str, Any]]:
    """A group of thirty, from the request that says something to the event at each of its members."""
    group = site.people.room(site.keys[:ROOM])
    sent: dict[int, float] = {}
    with site.listening(range(ROOM)) as heard:
        connection = HTTPConnection("127.0.0.1", site.pages, timeout=30)
        for number in range(ROOM_POSTS):
            seq = group.last_seq + number
            said = (number % ROOM, group.pk, seq, f"room-{number:06}")
            sent[seq + 1] = site.say(connection, *said)
            time.sleep(0.1)
    times = [
        (at - sent[json.loads(data)["seq"]]) * 1000
        for _, at, kind, data in heard
        if kind == "conversation"
    ]
    yield {
        "figure": f"group of {ROOM}, from the POST to the event", **spread(times), "allowed_p99_ms": 100,
        "delivered": len(times), "of": ROOM * ROOM_POSTS,
    }  # fmt: skip


def talk(site: Site) -> Iterator[dict[str, Any]]:
    """Fifty messages a second among five hundred people, against the database; and a page meanwhile."""
    pairs = site.people.pairs(site.keys[:TALKERS])
    for _ in range(5):
        site.page_ms()
    idle: list[float] = []
    _watch(site, idle, threading.Event(), 60)
    busy: list[float] = []
    with site.listening(range(TALKERS)) as heard:
        over = threading.Event()
        watcher = threading.Thread(target=_watch, args=(site, busy, over))
        watcher.start()
        began = time.monotonic()
        used = [sum(map(cpu_seconds, granian(site.pages))), cpu_seconds(site.live.pid)]
        done = _speak(site, pairs)
        seconds = time.monotonic() - began
        used = [
            sum(map(cpu_seconds, granian(site.pages))) - used[0],
            cpu_seconds(site.live.pid) - used[1],
        ]
        over.set()
        watcher.join()
    at: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for stream, _, kind, data in heard:
        if kind == "conversation" and (said := json.loads(data))["what"] == "message":
            at[stream][said["conversation"]].append(said["seq"])
    yield {
        "figure": f"{A_SECOND} messages a second among {TALKERS} people", "sent": done, "seconds": round(seconds, 1),
        "pages_cpu_ms_each": round(used[0] / done * 1000, 1), "live_cpu_percent": round(used[1] / seconds * 100, 1),
        **compared(at, pairs, site.people.sequences(list(pairs))),
        "broken": sum(kind in ("lost", "resync") for _, _, kind, _ in heard),
    }  # fmt: skip
    before, during = spread(idle), spread(busy)
    yield {
        "figure": "address book meanwhile", "p95_ms": during["p95_ms"], "idle_p95_ms": before["p95_ms"],
        "times": round(during["p95_ms"] / before["p95_ms"], 1), "allowed_times": 3, "pages": len(busy),
    }  # fmt: skip


def _speak(site: Site, pairs: dict[int, tuple[int, int]]) -> int:
    """SENDERS share what is to be said, each message at its moment; returns how many were said."""
    turns = list(pairs.items())
    began = time.monotonic()

    def sender(mine: int) -> None:
        connection = HTTPConnection("127.0.0.1", site.pages, timeout=30)
        for number in range(mine, A_SECOND * SECONDS, SENDERS):
            time.sleep(max(0.0, began + number / A_SECOND - time.monotonic()))
            conversation, ends = turns[number % len(turns)]
            turn = number // len(turns)
            site.say(connection, ends[turn % 2], conversation, turn, f"talk-{number:06}")

    together([lambda mine=mine: sender(mine) for mine in range(SENDERS)])
    return A_SECOND * SECONDS


def _watch(site: Site, times: list[float], over: threading.Event, most: int = 10_000) -> None:
    while len(times) < most and not over.wait(0.2):
        times.append(site.page_ms())


def compared(
    at: dict[int, dict[int, list[int]]],
    pairs: dict[int, tuple[int, int]],
    stored: dict[int, list[int]],
) -> dict[str, int]:
    """What each end of each conversation heard, against the sequence in the database."""
    lost = doubled = disordered = foreign = 0
    for conversation, ends in pairs.items():
        for end in ends:
            heard = at[end][conversation]
            lost += len(set(stored[conversation]) - set(heard))
            doubled += len(heard) - len(set(heard))
            disordered += sum(a > b for a, b in itertools.pairwise(heard))
    for stream, conversations in at.items():
        foreign += sum(stream not in pairs.get(pk, ()) for pk in conversations)
    stored_number = sum(map(len, stored.values()))
    return {
        "stored": stored_number, "lost": lost, "duplicated": doubled, "out_of_order": disordered, "foreign": foreign,
    }  # fmt: skip


# --- tools


def together(acts: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def spread(times: list[float]) -> dict[str, float]:
    """Milliseconds."""
    cuts = statistics.quantiles(times, n=100) if len(times) > 1 else [0.0] * 99
    return {
        "p50_ms": round(cuts[49], 1),
        "p95_ms": round(cuts[94], 1),
        "p99_ms": round(cuts[98], 1),
    }


def memory_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


def granian(port: int) -> list[int]:
    """The processes of the pages."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (
                f"granian\0--interface\0wsgi\0--host\000127.0.0.1\0--port\0{port}\0"
                in (place / "cmdline").read_text()
            ):
                found.append(int(place.name))
    return found


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def show(line: dict[str, Any]) -> None:
    more = {"load": round(os.getloadavg()[0], 1)}
    sys.stdout.write(json.dumps({"bench": "live", **line, **more}, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
