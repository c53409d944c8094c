"""Comparing and writing what WeCom has: 100,000 people of 500 corps, without the reading (SPEC WEC-3).

python -m bench.wecom [--people 100000] [--corps 500] [--staff 5000]

Prints one JSON line for the first run, for one that finds nothing, for one that finds one percent, for the plan of the
first as a file, and for the staff of a corp itself. Each stage is a process of its own, as heavy as a worker that does
nothing else; the audit trail is written.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from bench.own_site import own_site, step

PER_SECOND = 1000
COMPARE_SECONDS = 10
MB_ALLOWED = 600
FIRST_BYTE_MS = 500
FILE_MB_ALLOWED = 32


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--corps", type=int, default=500)
    parser.add_argument("--staff", type=int, default=5000)
    options = parser.parse_args()
    with own_site():
        for which, changed in (("first", 0), ("nothing new", 0), ("one percent", 10)):
            print(json.dumps(measure(options, which, changed)))
        print(json.dumps({"bench": "wecom", "run": "plan file"} | handed_out()))
        for which in ("staff", "staff again"):
            print(json.dumps(measure_staff(options.staff, which)))
        print(json.dumps({"bench": "wecom", "run": "checks"} | step("_wecom_steps.sound")))


def measure(options: argparse.Namespace, which: str, changed: int) -> dict[str, Any]:
    """One run: what was read stands in its rows already."""
    step("_wecom_steps.pulled", str(options.people), str(options.corps), str(changed))
    compared, applied = step("_wecom_steps.compared"), step("_wecom_steps.applied")
    seconds = compared["seconds"] + applied["seconds"]
    peak = max(compared["peak_mb"], applied["peak_mb"])
    found = {
        "bench": "wecom", "run": which, "people": options.people, "items": compared["items"],
        "compare_seconds": compared["seconds"], "apply_seconds": applied["seconds"], "peak_mb": peak,
        "left": applied["left"], "contacts": applied["contacts"], "nodes": applied["nodes"],
    }  # fmt: skip
    if which == "first":
        rate = round(options.people / max(seconds, 0.1))
        return found | {"people_per_second": rate, "met": rate >= PER_SECOND and peak <= MB_ALLOWED}
    return found | {"met": compared["seconds"] <= COMPARE_SECONDS and peak <= MB_ALLOWED}


def measure_staff(count: int, which: str) -> dict[str, Any]:
    """A corp's own people in fifty departments; the second time each tenth has another name or place."""
    step("_wecom_steps.staff", str(count), str(int(which != "staff")))
    compared, applied = step("_wecom_steps.compared"), step("_wecom_steps.applied")
    rate = round(count / max(compared["seconds"] + applied["seconds"], 0.1))
    return {
        "bench": "wecom", "run": which, "staff": count, "items": compared["items"],
        "compare_seconds": compared["seconds"], "apply_seconds": applied["seconds"], "left": applied["left"],
        "people_per_second": rate, "met": rate >= PER_SECOND,
    }  # fmt: skip


def handed_out() -> dict[str, Any]:
    """The first plan as a file."""
    found = step("_wecom_steps.handed_out")
    met = found["first_byte_ms"] <= FIRST_BYTE_MS and found["grown_mb"] <= FILE_MB_ALLOWED
    return found | {"met": met}


if __name__ == "__main__":
    main()
