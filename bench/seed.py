"""Seeds the directory of a large company into a database of its own, and keeps it for further runs.

SCALE=1000000 BENCH_HOME=DIR BENCH_NAMES=DIR RESEED=1 python -m bench.seed

A million contacts come with 200 dimensions, 20,000 organizations, 100,000 departments, 20,000 staff, 500 internal
departments and 5,000 grants; smaller scales have less of everything.
BENCH_NAMES is a folder with lists of names (bench/names.py).

Prints one JSON line, with what `manage.py check_invariants` says of the result.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from bench.scale import home
from core.embedded import Home


def main() -> None:
    if os.environ.get("RESEED") == "1":
        shutil.rmtree(home.folder(), ignore_errors=True)
    with home.directory() as place:
        known = home.facts(place) or keep(place)
    line = {"bench": "seed", **{key: value for key, value in known.items() if key != "viewers"}}
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")


def keep(place: Home) -> dict[str, Any]:
    """Seeds, and notes what was seeded for further runs."""
    known = seed(home.scale())
    place.write(home.FACTS, known)
    return known


def seed(contacts: int) -> dict[str, Any]:
    """Writes everything and returns what the other benches need to know."""
    # Settings are there only inside home.directory().
    from django.db import connection, transaction  # noqa: PLC0415

    from bench.scale import people, places, rows, staff, viewers  # noqa: PLC0415

    named = os.environ.get("BENCH_NAMES")
    lists = Path(named) if named else None
    part = contacts / 1_000_000
    clock = Clock()
    with transaction.atomic():
        staff_ids, group_ids = staff.write(
            people=max(200, int(20_000 * part)), groups=max(20, int(500 * part)), folder=lists
        )
        clock.lap("staff")
        tree = places.write(
            dimensions=max(20, int(200 * part)), organizations=max(600, int(20_000 * part)),
            departments=max(2000, int(100_000 * part)), folder=lists,
        )  # fmt: skip
        clock.lap("tree")
        people.write(count=contacts, places=tree, staff=staff_ids, folder=lists)
        clock.lap("contacts")
        found = viewers.write(
            places=tree, group_ids=group_ids, staff_ids=staff_ids, grants=max(700, int(5000 * part))
        )
        clock.lap("grants")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    clock.lap("vacuum")
    checked = home.manage("check_invariants", "--only", "tree,rights,scope,accounts").split("\n")
    clock.lap("check")
    sizes = {
        table: rows.run(f"SELECT count(*) FROM {table}")[0][0]
        for table in (
            "orgs_node",
            "contacts_contact",
            "contacts_membership",
            "contacts_contactscope",
            "accounts_user",
        )
    }
    grants = rows.run(
        "SELECT (SELECT count(*) FROM orgs_nodeusergrant) + (SELECT count(*) FROM orgs_nodegroupgrant)"
    )
    return {
        "scale": contacts, "rows": sizes | {"grants": grants[0][0]}, "seconds": clock.laps,
        "invariants": [line for line in checked if line], "viewers": found,
    }  # fmt: skip


class Clock:
    """Seconds of each step."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self.last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name], self.last = round(now - self.last, 1), now


if __name__ == "__main__":
    main()
