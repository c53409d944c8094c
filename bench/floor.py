"""Pages of the address book against a floor: a bare program under the same server, with the same queries and HTML.

SCALE=1000000 python -m bench.floor      (ROUNDS=10 SECONDS=1 CONCURRENCY=4)

Product and floor are asked in turn, a second each, so that whatever else the machine does meets both: each ratio is the
median over the rounds. Then the time of each page for each kind of viewer, one request at a time. One JSON line each.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from typing import Any

from bench import seed
from bench.scale import home, load
from bench.scale.servers import serving

NEEDED = {"fragment": 0.35, "page": 0.25, "tree": 0.35, "search": 0.35}
ALLOWED_MS = {"u500": 100}
ROUNDS, SECONDS = int(os.environ.get("ROUNDS", "10")), float(os.environ.get("SECONDS", "1"))
CONCURRENCY = int(os.environ.get("CONCURRENCY", "4"))
SAMPLES = 15


def main() -> None:
    with home.directory() as place:
        known = home.facts(place) or seed.keep(place)
        home.manage("collectstatic", "--noinput", "--verbosity", "0")
        # Settings are there only inside home.directory().
        from bench.scale import plan  # noqa: PLC0415

        file = place.root / "floor.json"
        with serving("config.wsgi:application") as product:
            pages = plan.pages(known["viewers"])
            file.write_text(json.dumps(plan.floor(product, pages["typical"])), encoding="utf-8")
            with serving("bench.scale.floor_app:application", FLOOR_PLAN=str(file)) as floor:
                for name, needed in NEEDED.items():
                    show(ratio(name, needed, product, floor, pages["typical"][name]))
            for kind, mine in pages.items():
                for name, page in mine.items():
                    show(latency(kind, name, product, page))


def ratio(name: str, needed: float, product: int, floor: int, page: load.Page) -> dict[str, Any]:
    """Requests a second of both, in turn."""
    same = load.comparable(load.ask(product, page)) == load.comparable(load.ask(floor, page))
    rounds = [
        [load.rate(port, page, CONCURRENCY, SECONDS) for port in (product, floor)]
        for _ in range(ROUNDS)
    ]
    ours, bare = (statistics.median(column) for column in zip(*rounds, strict=True))
    of_floor = statistics.median(one[0] / one[1] for one in rounds)
    return {
        "figure": f"{name}, staff with 20 grants", "requests_s": round(ours), "floor_requests_s": round(bare),
        "of_the_floor": round(of_floor, 2), "needed": needed, "same_html": same,
    }  # fmt: skip


def latency(kind: str, name: str, product: int, page: load.Page) -> dict[str, Any]:
    """Milliseconds of one request at a time."""
    for _ in range(3):
        load.ask(product, page)
    times = sorted(load.timed(product, page) for _ in range(SAMPLES))
    return {
        "figure": f"{name}, {kind}", "median_ms": round(statistics.median(times), 1), "min_ms": round(times[0], 1),
        "allowed_ms": ALLOWED_MS.get(kind, 40),
    }  # fmt: skip


def show(line: dict[str, Any]) -> None:
    more = {"scale": home.scale(), "load": round(os.getloadavg()[0], 1)}
    sys.stdout.write(json.dumps({"bench": "floor", **line, **more}, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
