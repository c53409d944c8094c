"""A WSGI program under granian on a free port of the loopback, with the options of the container file."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

from bench.scale.home import ROOT

OPTIONS = ("--workers", "2", "--blocking-threads", "4", "--no-ws", "--log-level", "warning")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(program: str, **environment: str) -> Iterator[int]:
    """The port on which `program` answers; it is ended at the end."""
    port = free_port()
    granian = (
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    )
    child = subprocess.Popen(
        [*granian, *OPTIONS, program], cwd=ROOT, env=os.environ | environment, stdout=sys.stderr
    )
    try:
        while not _answers(port):
            if child.poll() is not None:
                raise SystemExit(f"{program} ended with {child.returncode}")
            time.sleep(0.1)
        yield port
    finally:
        child.terminate()
        child.wait(20)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
