"""An import of 100,000 people as the worker does it: check and run, seconds and memory (SPEC CON-6).

python -m bench.import_large [--people 100000] [--organizations 3000] [--kills 3]

Prints one JSON line. Each stage is a process of its own, as heavy as a worker that does nothing else. With --kills a
run is killed so many times at a random moment and started again; the directory must be complete at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench import compose_directory
from bench.own_site import ROOT, own_site, step

MINUTES_ALLOWED = 4
MB_ALLOWED = 600


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--organizations", type=int, default=3_000)
    parser.add_argument("--kills", type=int, default=0)
    options = parser.parse_args()
    with own_site() as folder:
        print(json.dumps(measure(options, folder / "people.xlsx")))


def measure(options: argparse.Namespace, file: Path) -> dict[str, Any]:
    compose_directory.compose(
        file, organization_count=options.organizations, people_count=options.people, seed=42, folder=None
    )  # fmt: skip
    checked = step("check", str(file))
    killed = [kill_one(random.uniform(3, 60)) for _number in range(options.kills)]
    ran = step("run")
    state = step("state")
    peak = max(checked["peak_mb"], ran["peak_mb"])
    seconds = round(checked["seconds"] + ran["seconds"], 1)
    whole = state["contacts"] == options.people and not state["problems"]
    return {
        "bench": "import_large",
        "people": options.people,
        "check_seconds": checked["seconds"],
        "run_seconds": ran["seconds"],
        "cpu_seconds": round(checked["cpu_seconds"] + ran["cpu_seconds"], 1),
        "peak_mb": peak,
        "reader_mb": max(checked["read_mb"], ran["read_mb"]),
        "killed_after_seconds": killed,
        "contacts": state["contacts"],
        "problems": state["problems"],
        "ok": whole and seconds <= MINUTES_ALLOWED * 60 and peak <= MB_ALLOWED,
        "load": round(os.getloadavg()[0], 1),
    }


def kill_one(seconds: float) -> float:
    """Starts the run and kills it after so many seconds; returns them (-1: it had ended by itself)."""
    command = [sys.executable, "-m", "bench.own_site", "run"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    time.sleep(seconds)
    ended = process.poll() is not None
    process.kill()
    process.wait()
    return -1 if ended else round(seconds, 1)


if __name__ == "__main__":
    main()
