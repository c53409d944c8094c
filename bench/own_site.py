"""A database for one bench, thrown away at the end, and steps in processes of their own whose memory is measured."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any

import django

from core.embedded import prepare_environment

ROOT = Path(__file__).resolve().parent.parent
LOGIN = "bench"


@contextmanager
def own_site() -> Iterator[Path]:
    """A migrated database with one administrator (`LOGIN`), and a folder; both are gone afterwards."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="wailian-bench-", dir="/tmp") as folder:
        os.environ |= {"WAILIAN_HOME": folder, "DATA_DIR": f"{folder}/data"}
        os.environ["SECOND_FACTOR_REQUIRED"] = "0"  # its administrator has a password only
        services = prepare_environment("test", home=Path(folder))
        try:
            python("manage.py", "migrate", "--verbosity", "0")
            python("manage.py", "create_admin", "--username", LOGIN, "--name", LOGIN)
            yield Path(folder)
        finally:
            services.stop()


def python(*arguments: str) -> str:
    """What a Python process with these arguments prints; its complaints end the bench."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr or done.stdout)
    return done.stdout


def step(name: str, *arguments: str) -> dict[str, Any]:
    """Calls `bench.steps.<name>(*arguments)`, or `bench.<name>` where it has a dot, in a process of its own.

    Returns what it gave, with the seconds of the call and of its processor, the peak memory in MB, and in `read_mb` the
    most that a process started by it took.
    """
    answer: dict[str, Any] = json.loads(python("-m", "bench.own_site", name, *arguments))
    return answer


def main() -> None:
    """The process of a step."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    module, _dot, name = sys.argv[1].rpartition(".")
    act = getattr(importlib.import_module(f"bench.{module or 'steps'}"), name)
    began = time.perf_counter()
    found = act(*sys.argv[2:])
    figures = {
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(time.process_time(), 1),
        "peak_mb": getrusage(RUSAGE_SELF).ru_maxrss // 1024,
        "read_mb": getrusage(RUSAGE_CHILDREN).ru_maxrss // 1024,
    }
    sys.stdout.write(json.dumps(figures | found))


if __name__ == "__main__":
    main()
