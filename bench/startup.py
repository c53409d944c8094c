"""Seconds until `make run` answers: first start of a new home, then a start of one that has data.

INSTALL=1 also measures the packages: a clone of this checkout, no cache, until its first start answers.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT_SECONDS = 900


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def start_and_stop(command: list[str], cwd: Path, home: Path) -> tuple[float, float]:
    """Seconds until the site answers, and seconds until everything has ended after SIGTERM."""
    port = free_port()
    outside = {"DATABASE_URL", "REDIS_URL"}
    env = {name: value for name, value in os.environ.items() if name not in outside}
    env |= {"WAILIAN_HOME": str(home), "PORT": str(port), "PIP_NO_CACHE_DIR": "1"}
    began = time.monotonic()
    site = subprocess.Popen(command, cwd=cwd, env=env, stdout=sys.stderr)
    while not answers(port):
        if site.poll() is not None or time.monotonic() - began > LIMIT_SECONDS:
            raise SystemExit(f"{command} did not come up (exit {site.poll()})")
        time.sleep(0.05)
    up = time.monotonic() - began
    site.send_signal(signal.SIGTERM)
    site.wait(60)
    return up, time.monotonic() - began - up


def figure(name: str, seconds: float) -> None:
    load = round(os.getloadavg()[0], 1)
    print(
        json.dumps(
            {"bench": "startup", "figure": name, "seconds": round(seconds, 2), "load": load}
        ),
        flush=True,
    )


def main() -> None:
    scratch = Path(tempfile.mkdtemp(prefix="wailian-bench-"))
    scratch.chmod(0o755)
    supervise = [sys.executable, "-m", "core.embedded.supervise"]
    try:
        up, down = start_and_stop(supervise, ROOT, scratch / "home")
        figure("new home until it answers", up)
        figure("stop", down)
        figure(
            "home with data until it answers", start_and_stop(supervise, ROOT, scratch / "home")[0]
        )
        if os.environ.get("INSTALL") == "1":
            clone = scratch / "clone"
            subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
            up, _ = start_and_stop(["make", "run"], clone, scratch / "second-home")
            figure("fresh clone, no package cache, until it answers", up)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
