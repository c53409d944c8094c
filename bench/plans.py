"""The plan of every query behind every list, filter, order and search, asked by every kind of viewer.

SCALE=1000000 python -m bench.plans      ONLY=console-list for the pages with this in their name

One JSON line for each page: its slowest query over all viewers (milliseconds by EXPLAIN ANALYZE and as the page itself
waited), tables of more than 10,000 rows that were read from end to end, and the most rows that one step of a plan gave.
The last line counts the pages that are slow or read too much.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bench import search, seed
from bench.scale import home

SLOW_MS = 100
LONG_TABLE = 10_000
MANY_ROWS = 20_000
TIMES = 3
READS = ("SELECT", "WITH", "(")


@dataclass
class Found:
    """The worst of one page."""

    viewers: list[str] = field(default_factory=list)
    ms: float = 0
    waited_ms: float = 0
    viewer: str = ""
    sql: str = ""
    scans: set[str] = field(default_factory=set)
    rows: int = 0

    def line(self) -> dict[str, Any]:
        slow = max(self.ms, self.waited_ms) > SLOW_MS
        bad = slow or self.scans or self.rows > MANY_ROWS
        more = {"viewer": self.viewer, "sql": " ".join(self.sql.split())[:600]} if bad else {}
        return {
            "worst_ms": round(self.ms, 1), "waited_ms": round(self.waited_ms, 1), "read_whole": sorted(self.scans),
            "most_rows": self.rows, "slow": slow, "viewers": len(self.viewers), **more,
        }  # fmt: skip


def main() -> None:
    with home.directory() as place:
        known = home.facts(place) or seed.keep(place)
        home.manage("collectstatic", "--noinput", "--verbosity", "0")
        figures = walked(known["viewers"])
    bad = {"slow": 0, "read_whole": 0, "many_rows": 0}
    for name, found in figures.items():
        line = found.line()
        show({"page": name, **line})
        bad["slow"] += line["slow"]
        bad["read_whole"] += bool(line["read_whole"])
        bad["many_rows"] += found.rows > MANY_ROWS
    show({"page": "all of them", "pages": len(figures), **bad})


def walked(people: dict[str, int]) -> dict[str, Found]:
    """Name of a page → what its queries cost at worst."""
    # Settings are there only inside home.directory().
    from django.conf import settings  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from accounts.models import User  # noqa: PLC0415
    from bench.scale import pages, plan  # noqa: PLC0415
    from contacts.permissions import viewer_of  # noqa: PLC0415

    settings.ALLOWED_HOSTS = ["*"]
    only, words, long = os.environ.get("ONLY", ""), search.chosen(), long_tables()
    figures: dict[str, Found] = {}
    for kind, pk in people.items():
        user = User.objects.get(pk=pk)
        viewer, client = viewer_of(user), Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = plan.session_of(user)
        for name, url in pages.addresses(viewer, plan.open_node(viewer), words):
            if only in name and client.get(url).status_code == 200:  # and everything is warm
                found = figures.setdefault(name, Found())
                found.viewers.append(kind)
                for query in asked(lambda client=client, url=url: client.get(url)):
                    judge(found, kind, query, long)
    return figures


def long_tables() -> set[str]:
    """Tables of more rows than a page should read from end to end."""
    from bench.scale.rows import run  # noqa: PLC0415

    found = run("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > %s", [LONG_TABLE])
    return {row[0] for row in found}


def asked(act: Any) -> list[tuple[str, Any, float]]:
    """SQL, parameters and milliseconds of every query of `act`; of several times the quickest, as machines pause."""
    found: dict[str, tuple[str, Any, float]] = {}
    for sql, query in [pair for _ in range(TIMES) for pair in once(act).items()]:
        found[sql] = min(query, found.get(sql, query), key=lambda one: one[2])
    return list(found.values())


def once(act: Any) -> dict[str, tuple[str, Any, float]]:
    """The same of one time, by statement, with the slowest parameters of each."""
    from django.db import connection  # noqa: PLC0415

    found: dict[str, tuple[str, Any, float]] = {}

    def note(execute: Any, sql: str, parameters: Any, *more: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, parameters, *more)
        finally:
            query = (sql, parameters, (time.perf_counter() - began) * 1000)
            if sql.lstrip().upper().startswith(READS):
                found[sql] = max(query, found.get(sql, query), key=lambda one: one[2])

    with connection.execute_wrapper(note):
        act()
    return found


def judge(found: Found, kind: str, query: tuple[str, Any, float], long: set[str]) -> None:
    """Explains one query and keeps what is worse than what was known of the page."""
    from bench.scale.rows import run  # noqa: PLC0415

    sql, parameters, waited = query
    times: list[float] = []
    while not times or (times[-1] > SLOW_MS / 2 and len(times) < TIMES):
        explain = f"EXPLAIN (ANALYZE, BUFFERS OFF, TIMING OFF, FORMAT JSON) {sql}"
        top = run(explain, parameters)[0][0]
        top = (json.loads(top) if isinstance(top, str) else top)[0]
        times.append(top["Execution Time"])
    if max(min(times), waited) > max(found.ms, found.waited_ms):
        found.ms, found.waited_ms, found.viewer, found.sql = min(times), waited, kind, sql
    for node in steps(top["Plan"]):
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in long:
            found.scans.add(node["Relation Name"])
        found.rows = max(found.rows, int(node["Actual Rows"] * node["Actual Loops"]))


def steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every step of a plan that was carried out."""
    if plan["Actual Loops"]:
        yield plan
        for below in plan.get("Plans", ()):
            yield from steps(below)


def show(line: dict[str, Any]) -> None:
    more = {"scale": home.scale(), "load": round(os.getloadavg()[0], 1)}
    sys.stdout.write(json.dumps({"bench": "plans", **line, **more}, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
